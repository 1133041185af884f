"""Names of people and organisations: which are allowed, and who has them.

Both share one namespace, compared without case. People choose names by the narrow rule; operators
may also create the wider set that public hubs have issued over the years.
"""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import sqlalchemy as sa
from anyascii import anyascii
from sqlalchemy.exc import IntegrityError

from strata.accounts.naming.reserved import is_reserved, looks_reserved
from strata.accounts.tables import former_names, namespaces, users
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists
from strata.core.settings.tree import Settings
from strata.lib.db.database import Prepared
from strata.lib.db.statements import take_turns, upsert
from strata.lib.lookalikes.names import skeleton

SHORTEST = 2
LONGEST = 42
_NEW = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9]))*", re.ASCII)
_LEGACY = re.compile(r"[A-Za-z0-9._-]{1,96}", re.ASCII)


SIMILAR = "name.similar"
SUGGESTED_LENGTH = 36
NUMBERED_SUGGESTIONS = 8

_BEARER = Prepared("SELECT id, name, kind FROM namespaces WHERE key = :key")


class Kind(StrEnum):
    """What bears a name."""

    USER = "user"
    ORGANIZATION = "organization"


@dataclass(frozen=True, slots=True)
class Namespace:
    """Who has a name."""

    id: int
    name: str  # canonical casing
    kind: Kind


def faults(
    name: str, settings: Settings, *, operator: bool = False, similar: bool = False
) -> tuple[str, ...]:
    """Message keys of the rules that a new name breaks.

    `name.length`, `name.invalid`, `name.reserved`, `name.similar`.

    Args:
        similar: an operator says that it may look like a reserved one.
    """
    broken = _broken(name, operator=operator)
    if broken:
        return broken
    if is_reserved(name, settings, operator=operator):
        return ("name.reserved",)
    known = operator and is_reserved(name, settings, operator=False)  # `huggingface` for a mirror
    if similar or known or not looks_reserved(name, settings):
        return ()
    return ("name.similar",)


def _broken(name: str, *, operator: bool) -> tuple[str, ...]:
    if operator:
        return () if _LEGACY.fullmatch(name) else ("name.invalid",)
    length = () if SHORTEST <= len(name) <= LONGEST else ("name.length",)
    spelt = not name or (_NEW.fullmatch(name) is not None and not name.isdigit())
    return length if spelt else (*length, "name.invalid")


def claim(work: Work, name: str, kind: Kind = Kind.USER, *, similar: bool = False) -> int:
    """Take a name for ever; returns the id that its owner has.

    Args:
        similar: an operator says that it may look like another one.

    Raises:
        AlreadyExists: with the key `name.taken` or `name.similar`.
    """
    take_turns(work.db, f"name {skeleton(name)}")  # two that look alike are not both found free
    for key in conflicts(work, name):
        if key != SIMILAR or not similar:
            raise AlreadyExists(key)
    values = {"key": name.lower(), "name": name, "skeleton": skeleton(name), "kind": kind.value}
    fresh = upsert(work.db, namespaces).values(**values)
    claimed = work.db.execute(fresh.on_conflict_do_nothing().returning(namespaces.c.id)).first()
    if claimed is None:
        raise AlreadyExists("name.taken")
    return int(claimed.id)


def find(call: Call, name: str) -> Namespace | None:
    """Who has the name, whatever its casing."""
    if "\0" in name:  # PostgreSQL refuses even to look for it
        return None
    row = _BEARER.row(call.db, {"key": name.lower()})
    return Namespace(row[0], row[1], Kind(row[2])) if row else None


def known(call: Call, name: str) -> Namespace | None:
    """As `find`, of those that the caller may know: nobody else hears of an unconfirmed account."""
    found = find(call, name)
    return found if found and found.id in known_among(call, [found.id]) else None


def known_among(call: Call, namespace_ids: Iterable[int]) -> frozenset[int]:
    """Those whose names anybody may know: organisations, confirmed people, and the caller."""
    wanted = set(namespace_ids)
    if call.actor.system:
        return frozenset(wanted)
    confirmed = sa.or_(namespaces.c.kind != Kind.USER, users.c.verified_at.is_not(None))
    rows = call.db.scalars(
        sa.select(namespaces.c.id)
        .outerjoin(users, users.c.id == namespaces.c.id)
        .where(
            namespaces.c.id.in_(sorted(wanted)),
            sa.or_(confirmed, namespaces.c.id == call.actor.user_id),
        )
    )
    return frozenset(rows)


