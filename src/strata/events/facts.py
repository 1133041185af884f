"""Write down what happened, in the transaction that made it happen.

The same rows are what jobs react to and the audit log of product §3.20: they are only ever added,
and chained soon after (`events.audit`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

import sqlalchemy as sa

from strata.core.actor import Actor, TokenFacts, TokenKind
from strata.core.call import Work
from strata.events.jobs import enqueue_row
from strata.events.tables import facts
from strata.lib.redaction import clean, clean_text

LONGEST_USER_AGENT: Final = 512  # characters
LONGEST_TARGET: Final = 500  # characters; an index holds it


class By(StrEnum):
    """What an act came from."""

    PERSON = "person"  # in a browser
    TOKEN = "token"  # noqa: S105 — a word
    APPLICATION = "application"  # that its person let in
    PUBLISHER = "publisher"  # a job of a CI service
    ADMIN = "admin"  # of the site, in the admin console
    SYSTEM = "system"  # a job, or an operator's command
    NOBODY = "nobody"  # a stranger


_BY_TOKEN: Final = {
    TokenKind.ACCESS: By.TOKEN,
    TokenKind.OAUTH: By.APPLICATION,
    TokenKind.PUBLISHER: By.PUBLISHER,
}


@dataclass(frozen=True, slots=True)
class Fact:
    """What happened, for those that listen."""

    id: int  # of its row
    name: str  # "repo.content"
    repo_id: int | None
    detail: Mapping[str, object]
    subject_id: int | None = None  # whose account is concerned
    target: str | None = None  # as it was told
    rewritten: Mapping[str, str] = field(default_factory=dict)  # commits: old → new; never kept


@dataclass(frozen=True, slots=True)
class Whose:
    """Who else may read of it: all are ids of namespaces."""

    owner_id: int | None = None  # to whom the thing belongs, often an organisation
    subject_id: int | None = None  # whose account is concerned; default: the actor's


class Owned(Protocol):
    """What a fact about a repo needs to know of it."""

    @property
    def id(self) -> int: ...
    @property
    def owner_id(self) -> int: ...
    @property
    def full_name(self) -> str: ...


# Told of every fact within its transaction, before it is committed: quick, never on the network.
Listener = Callable[[Work, Fact], None]


def record(  # noqa: PLR0913 — the columns of the log
    work: Work,
    name: str,
    *,
    target: str | None = None,
    repo_id: int | None = None,
    actor_id: int | None = None,
    detail: Mapping[str, object] | None = None,
    whose: Whose = Whose(),
    rewritten: Mapping[str, str] | None = None,
) -> None:
    """Record one fact, named `scope.action` as the Hub's audit log names it.

    The jobs that react to facts of this name (`Hub.reactions`) are queued in the same
    transaction, once per repo: they read the state that they find, so one that still waits
    covers the newer fact too. What must be settled for each fact, with the state of that very
    moment, listens (`Hub.listeners`).

    Args:
        actor_id: whoever did it when that is not the caller (a sign-up has no caller yet).
        detail: small; what changed stands under `before` and `after`. What looks like a secret is
            taken out.
        rewritten: for listeners alone: the commits in whose place others came.
    """
    told = dict(detail or {})
    who = _actor(work, name, actor_id, whose)
    inserted = work.db.execute(
        sa.insert(facts).values(
            at=work.now,
            name=name,
            **who,
            repo_id=repo_id,
            owner_id=whose.owner_id,
            target=None if target is None else clean_text(target)[:LONGEST_TARGET],
            detail=clean(told | _through(work.actor.token)),
            ip=work.origin.ip,
            user_agent=clean_text(work.origin.user_agent)[:LONGEST_USER_AGENT],
            request_id=clean_text(work.origin.request_id),
        )
    )
    (fact_id,) = inserted.inserted_primary_key or (0,)
    _tell(
        work,
        Fact(int(fact_id), name, repo_id, told, who["subject_id"], target, rewritten or {}),
    )


def _through(token: TokenFacts | None) -> dict[str, object]:
    """Of which application it was: its tokens are gone within weeks, what is written here stays.

    Not which job of a CI service, whose name is that of a person's repo: they may be forgotten.
    """
    return {"application": token.name} if token and token.kind is TokenKind.OAUTH else {}


def _tell(work: Work, fact: Fact) -> None:
    """Queue the jobs that react to a fact, and call who listens."""
    if fact.repo_id is not None:
        for kind in work.hub.reactions.get(fact.name, ()):
            enqueue_row(work, kind, {"repo_id": fact.repo_id}, key=f"{kind}:{fact.repo_id}")
    for listener in work.hub.listeners:
        listener(work, fact)


def record_of(
    work: Work,
    name: str,
    repo: Owned,
    detail: Mapping[str, object] | None = None,
    *,
    subject_id: int | None = None,
    rewritten: Mapping[str, str] | None = None,
) -> None:
    """Record a fact about a repo; those who manage its namespace may read of it."""
    record(
        work,
        name,
        target=repo.full_name,
        repo_id=repo.id,
        detail=detail,
        whose=Whose(repo.owner_id, subject_id),
        rewritten=rewritten,
    )


def _actor(work: Work, name: str, actor_id: int | None, whose: Whose) -> Mapping[str, Any]:
    actor, failed = work.actor, name.endswith("_failed")
    who = actor_id if actor_id is not None else actor.user_id
    return {
        "actor_id": who,
        "actor_kind": _by(actor, name, known=who is not None and not failed),
        "token_id": actor.token.id if actor.token else None,
        "on_behalf_of": who if actor.token and _acts_for(actor.token) else None,
        "subject_id": whose.subject_id if whose.subject_id is not None else who,
        "result": "failure" if failed else "success",
    }


def _acts_for(token: TokenFacts) -> bool:
    """Whether a program holds it that acts in the name of the person who let it."""
    return token.kind is not TokenKind.ACCESS


def _by(actor: Actor, name: str, *, known: bool) -> By:
    if actor.system:
        return By.SYSTEM
    if actor.token is not None:
        return _BY_TOKEN[actor.token.kind]
    if actor.admin and name.startswith("admin."):
        return By.ADMIN
    return By.PERSON if known else By.NOBODY
