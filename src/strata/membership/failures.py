"""The daily word to those who run the hub about background work that gave up (product §3.14)."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final

from strata.accounts import people
from strata.core.call import Call, Work, working
from strata.events import failures
from strata.events.jobs import enqueue
from strata.events.letters import CHINESE, Reader, Wording, letter
from strata.events.outbox import Letter, post

LOOKS_EVERY: Final = timedelta(hours=1)
AT_MOST_EVERY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class TellOfFailures:
    """Write one mail about all that gave up, at most one a day; queues itself again."""

    kind: ClassVar[str] = "jobs.digest"

    def run(self, call: Call) -> None:
        with working(call) as work:
            _tell(work)
            enqueue(work, self, after=LOOKS_EVERY)


def begin_telling(work: Work) -> None:
    """Queue the first round; call it at every start, a waiting one is not queued twice."""
    enqueue(work, TellOfFailures())


def _tell(work: Work) -> None:
    found = failures.untold(work)
    if not found or failures.told_since(work, work.now - AT_MOST_EVERY):
        return
    for admin in people.site_admins(work):
        post(work, _digest(work, people.reader(admin), Counter(found.values())))
    failures.mark_told(work, found)


def _digest(call: Call, reader: Reader, numbers: Mapping[str, int]) -> Letter:
    site, total = call.hub.settings.site_name, sum(numbers.values())
    kinds = tuple(f"{kind}: {numbers[kind]}" for kind in sorted(numbers))
    tasks = "task" if total == 1 else "tasks"
    english = Wording(
        subject=f"{site}: {total} background {tasks} failed",
        before=(f"{total} background {tasks} gave up and will not be tried again.", *kinds),
        after=("Run `strata doctor` to read why. You get at most one such mail a day.",),
    )
    chinese = Wording(
        subject=f"{site}：{total} 个后台任务失败",
        before=(f"{total} 个后台任务多次失败，系统不再重试。", *kinds),
        after=("请运行 `strata doctor` 查看原因。此类邮件每天最多一封。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")
