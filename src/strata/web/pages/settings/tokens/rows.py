"""One row of the list of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strata.community.tokens.scopes import ORGANIZATION, USER, Scopes
from strata.credentials.tokens.expiring import WARNED
from strata.credentials.tokens.owned import Token
from strata.organizations.token_policy import Approval
from strata.web.pages.settings.tokens.scopes.words import Opened, opened
from strata.web.pages.words.language import N_, translated

_SAID: Final[Mapping[Approval, tuple[str, str]]] = {
    Approval.PENDING: ("warn", N_("%(organization)s has yet to approve it")),
    Approval.DENIED: ("danger", N_("%(organization)s denied it")),
    Approval.REVOKED: ("danger", N_("%(organization)s revoked it")),
}


@dataclass(frozen=True, slots=True)
class State:
    """One word on how a token stands."""

    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a token names."""

    own: bool
    repos: int
    organizations: int
    collections: int
    gated: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One token of the list."""

    token: Token
    counts: Counts | None  # of a fine-grained token
    opens: tuple[Opened, ...]
    states: tuple[State, ...]
    over: bool
    soon: bool  # it ends within a week


def row(
    language: str,
    token: Token,
    scopes: Scopes | None,
    said: Mapping[int, list[tuple[str, Approval]]],
    now: datetime,
) -> Row:
    """One token as its owner sees it."""
    over = token.expires_at is not None and token.expires_at <= now
    soon = token.expires_at is not None and not over and token.expires_at - now <= WARNED
    states = []
    if token.leaked_at is not None:
        states.append(State("danger", translated(language, N_("Leaked and revoked"))))
    if over:
        states.append(State("danger", translated(language, N_("Expired"))))
    for organization, state in said.get(token.id, ()):
        if state in _SAID:
            tone, text = _SAID[state]
            states.append(State(tone, translated(language, text, organization=organization)))
    if not states:
        states.append(State("ok", translated(language, N_("Active"))))
    return Row(
        token,
        _counts(scopes) if scopes else None,
        opened(language, scopes) if scopes else (),
        tuple(states),
        over,
        soon,
    )


def _counts(scopes: Scopes) -> Counts:
    kinds = [scope.entity.type for scope in scopes.scoped]
    organizations, collections = kinds.count(ORGANIZATION), kinds.count("collection")
    own = kinds.count(USER)
    repos = len(kinds) - organizations - collections - own
    return Counts(bool(own), repos, organizations, collections, scopes.gated)
