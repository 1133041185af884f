"""Come back without the password (product §3.13): ask for a link, and use it.

The answer to a request is the same whoever is meant, and so is the work: the request only writes
down what was typed, and a job looks up who that is.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

from strata.accounts import confirmed, limits, people
from strata.accounts.factors import remembered
from strata.accounts.mailboxes import addresses
from strata.accounts.passwords import hashing
from strata.core.call import Call, Origin, Work, working
from strata.core.errors import InvalidFields, LogInElsewhere, NotFound
from strata.credentials.oauth.tokens.ending import end_all
from strata.events import outbox
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.membership.confirming import mailing
from strata.sessions.entering import guessing, sites
from strata.sessions.passwords import reset
from strata.sessions.passwords.changing import keep_password, password_faults
from strata.sessions.signed_in import letters, sessions

LONGEST_IDENTIFIER: Final = 320


@dataclass(frozen=True, slots=True)
class SendReset:
    """Send a link to whoever is meant, if anybody is."""

    kind: ClassVar[str] = "accounts.reset"
    identifier: str  # username or e-mail address
    base_url: str
    ip: str
    user_agent: str
    request_id: str

    def run(self, call: Call) -> None:
        origin = Origin(self.base_url, self.ip, self.user_agent, self.request_id)
        with working(replace(call, origin=origin)) as work:
            user, to = _meant(work, self.identifier)
            if user is None:
                return
            people.locked(work, user.id)  # no address goes, and no other link is made, meanwhile
            user, to = _meant(work, self.identifier)
            if user is None:
                return
            key, most = f"reset.person:{user.id}", work.hub.settings.entering.reset_mails_per_day
            if limits.counted(work, key, minutes=24 * 60) >= most:
                return
            limits.note(work, key)
            elsewhere = sites.sites_of(work, user)
            if elsewhere:
                _lead_elsewhere(work, user, to, elsewhere[0].name)
            elif user.verified_at is None:
                mailing.issue(work, user)
            else:
                reset.send(work, user, to)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """The form behind the link."""

    password: str = field(repr=False)
    sign_out: bool = True  # everywhere; the link itself logs nobody in
    revoke_tokens: bool = False


def ask(call: Call, identifier: str) -> None:
    """Have a link sent to whoever is meant.

    Only confirmed addresses get one, all of the account if it was named by its username. An account
    without any gets its confirmation once more instead.

    Raises:
        LogInElsewhere: people with the address that was typed have no use for a password.
        TooMany: one address has asked for all that it may ask for in an hour.
    """
    sites.require_free(call.hub, identifier)
    origin = call.origin
    typed = identifier.strip()[:LONGEST_IDENTIFIER].replace("\0", "")
    job = SendReset(typed, origin.base_url, origin.ip, origin.user_agent, origin.request_id)
    with working(call) as work:
        here, chosen = limits.address_of(origin.ip), call.hub.settings.entering
        most = chosen.reset_requests_per_hour
        limits.count(work, limits.Limit(f"reset.address:{here}", most, 60))
        enqueue(work, job)


def choose(call: Call, link: str, form: NewPassword) -> None:
    """Give the account of a link another password; nobody is logged in by it.

    Raises:
        NotFound: the link cannot be used (any more).
        LogInElsewhere: since it was sent, an operator has decided that no password opens this.
        InvalidFields: `password` breaks rules.
    """
    user = reset.owner_of_link(call, link)
    if user is None:
        raise NotFound(reset.OVER)
    for site in sites.sites_of(call, user):
        raise LogInElsewhere(site.id, site.name)
    faults = password_faults(call, user, form.password)
    if faults:
        raise InvalidFields({"password": faults})
    hashed = hashing.hash_password(call.hub, form.password)
    with working(call) as work:
        people.locked(work, user.id)  # before its links, as who sends another one does
        reset.use_up(work, link)
        keep_password(work, user, hashed)
        guessing.forgive(work, user)
        remembered.forget(work, user.id)
        if form.sign_out:
            sessions.end_all(work, user.id)
        if form.revoke_tokens:
            end_all(work, user.id)
        record(work, "account.password_reset", target=user.name, actor_id=user.id)
        for reader in confirmed.readers(work, user):
            outbox.post(work, letters.password_changed(work, reader))


def _lead_elsewhere(work: Work, user: people.User, to: list[str], site: str) -> None:
    for email in to:
        reader = people.reader(user, email)
        outbox.post(work, letters.log_in_elsewhere(work, reader, site=site))


def _meant(call: Call, identifier: str) -> tuple[people.User | None, list[str]]:
    """Who is meant, and where the mail goes."""
    if "@" not in identifier:
        user = people.by_name(call, identifier)
        return user, [held.email for held in confirmed.emails_of(call, user.id)] if user else []
    address = addresses.parse(identifier)
    user = people.owner_of_address(call, address.key) if address else None
    if address is None or user is None:
        return None, []
    held = confirmed.emails_of(call, user.id)
    return user, [one.email for one in held if one.key == address.key]
