"""The form for a token: filled in by its owner, by an address, or by the token that is changed."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from starlette.datastructures import QueryParams

from strata.community.tokens.scopes import (
    EVERYWHERE,
    INSIDE,
    ORGANIZATION,
    OWN,
    USER,
    Scopes,
    Wanted,
)
from strata.core.actor import TokenRole
from strata.core.errors import InvalidFields
from strata.core.names import RepoId, RepoType
from strata.core.permissions import Permission
from strata.web.pages.forms.body import Form
from strata.web.pages.settings.token_words import LEVELS, level_of

LIVES: Final = ("never", "7", "30", "90", "365", "custom")
FREE_ROWS: Final = 3  # for repos, below those that are filled in
MOST_ROWS: Final = 50
MOST_FIELDS: Final = 600
_REPO: Final = re.compile(r"(?:https?://[^/]+)?/?(.+?)/?")


@dataclass(frozen=True, slots=True)
class RepoRow:
    """One repo, as it was typed."""

    name: str  # "datasets/acme/x"
    level: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    name: str = ""
    role: TokenRole = TokenRole.READ
    gated: bool = False
    everywhere: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    organizations: Mapping[str, frozenset[str]] = field(default_factory=dict)
    repos: tuple[RepoRow, ...] = ()
    life: str = "never"
    day: str = ""
    mark: str = ""


def from_form(form: Form) -> Draft:
    """What was sent; nothing else than what the form offers."""
    organizations: dict[str, set[str]] = {}
    offered = {permission.value for permission in INSIDE}
    for key in form:
        place, _, rest = key.partition(":")
        name, _, permission = rest.rpartition(":")
        if place == "org" and permission in offered:
            organizations.setdefault(name, set()).add(permission)
    life = form.get("life", "never")
    return Draft(
        name=form.get("name", ""),
        role=role_of(form.get("role", "")),
        gated="gated" in form,
        everywhere=_ticked(form, "global", EVERYWHERE),
        own=_ticked(form, "own", OWN),
        organizations={name: frozenset(held) for name, held in organizations.items()},
        repos=tuple(_rows(form)),
        life=life if life in LIVES else "never",
        day=form.get("day", ""),
        mark=form.get("mark", "")[:64],
    )


def from_address(asked: QueryParams) -> Draft:
    """What an address fills in: `tokenType`, `displayName`, `ownUserPermissions`, `orgs`, ….

    Lists are repeated, with or without `[]`, or separated by commas.
    """
    inside = frozenset(_many(asked, "orgPermissions")) & {one.value for one in INSIDE}
    repos = (RepoRow(name, "read") for name in _many(asked, "repos")[:MOST_ROWS])
    return Draft(
        name=asked.get("displayName", ""),
        role=role_of(asked.get("tokenType", "")),
        gated=asked.get("canReadGatedRepos", "").lower() in ("true", "1", "on"),
        everywhere=frozenset(_many(asked, "globalPermissions")) & {one.value for one in EVERYWHERE},
        own=frozenset(_many(asked, "ownUserPermissions")) & {one.value for one in OWN},
        organizations=dict.fromkeys(_many(asked, "orgs"), inside),
        repos=tuple(repos),
        mark=secrets.token_hex(16),
    )


def from_scopes(name: str, scopes: Scopes) -> Draft:
    """What a token names already."""
    draft = Draft(
        name=name,
        role=TokenRole.FINE_GRAINED,
        gated=scopes.gated,
        everywhere=frozenset(scopes.everywhere),
    )
    organizations: dict[str, frozenset[str]] = {}
    rows = []
    for scope in scopes.scoped:
        held = frozenset(scope.permissions)
        if scope.entity.type == USER:
            draft = replace(draft, own=held)
        elif scope.entity.type == ORGANIZATION:
            organizations[scope.entity.name] = held
        elif scope.entity.type != "collection":
            prefix = RepoType(scope.entity.type).web_prefix
            rows.append(RepoRow(f"{prefix}{scope.entity.name}", level_of(held)))
    return replace(draft, organizations=organizations, repos=tuple(rows))


def wanted_of(draft: Draft) -> Wanted:
    """What the owner names.

    Raises:
        InvalidFields: of the field `repos`; a line names no repo.
    """
    repos: dict[RepoId, frozenset[str]] = {}
    for row in draft.repos:
        repo_id = _repo_id(row.name)
        repos[repo_id] = repos.get(repo_id, frozenset()) | LEVELS[row.level]
    return Wanted(
        gated=draft.gated,
        everywhere=draft.everywhere,
        own=draft.own,
        organizations=draft.organizations,
        repos=repos,
    )


def end_of(draft: Draft, now: datetime) -> datetime | None:
    """When the token ends; a day ends with its last moment, in UTC.

    Raises:
        InvalidFields: of the field `expires`; no such day.
    """
    if draft.life == "never":
        return None
    if draft.life != "custom":
        return now + timedelta(days=int(draft.life))
    try:
        day = date.fromisoformat(draft.day)
    except ValueError as error:
        raise InvalidFields({"expires": ("token.no_day",)}) from error
    return datetime.combine(day, time(23, 59, 59), UTC)


def role_of(text: str) -> TokenRole:
    """Read where nothing else was chosen: the role that can do least."""
    return TokenRole(text) if text in list(TokenRole) else TokenRole.READ


def lives_within(longest: timedelta | None) -> tuple[str, ...]:
    """The ends that are offered where a token may live so long at most."""
    if longest is None:
        return LIVES
    return tuple(one for one in LIVES if one == "custom" or _fits(one, longest))


def _fits(life: str, longest: timedelta) -> bool:
    return life != "never" and timedelta(days=int(life)) <= longest


def _ticked(form: Form, place: str, offered: Iterable[Permission]) -> frozenset[str]:
    return frozenset(one.value for one in offered if f"{place}:{one.value}" in form)


def _rows(form: Form) -> Iterable[RepoRow]:
    for number in range(MOST_ROWS + 1):
        name = form.get(f"repo-{number}", "").strip()
        level = form.get(f"repo-{number}-may", "read")
        if name:
            yield RepoRow(name, level if level in LEVELS else "read")


def _repo_id(text: str) -> RepoId:
    match = _REPO.fullmatch(text.strip())
    pieces: Sequence[str] = match[1].split("/") if match else ()
    kinds = {kind.plural: kind for kind in RepoType}
    kind = RepoType.MODEL
    if len(pieces) == 3 and pieces[0] in kinds:
        kind, pieces = kinds[pieces[0]], pieces[1:]
    if len(pieces) != 2 or not all(pieces):
        raise InvalidFields({"repos": ("token.bad_repo",)})
    return RepoId(kind, pieces[0], pieces[1])


def _many(asked: QueryParams, name: str) -> list[str]:
    values = (*asked.getlist(name), *asked.getlist(f"{name}[]"))
    return [piece.strip() for value in values for piece in value.split(",") if piece.strip()]
