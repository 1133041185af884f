"""Applications whose client_id is the address of a document about them.

draft-ietf-oauth-client-id-metadata-document, hub-api 03 §5.1. The address was chosen by a stranger,
so nothing is fetched before a person of this hub is logged in, and never often. What the document
says counts for its own host alone: answers go there, or to the person's own machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from strata.accounts import limits
from strata.core.actor import SYSTEM
from strata.core.call import Call, Origin as Asker, Work, working
from strata.core.errors import Malformed
from strata.core.hub import Hub
from strata.credentials.oauth import apps, consents, redirects, scopes
from strata.credentials.oauth.apps import App, Origin
from strata.credentials.oauth.making.description import Described, columns_of, faults
from strata.credentials.oauth.making.keeping import named as named_in_log, told
from strata.credentials.oauth.tables import oauth_apps
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.lib.db.statements import upsert
from strata.lib.http.guard import TargetRefused
from strata.lib.http.outbound import Message, Unreachable

KEPT_FOR: Final = timedelta(hours=1)  # then it is read anew
MOST_BYTES: Final = 16 * 1024
WITHIN_S: Final = 5
PER_PERSON, PER_ADDRESS, EVERYWHERE = 20, 60, 500  # documents read in an hour
_ASKING: Final = Message(b"", {"Accept": "application/json", "User-Agent": "strata"}, method="GET")
BAD_ADDRESS: Final = (
    "A client_id that is an address begins with https:// and has a path, without a query, a"
    " fragment or a user name. Tell the makers of the application."
)
NOT_READ: Final = (
    "The document that describes this application could not be read. You were not sent there. Tell"
    " its makers: it must answer with 200 and a small JSON object, without redirects."
)
UNFIT: Final = (
    "The document that describes this application is not in order. You were not sent there. Tell"
    " its makers what is wrong:"
)


def named(client_id: str) -> bool:
    """Whether this client_id is the address of a document."""
    return client_id.startswith("https://")


def application(call: Call, client_id: str) -> App:
    """The application that a document describes, as it was read within the last hour.

    Call it outside a transaction: it may ask another host.

    Raises:
        Malformed: this hub reads no documents, or this one does not describe an application; nobody
            may be sent anywhere.
        Unauthenticated, EmailNotVerified, Forbidden: as `consents.consenting`.
        TooMany: too many documents were to be read.
    """
    if not call.hub.settings.oauth.client_documents:
        raise Malformed(apps.NO_DOCUMENTS)
    person = consents.consenting(call)
    _require_address(client_id)
    known = apps.find(call, client_id)
    if known is not None and known.read_at is not None and call.now < known.read_at + KEPT_FOR:
        return known
    with working(call) as work:
        _count(work, person.id)
    described = described_by(client_id, _fetched(call.hub, client_id))
    with working(call) as work:
        return _kept(work, client_id, described)


def described_by(client_id: str, document: Mapping[str, Any]) -> Described:
    """What a document says of its application.

    Raises:
        Malformed: it is of another application, holds a secret, or breaks rules of ours.
    """
    host = urlsplit(client_id).netloc
    fault = _fault(client_id, document)
    if fault:
        raise Malformed(f"{UNFIT} {fault}")
    homepage = _text(document, "client_uri")
    described = Described(
        name=_text(document, "client_name") or host,
        homepage=homepage if urlsplit(homepage).netloc == host else "",
        redirect_uris=_texts(document, "redirect_uris"),
        scopes=_offered(_text(document, "scope")),
        refreshes="refresh_token" in _texts(document, "grant_types"),
    )
    wrong = faults(described)
    if wrong:
        raise Malformed(f"{UNFIT} {', '.join(wrong)}")
    if any(_leads_elsewhere(address, host) for address in described.redirect_uris):
        raise Malformed(f"{UNFIT} redirect_uris of another host")
    return described


def _require_address(client_id: str) -> None:
    parts = urlsplit(client_id) if not redirects.fault(client_id) else None
    if (
        parts is None
        or len(client_id) > apps.LONGEST_CLIENT_ID
        or parts.path in ("", "/")
        or "?" in client_id
    ):
        raise Malformed(BAD_ADDRESS)


def _count(work: Work, person_id: int) -> None:
    address = limits.address_of(work.origin.ip)
    limits.count(
        work,
        limits.Limit(f"oauth.document.person:{person_id}", PER_PERSON, 60),
        limits.Limit(f"oauth.document:{address}", PER_ADDRESS, 60),
        limits.Limit("oauth.document", EVERYWHERE, 60),
    )


def _fetched(hub: Hub, client_id: str) -> Mapping[str, Any]:
    """The document; whatever went wrong is said in the same words, as only outsiders may learn."""
    try:
        reply = hub.outbound.send(
            client_id, _ASKING, within_s=WITHIN_S, keep=MOST_BYTES, follow=False
        )
    except (TargetRefused, Unreachable) as error:
        raise Malformed(NOT_READ) from error
    kind = dict(reply.headers).get("content-type", "").partition(";")[0].strip().lower()
    is_json = kind == "application/json" or kind.endswith("+json")
    if reply.status != 200 or reply.truncated or not is_json:
        raise Malformed(NOT_READ)
    try:
        return msgspec.json.decode(reply.body, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(NOT_READ) from error


def _fault(client_id: str, document: Mapping[str, Any]) -> str:
    """The field that does not fit an application that has no secret; empty: none."""
    if document.get("client_id") != client_id:  # somebody else's document, or a copy
        return "client_id"
    if "client_secret" in document or "client_secret_expires_at" in document:
        return "client_secret"  # everybody could read it
    if document.get("token_endpoint_auth_method", "none") != "none":
        return "token_endpoint_auth_method"
    if "authorization_code" not in (_texts(document, "grant_types") or ("authorization_code",)):
        return "grant_types"
    return "" if "code" in (_texts(document, "response_types") or ("code",)) else "response_types"


def _leads_elsewhere(address: str, host: str) -> bool:
    """Whether an answer sent there would leave the host that people are shown."""
    parts = urlsplit(address)
    return parts.scheme == "https" and parts.netloc != host


def _offered(scope: str) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(name for name in scope.split() if name in scopes.OFFERED))
    return asked or scopes.OFFERED


def _kept(work: Work, client_id: str, described: Described) -> App:
    """Write down what a document says, and what it says otherwise than an hour ago."""
    said = {**columns_of(described), "read_at": work.now}
    fresh = upsert(work.db, oauth_apps).values(
        client_id=client_id, origin=Origin.DOCUMENT.value, created_at=work.now, **said
    )
    row = work.db.execute(fresh.on_conflict_do_nothing().returning(oauth_apps.c.id)).first()
    before = None if row is not None else _held(work, client_id)
    if before is not None and before.origin is Origin.DOCUMENT:
        here = sa.update(oauth_apps).where(oauth_apps.c.id == before.id)
        work.db.execute(here.values(**said))
    app = apps.find(work, client_id)
    if app is None:  # it was forgotten between the two
        return _kept(work, client_id, described)
    _note(work, before, app)
    return app


def _held(work: Work, client_id: str) -> App | None:
    """What an earlier document said; nobody reads a newer one meanwhile."""
    here = sa.select(oauth_apps.c.id).where(oauth_apps.c.client_id == client_id)
    work.db.execute(here.with_for_update())
    return apps.find(work, client_id)


def _note(work: Work, before: App | None, app: App) -> None:
    """Tell the log; whoever had the document read has neither made nor changed the application."""
    ours = replace(work, actor=SYSTEM, origin=Asker(request_id=work.origin.request_id))
    detail = named_in_log(app) | {"by": "document"}
    if before is None:
        record(ours, "oauth.app_create", target=app.name, detail=detail | {"after": told(app)})
    elif told(before) != told(app):
        detail |= changes(told(before), told(app))
        record(ours, "oauth.app_update", target=app.name, detail=detail)


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise Malformed(f"{UNFIT} {name}")
    return value


def _texts(document: Mapping[str, Any], name: str) -> tuple[str, ...]:
    values = document.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise Malformed(f"{UNFIT} {name}")
    return tuple(values)
