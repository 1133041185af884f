"""Write down what happened, in the transaction that made it happen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from strata.core.call import Work
from strata.events.jobs import enqueue_row
from strata.events.tables import facts


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened, for those that listen."""

    name: str  # "repo.content"
    repo_id: int | None
    detail: Mapping[str, object]


# Told of every fact within its transaction, before it is committed: quick, never on the network.
Listener = Callable[[Work, Fact], None]


def record(
    work: Work,
    name: str,
    *,
    target: str | None = None,
    repo_id: int | None = None,
    actor_id: int | None = None,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Record one fact, named `scope.action` as the Hub's audit log names it.

    The jobs that react to facts of this name (`Hub.reactions`) are queued in the same
    transaction, once per repo: they read the state that they find, so one that still waits
    covers the newer fact too. What must be settled for each fact, with the state of that very
    moment, listens (`Hub.listeners`).

    Args:
        actor_id: whoever did it when that is not the caller (a sign-up has no caller yet).
        detail: small and free of secrets.
    """
    work.db.execute(
        sa.insert(facts).values(
            at=work.now,
            name=name,
            actor_id=actor_id if actor_id is not None else work.actor.user_id,
            token_id=work.actor.token.id if work.actor.token else None,
            repo_id=repo_id,
            target=target,
            detail=dict(detail or {}),
            ip=work.origin.ip,
            user_agent=work.origin.user_agent[:512],
            request_id=work.origin.request_id,
        )
    )
    if repo_id is not None:
        for kind in work.hub.reactions.get(name, ()):
            enqueue_row(work, kind, {"repo_id": repo_id}, key=f"{kind}:{repo_id}")
    for listener in work.hub.listeners:
        listener(work, Fact(name, repo_id, dict(detail or {})))
