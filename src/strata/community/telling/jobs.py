"""The background work of the inbox: telling people what happened, and forgetting what is old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from strata.community.inbox import entries
from strata.community.telling import audience, news
from strata.community.telling.groups import Telling
from strata.core.call import Call, Work, working
from strata.events.facts import Fact
from strata.events.jobs import enqueue

TIDY_EVERY: Final = timedelta(hours=6)


def hear(work: Work, fact: Fact) -> None:
    """Have people told of a fact, soon after its transaction; listens to all facts."""
    if news.matters(fact.name, fact.detail):
        enqueue(work, TellPeople(fact.id))


@dataclass(frozen=True, slots=True)
class TellPeople:
    """Write one fact into the inboxes of those whom it concerns and who may know of it.

    However many they are, each transaction writes a few of them; run again, it changes nothing.
    """

    kind: ClassVar[str] = "inbox.tell"
    fact_id: int

    def run(self, call: Call) -> None:
        for gone in news.gone_threads(call, self.fact_id):
            with working(call) as work:
                entries.drop_thread(work, gone)
        told = news.telling_of(call, self.fact_id)
        if told is not None:
            _tell(call, told)


def _tell(call: Call, told: Telling) -> None:
    for group in told.groups:
        for some in audience.few(audience.who_may_know(call, told.repo, group.people)):
            with working(call) as work:
                heard = audience.reachable(work, group.kind, some)
                entries.tell(work, told.news, group.reason, heard)


@dataclass(frozen=True, slots=True)
class TidyInbox:
    """Forget old notifications; queues itself again."""

    kind: ClassVar[str] = "inbox.tidy"

    def run(self, call: Call) -> None:
        settings = call.hub.settings.notifications
        read = call.now - timedelta(days=settings.read_days)
        unread = call.now - timedelta(days=settings.unread_days)
        more = True
        while more:
            with working(call) as work:
                more = entries.forget(work, read_before=read, unread_before=unread) > 0
        with working(call) as work:
            enqueue(work, self, after=TIDY_EVERY)
