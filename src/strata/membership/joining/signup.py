"""Open an account (product §3.4): everything or nothing, and silent about who is here already.

An address that belongs to an account gets an account of its own that looks the same from outside;
its owner gets the mail. The costly hash is made before the transaction and in every case.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from strata.accounts import addresses, confirmed, limits, names, passwords, people
from strata.accounts.full_names import full_name_faults
from strata.accounts.legal.agreeing import consent_faults, keep as keep_consents, vouch
from strata.accounts.mail_domains import domain_faults
from strata.accounts.new_passwords import new_password_faults
from strata.accounts.notices.choices import ask_for_mails
from strata.accounts.plans.rules import by_invite
from strata.accounts.profile.picture import point
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import AlreadyExists, Conflict, Forbidden, InvalidFields
from strata.core.hub import Hub
from strata.core.names import fresh_key
from strata.core.providers import UNVOUCHED
from strata.events.facts import record
from strata.events.letters import CHINESE
from strata.lib.db.statements import upsert
from strata.membership.joining import approval, first, invites, picture, verification
from strata.membership.joining.work import Done, spend, work_faults
from strata.sessions.entering import browsers, sessions, sites
from strata.sessions.identities import linking
from strata.sessions.identities.claims import Claims
from strata.sessions.identities.ending import vouched

NAME_CHECKS_PER_MINUTE = 30


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
    work: Done = field(default_factory=Done)  # where sign-up asks for it
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


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account that an operator opens; its address counts as confirmed."""

    name: str
    email: str
    password: str | None = field(default=None, repr=False)
    full_name: str = ""
    admin: bool = False
    language: str = "en"
    similar: bool = False  # the name may look like another one


def sign_up(call: Call, form: SignUp) -> SignedUp:
    """Open an account, sign it in, and send the mail that confirms the address.

    A robot gets the same answer after the same work, and nothing else happens.

    Raises:
        Forbidden: sign-up is closed (`signup.closed`).
        LogInElsewhere: people with such an address come in through another site.
        Conflict: another account has the address that another site vouches for.
        TooMany: this address, its network or the whole site had too many sign-ups.
        InvalidFields: fields are `email`, `password`, `username`, `full_name`, `consents`,
            `invite`, `work`, `picture`, `first_code`.
    """
    mode = call.hub.settings.accounts.sign_up
    if mode == "closed":
        raise Forbidden("signup.closed")
    require_free(call.hub, form.email, form.identity)
    rates = _rates(call)
    limits.require_room(call, *rates)
    address = _require_fields(call, form)
    password_hash = None
    if form.identity is None:
        password_hash = passwords.hash_password(call.hub, form.password)
    public_id = fresh_key()
    looked_at = picture.kept(call, form.picture, public_id, pretend=bool(form.suspicion))
    with looked_at as stem, working(call) as work:
        limits.count(work, *rates)
        if form.suspicion:
            return _pretended(work, form)
        spend(work, form.work)
        promise = _promised(work, form)
        user = _open(work, form, address, password_hash, public_id)
        if stem is not None:
            point(work, user.id, stem)
        if promise is not None:
            by_invite(work, user.id, promise.plan, promise.days)
        if mode == "approval" and not user.admin:
            approval.hold(work, user.id)
        keep_consents(work, user.id, read_in=form.read_in, method=_method(form, promise))
        if form.mails:
            ask_for_mails(work, user.id)
        if form.identity is not None:
            linking.keep(work, user, form.identity)
        if user.verified_at is None:
            verification.issue(work, user)
        else:
            verification.greet(work, user)
        record(
            work,
            "account.signup",
            target=user.name,
            actor_id=user.id,
            detail={"language": user.language, "documents": dict(form.consents)},
        )
        word = vouched(call.hub, form.identity) if form.identity else UNVOUCHED
        session = sessions.start(work, user.id, admin=user.admin, remember=False, vouched=word)
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


def _method(form: SignUp, promise: invites.Promise | None) -> str:
    """How somebody came to agree, for the record of their consent."""
    if form.identity is not None:
        return "oauth"
    return "signup" if promise is None else "invite"


def _promised(work: Work, form: SignUp) -> invites.Promise | None:
    """Use the invitation; where nobody needs one, it only brings the plan that it promises."""
    if work.hub.settings.accounts.sign_up == "invite":
        return invites.use(work, form.invite, form.email)
    with contextlib.suppress(InvalidFields):
        return invites.use(work, form.invite, form.email) if form.invite else None
    return None


def _pretended(work: Work, form: SignUp) -> SignedUp:
    """Answer a robot as if it had an account now."""
    _require_no({"username": names.conflicts(work, form.username)})
    record(work, "account.signup_trapped", detail={"reason": form.suspicion})
    return SignedUp(0, form.username, sessions.decoy(work))


def create_by_operator(call: Call, account: NewAccount) -> people.User:
    """Open a confirmed account from the command line or the admin page.

    Raises:
        InvalidFields: fields are `username`, `email`, `password`, `full_name`.
        AlreadyExists: the name is in use.
        Conflict: the address is in use.
    """
    address = _require_operator_fields(call, account)
    hashed = passwords.hash_password(call.hub, account.password) if account.password else None
    row = _Row(
        name=account.name,
        full_name=account.full_name.strip(),
        address=address,
        password_hash=hashed,
        language=account.language,
        admin=account.admin,
        similar=account.similar,
    )
    with working(call) as work:
        user = _insert(work, row, verified_at=work.now)
        if user.address_taken:
            raise Conflict(f"Another account has the address {address.text}.")
        vouch(work, user.id)
        record(work, "account.signup", target=user.name, detail={"admin": user.admin})
    return user


