"""The card of a repo: the front matter of its README.md, read and judged.

The judgement follows what the public Hub answers to `POST /api/validate-yaml` (02 §W): wrong types
are errors and keep a commit out, words nobody knows are warnings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from strata.content.card.rules import errors, warnings, word
from strata.content.reading.files import read_text
from strata.content.snapshot import Snapshot
from strata.core.call import Call
from strata.core.errors import InvalidFields
from strata.core.names import RepoType
from strata.lib.markdown.front_matter import BadFrontMatter, Value, load, split

CARD: Final = "README.md"
MAX_CARD_BYTES: Final = 4 * 1024 * 1024
EMPTY: Final = "empty or missing yaml metadata in repo card"


@dataclass(frozen=True, slots=True)
class Card:
    """What a README.md says of its repo."""

    metadata: dict[str, Value] = field(default_factory=dict)  # empty when it cannot be read
    body: str = ""  # the text below the front matter
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


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
        metadata, body, tuple(errors(metadata, repo_type)), tuple(warnings(metadata, repo_type))
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
    return word(card.metadata.get("pipeline_tag"))


def library_name(card: Card) -> str | None:
    """The library that loads a model."""
    return word(card.metadata.get("library_name"))
