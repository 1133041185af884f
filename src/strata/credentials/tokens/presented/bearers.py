"""For whom a signed link or a CAS token speaks: it carries their name, never their rights.

Rights are read anew each time it is shown. It also names the access token, SSH key or session it
was asked for with, so that whoever deletes or refreshes a token, removes a key, or ends a session
closes everything that it has opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from strata.accounts.standing import require_open
from strata.core.actor import ANONYMOUS, Actor, TokenFacts
from strata.core.call import Call, Work
from strata.core.errors import BadCredentials
from strata.credentials.tokens.presented.facts import (
    COLUMNS,
    INSIDE,
    token_facts,
    with_shares,
)
from strata.lib.db.columns import to_millis
from strata.lib.db.database import Prepared
from strata.organizations import speakers

OVER = "What this was made with is no longer valid. Ask for a new one."
ENDED = "The credentials of this request ended while it was carried out."
_NOW = Prepared(
    f"SELECT {speakers.PERSON}, k.id, s.id, t.digest, {COLUMNS} FROM users u"  # noqa: S608 — constants
    " LEFT JOIN tokens t ON t.id = :token_id AND t.user_id = u.id AND t.leaked_at IS NULL"
    " LEFT JOIN ssh_keys k ON k.id = :ssh_key_id AND k.user_id = u.id"
    " LEFT JOIN sessions s ON s.id = :session_id AND s.user_id = u.id"
    f" {INSIDE} WHERE u.id = :user_id"
)


class Bearer(msgspec.Struct, frozen=True, array_like=True):
    """A person, or everybody, and the access token, SSH key or session that was used."""

    user_id: int | None = None
    token_id: int | None = None
    stamp: str = ""  # of the token's value; another one after a refresh
    ssh_key_id: int | None = None
    session_id: int = 0  # 0: none


def bearer_of(actor: Actor) -> Bearer:
    """Whom a link speaks for that this caller asks for."""
    if actor.token is None:
        return Bearer(actor.user_id, ssh_key_id=actor.ssh_key_id, session_id=actor.session_id or 0)
    return Bearer(actor.user_id, actor.token.id, actor.token.stamp)


def actor_of(call: Call, bearer: Bearer) -> Actor:
    """Whom the link speaks for, with the rights of this moment.

    Raises:
        BadCredentials: the account, the access token, the SSH key or the session is gone or over,
            or the token was refreshed.
        AccountSuspended, Forbidden: the account is not open.
    """
    if bearer.user_id is None:
        return ANONYMOUS
    asked = {
        "user_id": bearer.user_id,
        "token_id": bearer.token_id or 0,
        "ssh_key_id": bearer.ssh_key_id or 0,
        "session_id": bearer.session_id,
    }
    rows = _NOW.rows(call.db, asked)
    if not rows:
        raise BadCredentials(OVER)
    own = [row[speakers.WIDTH :] for row in rows]
    session_id = bearer.session_id or None
    if tuple(own[0][:2]) != (bearer.ssh_key_id, session_id):
        raise BadCredentials(OVER)
    require_open(speakers.standing_of(call.hub, rows[0]))
    now = to_millis(call.now)
    token = None if bearer.token_id is None else _token(bearer, [row[2:] for row in own], now)
    actor = replace(
        speakers.speaker(call.hub, rows, token=token, ssh_key_id=bearer.ssh_key_id),
        session_id=session_id,
        agree_by=None,  # what somebody began is not held up by documents
        must_agree=False,
    )
    return with_shares(call.db, call.hub, actor) if speakers.works_elsewhere(rows[0]) else actor


def of_now(work: Work) -> Work:
    """The same work with all that its person may do by now, with what they showed.

    Their rights were read when the request came in. What gives, or changes what is others', asks
    for them once more when it lands.

    Raises:
        BadCredentials: the account is gone, or the access token, the key or the session ended.
        AccountSuspended, Forbidden: the account is not open any more.
    """
    if work.actor.user_id is None:
        return work
    try:
        today = actor_of(work, bearer_of(work.actor))
    except BadCredentials:
        raise BadCredentials(ENDED) from None
    return replace(work, actor=today)


def _token(bearer: Bearer, rows: Sequence[Any], now: int) -> TokenFacts:
    """The token, if it is what it was when the link was made.

    Args:
        rows: `digest`, and the columns of `facts.COLUMNS`.
    """
    digest, token_id = rows[0][:2]
    if token_id is None or not digest.startswith(bearer.stamp):
        raise BadCredentials(OVER)
    found = token_facts([row[1:] for row in rows], bearer.stamp)
    if found.expires_at is not None and to_millis(found.expires_at) <= now:
        raise BadCredentials(OVER)
    return found
