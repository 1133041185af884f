"""Another text of a document holds from now on, and people are asked to agree to it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from strata.accounts.legal.documents import LANGUAGES, key_of, packaged, packaged_key, versions
from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.legal.tables import agreement, legal_documents
from strata.accounts.legal.telling import TellOfTerms
from strata.accounts.tables import users
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists, Malformed
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.lib.db.statements import take_turns, upsert

LONGEST_VERSION: Final = 40  # characters


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
    _require_complete(version, texts)
    take_turns(work.db, "legal")  # else of two at once neither sees what the other one publishes
    _require_new(work, kind, version)
    _keep(work, kind, version, texts)
    current = key_of(versions(work) | {kind.value: version})
    if not material:
        _carry_over(work, current)
    _compare_with(work, current, material=material)
    detail = {"version": version, "material": material}
    record(work, "admin.legal_publish", target=kind.value, detail=detail)
    if material:
        enqueue(work, TellOfTerms(kind.value, version))


def _require_complete(version: str, texts: Mapping[str, str]) -> None:
    if not version.strip() or len(version) > LONGEST_VERSION or set(";=") & set(version):
        raise Malformed(f"A version has 1 to {LONGEST_VERSION} characters, without ; and =.")
    if any(not texts.get(language, "").strip() for language in LANGUAGES):
        raise Malformed(f"Give the text in each language: {', '.join(LANGUAGES)}.")


def _require_new(call: Call, kind: DocumentKind, version: str) -> None:
    same = sa.and_(legal_documents.c.document == kind.value, legal_documents.c.version == version)
    before = call.db.execute(sa.select(legal_documents.c.version).where(same)).first()
    if before is not None or version == packaged(kind, LANGUAGES[0]).version:
        raise AlreadyExists(f"Version {version} of this document was published before.")


def _keep(work: Work, kind: DocumentKind, version: str, texts: Mapping[str, str]) -> None:
    rows = [
        {
            "document": kind.value,
            "version": version,
            "language": language,
            "text": texts[language],
            "sha256": hashlib.sha256(texts[language].encode()).hexdigest(),
            "published_at": work.now,
        }
        for language in LANGUAGES
    ]
    work.db.execute(sa.insert(legal_documents), rows)


def _carry_over(work: Work, current: str) -> None:
    """Let who agreed to what held until now have agreed to these versions."""
    before = work.db.scalar(sa.select(agreement.c.current)) or packaged_key()
    same = sa.update(users).where(users.c.agreed == before)
    work.db.execute(same.values(agreed=current))


def _compare_with(work: Work, current: str, *, material: bool) -> None:
    """Let every look-up of a caller compare what they agreed to with these versions."""
    held = {"current": current} | ({"since": work.now} if material else {})
    fresh = upsert(work.db, agreement).values(id=1, **held)
    work.db.execute(fresh.on_conflict_do_update(index_elements=[agreement.c.id], set_=held))
