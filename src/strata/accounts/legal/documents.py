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
from strata.accounts.legal.telling import TellOfTerms
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists, Malformed
from strata.core.hub import Hub
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.lib.db.columns import from_millis
from strata.lib.db.statements import upsert

LANGUAGES = ("en", "zh-CN")
LONGEST_VERSION = 40


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
    return Document(kind, row[0], wanted, row[1], row[2]) if row else _packaged(kind, wanted)


def versions(call: Call) -> dict[str, str]:
    """The version of each document that holds now."""
    return {kind.value: document(call, kind, LANGUAGES[0]).version for kind in DocumentKind}


def asked(call: Call) -> dict[str, str]:
    """The versions that somebody agrees to with their account: what a form sends back as agreed.

    Terms and privacy policy, the two documents of the seed (S-006); the guidelines too once the
    operator published some. Of the sample only who founds an organisation is asked.
    """
    held, guidelines = versions(call), DocumentKind.GUIDELINES
    if held[guidelines] == _packaged(guidelines, LANGUAGES[0]).version:
        del held[guidelines]
    return held


def packaged_versions() -> dict[str, str]:
    """The versions of the sample texts."""
    return {kind.value: _packaged(kind, LANGUAGES[0]).version for kind in DocumentKind}


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
    if agreed == (current or _packaged_key()):
        return Due()
    grace = timedelta(days=hub.settings.accounts.consent_grace_days if since is not None else 0)
    by = from_millis(since or 0) + grace
    return Due(by, over=by <= hub.clock())


def publish(
    work: Work,
    kind: DocumentKind,
    version: str,
    texts: Mapping[str, str],
    *,
    material: bool = True,
) -> None:
    """Let another text hold from now on; everybody is asked to agree anew.

    Args:
        texts: Markdown by language, all of `LANGUAGES`.
        material: false where only the wording changed: who agreed to the text before is asked
            nothing, and their record goes on naming the version that they read.

    Raises:
        Malformed: a text or the version is missing.
        AlreadyExists: this version was published before.
    """
    if not version.strip() or len(version) > LONGEST_VERSION or set(";=") & set(version):
        raise Malformed(f"A version has 1 to {LONGEST_VERSION} characters, without ; and =.")
    if any(not texts.get(language, "").strip() for language in LANGUAGES):
        raise Malformed(f"Give the text in each language: {', '.join(LANGUAGES)}.")
    if version == _packaged(kind, LANGUAGES[0]).version or _was_published(work, kind, version):
        raise AlreadyExists(f"Version {version} of this document was published before.")
    for language in LANGUAGES:
        values = {
            "document": kind.value,
            "version": version,
            "language": language,
            "text": texts[language],
            "sha256": hashlib.sha256(texts[language].encode()).hexdigest(),
            "published_at": work.now,
        }
        work.db.execute(sa.insert(legal_documents).values(**values))
    before = work.db.scalar(sa.select(agreement.c.current)) or _packaged_key()
    held: dict[str, object] = {"current": key_of(versions(work) | {kind.value: version})}
    if material:
        held["since"] = work.now
    else:
        agreed = sa.update(users).where(users.c.agreed == before)
        work.db.execute(agreed.values(agreed=held["current"]))
    fresh = upsert(work.db, agreement).values(id=1, **held)
    work.db.execute(fresh.on_conflict_do_update(index_elements=[agreement.c.id], set_=held))
    detail = {"version": version, "material": material}
    record(work, "admin.legal_publish", target=kind.value, detail=detail)
    if material:
        enqueue(work, TellOfTerms(kind.value, version))


def _was_published(call: Call, kind: DocumentKind, version: str) -> bool:
    same = sa.and_(legal_documents.c.document == kind.value, legal_documents.c.version == version)
    return call.db.execute(sa.select(legal_documents.c.version).where(same)).first() is not None


@functools.cache
def _packaged_key() -> str:
    return key_of(packaged_versions())


@functools.cache
def _packaged(kind: DocumentKind, language: str) -> Document:
    raw = (
        resources.files("strata.accounts.legal") / "texts" / f"{kind.value}.{language}.md"
    ).read_bytes()
    head, _, text = raw.decode().partition("\n")
    version = head.removeprefix("Version:").strip()
    return Document(kind, version, language, text.lstrip("\n"), hashlib.sha256(raw).hexdigest())
