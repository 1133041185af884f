"""Count downloads without writing on a read: in memory, flushed in bulk."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.core.call import Call, Work, reading, working
from strata.core.hub import Hub
from strata.lib.db.columns import EPOCH
from strata.lib.db.statements import upsert
from strata.repos.liking.popularity import stir
from strata.repos.tables import downloads, repos

WINDOW_DAYS = 30  # what `downloads` on the wire covers
WINDOW_S = 300  # repeated fetches within it are one download
MAX_CALLERS = 200_000  # remembered at once


class DownloadCounts:
    """Downloads that no table knows yet; a crash loses at most those since the last flush.

    What one caller fetches of one repo within five minutes is one download, so that a repo of many
    files does not count as many.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[int] = Counter()
        self._sent: Counter[int] = Counter()  # bytes
        self._window = 0
        self._seen: set[tuple[int, str]] = set()

    def add(self, repo_id: int, caller: str, now: datetime) -> None:
        """Count what a caller (user or address) fetches of a repo."""
        window = int(now.timestamp()) // WINDOW_S
        with self._lock:
            if window != self._window or len(self._seen) >= MAX_CALLERS:
                self._window, self._seen = window, set()
            if (repo_id, caller) not in self._seen:
                self._seen.add((repo_id, caller))
                self._waiting[repo_id] += 1

    def add_bytes(self, repo_id: int, size: int) -> None:
        """Count what is sent of a repo, or handed out as a link, whoever gets it."""
        with self._lock:
            self._sent[repo_id] += size

    def flush(self, hub: Hub) -> None:
        """Write down what was counted; kept for the next time when that fails."""
        with self._lock:
            taken, self._waiting = self._waiting, Counter()
            sent, self._sent = self._sent, Counter()
        if not taken and not sent:
            return
        try:
            with reading(hub) as call, working(call) as work:
                write_counts(work, taken)
                _write_bytes(work, sent)
        except BaseException:
            with self._lock:
                self._waiting.update(taken)
                self._sent.update(sent)
            raise


def write_counts(work: Work, taken: Mapping[int, int]) -> None:
    """Add counted downloads to today and to the sums that listings show."""
    today = _today(work)
    for repo_id, count in taken.items():
        fresh = upsert(work.db, downloads).values(repo_id=repo_id, day=today, count=count)
        work.db.execute(
            fresh.on_conflict_do_update(
                index_elements=["repo_id", "day"],
                set_={"count": downloads.c.count + fresh.excluded.count},
            )
        )
        recent = (
            sa.select(sa.func.coalesce(sa.func.sum(downloads.c.count), 0))
            .where(downloads.c.repo_id == repo_id, downloads.c.day > today - WINDOW_DAYS)
            .scalar_subquery()
        )
        work.db.execute(
            sa.update(repos)
            .where(repos.c.id == repo_id)
            .values(downloads=recent, downloads_all_time=repos.c.downloads_all_time + count)
        )
    stir(work, taken)


def _write_bytes(work: Work, sent: Mapping[int, int]) -> None:
    known = set(work.db.scalars(sa.select(repos.c.id).where(repos.c.id.in_(list(sent)))))
    for repo_id, size in sent.items():
        if repo_id not in known:  # swept away meanwhile
            continue
        today = _today(work)
        fresh = upsert(work.db, downloads).values(repo_id=repo_id, day=today, count=0, bytes=size)
        work.db.execute(
            fresh.on_conflict_do_update(
                index_elements=["repo_id", "day"],
                set_={"bytes": downloads.c.bytes + fresh.excluded.bytes},
            )
        )


def bytes_of(call: Call, owner_id: int) -> int:
    """What was sent of an owner's repos in the last 30 days."""
    total = (
        sa.select(sa.func.sum(downloads.c.bytes))
        .join(repos, repos.c.id == downloads.c.repo_id)
        .where(repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None))
        .where(downloads.c.day > _today(call) - WINDOW_DAYS)
    )
    return int(call.db.scalar(total) or 0)


def _today(call: Call) -> int:
    return (call.now - EPOCH) // timedelta(days=1)
