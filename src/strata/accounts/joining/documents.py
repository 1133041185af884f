"""The two documents that people agree to; sample texts until the operator replaces them."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

LANGUAGES = ("en", "zh-CN")


class DocumentKind(StrEnum):
    """What there is to agree to."""

    TERMS = "terms"
    PRIVACY = "privacy"


@dataclass(frozen=True, slots=True)
class Document:
    """One text as it is shown."""

    kind: DocumentKind
    version: str  # the same in all languages
    language: str
    text: str  # Markdown
    sha256: str  # of the file, version line included


def document(kind: DocumentKind, language: str) -> Document:
    """The text in the reader's language, or in English."""
    return _load(kind, language if language in LANGUAGES else LANGUAGES[0])


def versions() -> dict[str, str]:
    """The version of each document: what a sign-up form sends back as agreed."""
    return {kind.value: document(kind, LANGUAGES[0]).version for kind in DocumentKind}


@functools.cache
def _load(kind: DocumentKind, language: str) -> Document:
    raw = (
        resources.files("strata.accounts.joining") / "legal" / f"{kind.value}.{language}.md"
    ).read_bytes()
    head, _, text = raw.decode().partition("\n")
    version = head.removeprefix("Version:").strip()
    return Document(kind, version, language, text.lstrip("\n"), hashlib.sha256(raw).hexdigest())
