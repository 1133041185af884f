"""Set up trusted publishers: who manages a repo for it, and everybody for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.access.policy.persons import require_beholder, require_person
from strata.access.policy.verbs import Action
from strata.accounts import people
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound, Unauthenticated
from strata.core.names import RepoId
from strata.events.facts import record, record_of
from strata.repos.lookup import lookup
from strata.repos.moment import held
from strata.repos.publishers.rules import Rule, require_sound
from strata.repos.publishers.tables import publishers
from strata.sessions.signed_in.sudo import require_sudo

MOST: Final = 20  # of one repo, or of one person
GONE: Final = "There is no such trusted publisher."


@dataclass(frozen=True, slots=True)
class Publisher:
    """One, as those who manage it see it."""

    id: int
    issuer: str
    claims: Mapping[str, str]
    created_at: datetime
    last_used_at: datetime | None


def for_repo(call: Call, repo_id: RepoId) -> list[Publisher]:
    """The publishers of a repo, the oldest first, for who manages it.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require`.
    """
    return _of(call, publishers.c.repo_id == lookup(call, repo_id, Action.MANAGE).id)


def for_person(call: Call) -> list[Publisher]:
    """The publishers of the signed-in person, also of one whose account is about to go.

    Raises:
        Unauthenticated, EmailNotVerified, AccountSuspended, Forbidden: as `require_beholder`.
    """
    require_beholder(call.actor, "see publishers")
    mine = publishers.c.user_id == _at_browser(call)
    return _of(call, sa.and_(mine, publishers.c.repo_id.is_(None)))


def trust_for_repo(work: Work, repo_id: RepoId, rule: Rule) -> None:
    """Let jobs write to a repo.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden: as `for_repo`.
        ProofNeeded: who asks must be sure.
        InvalidFields: the rule is not sound, or there are too many.
    """
    repo = held(work, repo_id, Action.MANAGE)  # several admins count one after the other
    user_id = _person(work)
    require_sudo(work)
    require_sound(work.hub, rule)
    _require_room(work, publishers.c.repo_id == repo.id)
    _keep(work, rule, repo_id=repo.id, user_id=user_id)
    detail = {"issuer": rule.issuer, "claims": dict(rule.claims)}
    record_of(work, "repo.trusted_publisher_add", repo, detail)


def trust_for_person(work: Work, rule: Rule) -> None:
    """Let jobs read the gated repos that the signed-in person was let into.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded, InvalidFields: as `trust_for_repo`.
    """
    user_id = _person(work)
    require_sudo(work)
    require_sound(work.hub, rule)
    theirs = sa.and_(publishers.c.user_id == user_id, publishers.c.repo_id.is_(None))
    people.locked(work, user_id)
    _require_room(work, theirs)
    _keep(work, rule, repo_id=None, user_id=user_id)
    detail = {"issuer": rule.issuer, "claims": dict(rule.claims)}
    record(work, "account.trusted_publisher_add", target=work.actor.name, detail=detail)


def distrust_for_repo(work: Work, repo_id: RepoId, publisher_id: int) -> None:
    """Let those jobs write no more; tokens that they hold end within the hour.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden, ProofNeeded: as `for_repo`.
        NotFound: the repo has no such publisher.
    """
    repo = held(work, repo_id, Action.MANAGE)
    _person(work)
    require_sudo(work)
    _remove(work, sa.and_(publishers.c.id == publisher_id, publishers.c.repo_id == repo.id))
    record_of(work, "repo.trusted_publisher_remove", repo)


def distrust_for_person(work: Work, publisher_id: int) -> None:
    """Let those jobs read no more.

    Raises:
        Unauthenticated, EmailNotVerified, ProofNeeded: as `trust_for_person`.
        NotFound: the person has no such publisher.
    """
    user_id = _person(work)
    require_sudo(work)
    theirs = sa.and_(publishers.c.user_id == user_id, publishers.c.repo_id.is_(None))
    _remove(work, sa.and_(publishers.c.id == publisher_id, theirs))
    record(work, "account.trusted_publisher_remove", target=work.actor.name)


def _person(call: Call) -> int:
    require_person(call.actor, "trust publishers")
    return _at_browser(call)


def _at_browser(call: Call) -> int:
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return call.actor.user_id


def _of(call: Call, which: sa.ColumnElement[bool]) -> list[Publisher]:
    rows = call.db.execute(
        sa.select(*(publishers.c[name] for name in Publisher.__dataclass_fields__))
        .where(which)
        .order_by(publishers.c.id)
    )
    return [Publisher(*row) for row in rows]


def _require_room(work: Work, which: sa.ColumnElement[bool]) -> None:
    if len(_of(work, which)) >= MOST:
        raise InvalidFields({"claims": ("publisher.too_many",)})


def _keep(work: Work, rule: Rule, *, repo_id: int | None, user_id: int) -> None:
    work.db.execute(
        sa.insert(publishers).values(
            repo_id=repo_id,
            user_id=user_id,
            issuer=rule.issuer,
            claims=dict(rule.claims),
            created_at=work.now,
        )
    )


def _remove(work: Work, which: sa.ColumnElement[bool]) -> None:
    if work.db.execute(sa.delete(publishers).where(which)).rowcount == 0:
        raise NotFound(GONE)
