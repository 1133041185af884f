"""The SQL that writes notifications."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from strata.accounts.notices.choices import Wanted
from strata.community.inbox.record import STRENGTH, News, Reason
from strata.community.inbox.tables import notifications
from strata.core.call import Work
from strata.lib.db.statements import upsert

AT_ONCE: Final = 1000  # rows that one statement removes
_REPLACED: Final = (
    "event", "fact_id", "at", "repo_id", "namespace_id", "actor_id", "detail", "for_managers",
)  # fmt: skip


def tell(work: Work, news: News, reason: Reason, people: Mapping[int, Wanted]) -> None:
    """Write what happened into the rows of these people.

    A row that knows of the fact, or of a newer one, stays as it is: telling twice, or for a
    stronger and a weaker reason, is telling once. Who muted the thread hears when they are named.
    """
    if not people:
        return
    rows = [_row(news, reason, user_id, how) for user_id, how in people.items()]
    fresh = upsert(work.db, notifications)
    held, new = notifications.c, fresh.excluded
    named = new.reason == Reason.MENTION.value
    newer = sa.and_(new.fact_id > held.fact_id, sa.or_(sa.not_(held.muted), named))
    stands = sa.and_(held.unread, _strength(held.reason) < _strength(new.reason))
    work.db.execute(
        fresh.on_conflict_do_update(
            index_elements=["user_id", "thread"],
            set_={
                **{name: new[name] for name in _REPLACED},
                "reason": sa.case((stands, held.reason), else_=new.reason),
                "shown": sa.or_(held.shown, new.shown),
                "unread": sa.or_(held.unread, new.unread),
                "done": sa.and_(held.done, sa.not_(new.shown)),
                "mail_due": sa.or_(held.mail_due, new.mail_due),
                "mail_since": sa.case((held.mail_due, held.mail_since), else_=new.mail_since),
            },
            where=newer,
        ),
        rows,
    )


def _row(news: News, reason: Reason, user_id: int, how: Wanted) -> dict[str, object]:
    return {
        "user_id": user_id,
        "thread": news.thread,
        "topic": news.topic.value,
        "reason": reason.value,
        "event": news.event,
        "fact_id": news.fact_id,
        "at": news.at,
        "repo_id": news.repo_id,
        "namespace_id": news.namespace_id,
        "discussion_id": news.discussion_id,
        "actor_id": news.actor_id,
        "detail": dict(news.detail),
        "for_managers": news.for_managers,
        "shown": how.web,
        "unread": how.web,
        "mail_due": how.mail,
        "mail_since": news.at if how.mail else None,
    }


def _strength(reason: sa.ColumnElement[Any]) -> sa.ColumnElement[int]:
    return sa.case(STRENGTH, value=reason, else_=len(STRENGTH))


def change(work: Work, rows: sa.ColumnElement[bool], **values: object) -> int:
    """Change columns of rows; how many there were."""
    return work.db.execute(sa.update(notifications).where(rows).values(**values)).rowcount


def drop_thread(work: Work, thread: str) -> None:
    """Forget a thread that is gone."""
    work.db.execute(sa.delete(notifications).where(notifications.c.thread == thread))


def forget(work: Work, *, read_before: datetime, unread_before: datetime) -> int:
    """Remove some old rows; how many.

    What is muted stays, or it would be heard of again; and what a mail waits for.
    """
    over = sa.or_(
        sa.and_(sa.not_(notifications.c.unread), notifications.c.at < read_before),
        notifications.c.at < unread_before,
    )
    kept = sa.or_(notifications.c.muted, notifications.c.mail_due)
    latest = max(read_before, unread_before)
    some = (
        sa.select(notifications.c.id)
        .where(notifications.c.at < latest, over, sa.not_(kept))
        .limit(AT_ONCE)
    )
    gone = sa.delete(notifications).where(notifications.c.id.in_(some))
    return work.db.execute(gone).rowcount
