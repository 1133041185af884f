"""The second half of a log-in, and the log-in that needs no halves (product §3.6, §3.12)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from strata.accounts import limits, people
from strata.accounts.factors import (
    checking,
    codes,
    halfway,
    held,
    letters,
    passkeys,
    remembered,
    totp,
)
from strata.accounts.factors.challenges import Purpose, Use, place_of
from strata.accounts.factors.halfway import Ticket
from strata.accounts.puzzles import NOT_DONE, Done
from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, Forbidden, InvalidFields, NotFound, TooMany
from strata.events.facts import record
from strata.sessions.entering import crowded, sites
from strata.sessions.entering.entry import Browser, LoggedIn, enter
from strata.sessions.entering.login import BAD_CREDENTIALS

OVER: Final = "This log-in took too long, or was finished already. Begin again."


@dataclass(frozen=True, slots=True)
class Second:
    """What somebody shows as the second factor: one of the first three."""

    code: str = field(default="", repr=False)
    recovery_code: str = field(default="", repr=False)
    passkey: str = field(default="", repr=False)  # the browser's answer, as JSON
    remember: bool = False  # this browser, for thirty days


@dataclass(frozen=True, slots=True)
class Finished:
    """Who it was."""

    entered: LoggedIn
    remembered: str = field(repr=False)  # a cookie for the browser; empty: it gets none


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page of the second factor offers."""

    authenticator: bool
    passkey: str  # what the browser is to be asked, as JSON; empty: nothing


def asked(call: Call, ticket: Ticket) -> Asked | None:
    """What the holder of a ticket may show; None when the ticket is good for nothing."""
    found = halfway.look(call, ticket)
    if found is None:
        return None
    has = held.of(call, found.user_id)
    shows = has.passkeys and place_of(call) is not None
    options = passkeys.options_to_show(call, _use(ticket), found.user_id) if shows else ""
    return Asked(has.authenticator, options)


def finish(call: Call, ticket: Ticket, second: Second, browser: Browser) -> Finished:
    """Open the session of somebody who has shown the second factor too.

    Raises:
        NotFound: the ticket is over, used, or another browser's: back to the password.
        InvalidFields: what was shown is wrong.
        TooMany: it was wrong too often; the ticket is over.
        AccountSuspended, Forbidden: the account was closed meanwhile.
        LogInElsewhere: as `entry.enter`.
    """
    found = halfway.look(call, ticket)
    user = people.by_id(call, found.user_id) if found else None
    if found is None or user is None:
        raise NotFound(OVER)
    tried_at = _counted(call, user, ticket)
    typed = codes.read(call, user.id, second.recovery_code) if second.recovery_code else ""
    try:
        with working(call) as work:
            people.locked(work, user.id)  # before its codes and tickets, as a new password does
            how = f"{found.how}+{_taken(work, user, ticket, replace(second, recovery_code=typed))}"
            checking.refund(work, user, tried_at)
            if not halfway.use(work, ticket):
                raise NotFound(OVER)
            wanted = replace(browser, remember=found.remember, vouched=found.vouched)
            entered = enter(work, _now(work, user.id), wanted, how=how)
            device = remembered.remember(work, user.id) if second.remember else ""
            return Finished(entered, device)
    except InvalidFields:
        checking.failed(call, user)
        raise
    except Forbidden as error:
        sites.note_refused(call, user, error)
        raise


def passkey_options(call: Call, forms: str) -> str:
    """What a browser is asked at the log-in, as JSON; empty: there are no passkeys here.

    Args:
        forms: the cookie that its forms belong to.
    """
    return passkeys.options_to_show(call, _log_in_use(forms)) if place_of(call) else ""


def enter_by_passkey(call: Call, answer: str, browser: Browser, done: Done = NOT_DONE) -> LoggedIn:
    """Open a session for whoever shows a passkey, by a finger, a face or a PIN: both factors.

    Args:
        done: the work that came along, where so many failed that it is asked for.

    Raises:
        InvalidFields: it is unknown or wrong.
        AccountSuspended, Forbidden: the account is closed.
        LogInElsewhere: as `entry.enter`.
        WorkNeeded: too many failed from this address; it may work for each attempt.
        TooMany: the same where no work is offered.
    """
    key, tried_at = crowded.passkey_key_of(limits.address_of(call.origin.ip)), call.now
    with working(call) as work:
        limits.note(work, key)
        crowded.require_room(work, key, done)
    user = None
    try:
        with working(call) as work:
            people.locked(work, passkeys.owner_of(work, answer) or 0)  # before what is theirs
            user = _now(work, passkeys.show(work, _log_in_use(browser.forms), answer))
            limits.refund(work, key, counted_at=tried_at)
            return enter(work, user, browser, how="passkey")
    except (InvalidFields, Forbidden) as error:
        _note_failed(call, user, error)
        raise


def _note_failed(call: Call, user: people.User | None, error: InvalidFields | Forbidden) -> None:
    """Write down that a passkey opened nothing; None: it is unknown whose it was."""
    if user is not None and isinstance(error, Forbidden):
        sites.note_refused(call, user, error)
        return
    with working(call) as work:
        record(work, "account.login_failed", detail={"how": "passkey"})


def _counted(call: Call, user: people.User, ticket: Ticket) -> datetime:
    try:
        return checking.counted(call, user)
    except TooMany:
        with working(call) as work:
            halfway.use(work, ticket)
        raise


def _taken(work: Work, user: people.User, ticket: Ticket, second: Second) -> str:
    """By which factor it was; what was used is used up with this transaction.

    Args:
        second: its recovery code as `codes.read` has it.
    """
    if second.passkey:
        passkeys.show(work, _use(ticket), second.passkey, of_user=user.id)
        return "passkey"
    if second.recovery_code:
        if not codes.take(work, user.id, second.recovery_code):
            raise InvalidFields({"recovery_code": (checking.BAD_CODE,)})
        _tell_of_recovery(work, user)
        return "recovery"
    if not totp.take(work, user.id, second.code):
        raise InvalidFields({"code": (checking.BAD_CODE,)})
    return "totp"


def _tell_of_recovery(work: Work, user: people.User) -> None:
    left = codes.of(work, user.id).left
    record(work, "account.recovery_used", target=user.name, actor_id=user.id, detail={"left": left})
    letters.send(work, user, letters.recovery_used(left))


def _now(work: Work, user_id: int) -> people.User:
    """The account as it is now; `enter` asks whether it was closed since the password was right."""
    user = people.by_id(work, user_id)
    if user is None:
        raise BadCredentials(BAD_CREDENTIALS)
    return user


def _use(ticket: Ticket) -> Use:
    return Use(Purpose.SECOND, ticket.value)


def _log_in_use(forms: str) -> Use:
    return Use(Purpose.LOG_IN, forms)
