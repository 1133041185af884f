"""The last steps of every log-in: by password, by passkey, or at the word of another site."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.factors import halfway, remembered
from strata.accounts.factors.halfway import Halfway, Ticket
from strata.accounts.legal.documents import due_now
from strata.accounts.tables import users
from strata.core.call import Work
from strata.core.errors import AccountSuspended
from strata.core.settings.providers import UNVOUCHED, Vouched
from strata.events.facts import record
from strata.sessions.entering import sites
from strata.sessions.signed_in import browsers, sessions


@dataclass(frozen=True, slots=True)
class Browser:
    """What the browser that logs in asked for and brings along."""

    remember: bool = False
    replaces: str | None = field(default=None, repr=False)  # cookie of the session that ends
    device: str = field(default="", repr=False)  # cookie by which it is known
    remembered: str = field(default="", repr=False)  # cookie that stands for a second factor
    forms: str = field(default="", repr=False)  # cookie that its forms belong to
    vouched: Vouched = UNVOUCHED  # at whose word it comes


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Who it was, and the new session."""

    user_id: int
    name: str
    verified: bool
    session: sessions.Started
    old_password: bool  # they may want to choose another (`accounts.password_reminder_days`)
    must_agree: bool  # to documents that changed, now or later
    device: str = field(repr=False)  # the cookie by which this browser is known from now on


def arrive(
    work: Work, user: people.User, browser: Browser, *, how: str, proved: bool = True
) -> LoggedIn | Ticket:
    """Let somebody in who has shown one factor, or ask for the second if the account has one.

    Args and Raises: as those of `enter`.
    """
    sites.require_way_in(work, user, how)
    if user.has_factor and not remembered.knows(work, user.id, browser.remembered):
        half = Halfway(user.id, how, browser.remember, browser.vouched)
        return halfway.begin(work, half, browser.forms)
    return enter(work, user, browser, how=how, proved=proved)


def enter(
    work: Work, user: people.User, browser: Browser, *, how: str, proved: bool = True
) -> LoggedIn:
    """Open a session under a new id for somebody who has shown all that the account asks for.

    Args:
        how: by which means, for the audit log: "password", "passkey", "github".
        proved: they have shown it to us, so that nothing asks them again for a while.

    Raises:
        AccountSuspended: as the next, or the account is gone by now.
        Forbidden, LogInElsewhere: as `sites.require_way_in`.
    """
    # Whoever closes the account or ends its sessions waits, or did so.
    there = people.latest(work, user.id)
    if there is None:
        raise AccountSuspended
    user = there
    sites.require_way_in(work, user, how)
    work.db.execute(sa.update(users).where(users.c.id == user.id).values(last_login_at=work.now))
    sessions.end(work, browser.replaces)
    session = sessions.start(
        work,
        user.id,
        admin=user.admin,
        remember=browser.remember,
        proved_by=how if proved else "",
        vouched=browser.vouched,
    )
    record(work, "account.login", target=user.name, actor_id=user.id, detail={"how": how})
    return LoggedIn(
        user_id=user.id,
        name=user.name,
        verified=user.verified_at is not None,
        session=session,
        old_password=_has_old_password(work, user),
        must_agree=due_now(work, user.agreed).by is not None,
        device=browsers.recognise(work, user, browser.device),
    )


def _has_old_password(work: Work, user: people.User) -> bool:
    days = work.hub.settings.accounts.password_reminder_days
    if not days or user.password_hash is None or user.password_at is None:
        return False
    return work.now - user.password_at > timedelta(days=days)
