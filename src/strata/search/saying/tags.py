"""The tags by which lists and filters know a repo, in the Hub's order, each once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Protocol

from strata.content.card.front_matter import Card
from strata.content.card.rules import texts
from strata.content.card.tasks import PIPELINE_TAGS
from strata.core.names import RepoType
from strata.lib.markdown.front_matter import Value
from strata.search.saying.model import Model

_MAX_TAGS: Final = 1000
_ARXIV: Final = re.compile(
    r"(?:arxiv\.org/(?:abs|pdf)|huggingface\.co/papers|hf\.co/papers)/(\d{4}\.\d{4,5})"
)
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
# The end of a file's name → the format of a dataset, and what its rows hold when that shows.
_FORMATS: Final = {
    ".parquet": ("parquet", None),
    ".csv": ("csv", None),
    ".tsv": ("csv", None),
    ".json": ("json", None),
    ".jsonl": ("json", None),
    ".txt": ("text", "text"),
    ".arrow": ("arrow", None),
    ".tar": ("webdataset", None),
    ".jpg": ("imagefolder", "image"),
    ".jpeg": ("imagefolder", "image"),
    ".png": ("imagefolder", "image"),
    ".mp3": ("audiofolder", "audio"),
    ".wav": ("audiofolder", "audio"),
    ".flac": ("audiofolder", "audio"),
    ".mp4": ("videofolder", "video"),
}
_TABLES: Final = frozenset({"parquet", "csv", "json"})


class Carded(Protocol):
    """What tags depend on besides card and files."""

    @property
    def type(self) -> RepoType: ...
    @property
    def sdk(self) -> str | None: ...


def pipeline_tag(card: Card, model: Model) -> str | None:
    """The task of a model: what the card says, what its class is for, or a tag that is a task."""
    said = texts(card.metadata.get("pipeline_tag"))
    if said:
        return said[0]
    tagged = (tag for tag in texts(card.metadata.get("tags")) if tag in PIPELINE_TAGS)
    return model.task or next(tagged, None)


def base_models(card: Card, model: Model) -> tuple[str, list[str]]:
    """How a model came about, and of what."""
    bases = texts(card.metadata.get("base_model"))
    relation = texts(card.metadata.get("base_model_relation"))
    return (relation[0] if relation else model.relation(len(bases))), bases


def tags_of(card: Card, repo: Carded, model: Model, names: Sequence[str]) -> tuple[str, ...]:
    """All tags of a repo.

    Args:
        names: of all its files.
    """
    return tuple(dict.fromkeys(_tags(card, repo, model, names)))[:_MAX_TAGS]


def _tags(card: Card, repo: Carded, model: Model, names: Sequence[str]) -> list[str]:
    match repo.type:
        case RepoType.MODEL:
            return [*_model_tags(card, model), "region:us"]
        case RepoType.DATASET:
            return [*_dataset_tags(card, names), "region:us", *texts(card.metadata.get("tags"))]
        case RepoType.SPACE:
            return [*texts(repo.sdk), *_space_tags(card), "region:us"]
        case RepoType.KERNEL | RepoType.BUCKET:
            return [*_kernel_tags(card), "region:us"]


def _model_tags(card: Card, model: Model) -> Iterator[str]:
    metadata = card.metadata
    yield from texts(model.library)
    yield from model.frameworks
    yield from texts(model.model_type)
    yield from texts(model.task)
    yield from texts(pipeline_tag(card, model))
    yield from texts(metadata.get("tags"))
    if model.chats:
        yield "conversational"
    if model.own_code:
        yield "custom_code"
    yield from texts(metadata.get("language"))
    yield from _prefixed("dataset", metadata.get("datasets"))
    yield from _arxiv(card)
    relation, bases = base_models(card, model)
    for base in bases:
        yield f"base_model:{base}"
        yield f"base_model:{relation}:{base}"
    yield from _prefixed("license", metadata.get("license"))
    if metadata.get("model-index"):
        yield "model-index"


def _dataset_tags(card: Card, names: Iterable[str]) -> Iterator[str]:
    for facet in _DATASET_FACETS:
        yield from _prefixed(facet, card.metadata.get(facet))
    yield from _formats(names)
    yield from _arxiv(card)


def _formats(names: Iterable[str]) -> Iterator[str]:
    """The format that most files have; the Hub names one only."""
    counted: dict[tuple[str, str | None], int] = {}
    for name in names:
        kind = _FORMATS.get(name[name.rfind(".") :].lower()) if "." in name else None
        if kind is not None:
            counted[kind] = counted.get(kind, 0) + 1
    if counted:
        shape, modality = max(counted, key=lambda kind: counted[kind])
        yield f"format:{shape}"
        yield from [f"modality:{modality}"] if modality else []
        yield "library:datasets"
        yield from ("library:pandas", "library:polars") if shape in _TABLES else ()


def _kernel_tags(card: Card) -> Iterator[str]:
    yield from texts(card.metadata.get("library_name"))
    yield from texts(card.metadata.get("tags"))
    yield from _prefixed("license", card.metadata.get("license"))


def _space_tags(card: Card) -> Iterator[str]:
    yield from texts(card.metadata.get("sdk"))
    yield from texts(card.metadata.get("tags"))
    yield from _prefixed("license", card.metadata.get("license"))


def _prefixed(facet: str, value: Value) -> Iterator[str]:
    return (f"{facet}:{text}" for text in texts(value))


def _arxiv(card: Card) -> Iterator[str]:
    return (f"arxiv:{number}" for number in dict.fromkeys(_ARXIV.findall(card.body)))
