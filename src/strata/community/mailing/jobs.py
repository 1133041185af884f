"""Mail people what waits in their inbox: thread by thread, or together in a digest.

A digest also tells of the requests for access that were left to it (`access.gates.gathering`).

The rows of the inbox are marked in the transaction that puts the mail into the outbox: a crash
leaves both or neither, and of two processes one finds nothing left to do. Whether somebody may
still know of a thread, and wants to hear of it by mail, is asked when the mail is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar, Final
from zoneinfo import ZoneInfo

import structlog

from strata.access.gates import gathering
from strata.accounts import people
from strata.accounts.notices.times import Digest, Times, hours_of, last_digest, until_end
from strata.community.inbox import mailing
from strata.community.inbox.mailing import MOST_OF_ONE, Waiting
from strata.community.inbox.record import Until
from strata.community.mailing import letters, requests
from strata.community.mailing.reasons import Told, told
from strata.core.call import Call, Work, working
from strata.events.jobs import enqueue
from strata.events.outbox import post

LOOKS_EVERY: Final = timedelta(seconds=15)
LONGEST_NEWS: Final = timedelta(minutes=15)  # a thread that never settles is mailed about then
PEOPLE_AT_ONCE: Final = 200
_TICK: Final = timedelta(milliseconds=1)  # of the moments that are kept
APART: Final = 5  # threads that are mailed one by one; more at once come together

log = structlog.get_logger("strata.mailing")


@dataclass(frozen=True, slots=True)
class MailNews:
    """Write the mails that are due; queues itself again."""

    kind: ClassVar[str] = "inbox.mail"

    def run(self, call: Call) -> None:
        settled = timedelta(seconds=call.hub.settings.notifications.mail_settle_s)
        for user_id, until in _due(call, settled):
            try:
                with working(call) as work:
                    write(work, user_id, until)
            except Exception:  # what one person is mailed must not hold up everybody else
                log.exception("mail could not be written", user_id=user_id)
        with working(call) as work:
            enqueue(work, self, after=min(LOOKS_EVERY, max(settled, timedelta(seconds=1))))


def begin_mailing(work: Work) -> None:
    """Queue the first round; call it at every start, a waiting one is not queued twice."""
    enqueue(work, MailNews())


def _due(call: Call, settles: timedelta) -> Iterator[tuple[int, Until]]:
    """Whom to write now, and about what."""
    begun = call.now - max(settles, LONGEST_NEWS)
    now = Until(settled=call.now - settles, begun=begun, digest=call.now)
    after = 0
    while some := _waiting(call, now, after):
        hours = hours_of(call, [one.user_id for one in some])
        for one in some:
            times, zone = hours[one.user_id]
            if times.quiet and until_end(times.quiet, call.now, zone):
                continue
            until = replace(now, digest=_digest_of(times, call.now, zone))
            if one.since <= until.digest:
                yield one.user_id, until
        after = some[-1].user_id


def _waiting(call: Call, until: Until, after: int) -> list[Waiting]:
    """Some people who wait for a mail, in the order of their ids, whatever it is about."""
    found = {one.user_id: one for one in mailing.waiting(call, until, PEOPLE_AT_ONCE, after=after)}
    for user_id, since in gathering.waiting(call, until.digest, PEOPLE_AT_ONCE, after=after):
        known = found.get(user_id)
        found[user_id] = Waiting(user_id, min(since, known.since) if known else since)
    return [found[user_id] for user_id in sorted(found)[:PEOPLE_AT_ONCE]]


def _digest_of(times: Times, now: datetime, zone: ZoneInfo) -> datetime:
    """When that must have begun which a mail tells that is written now."""
    if times.digest is Digest.OFF:
        return now
    moment = last_digest(times.digest, now, zone)
    if times.quiet:
        moment += until_end(times.quiet, moment, zone)
    return moment - _TICK  # what happens at that very moment waits for the next one


def write(work: Work, user_id: int, until: Until) -> None:
    """Write to one person about everything that is due."""
    user = people.by_id(work, user_id)
    waiting = mailing.due(work, user_id, until)
    news = told(work, user_id, waiting)
    mailing.claim(work, [one.notification.id for one in news])
    asked = requests.taken(work, user_id, until.digest)
    if user is not None and asked:
        post(work, letters.written(work, user, news, asked))
    elif user is not None and news:
        for part in _parts(news, hours_of(work, [user_id])[user_id][0]):
            post(work, letters.written(work, user, part))
    if len(waiting) < MOST_OF_ONE:
        # The rest they may not know of any more, or do not want by mail.
        mailing.settle(work, user_id, until)


def _parts(news: list[Told], times: Times) -> list[list[Told]]:
    together = times.digest is not Digest.OFF or len(news) > APART
    return [news] if together else [[one] for one in news]
