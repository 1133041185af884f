"""The documents that people agree to; sample texts until the operator publishes others."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import resources

import sqlalchemy as sa

from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.legal.tables import agreement, legal_documents
from strata.core.call import Call
from strata.core.hub import Hub
from strata.lib.db.columns import from_millis, to_millis

LANGUAGES = ("en", "zh-CN")


@dataclass(frozen=True, slots=True)
class Document:
    """One text as it is shown."""

    kind: DocumentKind
    version: str  # the same in all languages
    language: str
    text: str  # Markdown
    sha256: str  # of the file, or of the published text


def document(call: Call, kind: DocumentKind, language: str) -> Document:
    """The text that holds now, in the reader's language or in English."""
    wanted = language if language in LANGUAGES else LANGUAGES[0]
    published = (
        sa.select(legal_documents.c.version, legal_documents.c.text, legal_documents.c.sha256)
        .where(legal_documents.c.document == kind.value, legal_documents.c.language == wanted)
        .order_by(legal_documents.c.published_at.desc(), legal_documents.c.version.desc())
    )
    row = call.db.execute(published.limit(1)).first()
    return Document(kind, row[0], wanted, row[1], row[2]) if row else packaged(kind, wanted)


def current(call: Call, language: str) -> dict[str, Document]:
    """Each text that holds now by its kind; others may hold when they are read again."""
    return {kind.value: document(call, kind, language) for kind in DocumentKind}


def versions(call: Call) -> dict[str, str]:
    """The version of each document that holds now."""
    return versions_of(current(call, LANGUAGES[0]))


def versions_of(held: Mapping[str, Document]) -> dict[str, str]:
    """The versions of texts by their kinds."""
    return {kind: one.version for kind, one in held.items()}


def asked(call: Call) -> dict[str, str]:
    """The versions that somebody agrees to with their account: what a form sends back as agreed.

    Terms and privacy policy, the two documents of the seed (S-006); the guidelines too once the
    operator published some. Of the sample only who founds an organisation is asked.
    """
    return asked_of(versions(call))


def asked_of(held: Mapping[str, str]) -> dict[str, str]:
    """Those of the versions that hold which somebody agrees to with their account."""
    guidelines = DocumentKind.GUIDELINES.value
    sample = held[guidelines] == packaged(DocumentKind.GUIDELINES, LANGUAGES[0]).version
    return {kind: one for kind, one in held.items() if kind != guidelines or not sample}


def packaged_versions() -> dict[str, str]:
    """The versions of the sample texts."""
    return {kind.value: packaged(kind, LANGUAGES[0]).version for kind in DocumentKind}


def key_of(agreed: Mapping[str, str]) -> str:
    """Versions as one text, to compare what somebody agreed to with what holds now."""
    return ";".join(f"{kind}={version}" for kind, version in sorted(agreed.items()))


@dataclass(frozen=True, slots=True)
class Due:
    """What is asked of somebody who agreed to other documents than those that hold now."""

    by: datetime | None = None  # None: nothing is
    over: bool = False  # it is past that moment


def due(hub: Hub, agreed: str | None, current: str | None, since: int | None) -> Due:
    """By when somebody is to agree to the documents that hold now (product §3.4).

    Args:
        agreed: as kept in `users.agreed`.
        current: as kept in `agreement`; None: nothing was ever published.
        since: milliseconds since 1970, as kept there; None: always.
    """
    if agreed == (current or packaged_key()):
        return Due()
    grace = timedelta(days=hub.settings.accounts.consent_grace_days if since is not None else 0)
    by = from_millis(since or 0) + grace
    return Due(by, over=by <= hub.clock())


def due_now(call: Call, agreed: str | None) -> Due:
    """The same, by what the database says at this moment."""
    held = call.db.execute(sa.select(agreement.c.current, agreement.c.since)).first()
    if held is None:
        return due(call.hub, agreed, None, None)
    return due(call.hub, agreed, held.current, to_millis(held.since) if held.since else None)


@functools.cache
def packaged_key() -> str:
    """The versions of the sample texts as one text (`key_of`)."""
    return key_of(packaged_versions())


@functools.cache
def packaged(kind: DocumentKind, language: str) -> Document:
    """The sample text that comes with the hub."""
    raw = (
        resources.files("strata.accounts.legal") / "texts" / f"{kind.value}.{language}.md"
    ).read_bytes()
    head, _, text = raw.decode().partition("\n")
    version = head.removeprefix("Version:").strip()
    return Document(kind, version, language, text.lstrip("\n"), hashlib.sha256(raw).hexdigest())
