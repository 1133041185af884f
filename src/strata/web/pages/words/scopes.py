"""What a scope means, in words for the person who decides (product §2.2 P06)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from strata.web.pages.words.language import N_, translated

# Scope → icon, sentence. An empty sentence is told by another one.
_WORDS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "openid": ("fingerprint", N_("Know which account of this site you are")),
        "profile": ("user-round", N_("See your username, name, picture and website")),
        "email": ("mail", N_("See your e-mail address")),
        "read-memberships": (
            "building-2",
            N_("See which organizations you belong to, and your role there"),
        ),
        "gated-repos": ("shield-check", N_("Read gated repositories that you were let into")),
        "read-repos": ("eye", N_("Read your private repositories")),
        "write-repos": ("pencil", N_("Read your private repositories, and change your files")),
        "contribute-repos": (
            "folder-plus",
            N_("Create repositories, and change the files of those that it created"),
        ),
        "manage-repos": (
            "settings",
            N_(
                "Create, rename and delete repositories, change their settings, and read gated "
                "ones that let you in"
            ),
        ),
        "read-collections": ("library", N_("See your private collections")),
        "write-collections": ("library", N_("Create, change and delete your collections")),
        "webhooks": ("webhook", N_("See and change your webhooks")),
        "write-discussions": (
            "message-square",
            N_("Open and answer discussions and pull requests in your name"),
        ),
    }
)
_INCLUDED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "read-repos": "write-repos",
        "read-collections": "write-collections",
        "contribute-repos": "manage-repos",
    }
)


@dataclass(frozen=True, slots=True)
class Word:
    """One line of the list of what is asked for."""

    scope: str
    icon: str
    sentence: str


def words_of(language: str, scopes: Iterable[str]) -> list[Word]:
    """Say what these scopes open; what a wider one includes is not said twice."""
    held = tuple(scopes)
    return [
        Word(scope, _WORDS[scope][0], translated(language, _WORDS[scope][1]))
        for scope in held
        if scope in _WORDS and _INCLUDED.get(scope) not in held
    ]


def with_included(ticked: Iterable[str], held: Iterable[str]) -> list[str]:
    """Those of the scopes that were ticked, and what a ticked one includes, which has no line."""
    chosen = frozenset(ticked)
    return [scope for scope in held if scope in chosen or _INCLUDED.get(scope) in chosen]


def choices(language: str) -> list[Word]:
    """Every scope that an application may have, for the form that describes one."""
    return [
        Word(scope, picture, translated(language, sentence))
        for scope, (picture, sentence) in _WORDS.items()
    ]
