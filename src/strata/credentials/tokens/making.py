"""Make an access token: shown once, kept as a keyed digest (product §3.10)."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from strata.accounts import confirmed, people
from strata.core.actor import NOTHING, Grants, TokenRole
from strata.core.call import Work
from strata.core.errors import (
    Conflict,
    EmailNotVerified,
    InvalidFields,
    NotFound,
    Unauthenticated,
)
from strata.core.permissions import READING, grants_of, kept_of
from strata.credentials.tokens import letters, lives
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.owned import MADE_BY_HAND, require_room, require_session
from strata.credentials.tokens.tables import token_organizations, tokens
from strata.credentials.tokens.values import (
    fresh_value,
    kept,
    require_importable,
)
from strata.events import outbox
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert
from strata.sessions.signed_in.still import require_still
from strata.sessions.signed_in.sudo import require_sudo

LONGEST_NAME = 100
MARKED_FOR = timedelta(minutes=10)  # a form that comes twice within is one
_FORBIDDEN_NAME = "DEFAULT"  # clients keep tokens in an INI file, where this section is special
_FORBIDDEN_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Issued:
    """A token with its value, which is seen here and never again."""

    id: int
    name: str
    role: TokenRole
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token shall be besides its name and role."""

    grants: Grants | None = None  # of a fine-grained token
    organizations: frozenset[int] = frozenset()  # that its grants name, themselves or by a repo
    expires_at: datetime | None = None  # None: never
    form_mark: str = ""  # of the page on which it was asked for


def create(work: Work, name: str, role: TokenRole, terms: Terms = Terms()) -> Issued:
    """Give the signed-in person a token.

    A page that is sent twice makes one token: the second answer shows a new value of it, as nobody
    has seen the first.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: only confirmed people create tokens, and
            only in the browser, from which nobody has logged them out meanwhile.
        ProofNeeded: a token that writes, or names an organisation, wants to know who sits there.
        InvalidFields: `name` breaks a rule, is in use (`token.dup`), or there are too many
            tokens (`token.too_many`); `expires` is over, or later than the site or an organisation
            allows.
    """
    owner = owner_of(work)
    if is_strong(role, terms):
        require_sudo(work)
    require_still(work)
    again = _made_by(work, owner.id, terms.form_mark)
    if again is not None:
        if was_strong(work, again):  # whatever the form says that came now
            require_sudo(work)
        return _shown_again(work, again)
    return _issue(work, owner, _Wanted(name, role, fresh_value(), terms))


