"""How long the delivery log is kept, and trying mails of it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, NotFound
from strata.events.facts import record
from strata.events.jobs import enqueue
from strata.events.mails.sending import EMPTIED, SendMail
from strata.events.mails.tables import mails
from strata.events.tables import jobs

EVERY: Final = timedelta(hours=1)
BODY_LIFE: Final = timedelta(days=7)  # of what was not sent; its links are dead long before
REPORTS_COME: Final = timedelta(days=7)  # a mail server tries as long before it reports a failure


@dataclass(frozen=True, slots=True)
class TidyMails:
    """Forget what the log need not keep; queues itself again."""

    kind: ClassVar[str] = "mail.tidy"

    def run(self, call: Call) -> None:
        with working(call) as work:
            _empty_old(work)
            _forget_old(work)
            enqueue(work, self, after=EVERY)


def retry(work: Work, mail_id: int) -> None:
    """Try a mail again at once, and for another day; it is written down.

    Raises:
        NotFound: there is no such mail.
        Conflict: it was sent, its body is no longer kept, or there is no mail server.
    """
    if not work.hub.settings.mail.url:
        raise Conflict("No mail server is set. Set STRATA_MAIL_URL first.")
    row = work.db.execute(sa.select(mails).where(mails.c.id == mail_id)).first()
    if row is None:
        raise NotFound(f"There is no mail {mail_id}. See `strata mail list`.")
    if row.sent_at is not None:
        raise Conflict(f"Mail {mail_id} was sent already.")
    if not row.text:
        raise Conflict(f"The text of mail {mail_id} is no longer kept, so it cannot be sent.")
    again = {"queued_at": work.now, "failed_at": None, "finished_at": None}
    work.db.execute(sa.update(mails).where(mails.c.id == mail_id).values(**again))
    enqueue(work, SendMail(mail_id))
    record(work, "admin.mail_retry", target=str(mail_id))


def failed(call: Call) -> list[int]:
    """The mails that were refused or given up and can be tried again, the oldest first."""
    waits = sa.and_(mails.c.failed_at.is_not(None), mails.c.text != "")
    return list(call.db.scalars(sa.select(mails.c.id).where(waits).order_by(mails.c.id)))


def _empty_old(work: Work) -> None:
    full = sa.or_(mails.c.text != "", mails.c.headers.is_not(None))
    old = sa.and_(mails.c.finished_at < work.now - BODY_LIFE, full)
    work.db.execute(sa.update(mails).where(old).values(EMPTIED))


def _forget_old(work: Work) -> None:
    """Keep the newest, and everything that a report may still come about."""
    most = work.hub.settings.mail.log_deliveries
    done = mails.c.finished_at.is_not(None)
    beyond = sa.select(mails.c.id).where(done).order_by(mails.c.id.desc()).offset(most).limit(1)
    old = sa.and_(
        mails.c.finished_at < work.now - REPORTS_COME, mails.c.id <= beyond.scalar_subquery()
    )
    work.db.execute(sa.delete(mails).where(old))
    given_up = sa.and_(jobs.c.kind == SendMail.kind, jobs.c.failed_at < work.now - BODY_LIFE)
    work.db.execute(sa.delete(jobs).where(given_up))
