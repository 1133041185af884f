"""What is wanted these days: a score of the likes and downloads of the last seven.

Repos whose likes or downloads changed are counted anew every few minutes; once a day those whose
days of glory pass. So the cost follows what changed, not how many repos there are.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Final

from strata.core.call import Call, Work, working
from strata.events.jobs import enqueue
from strata.lib.db.columns import EPOCH
from strata.search.trending import queries
from strata.search.trending.queries import Standing

EVERY: Final = timedelta(minutes=5)
DAY: Final = timedelta(days=1)
WINDOW_DAYS: Final = 30  # what `downloads` and `likes30d` on the wire cover
TRENDING_DAYS: Final = 7
LIKE_WEIGHT: Final = 1.0
DOWNLOAD_WEIGHT: Final = 0.5  # of each doubling of the downloads
BATCH: Final = 500  # repos of one transaction


@dataclass(slots=True)
class Recent:
    """What happened to one repo, by the day."""

    likes: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    downloads: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def standing(self, today: int) -> Standing:
        liked = sum(_freshness(today - day) * count for day, count in self.likes.items())
        fetched = sum(_freshness(today - day) * count for day, count in self.downloads.items())
        score = LIKE_WEIGHT * liked + DOWNLOAD_WEIGHT * math.log2(1 + fetched)
        return Standing(round(score, 2), sum(self.likes.values()), sum(self.downloads.values()))


def _freshness(days_ago: int) -> float:
    """What a like or download of that day is worth: all of it today, nothing after a week."""
    return max(0.0, 1 - days_ago / TRENDING_DAYS)


@dataclass(frozen=True, slots=True)
class CountTrending:
    """Count anew what was stirred; queues itself again."""

    kind: ClassVar[str] = "search.trending"

    def run(self, call: Call) -> None:
        while repo_ids := queries.stirred_repos(call, BATCH):
            with working(call) as work:
                settle(work, repo_ids)
        with working(call) as work:
            enqueue(work, self, key=self.kind, after=EVERY)


@dataclass(frozen=True, slots=True)
class RollTrending:
    """Stir the repos whose counts change because days have passed; queues itself again."""

    kind: ClassVar[str] = "search.roll"
    day: int  # days since 1970 at which this was last done

    def run(self, call: Call) -> None:
        today = day_of(call.now)
        with working(call) as work:
            if today > self.day:
                queries.stir_the_fading(work, self.day - WINDOW_DAYS, today - WINDOW_DAYS)
                enqueue(work, CountTrending(), key=CountTrending.kind)
            midnight = EPOCH + DAY * (today + 1)
            enqueue(work, RollTrending(today), key=self.kind, after=midnight - call.now)


def settle(work: Work, repo_row_ids: Sequence[int]) -> None:
    """Write the standing of repos, and that nothing waits for it."""
    today = day_of(work.now)
    found = _recent(work, repo_row_ids, today - WINDOW_DAYS)
    queries.write_standings(work, {key: one.standing(today) for key, one in found.items()})
    queries.forget_stirred(work, repo_row_ids)


def _recent(call: Call, repo_row_ids: Sequence[int], since: int) -> Mapping[int, Recent]:
    found = {repo_row_id: Recent() for repo_row_id in repo_row_ids}
    for repo_row_id, day, count in queries.likes_by_day(call, repo_row_ids, since):
        found[repo_row_id].likes[day] += count
    for repo_row_id, day, count in queries.downloads_by_day(call, repo_row_ids, since):
        found[repo_row_id].downloads[day] += count
    return found


def day_of(moment: datetime) -> int:
    """Days since 1970."""
    return (moment - EPOCH) // DAY


def begin_trending(work: Work) -> None:
    """Queue the first rounds; call it at every start, waiting ones are not queued twice."""
    enqueue(work, CountTrending(), key=CountTrending.kind)
    enqueue(work, RollTrending(day_of(work.now)), key=RollTrending.kind)
