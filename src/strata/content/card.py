"""The card of a repo: the front matter of its README.md, read, judged, and turned into tags.

The judgement follows what the public Hub answers to `POST /api/validate-yaml` (02 §W): wrong types
are errors and keep a commit out, words nobody knows are warnings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from strata.content.files import read_text
from strata.content.snapshot import Snapshot
from strata.content.tasks import PIPELINE_TAGS
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.core.names import RepoType
from strata.lib.markdown.front_matter import BadFrontMatter, Value, load, split

CARD: Final = "README.md"
MAX_CARD_BYTES: Final = 4 * 1024 * 1024
EMPTY: Final = "empty or missing yaml metadata in repo card"

_ARXIV: Final = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf)|huggingface\.co/papers|hf\.co/papers)/(\d{4}\.\d{4,5})"
)
_MAX_TAGS: Final = 1000


@dataclass(frozen=True, slots=True)
class Card:
    """What a README.md says of its repo."""

    metadata: dict[str, Value] = field(default_factory=dict)  # empty when it cannot be read
    body: str = ""  # the text below the front matter
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Carded(Protocol):
    """What tags depend on besides the card."""

    @property
    def type(self) -> RepoType: ...
    @property
    def sdk(self) -> str | None: ...


def read_card(text: str, repo_type: RepoType) -> Card:
    """Read a README.md and judge its metadata."""
    block, body, _ = split(text)
    if block is None or not block.strip():
        return Card(body=body, warnings=(EMPTY,))
    try:
        metadata = load(block)
    except BadFrontMatter as bad:
        return Card(body=body, errors=(str(bad),))
    if not metadata:
        return Card(body=body, warnings=(EMPTY,))
    return Card(
        metadata, body, tuple(_errors(metadata, repo_type)), tuple(_warnings(metadata, repo_type))
    )


def card_at(_call: Call, snapshot: Snapshot) -> Card:
    """The card of a snapshot; an empty one when there is no README.md."""
    text = read_text(snapshot, CARD, MAX_CARD_BYTES)
    return Card() if text is None else read_card(text, snapshot.repo.type)


def require_valid(text: str, repo_type: RepoType) -> None:
    """Keep a README.md with wrong metadata out.

    Raises:
        InvalidFields: with every error, under the name of the file.
    """
    card = read_card(text, repo_type)
    if card.errors:
        raise InvalidFields({CARD: card.errors})


def pipeline_tag(card: Card) -> str | None:
    """The task of a model."""
    return _word(card.metadata.get("pipeline_tag"))


def library_name(card: Card) -> str | None:
    """The library that loads a model."""
    return _word(card.metadata.get("library_name"))


def tags_of(card: Card, repo: Carded) -> tuple[str, ...]:
    """The tags by which lists and filters know a repo, in the Hub's order, each once."""
    builders: Mapping[RepoType, Callable[[Card], Iterator[str]]] = {
        RepoType.MODEL: _model_tags,
        RepoType.DATASET: _dataset_tags,
        RepoType.SPACE: _space_tags,
        RepoType.KERNEL: _kernel_tags,
    }
    tags = [repo.sdk] if repo.sdk else []
    tags += [*builders[repo.type](card), "region:us"]
    return tuple(dict.fromkeys(tags))[:_MAX_TAGS]


def _model_tags(card: Card) -> Iterator[str]:
    metadata = card.metadata
    yield from _texts(metadata.get("library_name"))
    yield from _texts(metadata.get("tags"))
    yield from _texts(metadata.get("pipeline_tag"))
    if "model-index" in metadata:
        yield "model-index"
    yield from _texts(metadata.get("language"))
    yield from _prefixed("dataset", metadata.get("datasets"))
    yield from _arxiv(card)
    yield from _base_models(metadata)
    yield from _licenses(metadata)


def _base_models(metadata: Mapping[str, Value]) -> Iterator[str]:
    bases = _texts(metadata.get("base_model"))
    relation = _word(metadata.get("base_model_relation"))
    if relation is None:
        relation = "merge" if len(bases) > 1 else "finetune"
    for base in bases:
        yield f"base_model:{base}"
        yield f"base_model:{relation}:{base}"


_DATASET_FACETS: Final = (
    "task_categories",
    "task_ids",
    "annotations_creators",
    "language_creators",
    "multilinguality",
    "source_datasets",
    "language",
    "license",
    "size_categories",
)


