"""What people agreed to, in which version, when and from where (product S-006, J03)."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from strata.accounts.legal import documents
from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.legal.tables import consents, past_consents
from strata.accounts.tables import users
from strata.core.actor import Actor
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Unauthenticated
from strata.events.facts import record

_USER_AGENT_LENGTH = 512


def consent_faults(call: Call, agreed: Mapping[str, str]) -> tuple[str, ...]:
    """The message key of what is missing from a consent: a box, or the newest version."""
    return _faults(documents.asked(call), agreed)


def _faults(asked: Mapping[str, str], agreed: Mapping[str, str]) -> tuple[str, ...]:
    if any(not agreed.get(kind) for kind in asked):
        return ("consent.required",)
    return () if all(agreed[kind] == asked[kind] for kind in asked) else ("consent.changed",)


def agree(work: Work, agreed: Mapping[str, str], *, read_in: str) -> None:
    """Let the signed-in person agree to the documents that hold now; earlier consents stay.

    Raises:
        Unauthenticated: nobody is signed in.
        InvalidFields: `consents`: not all of them, or older ones.
    """
    if work.actor.user_id is None or work.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    kept = keep(work, work.actor.user_id, agreed, read_in=read_in, method="re-consent")
    record(work, "account.consent", target=work.actor.name, detail={"documents": kept})


def guidelines_faults(call: Call, version: str) -> tuple[str, ...]:
    """The message key of what is missing where somebody promises to follow the guidelines only."""
    if not version:
        return ("guidelines.required",)
    current = documents.document(call, DocumentKind.GUIDELINES, documents.LANGUAGES[0]).version
    return () if version == current else ("consent.changed",)


def promise(work: Work, user_id: int, version: str, *, read_in: str, whose: str) -> None:
    """Write down that somebody promised that what is published will follow the guidelines.

    They are asked for this even where their own sign-up did not ask, because they will answer for
    what others publish; it says nothing of the other documents, which are asked about as before.

    Args:
        whose: name of the organisation that they promised it for.

    Raises:
        InvalidFields: `guidelines`: others were published since they were judged.
    """
    shown = documents.document(work, DocumentKind.GUIDELINES, read_in)
    if shown.version != version:
        raise InvalidFields({"guidelines": ("consent.changed",)})
    _write(work, user_id, shown, method="organization")
    detail = {"documents": {shown.kind.value: shown.version}, "organization": whose}
    record(work, "account.consent", target=work.actor.name, detail=detail)


def keep(
    work: Work, user_id: int, agreed: Mapping[str, str], *, read_in: str, method: str
) -> dict[str, str]:
    """Write down that somebody agreed to the documents that are asked about now; which they are.

    What holds is read once: what is judged, written and vouched for is the same.

    Raises:
        InvalidFields: `consents`: not all of them, or older ones; a form that was judged before
            may have waited while others were published.
    """
    held = documents.current(work, read_in)
    versions = documents.versions_of(held)
    asked = documents.asked_of(versions)
    faults = _faults(asked, agreed)
    if faults:
        raise InvalidFields({"consents": faults})
    for kind in asked:
        _write(work, user_id, held[kind], method=method)
    _vouch(work, user_id, versions)
    return asked


def _write(work: Work, user_id: int, shown: documents.Document, *, method: str) -> None:
    work.db.execute(
        sa.insert(consents).values(
            user_id=user_id,
            document=shown.kind.value,
            version=shown.version,
            sha256=shown.sha256,
            language=shown.language,
            accepted_at=work.now,
            ip=work.origin.ip,
            user_agent=work.origin.user_agent[:_USER_AGENT_LENGTH],
            method=method,
        )
    )


def outlive(work: Work, user_id: int, public_id: str) -> None:
    """Keep what somebody agreed to without saying who it was: their account goes (product §3.4).

    The pseudonym is a keyed digest of their public id: whoever can tell that can have it proved
    what they agreed to, and nobody can tell who they were from it.
    """
    kept = (
        consents.c.document,
        consents.c.version,
        consents.c.sha256,
        consents.c.language,
        consents.c.accepted_at,
        consents.c.method,
    )
    pseudonym = work.hub.secrets.digest("consents.pseudonym", public_id)
    theirs = sa.select(sa.literal(pseudonym), *kept).where(consents.c.user_id == user_id)
    names = ["pseudonym", *(column.name for column in kept)]
    work.db.execute(sa.insert(past_consents).from_select(names, theirs.order_by(consents.c.id)))
    work.db.execute(sa.delete(consents).where(consents.c.user_id == user_id))


def warning(actor: Actor, base_url: str) -> str:
    """What clients print of documents that changed; empty: nothing (ASCII, `topic; message`)."""
    if actor.agree_by is None:
        return ""
    read = f"terms; The terms of this site have changed. Read and accept them on {base_url}/agree"
    if actor.must_agree:
        return f"{read}: until then you change nothing in the browser."
    return f"{read} by {actor.agree_by:%Y-%m-%d}."


def vouch(work: Work, user_id: int) -> None:
    """Ask an account for no consent until the documents change; an operator stands in for it."""
    _vouch(work, user_id, documents.versions(work))


def _vouch(work: Work, user_id: int, versions: Mapping[str, str]) -> None:
    agreed = documents.key_of(versions)
    work.db.execute(sa.update(users).where(users.c.id == user_id).values(agreed=agreed))