def create_for(
    work: Work,
    owner_id: int,
    name: str,
    role: TokenRole,
    *,
    value: str | None = None,
    terms: Terms = Terms(),
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
        require_importable(value)
        _require_unused(work, value)
    return _issue(work, owner, _Wanted(name, role, value or fresh_value(), terms))


def name_faults(name: str) -> tuple[str, ...]:
    """Message keys of the rules that a token's name breaks."""
    trimmed = name.strip()
    if not trimmed:
        return ("token.name_empty",)
    if len(trimmed) > LONGEST_NAME:
        return ("token.name_too_long",)
    strange = any(unicodedata.category(letter) in _FORBIDDEN_CATEGORIES for letter in trimmed)
    return ("token.bad_name",) if strange or trimmed == _FORBIDDEN_NAME else ()


def owner_of(work: Work) -> people.User:
    """The confirmed person at the browser; tokens cannot make tokens.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `create`.
    """
    require_session(work.actor)
    owner = people.by_id(work, work.actor.user_id or 0)
    if owner is None:
        raise Unauthenticated("Invalid username or password.")
    if owner.verified_at is None:
        raise EmailNotVerified("Please confirm your email address before you create tokens.")
    return owner


@dataclass(frozen=True, slots=True)
class _Wanted:
    name: str
    role: TokenRole
    value: str = field(repr=False)
    terms: Terms


def _issue(work: Work, owner: people.User, wanted: _Wanted) -> Issued:
    name, terms = wanted.name.strip(), wanted.terms
    faults = name_faults(wanted.name)
    if faults:
        raise InvalidFields({"name": faults})
    lives.require(work, terms.expires_at, terms.organizations)
    people.locked(work, owner.id)
    require_room(work, owner.id, "name")
    fresh = upsert(work.db, tokens).values(
        user_id=owner.id,
        name=name,
        name_key=name.casefold(),
        role=wanted.role.value,
        grants=_grants(wanted),
        created_at=work.now,
        expires_at=terms.expires_at,
        session_id=work.actor.session_id,
        form_mark=terms.form_mark or None,
        **kept(work.hub, wanted.value),
    )
    row = work.db.execute(fresh.on_conflict_do_nothing().returning(tokens.c.id)).first()
    if row is None:
        raise InvalidFields({"name": ("token.dup",)})
    approvals.ask(work, row.id, owner.id, terms.organizations)
    _tell(work, owner, wanted, name)
    return Issued(row.id, name, wanted.role, wanted.value)


def _grants(wanted: _Wanted) -> object:
    """What the column holds: SQL NULL unless the token names what it opens."""
    if wanted.role is not TokenRole.FINE_GRAINED:
        return sa.null()
    return kept_of(wanted.terms.grants or NOTHING)


def _tell(work: Work, owner: people.User, wanted: _Wanted, name: str) -> None:
    detail: dict[str, object] = {"role": wanted.role.value}
    if wanted.role is TokenRole.FINE_GRAINED:
        detail["after"] = kept_of(wanted.terms.grants or NOTHING)
    doer = None if work.actor.system else owner.id
    whose = Whose(subject_id=owner.id)
    record(work, "token.create", target=name, actor_id=doer, detail=detail, whose=whose)
    if is_strong(wanted.role, wanted.terms):
        for reader in confirmed.readers(work, owner):
            outbox.post(work, letters.token_created(work, reader, token_name=name))


def is_strong(role: TokenRole, terms: Terms) -> bool:
    """Whether a token writes or reaches an organisation: the owner shows who asks, and hears."""
    return bool(role is TokenRole.WRITE or terms.organizations or _writes(terms.grants))


def was_strong(work: Work, row: Any) -> bool:
    """The same of a token as it is kept."""
    grants = None if row.grants is None else grants_of(row.grants)
    named = sa.select(token_organizations.c.organization_id)
    places = work.db.scalars(named.where(token_organizations.c.token_id == row.id))
    return is_strong(TokenRole(row.role), Terms(grants, frozenset(places)))


def _writes(grants: Grants | None) -> bool:
    """Whether a token with these grants changes anything."""
    if grants is None:
        return False
    held = (grants.everywhere, *grants.namespaces.values(), *grants.repos.values())
    named = frozenset().union(*held, *grants.collections.values())
    return not named <= READING


def _made_by(work: Work, owner_id: int, form_mark: str) -> Any:
    """The token that the same page has made a moment ago, still unused; its person is locked."""
    if not form_mark:
        return None
    lately = tokens.c.created_at > work.now - MARKED_FOR
    mine = (tokens.c.user_id == owner_id, tokens.c.form_mark == form_mark, MADE_BY_HAND)
    columns = (tokens.c.id, tokens.c.name, tokens.c.role, tokens.c.grants)
    unused = tokens.c.last_used_at.is_(None)
    return work.db.execute(sa.select(*columns).where(*mine, lately, unused)).first()


def _shown_again(work: Work, row: Any) -> Issued:
    value = fresh_value()
    changed = sa.update(tokens).where(tokens.c.id == row.id).values(**kept(work.hub, value))
    work.db.execute(changed)
    return Issued(row.id, row.name, TokenRole(row.role), value)


def _require_unused(work: Work, value: str) -> None:
    digest = work.hub.secrets.digest("token", value)
    if work.db.execute(sa.select(tokens.c.id).where(tokens.c.digest == digest)).first():
        raise Conflict("Another token has this value. Choose another one, or delete that token.")
