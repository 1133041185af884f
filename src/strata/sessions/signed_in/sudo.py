"""Show once more who sits there, before what cannot be taken back (product §3.9).

A log-in counts, and so does every later proof, for a quarter of an hour of the same session. Tokens
are not asked: what they may do at all is a matter of their scope.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from strata.accounts import limits, people
from strata.accounts.factors import checking, held as factors, passkeys, totp
from strata.accounts.factors.challenges import Purpose, Use, place_of
from strata.accounts.passwords import current, hashing
from strata.core.actor import Actor
from strata.core.call import Call, Work, working
from strata.core.errors import InvalidFields, ProofNeeded, Unauthenticated
from strata.events.facts import record
from strata.sessions.signed_in import sessions

MAILED = "sudo.mailed"


@dataclass(frozen=True, slots=True)
class Proof:
    """What somebody entered to show that it is them: one of these."""

    password: str = field(default="", repr=False)
    code: str = field(default="", repr=False)  # of the authenticator app, or of a mail
    passkey: str = field(default="", repr=False)  # the browser's answer, as JSON
    by_mail: bool = False  # they want such a mail


@dataclass(frozen=True, slots=True)
class Ways:
    """In which ways somebody may show that it is them."""

    password: bool
    authenticator: bool
    mail: bool
    passkey: str  # what the browser is to be asked, as JSON; empty: there is none


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


def ways(call: Call) -> Ways:
    """What the page that asks for a proof offers; an account without a password gets a mail.

    Raises:
        Unauthenticated: nobody is logged in.
    """
    user = _person(call)
    held = factors.of(call, user.id)
    here = held.passkeys and place_of(call) is not None
    return Ways(
        password=user.password_hash is not None,
        authenticator=held.authenticator,
        mail=_may_by_mail(user),
        passkey=passkeys.options_to_show(call, _use(call), user.id) if here else "",
    )


def prove(call: Call, proof: Proof) -> Proved:
    """Take a proof; the session goes on under another id.

    Raises:
        Unauthenticated: nobody is logged in.
        ProofNeeded: it proves nothing; or a mail is on its way, where one was wanted.
        TooMany: it was wrong too often.
    """
    user = _person(call)
    if proof.by_mail and _may_by_mail(user):
        with working(call) as work:
            checking.mail_code(work, user)
        raise ProofNeeded(MAILED)
    if proof.code or proof.passkey:
        return _by_factor(call, user, proof)
    return _by_password(call, user, proof.password)


def _by_factor(call: Call, user: people.User, proof: Proof) -> Proved:
    tried_at = checking.counted(call, user)
    try:
        with working(call) as work:
            how = _taken(work, user, proof)
            checking.refund(work, user, tried_at)
            return _proved(work, user, how)
    except InvalidFields as error:
        checking.failed(call, user)
        raise ProofNeeded(next(iter(error.fields.values()))[0]) from error


def _taken(work: Work, user: people.User, proof: Proof) -> str:
    """With what it was shown, which is used up with this transaction."""
    if proof.passkey:
        passkeys.show(work, _use(work), proof.passkey, of_user=user.id)
        return "passkey"
    if _may_by_mail(user) and checking.take_mailed(work, user.id, proof.code):
        return "mail"
    if not totp.take(work, user.id, proof.code):
        raise InvalidFields({"code": (checking.BAD_CODE,)})
    return "totp"


def _may_by_mail(user: people.User) -> bool:
    """Whether a code by mail will do: nothing else is there, or an admin has nothing better."""
    return user.password_hash is None and not (user.admin and user.has_factor)


def _by_password(call: Call, user: people.User, password: str) -> Proved:
    key, tried_at, chosen = f"sudo:{user.id}", call.now, call.hub.settings.entering
    with working(call) as work:
        limits.count(work, limits.Limit(key, chosen.proof_tries, chosen.proof_minutes))
    if not hashing.matches(call.hub, user.password_hash, password):
        raise ProofNeeded("pw.wrong")
    with working(call) as work:
        if current.still(work, user) is None:
            raise ProofNeeded("pw.wrong")
        limits.refund(work, key, counted_at=tried_at)
        return _proved(work, user, "password")


def _use(call: Call) -> Use:
    return Use(Purpose.PROVE, call.actor.session_mark)


def _person(call: Call) -> people.User:
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    user = people.by_id(call, call.actor.user_id)
    if user is None:
        raise Unauthenticated("Log in first.")
    return user


def _proved(work: Work, user: people.User, how: str) -> Proved:
    session = sessions.renew(work, proved_by=how)
    record(work, "account.sudo", target=user.name, detail={"how": how})
    return Proved(replace(work.actor, proved_until=work.now + sessions.PROVED_FOR), session)
