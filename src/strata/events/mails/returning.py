"""Take mail that came back (product S-021): note what it says of the address it was sent to."""

from __future__ import annotations

from enum import StrEnum

import sqlalchemy as sa

from strata.core.call import Call, Work, working
from strata.events.mails import tags, troubles
from strata.events.mails.tables import mails
from strata.lib.mail.returned import Report, read_report


class Taken(StrEnum):
    """What was made of a mail."""

    BOUNCED = "bounced"  # the address is noted as undeliverable
    DELAYED = "delayed"  # or failed for a reason that may pass: nothing is noted of the address
    DELIVERED = "delivered"
    REPEATED = "repeated"  # this was noted before
    STRANGE = "strange"  # not about a mail of ours, or a forged report
    NO_REPORT = "no report"  # an answer of a person or of a robot


def take_back(call: Call, content: bytes, *, recipient: str = "") -> Taken:
    """Read one mail that was sent to the address of the sender.

    Args:
        content: the mail as it came.
        recipient: the envelope's, if the mail server told; the headers are read in any case.
    """
    report = read_report(content)
    if report is None:
        return Taken.NO_REPORT
    with working(call) as work:
        mail_id = tags.mail_of(work, (recipient.lower(), *report.addressed), report.message_id)
        row = _mail(work, mail_id)
        if row is None:
            return Taken.STRANGE
        return _settle(work, row[0], row[1], report)


def _mail(work: Work, mail_id: int | None) -> tuple[int, str] | None:
    found = sa.select(mails.c.id, mails.c.recipient).where(mails.c.id == (mail_id or 0))
    row = work.db.execute(found).first()
    return (row[0], row[1]) if row else None


def _settle(work: Work, mail_id: int, recipient: str, report: Report) -> Taken:
    if report.action == "delivered":
        troubles.clear(work, recipient)
        return Taken.DELIVERED
    if report.action != "failed":
        return Taken.DELAYED
    once = sa.and_(mails.c.id == mail_id, mails.c.bounced_at.is_(None))
    came_back = {"bounced_at": work.now, "last_reply": report.reason}
    if work.db.execute(sa.update(mails).where(once).values(**came_back)).rowcount == 0:
        return Taken.REPEATED
    if not report.is_hard:
        return Taken.DELAYED
    troubles.note(work, recipient, report.reason, returned=True)
    return Taken.BOUNCED