def _dataset_tags(card: Card) -> Iterator[str]:
    for facet in _DATASET_FACETS:
        yield from _prefixed(facet, card.metadata.get(facet))
    yield from _arxiv(card)
    yield from _texts(card.metadata.get("tags"))


def _space_tags(card: Card) -> Iterator[str]:
    yield from _texts(card.metadata.get("sdk"))
    yield from _texts(card.metadata.get("tags"))
    yield from _licenses(card.metadata)


def _kernel_tags(card: Card) -> Iterator[str]:
    yield from _texts(card.metadata.get("library_name"))
    yield from _texts(card.metadata.get("tags"))
    yield from _licenses(card.metadata)


def _licenses(metadata: Mapping[str, Value]) -> Iterator[str]:
    yield from _prefixed("license", metadata.get("license"))


def _prefixed(facet: str, value: Value) -> Iterator[str]:
    return (f"{facet}:{text}" for text in _texts(value))


def _arxiv(card: Card) -> Iterator[str]:
    return (f"arxiv:{number}" for number in dict.fromkeys(_ARXIV.findall(card.body)))


def _texts(value: Value) -> list[str]:
    """One word or a list of them, as the same list; whatever is no text is left out."""
    values = value if isinstance(value, list) else [value]
    words = (_word(one) for one in values)
    return [word for word in words if word]


def _word(value: Value) -> str | None:
    return value.strip() or None if isinstance(value, str) else None


def _errors(metadata: Mapping[str, Value], repo_type: RepoType) -> Iterator[str]:
    for name, rule in {**_COMMON, **_BY_TYPE[repo_type]}.items():
        if name in metadata and metadata[name] is not None and not rule.accepts(metadata[name]):
            yield f'"{name}" must be {rule.wording}'


def _warnings(metadata: Mapping[str, Value], repo_type: RepoType) -> Iterator[str]:
    task = _word(metadata.get("pipeline_tag"))
    if repo_type is RepoType.MODEL and task and task not in PIPELINE_TAGS:
        yield f'"pipeline_tag" is not a known task: {task[:100]!r}'
    for task in _texts(metadata.get("task_categories")):
        if repo_type is RepoType.DATASET and task not in PIPELINE_TAGS:
            yield f'"task_categories" holds an unknown task: {task[:100]!r}'


@dataclass(frozen=True, slots=True)
class _Rule:
    """What a field may hold."""

    wording: str
    accepts: Callable[[Value], bool]


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _is_texts(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _is_objects(value: Value) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _is_model_index(value: Value) -> bool:
    """huggingface_hub/repocard_data.py:model_index_to_eval_results reads these two keys."""
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        return False
    entries: Iterable[object] = value
    return all(
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and _is_objects(entry.get("results", []))
        for entry in entries
    )


_TEXT = _Rule("a string", _is_text)
_TEXTS = _Rule("an array of strings", _is_texts)
_EITHER = _Rule(
    "a string or an array of strings", lambda value: _is_text(value) or _is_texts(value)
)
_OBJECTS = _Rule("an array of objects", _is_objects)

_COMMON: Final[Mapping[str, _Rule]] = {
    "license": _EITHER,
    "license_name": _TEXT,
    "license_link": _TEXT,
    "tags": _TEXTS,
}
_BY_TYPE: Final[Mapping[RepoType, Mapping[str, _Rule]]] = {
    RepoType.MODEL: {
        "language": _EITHER,
        "library_name": _TEXT,
        "pipeline_tag": _TEXT,
        "datasets": _EITHER,
        "metrics": _EITHER,
        "base_model": _EITHER,
        "base_model_relation": _TEXT,
        "model-index": _Rule(
            "an array of objects with a name and an array of results", _is_model_index
        ),
    },
    RepoType.DATASET: {
        "language": _EITHER,
        "pretty_name": _TEXT,
        "task_categories": _EITHER,
        "task_ids": _EITHER,
        "size_categories": _EITHER,
        "configs": _OBJECTS,
    },
    RepoType.SPACE: {
        "title": _TEXT,
        "emoji": _TEXT,
        "sdk": _TEXT,
        "app_file": _TEXT,
        "models": _TEXTS,
        "datasets": _TEXTS,
    },
    RepoType.KERNEL: {"library_name": _TEXT},
}
