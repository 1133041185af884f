"""Log in with a name or an address and a password (product §3.6).

Every attempt is counted as a failure before the password is looked at, and taken back when it was
right: parallel guesses cannot slip past the limit. Unknown people are counted, delayed and
refused exactly as known ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from strata.accounts import addresses, limits, passwords, people, standing
from strata.accounts.entering import letters
from strata.accounts.entering.entry import Browser, LoggedIn, arrive
from strata.accounts.factors.halfway import Ticket
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, Forbidden
from strata.events import outbox
from strata.events.facts import record
from strata.events.tables import facts

BAD_CREDENTIALS = "auth.bad_credentials"
LONGEST_IDENTIFIER = 320
CANDIDATES = 2  # passwords compared in every attempt, found or not

PAIR_FAILURES, PAIR_MINUTES = 5, 5
PAIR_WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 4, 8, 15))
ADDRESS_FAILURES, ADDRESS_MINUTES = 30, 10
SPRAYED_PEOPLE, SPRAY_MINUTES = 10, 10
PERSON_FAILURES, PERSON_MINUTES = 20, 60
LONG_WAIT = (timedelta(hours=1),)


@dataclass(frozen=True, slots=True)
class LogIn:
    """The log-in form as it was sent."""

    identifier: str  # username or e-mail address
    password: str = field(repr=False)
    browser: Browser = field(default_factory=Browser)


def log_in(call: Call, form: LogIn) -> LoggedIn | Ticket:
    """Open a session for whoever knows the password, or ask for their second factor.

    Raises:
        BadCredentials: one sentence (`auth.bad_credentials`) for every reason.
        TooMany: this person, this address, or both, failed too often.
        AccountSuspended, Forbidden: as `accounts.standing.require_enterable`.
    """
    candidates = _candidates(call, form.identifier.strip()[:LONGEST_IDENTIFIER])
    trace = _trace(call, form, candidates)
    with working(call) as work:
        _admit(work, trace)
    user = _matching(call, candidates, form.password)
    if user is None:
        _fail(call, trace)
        raise BadCredentials(BAD_CREDENTIALS)
    _require_enterable(call, user, trace)
    renewed = _renewed_hash(call, user, form.password)
    with working(call) as work:
        return _succeed(work, user, form, trace, renewed)


@dataclass(frozen=True, slots=True)
class _Trace:
    """Under which keys an attempt is counted."""

    person: people.User | None
    subject: str  # whom the caller tries to be, known or not
    address: str
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
    return _Trace(person, subject, limits.address_of(call.origin.ip), call.now)


def _admit(work: Work, trace: _Trace) -> None:
    """Count the attempt, or refuse it."""
    limits.count(
        work,
        limits.Limit(trace.address_key, ADDRESS_FAILURES, ADDRESS_MINUTES),
        subject=trace.subject,
    )
    for key in (trace.pair_key, trace.address_key):
        limits.require_unblocked(work, key)
    if not _is_known_here(work, trace):
        limits.require_unblocked(work, trace.person_key)
    for key in (trace.pair_key, trace.person_key):
        limits.note(work, key)
    if limits.counted(work, trace.pair_key, minutes=PAIR_MINUTES) >= PAIR_FAILURES:
        limits.block(work, trace.pair_key, PAIR_WAITS)


def _is_known_here(call: Call, trace: _Trace) -> bool:
    """Whether the person logged in from this address before."""
    if not limits.is_blocked(call, trace.person_key) or trace.person is None:
        return False  # in this order: whether there is such a person costs nothing
    entered = sa.select(facts.c.id).where(
        facts.c.actor_id == trace.person.id,
        facts.c.name.in_(("account.login", "account.signup")),
        facts.c.ip == call.origin.ip,
    )
    return call.db.execute(entered.limit(1)).first() is not None


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
        record(
            work,
            "account.login_failed",
            target=trace.person.name if trace.person else None,
            actor_id=trace.person.id if trace.person else None,
        )
        _watch_person(work, trace)
        _watch_address(work, trace)


def _watch_person(work: Work, trace: _Trace) -> None:
    """Twenty failures in an hour: for an hour only known places, and a mail to the owner."""
    failures = limits.counted(work, trace.person_key, minutes=PERSON_MINUTES)
    if failures < PERSON_FAILURES or limits.is_blocked(work, trace.person_key):
        return
    limits.block(work, trace.person_key, LONG_WAIT)
    person = trace.person
    if person is None:
        return
    record(work, "account.lockout", target=person.name, actor_id=person.id)
    if not person.address_taken:
        reader = people.reader(person)
        outbox.post(work, letters.log_in_failures(work, reader))


def _watch_address(work: Work, trace: _Trace) -> None:
    """Ten people tried from one address: somebody sprays passwords."""
    tried = limits.distinct_subjects(work, trace.address_key, minutes=SPRAY_MINUTES)
    if tried >= SPRAYED_PEOPLE and not limits.is_blocked(work, trace.address_key):
        limits.block(work, trace.address_key, LONG_WAIT)
        record(work, "account.lockout", detail={"people": tried})


def _require_enterable(call: Call, user: people.User, trace: _Trace) -> None:
    """Turn away who has the password and may not come in: no failure to guess it."""
    try:
        standing.require_enterable(call, user)
    except Forbidden:
        with working(call) as work:
            _forgive(work, trace)
            detail = {"standing": user.standing}
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
    work: Work, user: people.User, form: LogIn, trace: _Trace, renewed: str | None
) -> LoggedIn | Ticket:
    _forgive(work, trace)
    if renewed:
        here = sa.update(users).where(users.c.id == user.id)
        work.db.execute(here.values(password_hash=renewed))
    return arrive(work, user, form.browser, how="password")
