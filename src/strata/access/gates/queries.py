"""All SQL of the room."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import sqlalchemy as sa

from strata.access.gates.record import AccessRequest, Answer, Asker, Notices, Standing
from strata.access.gates.tables import access_requests, gate_notices
from strata.accounts.tables import namespaces, users
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.core.names import fresh_key
from strata.lib.db.database import Prepared
from strata.lib.db.seek import Page, Window, page_down
from strata.lib.db.statements import upsert

_ORDER = (access_requests.c.requested_at, access_requests.c.id)  # newest first
_STATUS = Prepared(
    "SELECT status FROM access_requests WHERE repo_id = :repo_id AND user_id = :user_id"
)


def status_of(call: Call, repo_row_id: int, user_id: int) -> str | None:
    """Where a person stands at the gate of a repo; None: never asked."""
    row = _STATUS.row(call.db, {"repo_id": repo_row_id, "user_id": user_id})
    return row[0] if row else None


def notices_of(call: Call, repo_row_id: int) -> Notices:
    """Who is told of requests."""
    row = call.db.execute(
        sa.select(gate_notices.c.email, gate_notices.c.mode).where(
            gate_notices.c.repo_id == repo_row_id
        )
    ).first()
    return Notices(row.email, row.mode) if row else Notices()


def set_notices(work: Work, repo_row_id: int, notices: Notices) -> None:
    """Choose who is told of requests."""
    chosen = {"email": notices.email, "mode": notices.mode}
    fresh = upsert(work.db, gate_notices).values(repo_id=repo_row_id, **chosen)
    work.db.execute(
        fresh.on_conflict_do_update(index_elements=[gate_notices.c.repo_id], set_=chosen)
    )


def request_of(call: Call, repo_row_id: int, user_id: int) -> AccessRequest | None:
    """What somebody asked of a repo."""
    return _first(call, _requests().where(_place(repo_row_id, user_id)))


def held_request(work: Work, repo_row_id: int, user_id: int) -> AccessRequest | None:
    """The same to change it: nobody else does meanwhile."""
    _hold(work, _place(repo_row_id, user_id))
    return request_of(work, repo_row_id, user_id)


def held_by_key(work: Work, repo_row_id: int, key: str) -> AccessRequest | None:
    """A request to a repo by its id on the wire, to change it."""
    if "\0" in key:  # PostgreSQL refuses even to look for it
        return None
    here = sa.and_(access_requests.c.repo_id == repo_row_id, access_requests.c.key == key)
    _hold(work, here)
    return _first(work, _requests().where(here))


def hold_several(
    work: Work, repo_row_id: int, user_names: Collection[str], keys: Collection[str]
) -> None:
    """Have others wait who decide about some of these requests, named by the person or the key.

    In the order of their ids: two who name the same ones in another order would end each other.
    """
    named = sa.select(namespaces.c.id).where(
        namespaces.c.key.in_([name.lower() for name in user_names if "\0" not in name])
    )
    keyed = access_requests.c.key.in_([key for key in keys if "\0" not in key])
    those = sa.or_(access_requests.c.user_id.in_(named), keyed)
    here = sa.select(access_requests.c.id).where(access_requests.c.repo_id == repo_row_id, those)
    work.db.execute(here.order_by(access_requests.c.id).with_for_update())


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which of the requests in one state: all that meet what is given."""

    search: str = ""  # how a name begins, or an e-mail address that was shared
    after: str = ""  # those that follow the request of this key, the older ones
    before: str = ""  # those in front of it, the newer ones


EVERYONE: Final = Wanted()


def requests_to(
    call: Call, repo_row_id: int, standing: Standing, window: Window, wanted: Wanted = EVERYONE
) -> Page[AccessRequest]:
    """The requests in one state, the newest first.

    Raises:
        Malformed: `after` or `before` is the key of no request to this repo.
    """
    statement = _requests().where(
        access_requests.c.repo_id == repo_row_id, access_requests.c.status == standing.value
    )
    if wanted.search:
        statement = statement.where(_matches(wanted.search))
    if wanted.after:
        statement = statement.where(sa.tuple_(*_ORDER) < _stand(call, repo_row_id, wanted, "after"))
    if wanted.before:
        statement = statement.where(
            sa.tuple_(*_ORDER) > _stand(call, repo_row_id, wanted, "before")
        )
    return page_down(call.db, statement, window, _ORDER, _request)


def _stand(
    call: Call, repo_row_id: int, wanted: Wanted, side: Literal["after", "before"]
) -> sa.Tuple:
    """Where the request stands in the list that the caller names, whatever became of it since."""
    key = wanted.after if side == "after" else wanted.before
    here = sa.and_(access_requests.c.repo_id == repo_row_id, access_requests.c.key == key)
    row = call.db.execute(sa.select(*_ORDER).where(here)).first()
    if row is None:
        raise Malformed(f'"{side}" must be the requestId of a request to this repository.')
    moment = sa.literal(row.requested_at, access_requests.c.requested_at.type)
    return sa.tuple_(moment, sa.literal(row.id))


