"""Mails: queued in the transaction that causes them, sent by a job, kept for reading.

Without a mail server they stay in the outbox, which `strata mail` reads, so that a first run needs
none.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar

import sqlalchemy as sa

from strata.core.call import Call, Work, working
from strata.events.jobs import GiveUp, enqueue
from strata.events.tables import mails
from strata.lib import mail

RETRIED_FOR = timedelta(hours=24)  # a mail server that is away or busy is asked this long


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it has an envelope; text and html say the same."""

    recipient: str
    subject: str
    text: str
    html: str
    headers: Mapping[str, str] = field(default_factory=dict)  # further ones: List-Unsubscribe


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail in the outbox."""

    id: int
    created_at: datetime
    recipient: str
    subject: str
    text: str
    html: str
    sent_at: datetime | None
    failed_at: datetime | None
    last_reply: str | None


@dataclass(frozen=True, slots=True)
class SendMail:
    """Hand one mail to the mail server; the row says whether that was done."""

    kind: ClassVar[str] = "mail.send"
    mail_id: int

    def run(self, call: Call) -> None:
        row = call.db.execute(sa.select(mails).where(mails.c.id == self.mail_id)).first()
        if row is None or row.sent_at is not None:
            return
        message = mail.Message(
            to=row.recipient,
            subject=row.subject,
            text=row.text,
            html=row.html,
            headers=row.headers or {},
            unique=row.unique_part,
        )
        try:
            mail.send(call.hub.settings.mail.url, message, sent=row.created_at)
        except mail.MailRefused as refused:
            over = refused.permanent or call.now - row.created_at >= RETRIED_FOR
            _note(
                call,
                self.mail_id,
                last_reply=refused.reply,
                failed_at=call.now if over else None,
            )
            if over:
                raise GiveUp(refused.reply) from refused
            raise
        _note(call, self.mail_id, sent_at=call.now, last_reply="accepted")


@dataclass(frozen=True, slots=True)
class ForgetMail:
    """Remove one mail, whatever became of it."""

    kind: ClassVar[str] = "mail.forget"
    mail_id: int

    def run(self, call: Call) -> None:
        with working(call) as work:
            work.db.execute(sa.delete(mails).where(mails.c.id == self.mail_id))


def post(work: Work, letter: Letter, *, after: timedelta = timedelta(0)) -> int:
    """Queue a mail with the transaction; returns its id in the outbox.

    Args:
        after: pause before it is sent, such as until the end of somebody's quiet hours.
    """
    inserted = work.db.execute(
        sa.insert(mails).values(
            created_at=work.now,
            recipient=letter.recipient,
            subject=letter.subject,
            text=letter.text,
            html=letter.html,
            headers=dict(letter.headers) or None,
            unique_part=secrets.token_hex(16),
        )
    )
    (mail_id,) = inserted.inserted_primary_key or (0,)
    if work.hub.settings.mail.url:
        enqueue(work, SendMail(mail_id), after=after)
    return int(mail_id)


def post_and_forget(work: Work, letter: Letter) -> None:
    """Queue the last mail to somebody; two days later nothing is kept of it."""
    enqueue(work, ForgetMail(post(work, letter)), after=2 * RETRIED_FOR)


def forget(work: Work, recipients: Collection[str]) -> None:
    """Remove every mail to these addresses, sent or not."""
    work.db.execute(sa.delete(mails).where(mails.c.recipient.in_(sorted(recipients))))


def outbox(call: Call, *, limit: int = 50) -> list[Kept]:
    """The newest mails first."""
    rows = call.db.execute(sa.select(mails).order_by(mails.c.id.desc()).limit(limit))
    return [_kept(row) for row in rows]


def read(call: Call, mail_id: int) -> Kept | None:
    row = call.db.execute(sa.select(mails).where(mails.c.id == mail_id)).first()
    return _kept(row) if row else None


def _kept(row: sa.Row[tuple[object, ...]]) -> Kept:
    fields = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    return Kept(**{name: fields[name] for name in Kept.__dataclass_fields__})


def _note(call: Call, mail_id: int, **values: object) -> None:
    with working(call) as work:
        work.db.execute(sa.update(mails).where(mails.c.id == mail_id).values(**values))
