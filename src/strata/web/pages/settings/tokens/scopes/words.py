"""What a permission means, in words for the person who gives it (product §2.2 P10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from strata.community.tokens.scopes import USER, Scopes
from strata.core.permissions import Permission
from strata.web.pages.words.language import N_, translated

WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Permission.CONTENT_READ: N_("Read private repositories"),
        Permission.CONTENT_WRITE: N_("Commit and upload to repositories"),
        Permission.REPO_WRITE: N_("Create, change and delete repositories, and their settings"),
        Permission.ACCESS_READ: N_("See who asked for access to gated repositories"),
        Permission.REPO_CREATE: N_("Create repositories"),
        Permission.DISCUSSION_WRITE: N_("Take part in discussions and open pull requests"),
        Permission.COLLECTION_READ: N_("See private collections"),
        Permission.COLLECTION_WRITE: N_("Create, change and delete collections"),
        Permission.WEBHOOKS_READ: N_("See webhooks"),
        Permission.WEBHOOKS_WRITE: N_("Create, change and delete webhooks"),
        Permission.SETTINGS_WRITE: N_("Choose whom you follow, and keep your notifications"),
        Permission.ORG_READ: N_("See the members and settings of the organization"),
        Permission.ORG_WRITE: N_("Change the members and settings of the organization"),
    }
)
# What somebody who only has the token could do much harm with.
_BROAD: Final[Mapping[str, str]] = MappingProxyType(
    {
        Permission.REPO_WRITE: N_("Whoever has this token can delete repositories here."),
        Permission.ORG_WRITE: N_("Whoever has this token can let others into the organization."),
        Permission.WEBHOOKS_WRITE: N_("Whoever has this token can have news sent elsewhere."),
    }
)
# The three levels of one repo.
LEVELS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "read": frozenset({Permission.CONTENT_READ.value}),
        "write": frozenset(
            {
                Permission.CONTENT_READ.value,
                Permission.CONTENT_WRITE.value,
                Permission.DISCUSSION_WRITE.value,
            }
        ),
        "settings": frozenset({Permission.REPO_WRITE.value, Permission.DISCUSSION_WRITE.value}),
    }
)
LEVEL_WORDS: Final[Mapping[str, str]] = MappingProxyType(
    {"read": N_("Read"), "write": N_("Read and write"), "settings": N_("Write and settings")}
)
AS_BEFORE: Final = "as-before"  # what a token may do with a repo that no level says
AS_BEFORE_WORDS: Final = N_("As before")


@dataclass(frozen=True, slots=True)
class Choice:
    """One box to tick."""

    field: str  # "own:repo.write"
    permission: str
    sentence: str
    warning: str  # empty: none
    ticked: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """One thing that a token opens, and what it may do there."""

    name: str
    sentences: tuple[str, ...]


def choices(
    language: str, place: str, offered: Iterable[Permission], ticked: Iterable[str]
) -> tuple[Choice, ...]:
    """The boxes of one place.

    Args:
        place: how their field names begin: `own`, `org:acme`.
    """
    held = frozenset(ticked)
    return tuple(
        Choice(
            f"{place}:{permission.value}",
            permission.value,
            translated(language, WORDS[permission]),
            translated(language, _BROAD[permission]) if permission in _BROAD else "",
            permission.value in held,
        )
        for permission in offered
    )


def level_of(permissions: Iterable[str]) -> str:
    """The level of one repo that these permissions are; `AS_BEFORE` when they are none."""
    held = frozenset(permissions)
    return next((level for level, names in LEVELS.items() if names == held), AS_BEFORE)


def opened(language: str, scopes: Scopes) -> tuple[Opened, ...]:
    """What a token opens, in words."""
    lines = []
    general = [translated(language, N_("Read gated repositories that let you in"))] * scopes.gated
    general += [_sentence(language, name) for name in scopes.everywhere]
    if general:
        lines.append(Opened(translated(language, N_("Everywhere")), tuple(general)))
    for scope in scopes.scoped:
        sentences = tuple(_sentence(language, name) for name in scope.permissions)
        kind, name = scope.entity.type, scope.entity.name
        shown = name if kind in (USER, "org", "model", "collection") else f"{kind}s/{name}"
        lines.append(Opened(f"{shown}/*" if kind in (USER, "org") else shown, sentences))
    return tuple(lines)


def _sentence(language: str, permission: str) -> str:
    """A name that nothing here asks for is shown as it is."""
    known = WORDS.get(permission)
    return permission if known is None else translated(language, known)