def email_faults(call: Call, email: str) -> tuple[str, ...]:
    """The message key of what keeps an address from signing up; may ask a name server."""
    return addresses.faults(email, call.hub.settings) or domain_faults(call, email)


def name_faults(call: Call, name: str) -> tuple[str, ...]:
    """Message keys for a name that somebody types: the rules, `name.taken` and `name.similar`.

    Whoever is logged in may have what they gave up themselves.

    Raises:
        TooMany: more than 30 questions in a minute from one address.
    """
    limit = limits.Limit(
        f"names.address:{limits.address_of(call.origin.ip)}", NAME_CHECKS_PER_MINUTE, 1
    )
    with working(call) as work:
        limits.count(work, limit)
    faults = names.faults(name, site_name=call.hub.settings.site_name)
    return faults or names.conflicts(call, name, call.actor.user_id)


def invite_faults(call: Call, code: str, email: str) -> tuple[str, ...]:
    """The message key of what is wrong with an invitation, where sign-up needs one."""
    if call.hub.settings.accounts.sign_up != "invite":
        return ()
    if not code.strip():
        return ("invite.missing",)
    return () if invites.is_good(call, code, email) else ("invite.bad",)


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
    site_name = call.hub.settings.site_name
    identities = (form.username, address.local_part if address else "")
    faults = {
        "email": email_faults(call, form.email),
        "password": ()
        if form.identity
        else new_password_faults(call.hub, form.password, identities=identities),
        "username": names.faults(form.username, site_name=site_name),
        "full_name": full_name_faults(form.full_name),
        "consents": consent_faults(call, form.consents),
        "invite": invite_faults(call, form.invite, form.email),
        "work": work_faults(call, form.work),
        "first_code": first.code_faults(call, form.first_code),
    }
    _require_no(faults)
    assert address is not None, "an address that cannot be read is a fault"
    return address


def _require_operator_fields(call: Call, account: NewAccount) -> addresses.Address:
    address = addresses.parse(account.email)
    site_name = call.hub.settings.site_name
    password = account.password
    faults = {
        "email": () if address else ("email.invalid",),
        "password": new_password_faults(call.hub, password, identities=(account.name,))
        if password is not None
        else (),
        "username": names.faults(
            account.name, site_name=site_name, operator=True, similar=account.similar
        ),
        "full_name": full_name_faults(account.full_name),
    }
    _require_no(faults)
    assert address is not None, "an address that cannot be read is a fault"
    return address


def _require_no(faults: Mapping[str, tuple[str, ...]]) -> None:
    broken = {name: keys for name, keys in faults.items() if keys}
    if broken:
        raise InvalidFields(broken)


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    full_name: str
    address: addresses.Address
    password_hash: str | None = field(repr=False)
    language: str
    admin: bool
    similar: bool = False
    public_id: str = field(default_factory=fresh_key)


def _open(
    work: Work,
    form: SignUp,
    address: addresses.Address,
    password_hash: str | None,
    public_id: str,
) -> people.User:
    row = _Row(
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
        user = _insert(work, row, verified_at=work.now if proved else None)
    except AlreadyExists as taken:
        raise InvalidFields({"username": (taken.message,)}) from taken
    if proved and user.address_taken:
        raise Conflict("Another account has this address. Log in to it and link the other site.")
    return user


def _proves(identity: Claims | None, address: addresses.Address) -> bool:
    """Whether another site has checked that this address is the person's."""
    theirs = addresses.parse(identity.email) if identity else None
    return theirs is not None and theirs.key == address.key


def _insert(work: Work, row: _Row, *, verified_at: datetime | None) -> people.User:
    """Write the account; `address_taken` says whether the address was somebody else's.

    Raises:
        AlreadyExists: the name is in use.
    """
    user_id = names.claim(work, row.name, similar=row.similar)
    values = {
        "id": user_id,
        "public_id": row.public_id,
        "full_name": row.full_name or row.name,
        "email": row.address.text,
        "email_key": row.address.key,
        "verified_at": verified_at,
        "password_hash": row.password_hash,
        "password_at": work.now if row.password_hash else None,
        "admin": row.admin,
        "language": row.language,
        "created_at": work.now,
    }
    # One and the same statement whoever has the address: it must not show in the time this takes.
    taken = people.owner_of_address(work, row.address.key) is not None
    fresh = upsert(work.db, users).values(**values, address_taken=taken).on_conflict_do_nothing()
    if work.db.execute(fresh.returning(users.c.id)).first() is None:  # meanwhile it was taken
        work.db.execute(sa.insert(users).values(**values, address_taken=True))
    elif verified_at is not None and not taken:
        confirmed.claim(work, user_id, email=row.address.text, key=row.address.key)
    user = people.by_id(work, user_id)
    assert user is not None, "the row was written in this transaction"
    return user
