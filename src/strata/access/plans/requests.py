"""Somebody asks for more than their plan has; an operator approves or declines it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.access.plans.letters import decision_letter
from strata.access.plans.owners import managed
from strata.accounts import people
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.accounts.plans.tables import plan_requests
from strata.accounts.tables import namespaces
from strata.core.call import Call, Work
from strata.core.errors import Conflict, InvalidFields, NotFound
from strata.credentials.tokens.leaked.showing import require_none
from strata.events.facts import Whose, record
from strata.events.outbox import post

LONGEST_MESSAGE: Final = 2_000  # characters
OPEN, APPROVED, DECLINED = "open", "approved", "declined"


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for."""

    id: int
    owner: str
    owner_id: int
    asked_by: int
    message: str
    language: str
    asked_at: datetime
    state: str
    answer: str


def ask(work: Work, owner_name: str, message: str) -> None:
    """Ask for more; one request of an owner waits at a time.

    Raises:
        InvalidFields: `message` is missing or too long.
        Conflict: one waits already.
        Unauthenticated, EmailNotVerified, Forbidden, NotFound: as `owners.managed`.
    """
    owner = managed(work, owner_name)
    text = message.strip()
    if not text:
        raise InvalidFields({"message": ("plan.message_missing",)})
    if len(text) > LONGEST_MESSAGE:
        raise InvalidFields({"message": ("plan.message_long",)})
    require_none(work, text)
    names.latest(work, owner.id)  # another admin may ask at this moment
    latest = newest_of(work, owner.id)
    if latest is not None and latest.state == OPEN:
        raise Conflict("Your last request still waits for an answer.")
    work.db.execute(
        sa.insert(plan_requests).values(
            owner_id=owner.id,
            asked_by=work.actor.user_id,
            message=text,
            language=work.origin.language,
            asked_at=work.now,
            state=OPEN,
        )
    )
    record(work, "quota.request", target=owner.name, whose=Whose(owner.id, owner.id))


def newest_of(call: Call, owner_id: int) -> Request | None:
    """The last request of an owner."""
    mine = plan_requests.c.owner_id == owner_id
    row = call.db.execute(_requests().where(mine).order_by(plan_requests.c.id.desc())).first()
    return _request(row) if row else None


def waiting(call: Call) -> list[Request]:
    """What nobody decided yet, oldest first."""
    still = plan_requests.c.state == OPEN
    rows = call.db.execute(_requests().where(still).order_by(plan_requests.c.id))
    return [_request(row) for row in rows]


def approve(
    work: Work, request_id: int, plan: str, expires_at: datetime | None, answer: str
) -> None:
    """Give the owner a plan and tell who asked.

    Raises:
        NotFound: no such request that waits, or no such plan.
    """
    request = _decided(work, request_id, APPROVED, answer)
    grants.assign(work, _place(work, request), plan, expires_at)
    _tell(work, request, plan, answer)


def decline(work: Work, request_id: int, answer: str) -> None:
    """Say no, with a reason, and tell who asked.

    Raises:
        NotFound: no such request that waits.
    """
    request = _decided(work, request_id, DECLINED, answer)
    whose = Whose(request.owner_id, request.asked_by)
    record(work, "quota.decline", target=request.owner, detail={"reason": answer}, whose=whose)
    _tell(work, request, "", answer)


def _decided(work: Work, request_id: int, state: str, answer: str) -> Request:
    mine = sa.and_(plan_requests.c.id == request_id, plan_requests.c.state == OPEN)
    changed = work.db.execute(
        sa.update(plan_requests).where(mine).values(state=state, answer=answer, decided_at=work.now)
    )
    row = work.db.execute(_requests().where(plan_requests.c.id == request_id)).first()
    if changed.rowcount != 1 or row is None:
        raise NotFound(f"No request {request_id} waits for an answer.")
    return _request(row)


def _place(call: Call, request: Request) -> names.Namespace:
    place = names.find(call, request.owner)
    if place is None:
        raise LookupError(request.owner)
    return place


def _tell(work: Work, request: Request, plan: str, answer: str) -> None:
    person = people.by_id(work, request.asked_by)
    if person is not None and person.verified_at is not None:
        reader = replace(people.reader(person), language=request.language)  # as they asked
        post(work, decision_letter(work, reader, request.owner, plan, answer))


def _requests() -> sa.Select[Any]:
    return sa.select(plan_requests, namespaces.c.name).join(
        namespaces, namespaces.c.id == plan_requests.c.owner_id
    )


def _request(row: sa.Row[Any]) -> Request:
    return Request(
        id=row.id,
        owner=row.name,
        owner_id=row.owner_id,
        asked_by=row.asked_by,
        message=row.message,
        language=row.language,
        asked_at=row.asked_at,
        state=row.state,
        answer=row.answer,
    )
