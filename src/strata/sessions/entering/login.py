"""Log in with a name or an address and a password (product §3.6).

Every attempt is counted as a failure before the password is looked at, and taken back when it was
right: parallel guesses cannot slip past the limit. Unknown people are counted, delayed and
refused exactly as known ones.

After twenty failures in an hour, wherever from, the password alone opens nothing in a browser in
which the account was never entered: a log-in waits for a link by mail. A wrong password is told the
same, counts the same and costs the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.accounts import addresses, limits, passwords, people
from strata.accounts.factors.halfway import Ticket
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, Forbidden, LogInElsewhere
from strata.events.facts import record
from strata.sessions.entering import browsers, sites, waiting, warning
from strata.sessions.entering.entry import Browser, LoggedIn, arrive
from strata.sessions.entering.waiting import Waiting

BAD_CREDENTIALS = "auth.bad_credentials"
LONGEST_IDENTIFIER = 320
CANDIDATES = 2  # passwords compared in every attempt, found or not

PAIR_FAILURES, PAIR_MINUTES = 5, 5
PAIR_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))
ADDRESS_FAILURES, ADDRESS_MINUTES = 30, 10
SPRAYED_PEOPLE, SPRAY_MINUTES = 10, 10
PERSON_FAILURES, PERSON_MINUTES = 20, 60
LONG_WAIT = (timedelta(hours=1),)
IN_BROWSER = "This account confirms log-ins by mail, in a browser. Use an access token here."


@dataclass(frozen=True, slots=True)
class LogIn:
    """The log-in form as it was sent."""

    identifier: str  # username or e-mail address
    password: str = field(repr=False)
    browser: Browser = field(default_factory=Browser)


def log_in(call: Call, form: LogIn) -> LoggedIn | Ticket | Waiting:
    """Open a session for whoever knows the password, or ask for more.

    Returns:
        A `Ticket`: the second factor is missing. `Waiting`: the log-in goes on with a link by mail,
        if the password was right.

    Raises:
        BadCredentials: one sentence (`auth.bad_credentials`) for every reason.
        TooMany: this person, this address, or both, failed too often.
        AccountSuspended, Forbidden: as `accounts.standing.require_enterable`.
        LogInElsewhere: people with the address that was typed come in through another site; after
            a username, only who knows the password hears that.
    """
    sites.require_free(call.hub, form.identifier)
    candidates = _candidates(call, form.identifier.strip()[:LONGEST_IDENTIFIER])
    trace = _trace(call, form, candidates)
    with working(call) as work:
        under_attack = _admit(work, trace)
    user = _matching(call, candidates, form.password)
    if under_attack:
        return _wait(call, user, trace)
    if user is None:
        _fail(call, trace)
        raise BadCredentials(BAD_CREDENTIALS)
    _require_enterable(call, user, trace)
    renewed = _renewed_hash(call, user, form.password)
    with working(call) as work:
        return _succeed(work, user, trace, renewed)


@dataclass(frozen=True, slots=True)
class _Trace:
    """Under which keys an attempt is counted."""

    person: people.User | None
    subject: str  # whom the caller tries to be, known or not
    address: str
    browser: Browser
    at: datetime

    @property
    def pair_key(self) -> str:
        return f"login.pair:{self.subject}:{self.address}"

    @property
    def person_key(self) -> str:
        return f"login.person:{self.subject}"

    @property
    def address_key(self) -> str:
        return f"login.address:{self.address}"


def forgive(work: Work, user_id: int) -> None:
    """Let the failures of an account count no more: its owner has chosen another password."""
    subject = _subject(work, f"user:{user_id}")
    limits.forget_all(work, f"login.pair:{subject}:")
    limits.forget(work, f"login.person:{subject}")


def forgive_here(work: Work, user_id: int) -> None:
    """The same for the failures from where the caller is: they have shown who they are."""
    subject, here = _subject(work, f"user:{user_id}"), limits.address_of(work.origin.ip)
    limits.forget(work, f"login.pair:{subject}:{here}")


def _subject(call: Call, named: str) -> str:
    return call.hub.secrets.digest("login.subject", named)[:32]


def _candidates(call: Call, identifier: str) -> list[people.User]:
    """The accounts that may be meant: the owner of an address, then whoever tried to take it."""
    if "@" not in identifier:
        user = people.by_name(call, identifier)
        return [user] if user else []
    address = addresses.parse(identifier)
    if address is None:
        return []
    found = (
        people.owner_of_address(call, address.key),
        people.newest_pretender(call, address.key),
    )
    return [user for user in found if user]


def _trace(call: Call, form: LogIn, candidates: Sequence[people.User]) -> _Trace:
    person = candidates[0] if candidates else None
    typed = form.identifier.strip()[:LONGEST_IDENTIFIER].casefold()
    named = f"user:{person.id}" if person else f"typed:{typed}"
    subject = _subject(call, named)
    address = limits.address_of(call.origin.ip)
    return _Trace(person, subject, address, form.browser, call.now)


def _admit(work: Work, trace: _Trace) -> bool:
    """Count the attempt, or refuse it; True: the password alone must open nothing here."""
    limits.count(
        work,
        limits.Limit(trace.address_key, ADDRESS_FAILURES, ADDRESS_MINUTES),
        subject=trace.subject,
    )
    for key in (trace.pair_key, trace.address_key):
        limits.require_unblocked(work, key)
    under_attack = limits.is_blocked(work, trace.person_key) and not _is_known(work, trace)
    if under_attack and not trace.browser.forms:
        limits.require_unblocked(work, trace.person_key)  # a program cannot wait for a mail
    for key in (trace.pair_key, trace.person_key):
        limits.note(work, key)
    if limits.counted(work, trace.pair_key, minutes=PAIR_MINUTES) >= PAIR_FAILURES:
        limits.block(work, trace.pair_key, PAIR_WAITS)
    return under_attack


def _is_known(call: Call, trace: _Trace) -> bool:
    """Whether the person logged in with this browser before; asked of nobody, it costs the same."""
    person_id = trace.person.id if trace.person else 0
    return browsers.is_known(call, person_id, trace.browser.device)


def _matching(call: Call, candidates: Sequence[people.User], password: str) -> people.User | None:
    """Who has this password; always the same number of comparisons."""
    padded = [*candidates, *[None] * (CANDIDATES - len(candidates))]
    matched = [
        user
        for user in padded
        if passwords.matches(call.hub, user.password_hash if user else None, password)
    ]
    return next((user for user in matched if user), None)


def _fail(call: Call, trace: _Trace) -> None:
    with working(call) as work:
        _note_failure(work, trace)


def _wait(call: Call, user: people.User | None, trace: _Trace) -> Waiting:
    """Let the log-in wait, be the password right or wrong: it stays counted as a failure."""
    forms, remember = trace.browser.forms, trace.browser.remember
    with working(call) as work:
        _note_failure(work, trace, {"waits": True})
        return waiting.begin(work, user.id if user else None, forms=forms, remember=remember)


def _note_failure(work: Work, trace: _Trace, detail: Mapping[str, object] | None = None) -> None:
    record(
        work,
        "account.login_failed",
        target=trace.person.name if trace.person else None,
        actor_id=trace.person.id if trace.person else None,
        detail=detail,
    )
    _watch_person(work, trace)
    _watch_address(work, trace)


def _watch_person(work: Work, trace: _Trace) -> None:
    """Twenty failures in an hour: for an hour only known browsers, and a mail to the owner."""
    failures = limits.counted(work, trace.person_key, minutes=PERSON_MINUTES)
    if failures < PERSON_FAILURES or limits.is_blocked(work, trace.person_key):
        return
    limits.block(work, trace.person_key, LONG_WAIT)
    person = trace.person
    record(
        work,
        "account.lockout",
        target=person.name if person else None,
        actor_id=person.id if person else None,
    )
    warning.warn(work, person.id if person else 0)


def _watch_address(work: Work, trace: _Trace) -> None:
    """Ten people tried from one address: somebody sprays passwords."""
    tried = limits.distinct_subjects(work, trace.address_key, minutes=SPRAY_MINUTES)
    if tried >= SPRAYED_PEOPLE and not limits.is_blocked(work, trace.address_key):
        limits.block(work, trace.address_key, LONG_WAIT)
        record(work, "account.lockout", detail={"people": tried})


def _require_enterable(call: Call, user: people.User, trace: _Trace) -> None:
    """Turn away who has the password and may not come in: no failure to guess it."""
    try:
        sites.require_way_in(call, user, "password")
    except Forbidden as error:
        with working(call) as work:
            _forgive(work, trace)
            detail = {"standing": user.standing}
            if isinstance(error, LogInElsewhere):
                detail = {"site": error.provider}
            record(work, "account.login_failed", target=user.name, actor_id=user.id, detail=detail)
        raise


def _forgive(work: Work, trace: _Trace) -> None:
    """Take back that this attempt was counted as a failure."""
    limits.forget(work, trace.pair_key)
    limits.refund(work, trace.person_key, counted_at=trace.at)
    limits.refund(work, trace.address_key, subject=trace.subject, counted_at=trace.at)


def _renewed_hash(call: Call, user: people.User, password: str) -> str | None:
    """A hash with today's parameters when the kept one is older."""
    if user.password_hash is None or not passwords.is_outdated(call.hub, user.password_hash):
        return None
    return passwords.hash_password(call.hub, password)


def _succeed(
    work: Work, user: people.User, trace: _Trace, renewed: str | None
) -> LoggedIn | Ticket | Waiting:
    browser = trace.browser
    _forgive(work, trace)
    if renewed:
        here = sa.update(users).where(users.c.id == user.id)
        work.db.execute(here.values(password_hash=renewed))
    if not _must_confirm(work, user, browser):
        return arrive(work, user, browser, how="password")
    if not browser.forms:
        raise Forbidden(IN_BROWSER)
    return waiting.begin(work, user.id, forms=browser.forms, remember=browser.remember)


def _must_confirm(call: Call, user: people.User, browser: Browser) -> bool:
    """Whether the site has every unknown browser confirmed, and nothing else protects the account.

    An account without a confirmed address may do nothing, and nobody knows whose mailbox it has.
    """
    wanted = call.hub.settings.accounts.confirm_new_browsers
    if not wanted or user.has_factor or user.verified_at is None:
        return False
    return not browsers.is_known(call, user.id, browser.device)
