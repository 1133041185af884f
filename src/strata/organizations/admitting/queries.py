"""All SQL about asking to join an organisation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.people import Face
from strata.accounts.tables import namespaces, users
from strata.core.call import Call, Work
from strata.lib.db.statements import upsert
from strata.organizations.admitting.tables import join_requests, organization_joining

MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom an organisation lets ask, or in."""

    anybody: bool = False  # may ask
    domain: str = ""  # people with a confirmed address there may ask; lower case, ASCII
    at_once: bool = False  # and need no approval
    proved: bool = True  # an admin has such an address; until then the domain lets nobody in


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, seen from the organisation."""

    face: Face
    message: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Sent:
    """A request, seen from the person."""

    organization: str
    created_at: datetime


def rules_of(call: Call, organization_id: int) -> Rules:
    """How one joins an organisation; nobody does where nothing was said."""
    columns = organization_joining.c
    row = call.db.execute(
        sa.select(columns.anybody, columns.domain, columns.at_once, columns.proved).where(
            columns.organization_id == organization_id
        )
    ).first()
    return Rules(*row) if row else Rules()


def set_rules(work: Work, organization_id: int, rules: Rules) -> None:
    values = asdict(rules)
    fresh = upsert(work.db, organization_joining).values(organization_id=organization_id, **values)
    work.db.execute(fresh.on_conflict_do_update(index_elements=["organization_id"], set_=values))


def asked(call: Call, organization_id: int) -> list[Asked]:
    """Who waits for an answer, the first one in front."""
    statement = (
        people.faces()
        .add_columns(join_requests.c.message, join_requests.c.created_at)
        .join(join_requests, join_requests.c.user_id == users.c.id)
        .where(join_requests.c.organization_id == organization_id)
        .order_by(join_requests.c.created_at, join_requests.c.user_id)
        .limit(MOST_SHOWN)
    )
    return [
        Asked(people.face(row), row.message, row.created_at) for row in call.db.execute(statement)
    ]


def sent(call: Call, user_id: int) -> list[Sent]:
    """The requests of a person that wait for an answer."""
    statement = (
        sa.select(namespaces.c.name, join_requests.c.created_at)
        .join(namespaces, namespaces.c.id == join_requests.c.organization_id)
        .where(join_requests.c.user_id == user_id)
        .order_by(namespaces.c.key)
    )
    return [Sent(row.name, row.created_at) for row in call.db.execute(statement)]


def has_asked(call: Call, organization_id: int, user_id: int) -> bool:
    """Whether somebody waits for an answer."""
    found = sa.select(join_requests.c.user_id).where(_place(organization_id, user_id))
    return call.db.execute(found).first() is not None


def ask(work: Work, organization_id: int, user_id: int, message: str) -> bool:
    """Keep a request; False: there is one already."""
    fresh = upsert(work.db, join_requests).values(
        organization_id=organization_id, user_id=user_id, message=message, created_at=work.now
    )
    return work.db.execute(fresh.on_conflict_do_nothing()).rowcount == 1


def take_away(work: Work, organization_id: int, user_id: int) -> bool:
    """Forget a request; False: there was none."""
    gone = sa.delete(join_requests).where(_place(organization_id, user_id))
    return work.db.execute(gone).rowcount == 1


def _place(organization_id: int, user_id: int) -> sa.ColumnElement[bool]:
    return sa.and_(
        join_requests.c.organization_id == organization_id, join_requests.c.user_id == user_id
    )
