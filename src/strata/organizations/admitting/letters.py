"""The mails about asking to join, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def asked(call: Call, reader: Reader, organization: str, person: str) -> Letter:
    """Tell an admin that somebody waits for an answer."""
    english = Wording(
        subject=f"{person} asks to join {organization}",
        before=(f"{person} asks to join {organization}. Its admins decide.",),
        link_text="Look at the request",
    )
    chinese = Wording(
        subject=f"{person} 申请加入 {organization}",
        before=(f"{person} 申请加入 {organization}，请管理员处理。",),
        link_text="查看申请",
    )
    where = page(call, f"/organizations/{organization}/settings/members")
    return letter(reader, {"en": english, CHINESE: chinese}, where)


def refused(call: Call, reader: Reader, organization: str) -> Letter:
    """Tell somebody that they were not let in."""
    english = Wording(
        subject=f"Your request to join {organization} was declined",
        before=(f"The admins of {organization} declined your request to join.",),
        link_text="Your organizations",
    )
    chinese = Wording(
        subject=f"您加入 {organization} 的申请未通过",
        before=(f"{organization} 的管理员拒绝了您的加入申请。",),
        link_text="查看您的组织",
    )
    where = page(call, "/settings/organizations")
    return letter(reader, {"en": english, CHINESE: chinese}, where)
