"""SSH keys: added, recognised, removed (product §3.15). One key belongs to one account."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from strata.accounts.confirmed import readers
from strata.accounts.standing import require_open
from strata.core.actor import Actor
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.core.hub import Hub
from strata.credentials.keys import letters
from strata.credentials.keys.owner import GONE, adder, person, refused, require_room
from strata.credentials.keys.tables import ssh_keys
from strata.events import outbox
from strata.events.facts import record
from strata.lib.db.database import Prepared
from strata.lib.db.statements import upsert
from strata.lib.keys.faults import BadKey
from strata.lib.keys.ssh import KINDS, PublicKey, read_key
from strata.organizations import speakers
from strata.organizations.collaborators.shares import with_shares

LONGEST_TITLE: Final = 100
_FORBIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BY_FINGERPRINT = Prepared(
    f"SELECT {speakers.PERSON}, k.id, {speakers.MEMBERSHIPS}"  # noqa: S608 — constants
    f" FROM ssh_keys k JOIN users u ON u.id = k.user_id {speakers.JOINED}"
    " WHERE k.fingerprint = :fingerprint"
)


@dataclass(frozen=True, slots=True)
class SshKey:
    """A key as its owner's list shows it."""

    id: int
    title: str
    algorithm: str
    fingerprint: str
    created_at: datetime
    last_used_at: datetime | None

    @property
    def kind(self) -> str:
        return KINDS[self.algorithm]


def actor_for_key(db: Connection, hub: Hub, fingerprint: str) -> Actor | None:
    """Who the key speaks for; None when nobody here has it.

    Raises:
        AccountSuspended, Forbidden: its owner's account is not open.
    """
    rows = _BY_FINGERPRINT.rows(db, {"fingerprint": fingerprint})
    if not rows:
        return None
    require_open(speakers.standing_of(hub, rows[0]))
    actor = speakers.speaker(hub, rows, ssh_key_id=rows[0][speakers.WIDTH])
    return with_shares(db, hub, actor) if speakers.works_elsewhere(rows[0]) else actor


def add(work: Work, title: str, text: str) -> SshKey:
    """Give the person at the browser another key.

    Args:
        title: empty: the comment of the key.
        text: a line as it stands in `id_ed25519.pub`.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden, ProofNeeded: as `owner.adder`.
        InvalidFields: the key or its title breaks a rule (`ssh_key.…`, `key.…`).
    """
    owner = adder(work)
    key = _read(text)
    name = _title(title, key)
    require_room(work, ssh_keys, owner.id)
    fresh = upsert(work.db, ssh_keys).values(
        user_id=owner.id,
        title=name,
        algorithm=key.algorithm,
        fingerprint=key.fingerprint,
        created_at=work.now,
    )
    row = work.db.execute(fresh.on_conflict_do_nothing().returning(ssh_keys.c.id)).first()
    if row is None:
        raise InvalidFields({"key": (_why_taken(work, owner.id, key.fingerprint),)})
    record(work, "key.ssh_add", target=name, detail={"fingerprint": key.fingerprint})
    for reader in readers(work, owner):
        outbox.post(work, letters.ssh_added(work, reader, name, key.fingerprint))
    return SshKey(row.id, name, key.algorithm, key.fingerprint, work.now, None)


def remove(work: Work, key_id: int) -> None:
    """Take a key of the person at the browser away; it opens nothing from now on.

    Raises:
        Unauthenticated, Forbidden: as `owner.person`.
        NotFound: the person has no such key.
    """
    owner = person(work)
    row = work.db.execute(
        sa.delete(ssh_keys)
        .where(ssh_keys.c.id == key_id, ssh_keys.c.user_id == owner.id)
        .returning(ssh_keys.c.title, ssh_keys.c.fingerprint)
    ).first()
    if row is None:
        raise NotFound(GONE)
    record(work, "key.ssh_remove", target=row.title, detail={"fingerprint": row.fingerprint})
    for reader in readers(work, owner):
        outbox.post(work, letters.ssh_removed(work, reader, row.title, row.fingerprint))


def of(call: Call, owner_id: int) -> list[SshKey]:
    """The keys of an account, newest first."""
    rows = call.db.execute(
        sa.select(*(ssh_keys.c[name] for name in SshKey.__dataclass_fields__))
        .where(ssh_keys.c.user_id == owner_id)
        .order_by(ssh_keys.c.id.desc())
    )
    return [SshKey(**row._mapping) for row in rows]  # noqa: SLF001 — the documented way to read a Row by name


def _read(text: str) -> PublicKey:
    try:
        return read_key(text)
    except BadKey as bad:
        raise refused("ssh_key", bad) from bad


def _title(title: str, key: PublicKey) -> str:
    name = title.strip() or key.comment[:LONGEST_TITLE] or key.fingerprint
    if len(name) > LONGEST_TITLE:
        raise InvalidFields({"title": ("key.title_too_long",)})
    if any(unicodedata.category(letter) in _FORBIDDEN_CATEGORIES for letter in name):
        raise InvalidFields({"title": ("key.bad_title",)})
    return name


def _why_taken(work: Work, owner_id: int, fingerprint: str) -> str:
    """One's own key is named as such; of another owner nothing is told."""
    mine = sa.select(ssh_keys.c.id).where(
        ssh_keys.c.fingerprint == fingerprint, ssh_keys.c.user_id == owner_id
    )
    return "key.yours" if work.db.execute(mine).first() else "key.taken"
