"""The SQL of the trending score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.lib.db.columns import EPOCH
from strata.lib.db.statements import upsert
from strata.repos.tables import downloads, likes, repos, stirred

_DAY_MS: Final = 86_400_000

Tally = tuple[int, int, int]  # repo, day, how many


@dataclass(frozen=True, slots=True)
class Standing:
    """What lists order by."""

    trending: float
    likes_30d: int
    downloads: int  # of the last 30 days


def stirred_repos(call: Call, bound: int) -> Sequence[int]:
    rows = call.db.execute(sa.select(stirred.c.repo_id).order_by(stirred.c.repo_id).limit(bound))
    return [row[0] for row in rows]


def forget_stirred(work: Work, repo_row_ids: Sequence[int]) -> None:
    work.db.execute(sa.delete(stirred).where(stirred.c.repo_id.in_(repo_row_ids)))


def stir_the_fading(work: Work, first: int, last: int) -> None:
    """Stir repos that are trending, or whose downloads of these days no longer count."""
    glorious = sa.or_(repos.c.trending > 0, repos.c.likes_30d > 0)
    fading = sa.select(repos.c.id).where(glorious, repos.c.deleted_at.is_(None))
    gone = sa.select(downloads.c.repo_id).where(downloads.c.day > first, downloads.c.day <= last)
    for found in (fading, gone.distinct()):
        fresh = upsert(work.db, stirred).from_select(["repo_id"], found.where(sa.true()))
        work.db.execute(fresh.on_conflict_do_nothing())


def likes_by_day(call: Call, repo_row_ids: Sequence[int], since: int) -> Sequence[Tally]:
    """Likes of the days after `since`."""
    day = sa.type_coerce(likes.c.created_at, sa.BigInteger) // _DAY_MS
    after = EPOCH + timedelta(days=since + 1)
    rows = call.db.execute(
        sa.select(likes.c.repo_id, day, sa.func.count())
        .where(likes.c.repo_id.in_(repo_row_ids), likes.c.created_at >= after)
        .group_by(likes.c.repo_id, sa.text("2"))
    )
    return [(row[0], int(row[1]), row[2]) for row in rows]


def downloads_by_day(call: Call, repo_row_ids: Sequence[int], since: int) -> Sequence[Tally]:
    """Downloads of the days after `since`."""
    rows = call.db.execute(
        sa.select(downloads.c.repo_id, downloads.c.day, downloads.c.count).where(
            downloads.c.repo_id.in_(repo_row_ids), downloads.c.day > since
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def write_standings(work: Work, standings: Mapping[int, Standing]) -> None:
    """Write those that changed, in one order, so that no two writers wait for each other."""
    columns = (repos.c.id, repos.c.trending, repos.c.likes_30d, repos.c.downloads)
    known = work.db.execute(sa.select(*columns).where(repos.c.id.in_(standings.keys())))
    before = {row[0]: Standing(row[1], row[2], row[3]) for row in known}
    for repo_row_id, now in sorted(standings.items()):
        if before.get(repo_row_id) not in (None, now):
            work.db.execute(
                sa.update(repos)
                .where(repos.c.id == repo_row_id)
                .values(trending=now.trending, likes_30d=now.likes_30d, downloads=now.downloads)
            )
