"""Facts and mails when storage is used to 80, 95 and 100 %: once, and again after it was freed."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from strata.access.plans.letters import usage_letter
from strata.access.plans.owners import answering_for
from strata.accounts import people
from strata.accounts.plans.quotas import quotas_of
from strata.accounts.plans.tables import usages
from strata.blobs.quota.steps import FULL, OVER, passed, still_told
from strata.blobs.quota.usage import lock
from strata.core.call import Call, Work, working
from strata.events.facts import Whose, record
from strata.events.outbox import post
from strata.repos.record import Repo


def tell(work: Work, repo: Repo, used: int, total: int) -> None:
    """Write to those who answer for the owner when a step was passed they do not know of."""
    step = passed(used, total)
    if step > _told(work, repo):
        _write(work, repo, step)


def tell_exceeded(call: Call, repo: Repo) -> None:
    """Record that an upload was refused for want of room, and write about it, once.

    Opens its own transaction; within another one, which the refusal undoes, nothing is told.
    """
    if isinstance(call, Work) or _told(call, repo) >= OVER:
        return
    with working(call) as work:
        lock(work, repo.owner_id)
        told = _told(work, repo)
        if told < FULL:
            _write(work, repo, FULL)
        if told < OVER:
            _note(work, repo, OVER)
            record(
                work,
                "quota.exceeded",
                target=repo.namespace,
                repo_id=repo.id,
                detail={"private": repo.private},
                whose=Whose(repo.owner_id, repo.owner_id),
            )


def settle_told(work: Work, owners: Sequence[int] | sa.Select[tuple[int]]) -> None:
    """Forget what is no longer so with the room that owners have now."""
    told = sa.select(usages).where(usages.c.owner_id.in_(owners), usages.c.told > 0)
    ordered = told.order_by(usages.c.owner_id, usages.c.private).with_for_update()
    for row in work.db.execute(ordered).all():
        total = quotas_of(work, row.owner_id).storage(private=row.private)
        here = sa.and_(usages.c.owner_id == row.owner_id, usages.c.private == row.private)
        kept = still_told(row.told, row.bytes, total)
        work.db.execute(sa.update(usages).where(here).values(told=kept))


def _told(call: Call, repo: Repo) -> int:
    return int(call.db.scalar(sa.select(usages.c.told).where(_here(repo))) or 0)


def _write(work: Work, repo: Repo, step: int) -> None:
    _note(work, repo, step)
    kind = "private" if repo.private else "public"
    record(
        work,
        "quota.reached",
        target=repo.namespace,
        repo_id=repo.id,
        detail={"percent": step, "private": repo.private},
        whose=Whose(repo.owner_id, repo.owner_id),
    )
    for person in answering_for(work, repo.owner_id):
        post(work, usage_letter(work, people.reader(person), repo.namespace, kind, step))


def _note(work: Work, repo: Repo, step: int) -> None:
    work.db.execute(sa.update(usages).where(_here(repo)).values(told=step))


def _here(repo: Repo) -> sa.ColumnElement[bool]:
    return sa.and_(usages.c.owner_id == repo.owner_id, usages.c.private == repo.private)
