"""Mails: queued in the transaction that causes them, sent by a job, kept for reading.

Without a mail server they stay in the outbox, which `strata mail` reads, so that a first run needs
none.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.events.jobs import enqueue
from strata.events.mails import troubles
from strata.events.mails.sending import RETRIED_FOR, ForgetMail, SendMail
from strata.events.mails.tables import mails
from strata.lib.db.seek import Page, Window, page_down


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it has an envelope; text and html say the same."""

    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)  # further ones: List-Unsubscribe


class State(StrEnum):
    """What became of a mail."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"  # refused for good, or given up after a day
    RETURNED = "returned"  # taken, and came back
    KEPT = "kept"  # there was no mail server


_IN_STATE: Final = {
    State.QUEUED: mails.c.finished_at.is_(None),
    State.SENT: sa.and_(mails.c.sent_at.is_not(None), mails.c.bounced_at.is_(None)),
    State.FAILED: mails.c.failed_at.is_not(None),
    State.RETURNED: mails.c.bounced_at.is_not(None),
    State.KEPT: sa.and_(
        mails.c.finished_at.is_not(None), mails.c.sent_at.is_(None), mails.c.failed_at.is_(None)
    ),
}


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail in the outbox, which is the delivery log too; its body is gone once it is sent."""

    id: int
    created_at: datetime
    recipient: str
    subject: str
    text: str
    html: str
    attempts: int
    sent_at: datetime | None
    failed_at: datetime | None
    bounced_at: datetime | None
    finished_at: datetime | None
    last_reply: str | None

    @property
    def state(self) -> State:
        if self.bounced_at:
            return State.RETURNED
        if self.sent_at:
            return State.SENT
        if self.failed_at:
            return State.FAILED
        return State.KEPT if self.finished_at else State.QUEUED

    @property
    def can_be_retried(self) -> bool:
        """Whether it was not sent, is not on its way, and its text is still here."""
        return self.state in {State.FAILED, State.KEPT} and bool(self.text)


def post(work: Work, letter: Letter, *, after: timedelta = timedelta(0)) -> int:
    """Queue a mail with the transaction; returns its id in the outbox.

    Args:
        after: pause before it is sent, such as until the end of somebody's quiet hours.
    """
    leaves = bool(work.hub.settings.mail.url)
    inserted = work.db.execute(
        sa.insert(mails).values(
            created_at=work.now,
            recipient=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            headers=dict(letter.headers) or None,
            unique_part=secrets.token_hex(16),
            queued_at=work.now + after if leaves else None,
            finished_at=None if leaves else work.now,
        )
    )
    (mail_id,) = inserted.inserted_primary_key or (0,)
    if leaves:
        enqueue(work, SendMail(mail_id), after=after)
    return int(mail_id)


def post_and_forget(work: Work, letter: Letter) -> None:
    """Queue the last mail to somebody; two days later nothing is kept of it."""
    enqueue(work, ForgetMail(post(work, letter)), after=2 * RETRIED_FOR)


def forget(work: Work, recipients: Collection[str]) -> None:
    """Remove every mail to these addresses, sent or not, and what became of them."""
    for recipient in recipients:
        troubles.clear(work, recipient)
    work.db.execute(sa.delete(mails).where(mails.c.recipient.in_(sorted(recipients))))


def forget_done(work: Work, recipients: Collection[str]) -> None:
    """Remove what was written to addresses that nobody proved to have.

    What is on its way still arrives, as somebody else may have sent it; two days later it is gone.
    """
    theirs = mails.c.recipient.in_(sorted(recipients))
    leaving = sa.select(mails.c.id).where(theirs, mails.c.finished_at.is_(None))
    for mail_id in work.db.scalars(leaving).all():
        enqueue(work, ForgetMail(mail_id), after=2 * RETRIED_FOR)
    work.db.execute(sa.delete(mails).where(theirs, mails.c.finished_at.is_not(None)))


def outbox(
    call: Call, *, limit: int = 50, states: Collection[State] = (), to: str = ""
) -> list[Kept]:
    """The newest mails first, all or those in some states or to one address."""
    found = _narrowed(states, to).order_by(mails.c.id.desc()).limit(limit)
    return [_kept(row) for row in call.db.execute(found)]


def log(call: Call, window: Window, *, states: Collection[State] = (), to: str = "") -> Page[Kept]:
    """A part of the newest mails, as many as `mail.log_deliveries` says; nothing older is read."""
    most = call.hub.settings.mail.log_deliveries
    beyond = sa.select(mails.c.id).order_by(mails.c.id.desc()).offset(most).limit(1)
    newest = mails.c.id > sa.func.coalesce(beyond.scalar_subquery(), 0)
    found = _narrowed(states, to).where(newest)
    return page_down(call.db, found, window, (mails.c.id,), _kept)


def _narrowed(states: Collection[State], to: str) -> sa.Select[Any]:
    found = sa.select(mails)
    if states:
        found = found.where(sa.or_(*(_IN_STATE[state] for state in states)))
    return found.where(sa.func.lower(mails.c.recipient) == to.lower()) if to else found


def read(call: Call, mail_id: int) -> Kept | None:
    """A mail as it is kept; None: there is none."""
    row = call.db.execute(sa.select(mails).where(mails.c.id == mail_id)).first()
    return _kept(row) if row else None


def _kept(row: sa.Row[Any]) -> Kept:
    fields = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    return Kept(**{name: fields[name] for name in Kept.__dataclass_fields__})
