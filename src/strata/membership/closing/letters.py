"""The mails about closed accounts and about leaving, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def suspended(call: Call, reader: Reader, *, reason: str, until: str) -> Letter:
    """Tell why, and for how long; `until` is a day, or empty."""
    site, contact = call.hub.settings.site_name, call.hub.settings.contact
    english = Wording(
        subject=f"Your {site} account is suspended",
        before=(
            "The people who run this site have suspended your account.",
            f"Their reason: {reason}",
            f"It ends on {until}." if until else "It lasts until they end it.",
        ),
        after=(
            "You cannot log in, and your access tokens and keys do not work meanwhile.",
            *((f"If that is a mistake, contact {contact}.",) if contact else ()),
        ),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已被停用",
        before=(
            "本站运营人员停用了您的账号。",
            f"原因：{reason}",
            f"停用将于 {until}结束。" if until else "停用将持续到运营人员恢复为止。",
        ),
        after=(
            "在此期间您无法登录，访问令牌和密钥也不可用。",
            *((f"如有疑问，请联系 {contact}。",) if contact else ()),
        ),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")


def restored(call: Call, reader: Reader) -> Letter:
    """Tell that the account is open again."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account is open again",
        before=("Your account is no longer suspended. Your tokens and keys work again.",),
        link_text="Log in",
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已恢复",
        before=("您的账号已恢复，访问令牌和密钥重新可用。",),
        link_text="登录",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))


def leaving(call: Call, reader: Reader, *, day: str) -> Letter:
    """Tell when the account will be gone, and how to stop that."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account will be deleted on {day}",
        before=(
            f"Your account and your repositories will be deleted on {day}, as you asked.",
            "Until then nobody else sees them, and your tokens and keys do not work.",
        ),
        link_text="Log in to cancel",
        after=("If that was not you, cancel it and change your password at once.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号将于{day}删除",
        before=(
            f"按照您的要求，您的账号和仓库将于{day}删除。",
            "在此之前，其他人无法看到它们，您的令牌和密钥也不可用。",
        ),
        link_text="登录并取消",
        after=("如果不是您本人操作，请立即取消并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/account"))


def staying(call: Call, reader: Reader) -> Letter:
    """Tell that the account stays."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account stays",
        before=("The deletion of your account is cancelled. Everything is as it was before.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已保留",
        before=("删除账号的操作已取消，一切恢复如前。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")


def gone(call: Call, reader: Reader) -> Letter:
    """The last letter."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account is deleted",
        before=(
            "Your account is deleted, and everything in it that told of you is erased.",
            "What you wrote in discussions stays, without your name.",
        ),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已删除",
        before=(
            "您的账号已删除，与您有关的个人信息已清除。",
            "您在讨论中发表的内容会保留，但不再显示您的名字。",
        ),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")