def bears(work: Work, namespace_id: int, name: str) -> bool:
    """Whether an account has this name now; until the transaction ends it gets no other.

    Others who ask the same wait, so that what the account owns is counted one after the other.
    """
    mine = sa.select(namespaces.c.name).where(namespaces.c.id == namespace_id)
    return work.db.scalar(mine.with_for_update(key_share=True)) == name


def latest(work: Work, namespace_id: int) -> Namespace | None:
    """An account under the name it has now; until the transaction ends nobody else gives it one."""
    mine = sa.select(namespaces.c.id, namespaces.c.name, namespaces.c.kind)
    row = work.db.execute(mine.where(namespaces.c.id == namespace_id).with_for_update()).first()
    return Namespace(row.id, row.name, Kind(row.kind)) if row else None


def conflicts(call: Call, name: str, namespace_id: int | None = None) -> tuple[str, ...]:
    """The message key of what speaks against a name: `name.taken`, or `name.similar`.

    Somebody has it or had it until lately, or has or had one that looks the same; to
    `namespace_id` its own are free.
    """
    found = find(call, name)
    if (found is not None and found.id != namespace_id) or _is_kept(call, name, namespace_id):
        return ("name.taken",)
    return (SIMILAR,) if _looks_taken(call, name, namespace_id or 0) else ()


def renamed(work: Work, namespace_id: int, name: str) -> None:
    """Write another name of an account down.

    Raises:
        AlreadyExists: with the key `name.taken` or `name.similar`.
    """
    take_turns(work.db, f"name {skeleton(name)}")  # two that look alike are not both found free
    for key in conflicts(work, name, namespace_id):
        raise AlreadyExists(key)
    change = sa.update(namespaces).where(namespaces.c.id == namespace_id)
    values = {"key": name.lower(), "name": name, "skeleton": skeleton(name)}
    try:
        with work.db.begin_nested():
            work.db.execute(change.values(**values))
    except IntegrityError as taken:  # somebody was faster
        raise AlreadyExists("name.taken") from taken


def _looks_taken(call: Call, name: str, but: int) -> bool:
    drawn = skeleton(name)
    if not drawn:
        return False
    borne = sa.select(namespaces.c.id).where(namespaces.c.skeleton == drawn, namespaces.c.id != but)
    kept = sa.select(former_names.c.key).where(
        former_names.c.skeleton == drawn,
        still_kept(call),
        former_names.c.namespace_id != but,
    )
    return any(call.db.execute(one.limit(1)).first() is not None for one in (borne, kept))


def still_kept(call: Call) -> sa.ColumnElement[bool]:
    """Whether a name that was given up is kept from others; a condition on `former_names`."""
    days = call.hub.settings.accounts.former_name_days
    return former_names.c.left_at > call.now - timedelta(days=days) if days else sa.true()


def _is_kept(call: Call, name: str, namespace_id: int | None = None) -> bool:
    """Whether somebody else gave the name up, and it is still kept for them."""
    kept = sa.select(former_names.c.key).where(
        former_names.c.key == name.lower(),
        still_kept(call),
        former_names.c.namespace_id != (namespace_id or 0),
    )
    return call.db.execute(kept).first() is not None


def beginning(call: Call, text: str, limit: int) -> list[Namespace]:
    """Names that begin like this, whatever the casing; whoever shows them asks whom it may show."""
    if "\0" in text:  # PostgreSQL refuses even to look for it
        return []
    columns = (namespaces.c.id, namespaces.c.name, namespaces.c.kind)
    rows = call.db.execute(
        sa.select(*columns)
        .where(namespaces.c.key.startswith(text.lower(), autoescape=True))
        .order_by(namespaces.c.key)
        .limit(limit)
    )
    return [Namespace(row[0], row[1], row[2]) for row in rows]


def suggest(call: Call, email: str) -> str:
    """A free name made of what stands before the @ of an address."""
    stem = _stem(email.partition("@")[0])
    numbered = (f"{stem}-{number}" for number in range(2, 2 + NUMBERED_SUGGESTIONS))
    for candidate in (stem, *numbered):
        if not faults(candidate, call.hub.settings) and not conflicts(call, candidate):
            return candidate
    return f"{stem}-{_letters(4)}"


def _stem(local_part: str) -> str:
    dashed = (
        re.sub(r"[^A-Za-z0-9]+", "-", anyascii(local_part)).strip("-")[:SUGGESTED_LENGTH].strip("-")
    )
    if len(dashed) < SHORTEST or dashed.isdigit():
        return f"user-{_letters(4)}"
    return dashed


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_lowercase) for _ in range(count))
