"""The mails about gates, in both languages side by side.

Those who decide hear of a request at once, or of many in a digest of the repo's; whoever chose a
digest of their own hears there (`gathering`). The person who asked hears of a decision.
Whoever may not know of a repo by now is not written to about it.
"""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from strata.access.gates import gathering, queries
from strata.access.gates.admit import Gated
from strata.access.gates.record import Notices, Standing
from strata.access.policy.seeing import may_see
from strata.accounts import limits, people
from strata.accounts.notices.choices import Kind, wanted, wants_mail
from strata.accounts.notices.times import Digest, held_for, times_of
from strata.accounts.notices.unsubscribing import address as unsubscribe_address
from strata.accounts.people import User
from strata.core.call import Call, Work
from strata.core.names import RepoType
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter, post
from strata.organizations.collaborators.shares import stand_in
from strata.organizations.queries import admins_of

LETTERS_PER_HOUR: Final = 20  # about one repo; what comes on top waits for the next digest
_KINDS: Final = {RepoType.MODEL: "模型", RepoType.DATASET: "数据集"}


@dataclass(frozen=True, slots=True)
class Decider:
    """Somebody who hears of requests."""

    reader: Reader
    user_id: int | None  # None: an address that was chosen for the repo

    def held(self, call: Call) -> timedelta:
        """How long a letter waits for the end of their quiet hours."""
        return timedelta(0) if self.user_id is None else held_for(call, self.user_id)

    def gathers(self, call: Call) -> bool:
        """Whether they chose to hear of such things together."""
        return self.user_id is not None and times_of(call, self.user_id).digest is not Digest.OFF

    def unsubscribe(self, call: Call) -> str:
        """Where they stop such letters; a chosen address is changed in the repo's settings."""
        if self.user_id is None:
            return ""
        return unsubscribe_address(call, self.user_id, [Kind.GATE_REQUEST])


def tell_deciders(work: Work, repo: Gated, asker_id: int) -> None:
    """Tell those who decide of a request, unless they chose a digest or hear of too many."""
    notices = queries.notices_of(work, repo.id)
    key = f"gate.letter:{repo.id}"
    if notices.mode == "bulk" or limits.counted(work, key, minutes=60) >= LETTERS_PER_HOUR:
        return
    limits.note(work, key)
    asker = people.by_id(work, asker_id)
    name = asker.name if asker else ""
    _tell(work, repo, lambda one: _request_letter(work, one, repo, name))


def tell_of_many(work: Work, repo: Gated, number: int) -> None:
    """Tell those who decide how many requests came since they last heard of one."""
    _tell(work, repo, lambda one: _digest_letter(work, one, repo, number))


def _tell(work: Work, repo: Gated, worded: Callable[[Decider], Letter]) -> None:
    """Write to each, or leave it to their digest: what they choose later changes nothing of it."""
    since = queries.first_untold(work, repo.id)
    for one in deciders(work, repo, queries.notices_of(work, repo.id)):
        if one.user_id is not None and one.gathers(work):
            gathering.gather(work, repo.id, one.user_id, since)
        else:
            post(work, worded(one), after=one.held(work))
    queries.mark_told(work, repo.id)


def hears_of_requests(call: Call, repo: Gated, user_id: int) -> bool:
    """Whether somebody decides about a repo's requests, and wants mails about them."""
    decides = repo.owner_id == user_id or any(
        one.id == user_id for one in admins_of(call, repo.owner_id)
    )
    return decides and wants_mail(call, Kind.GATE_REQUEST, user_id)


def tell_person(
    work: Work, repo: Gated, person: User, standing: Standing, reason: str | None
) -> None:
    """Tell somebody what was decided, if they want that; waiting again is no decision."""
    if not wants_mail(work, Kind.GATE_DECISION, person.id):
        return
    if standing is Standing.PENDING or not may_see(stand_in(work, person.id), repo):
        return
    reader = Reader(person.email, person.name, person.language)
    stop = unsubscribe_address(work, person.id, [Kind.GATE_DECISION])
    told = _decision_letter(work, reader, repo, (standing, reason), stop)
    post(work, told, after=held_for(work, person.id))


def deciders(call: Call, repo: Gated, notices: Notices) -> list[Decider]:
    """Whom to write: the address that was chosen, else the owner, or the organisation's admins.

    Of these only who wants such mails; whoever chose an address for a repo did so for it alone.
    """
    owner = people.by_id(call, repo.owner_id)
    found = admins_of(call, repo.owner_id) if owner is None else [owner]
    if notices.email is None:
        ways = wanted(call, Kind.GATE_REQUEST, [one.id for one in found])
        return [Decider(people.reader(one), one.id) for one in found if ways[one.id].mail]
    language = found[0].language if found else call.hub.settings.language
    return [Decider(Reader(notices.email, repo.full_name.partition("/")[0], language), None)]


