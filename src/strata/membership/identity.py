"""How somebody who has lost every second factor shows an operator who they are (product §3.12).

By an SSH key of the account, which signs a text that was made for this, or by a token of it. A text
names the account and what it is for, so that nobody signs it for something else.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from strata.accounts import people
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.credentials.keys.signing import owner_of_ssh_key
from strata.credentials.tokens.presented import recognising
from strata.lib.keys.ssh import read_signature

LIFE: Final = timedelta(days=1)  # the person may be far away
NAMESPACE: Final = "strata-identity"  # of `ssh-keygen -Y sign -n`
LONGEST_REASON: Final = 200
LONGEST_PROOF: Final = 64 * 1024  # characters of a file
_PURPOSE: Final = "identity.challenge"
_OLD: Final = "The challenge is not one for {name}, or older than a day. Make another one."
_NOT_SIGNED: Final = (
    "This is not the signature of the challenge by an SSH key of {name}. It must be made with "
    f"`ssh-keygen -Y sign -n {NAMESPACE}`, by a key that the account lists."
)
_NOT_THEIRS: Final = "This is not a valid access token of {name}."


@dataclass(frozen=True, slots=True)
class Proof:
    """What was shown: a signature with its challenge, a token, or something that people saw."""

    challenge: str = ""
    signature: str = ""
    token: str = field(default="", repr=False)
    seen: str = ""  # how an operator made sure of it; stands in the audit log


def challenge(call: Call, user: people.User) -> str:
    """A text for somebody to sign, good for a day."""
    claims = (user.id, secrets.token_urlsafe(16))
    ticket = call.hub.secrets.sign(_PURPOSE, claims, expires=call.now + LIFE)
    return f"reset-2fa {user.name} {ticket}"


def require_shown(call: Call, user: people.User, proof: Proof) -> str:
    """Insist that the proof is one of this account; says which it was, for the audit log.

    Raises:
        Malformed: it proves nothing, or there is none.
        TokenExpired, AccountSuspended, Forbidden: a token that opens nothing proves nothing.
    """
    if proof.signature:
        return f"SSH key {_signer(call, user, proof)}"
    if proof.token:
        return f"token {_token_name(call, user, proof.token)}"
    seen = " ".join(proof.seen.split())
    if not 0 < len(seen) <= LONGEST_REASON:
        raise Malformed(f"Say in at most {LONGEST_REASON} characters how the person was known.")
    return seen


def _signer(call: Call, user: people.User, proof: Proof) -> str:
    text = proof.challenge.strip()
    claims = call.hub.secrets.verify(
        _PURPOSE, text.rpartition(" ")[2], tuple[int, str], now=call.now
    )
    if claims is None or claims[0] != user.id or not text.startswith("reset-2fa "):
        raise Malformed(_OLD.format(name=user.name))
    signature = read_signature(proof.signature)
    if signature is None or owner_of_ssh_key(call, signature.fingerprint) != user.id:
        raise Malformed(_NOT_SIGNED.format(name=user.name))
    # Editors end a file with a line end, `printf` does not.
    if not any(signature.covers(f"{text}{end}".encode(), NAMESPACE) for end in ("", "\n", "\r\n")):
        raise Malformed(_NOT_SIGNED.format(name=user.name))
    return signature.fingerprint


def _token_name(call: Call, user: people.User, value: str) -> str:
    actor = recognising.actor_for_token(call.db, call.hub, value.strip())
    if actor is None or actor.token is None or actor.user_id != user.id:
        raise Malformed(_NOT_THEIRS.format(name=user.name))
    return actor.token.name