def counts(call: Call, repo_row_id: int) -> dict[Standing, int]:
    """How many requests are in which state."""
    rows = call.db.execute(
        sa.select(access_requests.c.status, sa.func.count())
        .where(access_requests.c.repo_id == repo_row_id)
        .group_by(access_requests.c.status)
    )
    found = {Standing(row[0]): int(row[1]) for row in rows}
    return {standing: found.get(standing, 0) for standing in Standing}


def put_asked(
    work: Work, repo_row_id: int, user_id: int, standing: Standing, answers: Mapping[str, Answer]
) -> bool:
    """Write down that somebody asked, also once more after a reset.

    False when somebody else was faster, such as a manager who granted access: theirs stays.
    """
    values = {
        "status": standing.value,
        "asked": True,
        "answers": dict(answers),
        "requested_at": work.now,
        "reviewed_at": None,
        "reviewed_by": None,
        "reason": None,
        "told_at": None,
    }
    fresh = upsert(work.db, access_requests).values(
        key=fresh_key(), repo_id=repo_row_id, user_id=user_id, **values
    )
    written = work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[access_requests.c.repo_id, access_requests.c.user_id],
            set_=values,
            where=access_requests.c.status == Standing.RESET.value,
        )
    )
    return written.rowcount == 1


def put_granted(work: Work, repo_row_id: int, user_id: int) -> None:
    """Write down that somebody who never asked was let in."""
    granted = {
        "status": Standing.ACCEPTED.value,
        "reviewed_at": work.now,
        "reviewed_by": work.actor.user_id,
    }
    fresh = upsert(work.db, access_requests).values(
        key=fresh_key(),
        repo_id=repo_row_id,
        user_id=user_id,
        asked=False,
        answers={},
        requested_at=work.now,
        **granted,
    )
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=[access_requests.c.repo_id, access_requests.c.user_id], set_=granted
        )
    )


def settle(work: Work, request_id: int, standing: Standing, reason: str | None) -> None:
    """Write a decision down; a request that waits again was decided by nobody."""
    waits = standing is Standing.PENDING
    work.db.execute(
        sa.update(access_requests)
        .where(access_requests.c.id == request_id)
        .values(
            status=standing.value,
            reviewed_at=None if waits else work.now,
            reviewed_by=None if waits else work.actor.user_id,
            reason=reason,
        )
    )


def delete_request(work: Work, request_id: int) -> None:
    work.db.execute(sa.delete(access_requests).where(access_requests.c.id == request_id))


def first_untold(call: Call, repo_row_id: int) -> datetime:
    """When the first request came that waits and of which nobody was told; now, if none does."""
    moment = access_requests.c.requested_at
    first: datetime | None = call.db.scalar(
        sa.select(sa.func.min(moment, type_=moment.type)).where(_untold(repo_row_id))
    )
    return first or call.now


def mark_told(work: Work, repo_row_id: int) -> None:
    """Note that those who decide know of every request that waits."""
    here = _untold(repo_row_id)
    work.db.execute(sa.update(access_requests).where(here).values(told_at=work.now))


def _untold(repo_row_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        access_requests.c.repo_id == repo_row_id,
        access_requests.c.status == Standing.PENDING.value,
        access_requests.c.told_at.is_(None),
    )


def _place(repo_row_id: int, user_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(access_requests.c.repo_id == repo_row_id, access_requests.c.user_id == user_id)


def _hold(work: Work, here: sa.ColumnElement[bool]) -> None:
    """Make other transactions on a request wait; SQLite has one writer anyway."""
    work.db.execute(sa.select(access_requests.c.id).where(here).with_for_update())


def _matches(search: str) -> sa.ColumnElement[bool]:
    text = search.strip().lower()
    shared = sa.and_(access_requests.c.asked, users.c.email_key.startswith(text, autoescape=True))
    return sa.or_(namespaces.c.key.startswith(text, autoescape=True), shared)


def _requests() -> sa.Select[Any]:
    reviewer = namespaces.alias("reviewer")
    columns = [
        access_requests.c[name]
        for name in ("id", "key", "repo_id", "user_id", "status", "asked", "answers")
    ]
    columns += [access_requests.c[name] for name in ("requested_at", "reviewed_at", "reason")]
    people = (users.c.public_id, users.c.full_name, users.c.email, namespaces.c.name)
    return (
        sa.select(*columns, *people, reviewer.c.name.label("reviewed_by"))
        .select_from(access_requests)
        .join(users, users.c.id == access_requests.c.user_id)
        .join(namespaces, namespaces.c.id == users.c.id)
        .outerjoin(reviewer, reviewer.c.id == access_requests.c.reviewed_by)
    )


def _first(call: Call, statement: sa.Select[Any]) -> AccessRequest | None:
    row = call.db.execute(statement).first()
    return _request(row) if row else None


def _request(row: sa.Row[Any]) -> AccessRequest:
    email = row.email if row.asked else None
    return AccessRequest(
        id=row.id,
        key=row.key,
        repo_id=row.repo_id,
        asker=Asker(row.user_id, row.public_id, row.name, row.full_name, email),
        standing=Standing(row.status),
        answers=row.answers,
        requested_at=row.requested_at,
        reviewed_at=row.reviewed_at,
        reviewed_by=row.reviewed_by,
        reason=row.reason,
    )
