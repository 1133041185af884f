"""The mails about invitations to organisations, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from dataclasses import dataclass

from strata.core.actor import Role
from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter
from strata.events.outbox import Letter
from strata.organizations.letters import ROLES


@dataclass(frozen=True, slots=True)
class Invitation:
    """What an invitation says."""

    organization: str
    inviter: str
    role: Role
    days: int


def invited(call: Call, wanted: Invitation, link: str, reader: Reader, unsubscribe: str) -> Letter:
    """Ask somebody to join; the reader may have no account yet."""
    site = call.hub.settings.site_name
    english_role, chinese_role = ROLES[wanted.role.value]
    english = Wording(
        subject=f"{wanted.inviter} invites you to {wanted.organization} on {site}",
        before=(
            f"{wanted.inviter} invites you to join {wanted.organization} on {site}.",
            f"Your role in this organization will be: {english_role}.",
            "If you have no account yet, sign up first and open this link again.",
        ),
        link_text="Look at the invitation",
        after=(
            f"The link works once, for {wanted.days} days. Do not pass it on.",
            "If you do not know who this is, do nothing: you join only if you accept.",
        ),
    )
    chinese = Wording(
        subject=f"{wanted.inviter} 邀请您加入 {site} 上的 {wanted.organization}",
        before=(
            f"{wanted.inviter} 邀请您加入 {site} 上的组织 {wanted.organization}。",
            f"您在该组织的角色将是：{chinese_role}。",
            "如果您还没有账号，请先注册，再打开此链接。",
        ),
        link_text="查看邀请",
        after=(
            f"链接 {wanted.days} 天内有效，仅可使用一次，请勿转发。",
            "如果您不认识邀请人，无需理会：只有接受邀请才会加入。",
        ),
    )
    wordings = {"en": english, CHINESE: chinese}
    return letter(reader, wordings, link, unsubscribe=unsubscribe)


def accepted(reader: Reader, organization: str, person: str, link: str) -> Letter:
    """Tell whoever invited that somebody came."""
    english = Wording(
        subject=f"{person} joined {organization}",
        before=(f"{person} accepted your invitation and now belongs to {organization}.",),
        link_text="Members",
    )
    chinese = Wording(
        subject=f"{person} 已加入 {organization}",
        before=(f"{person} 接受了您的邀请，现已加入 {organization}。",),
        link_text="查看成员",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def declined(reader: Reader, organization: str, person: str, link: str) -> Letter:
    """Tell whoever invited that somebody will not come."""
    english = Wording(
        subject=f"{person} declined to join {organization}",
        before=(f"{person} declined your invitation to {organization}.",),
        link_text="Members",
    )
    chinese = Wording(
        subject=f"{person} 谢绝加入 {organization}",
        before=(f"{person} 谢绝了您加入 {organization} 的邀请。",),
        link_text="查看成员",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, link)
