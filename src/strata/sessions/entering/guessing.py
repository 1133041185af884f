"""How log-ins by password are counted, and what stops those who guess (product §3.6).

What decides about an answer is counted under what was typed, never under whose account that is:
who shuts a username out would else learn which address shuts out with it. Failures of an account
under all its names are counted beside that, and matter once somebody has the right password.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from strata.accounts import confirmed, limits, people
from strata.accounts.mailboxes import addresses
from strata.accounts.puzzles import Done
from strata.core.call import Call, Work
from strata.core.errors import Locked, TooMany
from strata.events.facts import record
from strata.sessions.entering import crowded, warning
from strata.sessions.entering.entry import Browser
from strata.sessions.signed_in import browsers


@dataclass(frozen=True, slots=True)
class Trace:
    """Under which keys an attempt is counted."""

    person: people.User | None  # whom it is about
    typed: str  # as whom the caller introduces themselves, known or not
    account: str  # whose that is; of what nobody has, something that stands for it
    address: str
    browser: Browser
    at: datetime

    @property
    def pair_key(self) -> str:
        return _pair_key(self.typed, self.address)

    @property
    def person_key(self) -> str:
        return _person_key(self.typed)

    @property
    def account_key(self) -> str:
        return _person_key(self.account)

    @property
    def address_key(self) -> str:
        return crowded.key_of(self.address)


def trace(call: Call, typed: str, person: people.User | None, browser: Browser) -> Trace:
    """How an attempt is counted.

    Args:
        typed: a username or an address.
        person: who has it.
    """
    account = f"user:{person.id}" if person else f"nobody:{_folded(typed)}"
    return Trace(
        person,
        _subject(call, _folded(typed)),
        _subject(call, account),
        limits.address_of(call.origin.ip),
        browser,
        call.now,
    )


def admit(work: Work, tried: Trace, done: Done) -> bool:
    """Count the attempt, or refuse it; True: the password alone must open nothing here.

    Args:
        done: the work that came along; spent only where it is what lets the attempt through.

    Raises:
        Locked: who is typed failed too often from this address.
        TooMany: this address did.
        WorkNeeded: so did this address; who works for each attempt need not wait.
    """
    chosen = work.hub.settings.entering
    limits.note(work, tried.address_key, subject=tried.typed)  # first: parallel ones wait for it
    limits.require_unblocked(work, tried.address_key)
    _require_unlocked(work, tried.pair_key)
    under_attack = limits.is_blocked(work, tried.person_key) and not _is_known(work, tried)
    if under_attack and not tried.browser.forms:
        limits.require_unblocked(work, tried.person_key)  # a program cannot wait for a mail
    for key in (tried.pair_key, tried.person_key, tried.account_key):
        limits.note(work, key)
    if limits.counted(work, tried.pair_key, minutes=chosen.pair_minutes) >= chosen.pair_failures:
        limits.block(work, tried.pair_key, *chosen.pair_wait_minutes)
    crowded.require_room(work, tried.address_key, done)
    return under_attack


def _require_unlocked(work: Work, key: str) -> None:
    try:
        limits.require_unblocked(work, key)
    except TooMany as full:
        raise Locked(full.message, retry_after_s=full.retry_after_s) from full


def is_guarded(call: Call, user: people.User, browser: Browser) -> bool:
    """Whether an account was guessed at so often that its password opens nothing in this browser.

    Under whichever of its names that was: ask once the password was right.
    """
    key = _person_key(_subject(call, f"user:{user.id}"))
    return limits.is_blocked(call, key) and not browsers.is_known(call, user.id, browser.device)


def note_failure(work: Work, tried: Trace, detail: Mapping[str, object] | None = None) -> None:
    """Write down that an attempt failed, and draw the consequences."""
    record(
        work,
        "account.login_failed",
        target=tried.person.name if tried.person else None,
        actor_id=tried.person.id if tried.person else None,
        detail=detail,
    )
    _watch_person(work, tried)
    _watch_address(work, tried)


def take_back(work: Work, tried: Trace) -> None:
    """Take back that this attempt was counted as a failure, in the order of the counting."""
    limits.refund(work, tried.address_key, subject=tried.typed, counted_at=tried.at)
    limits.forget(work, tried.pair_key)
    for key in (tried.person_key, tried.account_key):
        limits.refund(work, key, counted_at=tried.at)


def forgive(work: Work, user: people.User) -> None:
    """Let the failures of an account count no more: its owner has chosen another password."""
    for subject in _subjects(work, user):
        limits.forget_all(work, _pair_key(subject, ""))
        limits.forget(work, _person_key(subject))


def forgive_here(work: Work, user: people.User) -> None:
    """The same for the failures from where the caller is: they have shown who they are."""
    here = limits.address_of(work.origin.ip)
    for subject in _subjects(work, user):
        limits.forget(work, _pair_key(subject, here))


def _watch_person(work: Work, tried: Trace) -> None:
    """So many failures: for a while only known browsers, and a mail to the owner."""
    begun = [
        key for key in dict.fromkeys((tried.person_key, tried.account_key)) if _begins(work, key)
    ]
    for key in begun:
        limits.block(work, key, work.hub.settings.entering.name_guard_minutes)
    if tried.account_key not in begun:
        return
    person = tried.person
    record(
        work,
        "account.lockout",
        target=person.name if person else None,
        actor_id=person.id if person else None,
    )
    warning.warn(work, person.id if person else 0)


def _begins(call: Call, key: str) -> bool:
    """Whether there are so many failures by now that there must be a wait."""
    chosen = call.hub.settings.entering
    failures = limits.counted(call, key, minutes=chosen.name_minutes)
    return failures >= chosen.name_failures and not limits.is_blocked(call, key)


def _watch_address(work: Work, tried: Trace) -> None:
    """So many people tried from one address: somebody sprays passwords."""
    chosen, key = work.hub.settings.entering, tried.address_key
    people_tried = limits.distinct_subjects(work, key, minutes=chosen.spraying_minutes)
    if people_tried >= chosen.spraying_names and not limits.is_blocked(work, key):
        limits.block(work, key, chosen.spraying_wait_minutes)
        record(work, "account.lockout", detail={"people": people_tried})
        warning.alert(work, tried.address)


def _is_known(call: Call, tried: Trace) -> bool:
    """Whether the person logged in with this browser before; asked of nobody, it costs the same."""
    person_id = tried.person.id if tried.person else 0
    return browsers.is_known(call, person_id, tried.browser.device)


def _subjects(call: Call, user: people.User) -> list[str]:
    """Everything under which the failures of an account may be counted."""
    theirs = [held.key for held in confirmed.emails_of(call, user.id)]
    typed = dict.fromkeys([_folded(user.name), user.email_key, *theirs])
    return [_subject(call, one) for one in (f"user:{user.id}", *typed)]


def _folded(typed: str) -> str:
    """Equal for all ways to write one username, or one address."""
    address = addresses.parse(typed) if "@" in typed else None
    return address.key if address else typed.strip().casefold()


def _subject(call: Call, named: str) -> str:
    return call.hub.secrets.digest("login.subject", named)[:32]


def _pair_key(subject: str, address: str) -> str:
    return f"login.pair:{subject}:{address}"


def _person_key(subject: str) -> str:
    return f"login.person:{subject}"
