"""What stands in the form for a token: sent by its owner, or filled in by an address."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import QueryParams

from strata.community.tokens.scopes import EVERYWHERE, INSIDE, OWN
from strata.core.actor import TokenRole
from strata.core.permissions import Permission
from strata.web.pages.forms.body import Form
from strata.web.pages.settings.tokens.scopes.lives import LIVES
from strata.web.pages.settings.tokens.scopes.words import AS_BEFORE, LEVELS

FREE_ROWS: Final = 3  # for repos, below those that are filled in
MOST_ROWS: Final = 50
MOST_FIELDS: Final = 600
LONGEST_WORD: Final = 60  # shown of what an address asks for in vain
_OFFERED: Final[Mapping[str, Collection[Permission]]] = {
    "ownUserPermissions": OWN,
    "globalPermissions": EVERYWHERE,
    "orgPermissions": INSIDE,
}
_KEYS: Final = {"tokenType", "displayName", "canReadGatedRepos", "orgs", "repos", *_OFFERED} | {
    "lang", "theme", "notice"  # of every page
}  # fmt: skip
_BETWEEN: Final = re.compile(r"[\s,]+")  # names in one line


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
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # of an organisation's repos
    repos: tuple[RepoRow, ...] = ()
    life: str = "never"
    day: str = ""
    mark: str = ""
    unknown: tuple[str, ...] = ()  # what an address asks for, and nothing here is called


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
        only=_only(form),
        repos=tuple(_rows(form)),
        life=life if life in LIVES else "custom",  # for which a day is wanted
        day=form.get("day", ""),
        mark=form.get("mark", "")[:64],
    )


def from_address(asked: QueryParams) -> Draft:
    """What an address fills in: `tokenType`, `displayName`, `ownUserPermissions`, `orgs`, ….

    Lists are repeated, with or without `[]`, or separated by commas. What nothing here is called is
    left out, and said to be.
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
        unknown=tuple(dict.fromkeys(word[:LONGEST_WORD] for word in _unknown(asked)))[:MOST_ROWS],
    )


def _unknown(asked: QueryParams) -> Iterable[str]:
    """Keys and words of an address that mean nothing here, as they were written."""
    for key in asked:
        if key.removesuffix("[]") not in _KEYS:
            yield key
    role = asked.get("tokenType", "")
    if role and role not in list(TokenRole):
        yield role
    yield from _many(asked, "repos")[MOST_ROWS:]  # more than one token names
    for key, offered in _OFFERED.items():
        known = {one.value for one in offered}
        yield from (word for word in _many(asked, key) if word not in known)


def role_of(text: str) -> TokenRole:
    """Read where nothing else was chosen: the role that can do least."""
    return TokenRole(text) if text in list(TokenRole) else TokenRole.READ


def _ticked(form: Form, place: str, offered: Iterable[Permission]) -> frozenset[str]:
    return frozenset(one.value for one in offered if f"{place}:{one.value}" in form)


def _rows(form: Form) -> Iterable[RepoRow]:
    for number in range(MOST_ROWS + 1):
        name = form.get(f"repo-{number}", "").strip()
        level = form.get(f"repo-{number}-may", "read")
        if name:
            yield RepoRow(name, level if level in (*LEVELS, AS_BEFORE) else "read")


def _only(form: Form) -> dict[str, tuple[str, ...]]:
    """What of each organisation was named, in one line: `acme/x, datasets/acme/y`."""
    lines = {key.removeprefix("only:"): form[key] for key in form if key.startswith("only:")}
    split = {name: [one for one in _BETWEEN.split(line) if one] for name, line in lines.items()}
    return {name: tuple(dict.fromkeys(chosen)) for name, chosen in split.items() if chosen}


def _many(asked: QueryParams, name: str) -> list[str]:
    values = (*asked.getlist(name), *asked.getlist(f"{name}[]"))
    return [piece.strip() for value in values for piece in value.split(",") if piece.strip()]
