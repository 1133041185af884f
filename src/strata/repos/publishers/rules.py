"""Which issuers there are, and what must be pinned of a job (hub-api 03 §6).

Everybody can run a job at a public CI service. So a claim that says whose job it is must always be
pinned, and every claim is compared letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.core.settings.providers import LoginProvider

MOST_CLAIMS: Final = 10
LONGEST: Final = 500  # characters of a name or a value
GITHUB: Final = "https://token.actions.githubusercontent.com"
GITLAB: Final = "https://gitlab.com"
# One of these must be pinned. Others may be reused by somebody else, or say nothing of the owner.
_WHOSE: Final[Mapping[str, tuple[str, ...]]] = {
    GITHUB: ("repository", "repository_id", "sub"),
    GITLAB: ("project_path", "project_id", "sub"),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Whose jobs are let in."""

    issuer: str
    claims: Mapping[str, str]


def issuers(hub: Hub) -> tuple[str, ...]:
    """The issuers that the operator lets people name."""
    return tuple(one.rstrip("/") for one in hub.settings.publishers.issuers)


def as_provider(hub: Hub, issuer: str, audience: str) -> LoginProvider:
    """An issuer as something whose statements can be checked, written as the operator wrote it."""
    known = hub.settings.publishers.issuers
    exact = next((one for one in known if one.rstrip("/") == issuer), issuer)
    return LoginProvider(
        id=f"publisher:{issuer}",
        kind="oidc",
        name=issuer,
        client_id=audience,
        client_secret="",
        issuer=exact,
    )


def require_sound(hub: Hub, rule: Rule) -> None:
    """Insist on a rule that lets in nobody by accident.

    Raises:
        InvalidFields: `issuer` is none of ours, or `claims` are too few, too many or too long.
    """
    if rule.issuer not in issuers(hub):
        raise InvalidFields({"issuer": ("publisher.issuer",)})
    needed = _WHOSE.get(rule.issuer, ("sub",))
    if not any(rule.claims.get(name) for name in needed):
        raise InvalidFields({"claims": ("publisher.whose",)})
    sizes = [len(text) for pair in rule.claims.items() for text in pair]
    if len(rule.claims) > MOST_CLAIMS or min(sizes) == 0 or max(sizes) > LONGEST:
        raise InvalidFields({"claims": ("publisher.claims",)})


def whose(issuer: str) -> tuple[str, ...]:
    """The claims of which one must be pinned."""
    return _WHOSE.get(issuer, ("sub",))


def matches(claims: Mapping[str, str], said: Mapping[str, object]) -> bool:
    """Whether a statement says exactly what is pinned."""
    return bool(claims) and all(said.get(name) == value for name, value in claims.items())


def claims_in(text: str) -> dict[str, str]:
    """Read `name = value` lines, as the form has them.

    Raises:
        InvalidFields: `claims`: one is named twice, of which only one could count.
    """
    pairs = [line.partition("=") for line in text.splitlines() if line.strip()]
    claims = {name.strip(): value.strip() for name, _, value in pairs}
    if len(claims) < len(pairs):
        raise InvalidFields({"claims": ("publisher.twice",)})
    return claims
