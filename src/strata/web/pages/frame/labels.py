"""The tags under a repo's name: what its card says, each leading to the list of its like."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from strata.core.names import RepoType
from strata.lib.markdown.front_matter import Value
from strata.web.pages.frame.addresses.places import list_address

MAX_WORDS: Final = 6  # tags of the author's own shown; the rest is counted
_MAX_LANGUAGES: Final = 6

Metadata = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Label:
    """One tag; several links when a card names several languages."""

    links: tuple[tuple[str, str], ...]  # text, address ("" leads nowhere)
    picture: str = ""  # an icon
    tone: str = ""  # "model", "dataset", "space" or "kernel"


def texts(value: Value) -> tuple[str, ...]:
    """One word or a list of them; whatever is no text is left out."""
    values = value if isinstance(value, list) else [value]
    return tuple(one.strip() for one in values if isinstance(one, str) and one.strip())


def labels_of(metadata: Metadata, kind: RepoType) -> tuple[Label, ...]:
    """The tags of a card, the most telling first."""
    return (
        *_tasks(metadata, kind),
        *_each(metadata.get("library_name"), "library", kind, parameter="library"),
        *_languages(metadata, kind),
        *_licences(metadata, kind),
        *_datasets(metadata, kind),
        *_own_words(metadata, kind),
    )


def _tasks(metadata: Metadata, kind: RepoType) -> Iterator[Label]:
    if kind is RepoType.DATASET:
        yield from _each(
            metadata.get("task_categories"),
            "list",
            kind,
            parameter="task_categories",
            tone="dataset",
        )
        yield from _each(
            metadata.get("size_categories"), "gauge", kind, parameter="size_categories"
        )
        return
    yield from _each(
        metadata.get("pipeline_tag"), "box", kind, parameter="pipeline_tag", tone="model"
    )


def _each(
    value: Value, picture: str, kind: RepoType, *, parameter: str, tone: str = ""
) -> Iterator[Label]:
    for text in texts(value)[:MAX_WORDS]:
        yield Label(((text, list_address(kind, **{parameter: text})),), picture, tone)


def _languages(metadata: Metadata, kind: RepoType) -> Iterator[Label]:
    spoken = texts(metadata.get("language"))
    shown = [(code, list_address(kind, language=code)) for code in spoken[:_MAX_LANGUAGES]]
    rest = len(spoken) - len(shown)
    if shown:
        yield Label((*shown, *(((f"+{rest}", ""),) if rest else ())), "languages")


def _licences(metadata: Metadata, kind: RepoType) -> Iterator[Label]:
    for name in texts(metadata.get("license"))[:MAX_WORDS]:
        yield Label(((name, list_address(kind, license=f"license:{name}")),), "scale")


def _datasets(metadata: Metadata, kind: RepoType) -> Iterator[Label]:
    if kind is RepoType.DATASET:
        return
    for name in texts(metadata.get("datasets"))[:MAX_WORDS]:
        address = list_address(kind, dataset=f"dataset:{name}")
        yield Label(((name, address),), "database", "dataset")


def _own_words(metadata: Metadata, kind: RepoType) -> Iterator[Label]:
    words = texts(metadata.get("tags"))
    for word in words[:MAX_WORDS]:
        yield Label(((word, list_address(kind, other=word)),))
    if len(words) > MAX_WORDS:
        yield Label(((f"+{len(words) - MAX_WORDS}", ""),))
