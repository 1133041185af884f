"""Access tokens: made, shown once, kept as keyed digests (product §3.10).

`hf_` and 34 letters, because every secret scanner knows that shape; the last six letters check
the others, so that a leaked value can be recognised without asking the database.
"""

from __future__ import annotations

import hashlib
import secrets
import string
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from strata.accounts import people
from strata.accounts.legal.documents import must_agree
from strata.accounts.organizations.roles import roles_in
from strata.accounts.standing import require_open, standing_at
from strata.accounts.tokens import letters
from strata.accounts.tokens.facts import COLUMNS, INSIDE, token_facts
from strata.accounts.tokens.tables import tokens
from strata.core.actor import Actor, TokenKind, TokenRole
from strata.core.call import Call, Work
from strata.core.errors import (
    Conflict,
    EmailNotVerified,
    Forbidden,
    InvalidFields,
    Malformed,
    NotFound,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.facts import record
from strata.lib.db.columns import to_millis
from strata.lib.db.database import Prepared
from strata.lib.db.statements import upsert

PREFIX = "hf_"
BODY_LENGTH = 28
CHECK_LENGTH = 6
LONGEST_NAME = 100
LONGEST_VALUE = 256
SHORTEST_IMPORTED = 12
STAMP_LENGTH = 16
# Those of applications are listed, and end, with their application.
_MADE_BY_HAND = tokens.c.kind == TokenKind.ACCESS.value
_FORBIDDEN_NAME = "DEFAULT"  # clients keep tokens in an INI file, where this section is special
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
_BY_DIGEST = Prepared(
    f"SELECT u.id, n.name, u.verified_at, u.admin, u.standing, u.standing_until,"  # noqa: S608 — constants
    f" u.agreed, (SELECT current FROM agreement), {COLUMNS}"
    " FROM tokens t JOIN users u ON u.id = t.user_id JOIN namespaces n ON n.id = u.id"
    f" {INSIDE} WHERE t.digest = :digest AND t.leaked_at IS NULL"
)


@dataclass(frozen=True, slots=True)
class Issued:
    """A token with its value, which is seen here and never again."""

    id: int
    name: str
    role: TokenRole
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner's list shows it."""

    id: int
    name: str
    role: TokenRole
    prefix: str  # "hf_aBcD"
    suffix: str  # "wXyZ"
    created_at: datetime
    rotated_at: datetime | None
    last_used_at: datetime | None


def actor_for_token(db: Connection, hub: Hub, value: str) -> Actor | None:
    """Who the token speaks for; None when it is unknown or over.

    Raises:
        AccountSuspended, Forbidden: its owner's account is not open.
    """
    if not value or len(value) > LONGEST_VALUE:
        return None
    digest = hub.secrets.digest("token", value)
    rows = _BY_DIGEST.rows(db, {"digest": digest})
    if not rows:
        return None
    row = rows[0]  # one for each membership; they differ in nothing else
    token = token_facts([row[8:] for row in rows], digest[:STAMP_LENGTH])
    if token.expires_at is not None and token.expires_at <= hub.clock():
        return None
    require_open(standing_at(to_millis(hub.clock()), row[4], row[5]))
    return Actor(
        user_id=row[0],
        name=row[1],
        verified=row[2] is not None,
        admin=bool(row[3]),
        must_agree=must_agree(row[6], row[7]),
        token=token,
        roles=roles_in(row[-4:-2] for row in rows),
    )


def create(work: Work, name: str, role: TokenRole) -> Issued:
    """Give the signed-in person a token.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: only confirmed people create tokens, and
            only in the browser.
        InvalidFields: `name` breaks a rule, is in use (`token.dup`), or there are too many
            tokens (`token.too_many`).
    """
    owner = _owner(work)
    return _issue(work, owner, _Wanted(name, role, fresh_value()))


def create_for(
    work: Work, owner_id: int, name: str, role: TokenRole, *, value: str | None = None
) -> Issued:
    """Give an account a token, as an operator.

    Args:
        value: a known value to accept; default: a fresh one.

    Raises:
        NotFound: no such account.
        InvalidFields: as `create`.
        Malformed: the value has no shape that clients send.
        Conflict: another token has this value.
    """
    owner = people.by_id(work, owner_id)
    if owner is None:
        raise NotFound("There is no such account.")
    if value is not None:
        _require_importable(work, value)
    return _issue(work, owner, _Wanted(name, role, value or fresh_value()))


def of(call: Call, owner_id: int) -> list[Token]:
    """The tokens of an account, newest first."""
    rows = call.db.execute(
        sa.select(*(tokens.c[name] for name in Token.__dataclass_fields__))
        .where(tokens.c.user_id == owner_id, _MADE_BY_HAND)
        .order_by(tokens.c.id.desc())
    )
    return [Token(**{**row._mapping, "role": TokenRole(row.role)}) for row in rows]  # noqa: SLF001 — the documented way to read a Row by name


def rotate(work: Work, token_id: int) -> Issued:
    """Invalidate and refresh: a new value for the same token; the old one dies at once.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `create`.
        NotFound: the person has no such token.
    """
    owner = _owner(work)
    value = fresh_value()
    row = work.db.execute(
        sa.update(tokens)
        .where(tokens.c.id == token_id, tokens.c.user_id == owner.id, _MADE_BY_HAND)
        .values(**_kept(work.hub, value), rotated_at=work.now, last_used_at=None)
        .returning(tokens.c.name, tokens.c.role)
    ).first()
    if row is None:
        raise NotFound("There is no such token.")
    record(work, "token.rotate", target=row.name, detail={"role": row.role})
    outbox.post(work, letters.token_rotated(work, people.reader(owner), token_name=row.name))
    return Issued(token_id, row.name, TokenRole(row.role), value)


def delete(work: Work, token_id: int) -> None:
    """Revoke a token of the signed-in person at once.

    Raises:
        Unauthenticated, Forbidden: as `create`; an unconfirmed person may delete.
        NotFound: the person has no such token.
    """
    _require_session(work.actor)
    row = work.db.execute(
        sa.delete(tokens)
        .where(tokens.c.id == token_id, tokens.c.user_id == work.actor.user_id, _MADE_BY_HAND)
        .returning(tokens.c.name)
    ).first()
    if row is None:
        raise NotFound("There is no such token.")
    record(work, "token.delete", target=row.name)


def end(work: Work, token_id: int) -> None:
    """Revoke a token of the caller, who shows that very one."""
    mine = (tokens.c.id == token_id, tokens.c.user_id == work.actor.user_id)
    row = work.db.execute(sa.delete(tokens).where(*mine).returning(tokens.c.name)).first()
    if row is not None:
        record(work, "token.delete", target=row.name)


def fresh_value() -> str:
    """`hf_`, 28 random letters (159 bits), 6 letters that check them."""
    body = "".join(secrets.choice(string.ascii_letters) for _ in range(BODY_LENGTH))
    return f"{PREFIX}{body}{_check(body)}"


def is_well_formed(value: str) -> bool:
    """Whether a value is one that we could have issued; imported values need not be."""
    body = value.removeprefix(PREFIX)[:BODY_LENGTH]
    lettered = len(body) == BODY_LENGTH and body.isascii() and body.isalpha()
    return lettered and value == f"{PREFIX}{body}{_check(body)}"


def name_faults(name: str) -> tuple[str, ...]:
    """Message keys of the rules that a token's name breaks."""
    trimmed = name.strip()
    if not trimmed:
        return ("token.name_empty",)
    if len(trimmed) > LONGEST_NAME:
        return ("token.name_too_long",)
    strange = any(unicodedata.category(letter) in _FORBIDDEN_CATEGORIES for letter in trimmed)
    return ("token.bad_name",) if strange or trimmed == _FORBIDDEN_NAME else ()


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    role: TokenRole
    value: str = field(repr=False)


def _issue(work: Work, owner: people.User, wanted: _Wanted) -> Issued:
    name = wanted.name.strip()
    faults = name_faults(wanted.name)
    if faults:
        raise InvalidFields({"name": faults})
    people.locked(work, owner.id)
    _require_room(work, owner.id)
    fresh = upsert(work.db, tokens).values(
        user_id=owner.id,
        name=name,
        name_key=name.casefold(),
        role=wanted.role.value,
        created_at=work.now,
        **_kept(work.hub, wanted.value),
    )
    row = work.db.execute(fresh.on_conflict_do_nothing().returning(tokens.c.id)).first()
    if row is None:
        raise InvalidFields({"name": ("token.dup",)})
    record(
        work,
        "token.create",
        target=name,
        actor_id=_doer(work, owner),
        detail={"role": wanted.role.value},
    )
    if wanted.role is TokenRole.WRITE:
        outbox.post(work, letters.token_created(work, people.reader(owner), token_name=name))
    return Issued(row.id, name, wanted.role, wanted.value)


def _doer(work: Work, owner: people.User) -> int | None:
    return None if work.actor.system else owner.id


def _kept(hub: Hub, value: str) -> dict[str, str]:
    """What is stored of a value."""
    return {
        "digest": hub.secrets.digest("token", value),
        "prefix": value[: len(PREFIX) + 4],
        "suffix": value[-4:],
    }


def _require_room(work: Work, owner_id: int) -> None:
    held = work.db.scalar(
        sa.select(sa.func.count())
        .select_from(tokens)
        .where(tokens.c.user_id == owner_id, _MADE_BY_HAND)
    )
    if (held or 0) >= work.hub.settings.accounts.tokens_per_user:
        raise InvalidFields({"name": ("token.too_many",)})


def _require_importable(work: Work, value: str) -> None:
    shaped = (
        value.startswith(PREFIX) and value.isascii() and value.isprintable() and " " not in value
    )
    if not shaped or not SHORTEST_IMPORTED <= len(value) <= LONGEST_VALUE:
        raise Malformed(
            f"A token value starts with `{PREFIX}` and has {SHORTEST_IMPORTED} to {LONGEST_VALUE} "
            "visible ASCII characters."
        )
    digest = work.hub.secrets.digest("token", value)
    if work.db.execute(sa.select(tokens.c.id).where(tokens.c.digest == digest)).first():
        raise Conflict("Another token has this value. Choose another one, or delete that token.")


def _owner(work: Work) -> people.User:
    """The confirmed person at the browser; tokens cannot make tokens."""
    _require_session(work.actor)
    owner = people.by_id(work, work.actor.user_id or 0)
    if owner is None:
        raise Unauthenticated("Invalid username or password.")
    if owner.verified_at is None:
        raise EmailNotVerified("Please confirm your email address before you create tokens.")
    return owner


def _require_session(actor: Actor) -> None:
    if actor.user_id is None:
        raise Unauthenticated("Invalid username or password.")
    if actor.token is not None:
        raise Forbidden("Access tokens are managed on the settings page, not with a token.")


def _check(body: str) -> str:
    """Six letters that depend on all letters of the body."""
    number = int.from_bytes(hashlib.sha256(body.encode()).digest()[:8])
    check = ""
    for _ in range(CHECK_LENGTH):
        number, index = divmod(number, len(string.ascii_letters))
        check += string.ascii_letters[index]
    return check