def requests_page(repo: Gated) -> str:
    """Where requests are decided about."""
    return f"{repo.web_path}/settings/access-requests"


def _request_letter(call: Call, decider: Decider, repo: Gated, asker: str) -> Letter:
    reader = decider.reader
    english = Wording(
        subject=f"{asker} asks for access to {repo.full_name}",
        before=(
            f"{asker} asks for access to the gated {repo.type.value} {repo.full_name}.",
            "Nobody but you and others who manage it can decide.",
        ),
        link_text="Review the request",
        after=("How often you hear of requests is set on the page of the repository's settings.",),
    )
    chinese = Wording(
        subject=f"{asker} 申请访问 {repo.full_name}",
        before=(
            f"{asker} 申请访问受限{_KINDS[repo.type]} {repo.full_name}。",
            "只有您和其他管理者可以处理该申请。",
        ),
        link_text="处理申请",
        after=("可在仓库设置页面调整此类通知的频率。",),
    )
    wordings = {"en": english, CHINESE: chinese}
    link = page(call, requests_page(repo))
    return letter(reader, wordings, link, unsubscribe=decider.unsubscribe(call))


def _digest_letter(call: Call, decider: Decider, repo: Gated, number: int) -> Letter:
    reader = decider.reader
    ask = "1 new request waits" if number == 1 else f"{number} new requests wait"
    english = Wording(
        subject=f"{ask} for {repo.full_name}",
        before=(f"{ask} for access to the gated {repo.type.value} {repo.full_name}.",),
        link_text="Review the requests",
    )
    chinese = Wording(
        subject=f"{repo.full_name} 有 {number} 个新的访问申请",
        before=(f"受限{_KINDS[repo.type]} {repo.full_name} 有 {number} 个新的访问申请等待处理。",),
        link_text="处理申请",
    )
    wordings = {"en": english, CHINESE: chinese}
    link = page(call, requests_page(repo))
    return letter(reader, wordings, link, unsubscribe=decider.unsubscribe(call))


def _decision_letter(
    call: Call, reader: Reader, repo: Gated, decided: tuple[Standing, str | None], stop: str
) -> Letter:
    standing, reason = decided
    english, chinese = {
        Standing.ACCEPTED: _accepted,
        Standing.REJECTED: _rejected,
        Standing.RESET: _reset,
    }[standing](repo)
    if reason:
        english_reason, chinese_reason = f"The authors wrote: {reason}", f"作者说明：{reason}"
        english = _with(english, english_reason)
        chinese = _with(chinese, chinese_reason)
    wordings = {"en": english, CHINESE: chinese}
    return letter(reader, wordings, page(call, repo.web_path), unsubscribe=stop)


def _with(wording: Wording, line: str) -> Wording:
    return replace(wording, before=(*wording.before, line))


def _accepted(repo: Gated) -> tuple[Wording, Wording]:
    english = Wording(
        subject=f"You have access to {repo.full_name}",
        before=(f"You can now download the {repo.type.value} {repo.full_name}.",),
        link_text=f"Open {repo.full_name}",
    )
    chinese = Wording(
        subject=f"您已获得 {repo.full_name} 的访问权限",
        before=(f"您现在可以下载{_KINDS[repo.type]} {repo.full_name}。",),
        link_text=f"打开 {repo.full_name}",
    )
    return english, chinese


def _rejected(repo: Gated) -> tuple[Wording, Wording]:
    english = Wording(
        subject=f"Your request for {repo.full_name} was declined",
        before=(
            f"Your request for the {repo.type.value} {repo.full_name} was declined by its authors.",
        ),
        link_text=f"Open {repo.full_name}",
    )
    chinese = Wording(
        subject=f"您对 {repo.full_name} 的访问申请未通过",
        before=(f"{_KINDS[repo.type]} {repo.full_name} 的作者已拒绝您的访问申请。",),
        link_text=f"打开 {repo.full_name}",
    )
    return english, chinese


def _reset(repo: Gated) -> tuple[Wording, Wording]:
    english = Wording(
        subject=f"Please ask again for access to {repo.full_name}",
        before=(
            f"The authors of the {repo.type.value} {repo.full_name} reset your access.",
            "Please read its conditions and agree again; until then you cannot download it.",
        ),
        link_text="Review the conditions",
    )
    chinese = Wording(
        subject=f"请重新申请访问 {repo.full_name}",
        before=(
            f"{_KINDS[repo.type]} {repo.full_name} 的作者重置了您的访问权限。",
            "请阅读访问条件并重新提交，在此之前您无法下载其中的文件。",
        ),
        link_text="查看条件",
    )
    return english, chinese
