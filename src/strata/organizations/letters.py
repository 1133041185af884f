"""The mails to members about their place in an organisation, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from typing import Final

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

ROLES: Final = {
    "no_access": ("no access", "无权限"),
    "read": ("read", "只读"),
    "contributor": ("contributor", "贡献者"),
    "write": ("write", "读写"),
    "admin": ("admin", "管理员"),
}


def joined(call: Call, reader: Reader, organization: str, role: str) -> Letter:
    """Tell somebody who was made a member by others."""
    english_role, chinese_role = ROLES[role]
    english = Wording(
        subject=f"You now belong to {organization}",
        before=(f"You were made a member of {organization}. Your role: {english_role}.",),
        link_text="Your organizations",
        after=("You can leave it there at any time.",),
    )
    chinese = Wording(
        subject=f"您已成为 {organization} 的成员",
        before=(f"您已被添加为 {organization} 的成员，角色：{chinese_role}。",),
        link_text="查看您的组织",
        after=("您可以随时在该页面退出。",),
    )
    return _letter(call, reader, english, chinese)


def role_changed(call: Call, reader: Reader, organization: str, role: str) -> Letter:
    """Tell of another role."""
    english_role, chinese_role = ROLES[role]
    english = Wording(
        subject=f"Your role in {organization} changed",
        before=(f"An admin changed your role in {organization}. It is now: {english_role}.",),
        link_text="Your organizations",
    )
    chinese = Wording(
        subject=f"您在 {organization} 的角色已变更",
        before=(f"管理员变更了您在 {organization} 的角色，现为：{chinese_role}。",),
        link_text="查看您的组织",
    )
    return _letter(call, reader, english, chinese)


def factor_wanted(call: Call, reader: Reader, organization: str, day: str, base_url: str) -> Letter:
    """Tell a member that the organisation asks for a second factor.

    Args:
        day: until when; empty: at once.
        base_url: where this site is, if it has no public address.
    """
    english = Wording(
        subject=f"{organization} asks for two-factor authentication",
        before=(
            f"{organization} asks its members for two-factor authentication. You have none yet.",
            f"Without it, what {organization} has is closed to you and your tokens from {day} on."
            if day
            else f"Without it, what {organization} has is closed to you and your tokens.",
        ),
        link_text="Set it up",
    )
    chinese = Wording(
        subject=f"{organization} 要求开启双重验证",
        before=(
            f"组织 {organization} 要求成员开启双重验证，您的账号尚未开启。",
            f"如未开启，自{day}起您和您的令牌将无法访问该组织的内容。"
            if day
            else "在开启之前，您和您的令牌无法访问该组织的内容。",
        ),
        link_text="立即设置",
    )
    settings = "/settings/authentication"
    link = page(call, settings) or (f"{base_url}{settings}" if base_url else "")
    return letter(reader, {"en": english, CHINESE: chinese}, link)


def removed(call: Call, reader: Reader, organization: str) -> Letter:
    """Tell somebody that they no longer belong to it."""
    english = Wording(
        subject=f"You no longer belong to {organization}",
        before=(
            f"An admin removed you from {organization}.",
            "Its repositories stay with it, and your access tokens no longer open what is private.",
        ),
        link_text="Your organizations",
    )
    chinese = Wording(
        subject=f"您已被移出 {organization}",
        before=(
            f"管理员已将您移出 {organization}。",
            "其仓库保留在该组织中，您的访问令牌不再能访问其中的私有内容。",
        ),
        link_text="查看您的组织",
    )
    return _letter(call, reader, english, chinese)


def _letter(call: Call, reader: Reader, english: Wording, chinese: Wording) -> Letter:
    where = page(call, "/settings/organizations")
    return letter(reader, {"en": english, CHINESE: chinese}, where)
