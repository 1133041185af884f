"""Show once more who sits there, before what cannot be taken back (product §3.9).

A log-in counts, and so does every later proof, for a quarter of an hour of the same session. Tokens
are not asked: what they may do at all is a matter of their scope.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from strata.accounts import limits, passwords, people
from strata.accounts.entering import sessions
from strata.core.actor import Actor
from strata.core.call import Call, Work, working
from strata.core.errors import ProofNeeded, Unauthenticated
from strata.events.facts import record

TRIES, MINUTES = 5, 5


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody entered to show that it is them."""

    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Proved:
    """The caller, proved, and the session's new cookie."""

    actor: Actor
    session: sessions.Started


def require_sudo(call: Call) -> None:
    """Insist that the person of this session proved within 15 minutes who they are.

    Raises:
        ProofNeeded: they did not.
    """
    actor = call.actor
    if actor.session_id is None:
        return
    if actor.proved_until is None or actor.proved_until <= call.now:
        raise ProofNeeded


def prove(call: Call, proof: Proof) -> Proved:
    """Take a proof; the session goes on under another id.

    Raises:
        Unauthenticated: nobody is logged in.
        ProofNeeded: it proves nothing.
        TooMany: it was wrong too often.
    """
    user = _person(call)
    key, tried_at = f"sudo:{user.id}", call.now
    with working(call) as work:
        limits.count(work, limits.Limit(key, TRIES, MINUTES))
    if user.password_hash is not None and not passwords.matches(
        call.hub, user.password_hash, proof.password
    ):
        raise ProofNeeded("pw.wrong")
    with working(call) as work:
        limits.refund(work, key, counted_at=tried_at)
        return _proved(work, user)


def _person(call: Call) -> people.User:
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    user = people.by_id(call, call.actor.user_id)
    if user is None:
        raise Unauthenticated("Log in first.")
    return user


def _proved(work: Work, user: people.User) -> Proved:
    session = sessions.renew(work, proved=True)
    record(work, "account.sudo", target=user.name)
    return Proved(replace(work.actor, proved_until=work.now + sessions.PROVED_FOR), session)
