"""Log in with a name or an address and a password (product §3.6).

Every attempt is counted as a failure before the password is looked at, and taken back when it was
right: parallel guesses cannot slip past the limit. Unknown people are counted, delayed and
refused exactly as known ones.

After many failures, wherever from, the password alone opens nothing in a browser in
which the account was never entered: a log-in waits for a link by mail. A wrong password is told the
same, counts the same and costs the same. Where the failures came under another name of the account,
a wrong password is told what everybody is told, and the right one waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.factors.halfway import Ticket
from strata.accounts.mailboxes import addresses
from strata.accounts.passwords import current, hashing
from strata.accounts.puzzles import NOT_DONE, Done
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, Forbidden
from strata.sessions.entering import sites, waiting
from strata.sessions.entering.entry import Browser, LoggedIn, arrive
from strata.sessions.entering.guessing import (
    Trace,
    admit,
    is_guarded,
    note_failure,
    take_back,
    trace,
)
from strata.sessions.entering.waiting import Waiting
from strata.sessions.signed_in import browsers

BAD_CREDENTIALS = "auth.bad_credentials"
LONGEST_IDENTIFIER = 320
CANDIDATES = 2  # passwords compared in every attempt, found or not

IN_BROWSER = "This account confirms log-ins by mail, in a browser. Use an access token here."


@dataclass(frozen=True, slots=True)
class LogIn:
    """The log-in form as it was sent."""

    identifier: str  # username or e-mail address
    password: str = field(repr=False)
    browser: Browser = field(default_factory=Browser)
    work: Done = NOT_DONE  # where so many failed that it is asked for


def log_in(call: Call, form: LogIn) -> LoggedIn | Ticket | Waiting:
    """Open a session for whoever knows the password, or ask for more.

    Returns:
        A `Ticket`: the second factor is missing. `Waiting`: the log-in goes on with a link by mail,
        if the password was right.

    Raises:
        BadCredentials: one sentence (`auth.bad_credentials`) for every reason.
        TooMany: this person, this address, or both, failed too often.
        WorkNeeded: this address did; it may work for each attempt instead of waiting.
        AccountSuspended, Forbidden: as `accounts.standing.require_enterable`.
        LogInElsewhere: people with the address that was typed come in through another site; after
            a username, only who knows the password hears that.
    """
    sites.require_free(call.hub, form.identifier)
    candidates = _candidates(call, form.identifier.strip()[:LONGEST_IDENTIFIER])
    person = candidates[0] if candidates else None
    tried = trace(call, form.identifier.strip()[:LONGEST_IDENTIFIER], person, form.browser)
    with working(call) as work:
        under_attack = admit(work, tried, form.work)
    user = _matching(call, candidates, form.password)
    if under_attack:
        return _wait(call, user, tried)
    if user is None:
        _fail(call, tried)
        raise BadCredentials(BAD_CREDENTIALS)
    _require_enterable(call, user, tried)
    renewed = _renewed_hash(call, user, form.password)
    try:
        with working(call) as work:
            return _succeed(work, _still(work, user), tried, renewed)
    except Forbidden as error:  # closed in this moment, or waiting for a mail is no way here
        sites.note_refused(call, user, error)
        raise


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


def _matching(call: Call, candidates: Sequence[people.User], password: str) -> people.User | None:
    """Who has this password; always the same number of comparisons."""
    padded = [*candidates, *[None] * (CANDIDATES - len(candidates))]
    matched = [
        user
        for user in padded
        if hashing.matches(call.hub, user.password_hash if user else None, password)
    ]
    return next((user for user in matched if user), None)


def _fail(call: Call, tried: Trace) -> None:
    with working(call) as work:
        note_failure(work, tried)


def _wait(call: Call, user: people.User | None, tried: Trace) -> Waiting:
    """Let the log-in wait, be the password right or wrong: it stays counted as a failure."""
    forms, remember = tried.browser.forms, tried.browser.remember
    with working(call) as work:
        note_failure(work, tried, {"waits": True})
        return waiting.begin(work, user, forms=forms, remember=remember)


def _require_enterable(call: Call, user: people.User, tried: Trace) -> None:
    """Turn away who has the password and may not come in: no failure to guess it."""
    try:
        sites.require_way_in(call, user, "password")
    except Forbidden as error:
        with working(call) as work:
            take_back(work, tried)
        sites.note_refused(call, user, error)
        raise


def _renewed_hash(call: Call, user: people.User, password: str) -> str | None:
    """A hash with today's parameters when the kept one is older."""
    if user.password_hash is None or not hashing.is_outdated(call.hub, user.password_hash):
        return None
    return hashing.hash_password(call.hub, password)


def _still(work: Work, user: people.User) -> people.User:
    """The account as it is now.

    Raises:
        BadCredentials: what was typed is no longer the password.
    """
    there = current.still(work, user)
    if there is None:
        raise BadCredentials(BAD_CREDENTIALS)
    return there


def _succeed(
    work: Work, user: people.User, tried: Trace, renewed: str | None
) -> LoggedIn | Ticket | Waiting:
    browser = tried.browser
    guarded = is_guarded(work, user, browser)
    take_back(work, tried)
    if renewed:
        here = sa.update(users).where(users.c.id == user.id)
        work.db.execute(here.values(password_hash=renewed))
    if not guarded and not _must_confirm(work, user, browser):
        return arrive(work, user, browser, how="password")
    if not browser.forms:
        raise Forbidden(IN_BROWSER)
    return waiting.begin(work, user, forms=browser.forms, remember=browser.remember)


def _must_confirm(call: Call, user: people.User, browser: Browser) -> bool:
    """Whether the site has every unknown browser confirmed, and nothing else protects the account.

    An account without a confirmed address may do nothing, and nobody knows whose mailbox it has.
    """
    wanted = call.hub.settings.accounts.confirm_new_browsers
    if not wanted or user.has_factor or user.verified_at is None:
        return False
    return not browsers.is_known(call, user.id, browser.device)
