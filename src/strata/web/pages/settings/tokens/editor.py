"""The form for a token as a page shows it: its boxes, and the repos that are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from strata.community.tokens.scopes import EVERYWHERE, INSIDE, OWN
from strata.core.names import RepoId, RepoType
from strata.repos.record import Repo
from strata.web.pages.settings.tokens.scopes.draft import FREE_ROWS, Draft, RepoRow
from strata.web.pages.settings.tokens.scopes.lives import LIFE_WORDS, lives_within
from strata.web.pages.settings.tokens.scopes.scoping import named_in
from strata.web.pages.settings.tokens.scopes.words import (
    AS_BEFORE,
    AS_BEFORE_WORDS,
    LEVEL_WORDS,
    Choice,
    choices,
)
from strata.web.pages.words.language import N_, translated

KIND_WORDS: Final[Mapping[RepoType, str]] = {
    RepoType.MODEL: N_("Model"),
    RepoType.DATASET: N_("Dataset"),
    RepoType.SPACE: N_("Space"),
    RepoType.KERNEL: N_("Kernel"),
    RepoType.BUCKET: N_("Bucket"),
}


@dataclass(frozen=True, slots=True)
class Named:
    """One repo that is named in the form."""

    name: str  # "datasets/acme/x", as it was typed
    level: str
    about: str  # "Dataset, private"; empty: nothing that the reader may know of


@dataclass(frozen=True, slots=True)
class Inside:
    """The block of one organisation."""

    name: str
    choices: tuple[Choice, ...]
    only: tuple[Named, ...]  # empty: all its repos


@dataclass(frozen=True, slots=True)
class Editor:
    """The boxes of the form."""

    owner: str
    everywhere: tuple[Choice, ...]
    own: tuple[Choice, ...]
    organizations: tuple[Inside, ...]
    repos: tuple[Named, ...]
    levels: tuple[tuple[str, str], ...]
    lives: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Room:
    """What the form offers to the person who fills it in."""

    owner: str
    organizations: tuple[str, ...]
    longest: timedelta | None
    seen: Mapping[RepoId, Repo]  # of the repos that are named


def editor(language: str, draft: Draft, room: Room) -> Editor:
    """The boxes, ticked as the draft has them."""
    held = {name.lower(): names for name, names in draft.organizations.items()}
    only = {name.lower(): names for name, names in draft.only.items()}
    known = {
        text: about(language, room.seen[repo_id])
        for text, repo_id in named_in(draft).items()
        if repo_id in room.seen
    }

    def named(row: RepoRow) -> Named:
        return Named(row.name, row.level, known.get(row.name, ""))

    def inside(name: str) -> Inside:
        boxes = choices(language, f"org:{name}", INSIDE, held.get(name.lower(), ()))
        chosen = (named(RepoRow(one, "")) for one in only.get(name.lower(), ()))
        return Inside(name, boxes, tuple(chosen))

    return Editor(
        owner=room.owner,
        everywhere=choices(language, "global", EVERYWHERE, draft.everywhere),
        own=choices(language, "own", OWN, draft.own),
        organizations=tuple(inside(name) for name in room.organizations),
        repos=(*map(named, draft.repos), *(Named("", "read", "") for _ in range(FREE_ROWS))),
        levels=_levels(language, draft),
        lives=tuple(
            (key, translated(language, LIFE_WORDS[key])) for key in lives_within(room.longest)
        ),
    )


def about(language: str, repo: Repo) -> str:
    """What kind of repo it is, and who sees it."""
    shown = N_("Private") if repo.private else N_("Gated") if repo.gated else N_("Public")
    kind = translated(language, KIND_WORDS[repo.type])
    return f"{kind} · {translated(language, shown)}"


def _levels(language: str, draft: Draft) -> tuple[tuple[str, str], ...]:
    """The levels of one repo; `AS_BEFORE` where there is one."""
    words = dict(LEVEL_WORDS)
    if any(row.level == AS_BEFORE for row in draft.repos):
        words[AS_BEFORE] = AS_BEFORE_WORDS
    return tuple((key, translated(language, text)) for key, text in words.items())
