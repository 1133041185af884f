"""The mails about discussions, and digests, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from strata.access.gates.letters import requests_page
from strata.accounts.notices.choices import Kind
from strata.accounts.notices.unsubscribing import address
from strata.accounts.people import User, reader
from strata.community.inbox.record import Notification, Reason
from strata.community.mailing.reasons import Told
from strata.community.mailing.requests import Asked
from strata.core.call import Call
from strata.events.letters import CHINESE, Wording, letter, page
from strata.events.outbox import Letter
from strata.repos.letters import TYPES

LONGEST_TITLE: Final = 120  # characters
_STATUS: Final = {
    "open": ("open", "开启"),
    "closed": ("closed", "已关闭"),
    "draft": ("a draft", "草稿"),
    "merged": ("merged", "已合并"),
}
_WHY: Final = {
    Kind.MENTION: ("you were mentioned.", "有人提及了您。"),
    Kind.PARTICIPATING: ("you take part in it.", "您参与了此讨论。"),
    Kind.WATCHED: ("you own or watch {repo}.", "您拥有或关注 {repo}。"),
}


def written(call: Call, user: User, news: Sequence[Told], asked: Sequence[Asked] = ()) -> Letter:
    """Write to one person about one thread, or about several, and requests for access, together."""
    kinds = {one.kind for one in news} | ({Kind.GATE_REQUEST} if asked else set())
    if len(news) == 1 and not asked:
        english, chinese, link = _alone(call, news[0])
    else:
        english, chinese, link = _together(call, news, asked)
    stop = address(call, user.id, kinds)
    return letter(reader(user), {"en": english, CHINESE: chinese}, link, unsubscribe=stop)


def _alone(call: Call, one: Told) -> tuple[Wording, Wording, str]:
    told = one.notification
    english, chinese = _sentences(told)
    why, reason = (text.format(repo=_repo(told)) for text in _WHY[one.kind])
    subject = f"[{_repo(told)}] {_title(told)} (#{_number(told)})"
    return (
        Wording(
            subject=subject,
            before=(f"{english}.",),
            link_text="Open the discussion",
            after=(f"You get this mail because {why}",),
        ),
        Wording(
            subject=subject,
            before=(f"{chinese}。",),
            link_text="查看讨论",
            after=(f"您收到此邮件，是因为{reason}",),
        ),
        page(call, told.path),
    )


def _together(
    call: Call, news: Sequence[Told], asked: Sequence[Asked]
) -> tuple[Wording, Wording, str]:
    listed = [(_waiting(one), page(call, requests_page(one.repo))) for one in asked]
    listed += [(_sentences(one.notification), page(call, one.notification.path)) for one in news]
    subject, chinese_subject = _subjects(
        call.hub.settings.site_name, len(news), sum(one.number for one in asked)
    )
    return (
        Wording(
            subject=subject,
            before=("This is what happened since the last mail:",),
            items=tuple((english, there) for (english, _), there in listed),
            link_text="Open the inbox",
            after=("When such mails come is set on the page of your notifications.",),
        ),
        Wording(
            subject=chinese_subject,
            before=("自上次邮件以来的动态如下：",),
            items=tuple((chinese, there) for (_, chinese), there in listed),
            link_text="打开收件箱",
            after=("可在通知设置页面调整此类邮件的发送时间。",),
        ),
        page(call, "/notifications"),
    )


def _subjects(site: str, threads: int, requests: int) -> tuple[str, str]:
    """What a digest is about: discussions, requests for access, or both."""
    discussions = "1 discussion" if threads == 1 else f"{threads} discussions"
    wait = "1 access request" if requests == 1 else f"{requests} access requests"
    if not requests:
        return f"News in {discussions} on {site}", f"{site} 上有 {threads} 个讨论有新动态"
    if not threads:
        verb = "waits" if requests == 1 else "wait"
        return f"{wait} {verb} for you on {site}", f"{site} 上有 {requests} 个访问申请等待您处理"
    return (
        f"News in {discussions} and {wait} on {site}",
        f"{site} 上有 {threads} 个讨论有新动态，{requests} 个访问申请等待您处理",
    )


def _waiting(asked: Asked) -> tuple[str, str]:
    """What waits to be decided about a repo, in both languages, without a full stop."""
    kind, chinese_kind = asked.repo.type.value, TYPES[asked.repo.type]
    ask = "1 new request waits" if asked.number == 1 else f"{asked.number} new requests wait"
    name = asked.repo.full_name
    return (
        f"{ask} for access to the gated {kind} {name}",
        f"受限{chinese_kind} {name} 有 {asked.number} 个新的访问申请等待处理",
    )


def _sentences(told: Notification) -> tuple[str, str]:
    """What happened in a thread, in both languages, without a full stop."""
    pull = told.thread is not None and told.thread.is_pull_request
    thing, name = ("pull request", "合并请求") if pull else ("discussion", "讨论")
    who, ghost = told.actor or "Somebody", told.actor or "有人"
    there = f"“{_title(told)}” (#{_number(told)}) in {_repo(told)}"
    here = f" {_repo(told)} 的{name}“{_title(told)}”（#{_number(told)}）"
    if told.reason is Reason.MENTION:
        return f"{who} mentioned you in the {thing} {there}", f"{ghost} 在{here}中提及了您"
    match told.event:
        case "discussion.create":
            return f"{who} opened the {thing} {there}", f"{ghost} 发起了{here}"
        case "discussion.merge":
            return f"{who} merged the {thing} {there}", f"{ghost} 合并了{here}"
        case "discussion.status":
            now, state = _STATUS.get(
                told.thread.status if told.thread else "", ("changed", "已更改")
            )
            return (
                f"{who} changed the {thing} {there}: it is {now} now",
                f"{ghost} 更改了{here}的状态：{state}",
            )
        case _:
            return f"{who} commented on the {thing} {there}", f"{ghost} 评论了{here}"


def _repo(told: Notification) -> str:
    return told.place.repo_id.full_name if told.place else ""


def _number(told: Notification) -> int:
    return told.thread.number if told.thread else 0


def _title(told: Notification) -> str:
    """The title on one line, without what could pretend to be another part of the mail."""
    words = " ".join(told.thread.title.split()) if told.thread else ""
    clean = "".join(mark for mark in words if mark.isprintable())
    return clean if len(clean) <= LONGEST_TITLE else f"{clean[: LONGEST_TITLE - 1]}…"
