"""Hand each mail to the mail server, as often as it takes, and note what came of it.

The row says whether a mail was taken; it is noted right after the server's answer. When the process
dies between the two, the mail goes out once more with the same `Message-ID` (`lib.mail.sending`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Final

import sqlalchemy as sa

from strata.core.call import Call, Work, working
from strata.events.jobs import GiveUp, Later
from strata.events.mails import tags, troubles
from strata.events.mails.tables import mails
from strata.lib.mail.message import Message
from strata.lib.mail.sending import MailRefused, Stage, send

RETRIED_FOR: Final = timedelta(hours=24)  # a mail server that is away or busy is asked this long
# What the log keeps of a mail that is done with: no link, of its body or of its headers.
EMPTIED: Final[Mapping[str, object]] = {"text": "", "html": "", "headers": sa.null()}
NEXT_TURN: Final = timedelta(seconds=5)
NEXT_TURN_OF_SLOW: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SendMail:
    """Hand one mail to the mail server; the row says whether that was done."""

    kind: ClassVar[str] = "mail.send"
    mail_id: int

    def run(self, call: Call) -> None:
        row = call.db.execute(sa.select(mails).where(mails.c.id == self.mail_id)).first()
        if row is None or row.finished_at is not None:
            return
        # Domains whose servers are slow must not keep all the others waiting.
        turns, domain = call.hub.mail_turns, _domain(row)
        with turns.turn(domain, call.hub.settings.mail.concurrent) as taken:
            if not taken:
                raise Later(NEXT_TURN_OF_SLOW if turns.is_slow(domain) else NEXT_TURN)
            self._send(call, row)

    def _send(self, call: Call, row: sa.Row[Any]) -> None:
        try:
            reply = _handed_over(call, row)
        except MailRefused as refused:
            if refused.of_recipient:
                call.hub.mail_turns.note(_domain(row), prompt=refused.answered)
            self._refused(call, row, refused)
            return
        call.hub.mail_turns.note(_domain(row), prompt=True)
        call.hub.crash_point("mail.taken")
        with working(call) as work:
            done = {"sent_at": call.now, "finished_at": call.now}
            _note(work, row, reply, **done, **EMPTIED)
            troubles.clear_refusals(work, row.recipient)

    def _refused(self, call: Call, row: sa.Row[Any], refused: MailRefused) -> None:
        given_up = call.now - (row.queued_at or row.created_at) >= RETRIED_FOR
        with working(call) as work:
            over = {"failed_at": call.now, "finished_at": call.now}
            _note(work, row, refused.reply, **over if refused.permanent or given_up else {})
            if refused.of_address:
                troubles.note(work, row.recipient, refused.reply, returned=False)
        if refused.permanent:
            return
        if given_up:
            raise GiveUp(refused.reply) from refused
        raise refused


@dataclass(frozen=True, slots=True)
class ForgetMail:
    """Remove one mail, whatever became of it."""

    kind: ClassVar[str] = "mail.forget"
    mail_id: int

    def run(self, call: Call) -> None:
        with working(call) as work:
            work.db.execute(sa.delete(mails).where(mails.c.id == self.mail_id))


def _domain(row: sa.Row[Any]) -> str:
    return str(row.recipient).rpartition("@")[2].lower()


def _handed_over(call: Call, row: sa.Row[Any]) -> str:
    """The server's words for taking it.

    Raises:
        MailRefused: it was not taken; also when our own settings are at fault.
    """
    settings, said = call.hub.settings, [""]
    message = Message(
        to=row.recipient,
        subject=row.subject,
        text=row.text,
        html=row.html,
        headers=row.headers or {},
        unique=row.unique_part,
    )

    def watch(_stage: Stage, words: str) -> None:
        said[0] = words

    try:
        send(
            settings.mail.url,
            message,
            sent=row.created_at,
            sender_name=settings.site_name,
            bounces_to=tags.bounces_to(call.hub, row.id),
            watch=watch,
        )
    except ValueError as wrong:  # an operator may still mend it
        raise MailRefused(str(wrong), permanent=False, stage=Stage.RESOLVE) from wrong
    return said[0]


def _note(work: Work, row: sa.Row[Any], reply: str, **values: object) -> None:
    mine = sa.update(mails).where(mails.c.id == row.id)
    work.db.execute(mine.values(attempts=mails.c.attempts + 1, last_reply=reply, **values))
