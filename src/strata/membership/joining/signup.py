"""Open an account (product §3.4): everything or nothing, and silent about who is here already.

An address that belongs to an account gets an account of its own that looks the same from outside;
its owner gets the mail. The costly hash is made before the transaction and in every case.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from strata.accounts import confirmed, limits, people, puzzles
from strata.accounts.legal.agreeing import consent_faults, keep as keep_consents
from strata.accounts.mailboxes import addresses
from strata.accounts.naming import names
from strata.accounts.naming.full_names import full_name_faults
from strata.accounts.notices.choices import ask_for_mails
from strata.accounts.passwords import hashing
from strata.accounts.passwords.chosen import new_password_faults
from strata.accounts.plans.rules import by_invite
from strata.accounts.profile.picture import point
from strata.accounts.puzzles import NOT_DONE, Done
from strata.core.call import Call, Work, working
from strata.core.errors import AlreadyExists, Conflict, Forbidden, InvalidFields
from strata.core.hub import Hub
from strata.core.names import fresh_key
from strata.core.settings.providers import UNVOUCHED
from strata.events.facts import record
from strata.events.letters import CHINESE
from strata.membership.confirming import approval, mailing, verification
from strata.membership.joining import first, invites, opening, picture
from strata.membership.joining.faults import (
    email_faults,
    invite_faults,
    name_faults,
    require_none,
    work_of,
)
from strata.sessions.entering import sites
from strata.sessions.identities import linking
from strata.sessions.identities.ending import vouched
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.signed_in import browsers, sessions

CLOSED: Final = "Sign-up is closed on this site. The people who run it create accounts themselves."


@dataclass(frozen=True, slots=True, kw_only=True)
class SignUp:
    """The sign-up form as it was sent."""

    email: str
    password: str = field(repr=False)
    username: str
    full_name: str = ""
    language: str = "en"
    consents: Mapping[str, str] = field(default_factory=dict)  # document → version agreed to
    read_in: str = "en"  # language in which the documents were shown
    device: str = field(default="", repr=False)  # the cookie of a known browser
    invite: str = field(default="", repr=False)  # code, where sign-up needs one
    identity: Claims | None = None  # at another site, in the place of a password
    mails: bool = False  # wants to be mailed what nobody is mailed unasked
    work: Done = NOT_DONE  # where sign-up asks for it
    first_code: str = field(default="", repr=False)  # of the operator, on an empty hub
    picture: bytes = field(default=b"", repr=False)  # as it was uploaded; empty: none
    suspicion: str = ""  # why a robot is thought to have sent it; such a form opens nothing


@dataclass(frozen=True, slots=True)
class SignedUp:
    """A new account, signed in and waiting for its confirmation."""

    user_id: int  # 0: a robot's, there is none
    name: str
    session: sessions.Started
    device: str = field(default="", repr=False)  # the cookie by which this browser is known


def sign_up(call: Call, form: SignUp) -> SignedUp:
    """Open an account, sign it in, and send the mail that confirms the address.

    A robot gets the same answer after the same work, and nothing else happens.

    Raises:
        Forbidden: sign-up is closed (`CLOSED`).
        LogInElsewhere: people with such an address come in through another site.
        Conflict: another account has the address that another site vouches for.
        TooMany: this address, its network or the whole site had too many sign-ups, or this address
            asked for too many names.
        InvalidFields: fields are `email`, `password`, `username`, `full_name`, `consents`,
            `invite`, `work`, `picture`, `first_code`.
    """
    if call.hub.settings.accounts.sign_up == "closed":
        raise Forbidden(CLOSED)
    require_free(call.hub, form.email, form.identity)
    rates = _rates(call)
    limits.require_room(call, *rates)
    address = _require_fields(call, form)
    password_hash = None
    if form.identity is None:
        password_hash = hashing.hash_password(call.hub, form.password)
    public_id = fresh_key()
    looked_at = picture.kept(call, form.picture, public_id, pretend=bool(form.suspicion))
    with looked_at as upload, working(call) as work:
        limits.count(work, *rates)
        if form.suspicion:
            return _pretended(work, form)
        _spend(work, form)
        invited = _invited(work, form)
        user = _open(work, form, address, password_hash, public_id)
        if upload is not None:
            point(work, user.id, upload)
        _keep(work, form, user, invited)
        _write_to(work, user)
        return _signed_in(work, form, user)


def _keep(work: Work, form: SignUp, user: people.User, invited: invites.Used | None) -> None:
    """Keep what goes with a new account, and write down that it was opened."""
    if invited is not None and (promise := invited.promise) is not None:
        by_invite(work, user.id, promise.plan, promise.days)
    if work.hub.settings.accounts.sign_up == "approval" and not user.admin:
        user = approval.hold(work, user)
    method = _method(form, invited)
    agreed = keep_consents(work, user.id, form.consents, read_in=form.read_in, method=method)
    if form.mails:
        ask_for_mails(work, user.id)
    if form.identity is not None:
        linking.keep(work, user, form.identity)
    detail = {"language": user.language, "documents": agreed}
    record(work, "account.signup", target=user.name, actor_id=user.id, detail=detail)


def _write_to(work: Work, user: people.User) -> None:
    if user.verified_at is None:
        mailing.issue(work, user)
    else:
        verification.greet(work, user)


def _signed_in(work: Work, form: SignUp, user: people.User) -> SignedUp:
    """Log the new person in, in the browser that asked."""
    word = vouched(work.hub, form.identity) if form.identity else UNVOUCHED
    session = sessions.start(
        work, user.id, admin=user.admin, remember=False, proved_by="sign-up", vouched=word
    )
    device = browsers.recognise(work, user, form.device)
    return SignedUp(user.id, user.name, session, device)


def require_free(hub: Hub, email: str, identity: Claims | None) -> None:
    """Insist that people with such an address may sign up like this.

    Args:
        identity: who they are at the site that they come from.

    Raises:
        LogInElsewhere: they come in through another one.
    """
    sites.require_free(hub, email, through=identity.provider if identity else "")


def _method(form: SignUp, invited: invites.Used | None) -> str:
    """How somebody came to agree, for the record of their consent."""
    if form.identity is not None:
        return "oauth"
    return "signup" if invited is None else "invite"


def _invited(work: Work, form: SignUp) -> invites.Used | None:
    """Use the invitation; where nobody needs one, it only brings the plan that it promises."""
    if work.hub.settings.accounts.sign_up == "invite":
        return invites.use(work, form.invite, form.email)
    with contextlib.suppress(InvalidFields):
        return invites.use(work, form.invite, form.email) if form.invite else None
    return None


def _spend(work: Work, form: SignUp) -> None:
    """Use the work up that came along, where it is asked for."""
    if not puzzles.spend(work, work_of(work), form.work):
        raise InvalidFields({"work": (puzzles.BAD,)})


def _pretended(work: Work, form: SignUp) -> SignedUp:
    """Answer a robot as if it had an account now."""
    require_none({"username": names.conflicts(work, form.username)})
    record(work, "account.signup_trapped", detail={"reason": form.suspicion})
    return SignedUp(0, form.username, sessions.decoy(work))


def _rates(call: Call) -> tuple[limits.Limit, ...]:
    chosen = call.hub.settings.accounts
    address, network = limits.address_of(call.origin.ip), limits.network_of(call.origin.ip)
    return (
        limits.Limit(f"signup.address:{address}", chosen.sign_ups_per_hour_per_ip, 60),
        limits.Limit(f"signup.network:{network}", chosen.sign_ups_per_hour_per_network, 60),
        limits.Limit("signup.all", chosen.sign_ups_per_hour, 60),
    )


def _require_fields(call: Call, form: SignUp) -> addresses.Address:
    """Collect what is wrong with every field and say it at once."""
    address = addresses.parse(form.email)
    identities = (form.username, address.local_part if address else "")
    faults = {
        "email": email_faults(call, form.email),
        "password": ()
        if form.identity
        else new_password_faults(call.hub, form.password, identities=identities),
        "username": name_faults(call, form.username),
        "full_name": full_name_faults(form.full_name),
        "consents": consent_faults(call, form.consents),
        "invite": invite_faults(call, form.invite, form.email),
        "work": puzzles.faults(call, work_of(call), form.work),
        "first_code": first.code_faults(call, form.first_code),
    }
    require_none(faults)
    assert address is not None, "an address that cannot be read is a fault"
    return address


def _open(
    work: Work,
    form: SignUp,
    address: addresses.Address,
    password_hash: str | None,
    public_id: str,
) -> people.User:
    row = opening.Row(
        name=form.username,
        full_name=form.full_name.strip(),
        address=address,
        password_hash=password_hash,
        language=CHINESE if form.language == CHINESE else "en",
        admin=first.is_first(work, form.first_code),
        public_id=public_id,
    )
    proved = _proves(form.identity, address)
    if proved:
        confirmed.displace(work, address.key)
    try:
        user = opening.write(work, row, verified_at=work.now if proved else None)
    except AlreadyExists as taken:
        raise InvalidFields({"username": (taken.message,)}) from taken
    if proved and user.address_taken:
        raise Conflict("Another account has this address. Log in to it and link the other site.")
    return user


def _proves(identity: Claims | None, address: addresses.Address) -> bool:
    """Whether another site has checked that this address is the person's."""
    theirs = addresses.parse(identity.email) if identity else None
    return theirs is not None and theirs.key == address.key
