"""The mails about access tokens, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def token_created(call: Call, reader: Reader, *, token_name: str) -> Letter:
    """Tell the owner of a new token that can write, or that names an organisation."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"New access token on {site}",
        before=(
            f"The access token “{token_name}” was created for your account.",
            "It can write, or it reaches an organization.",
        ),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 新建了访问令牌",
        before=(
            f"您的账号新建了访问令牌“{token_name}”。",
            "该令牌具有写入权限，或可以访问组织。",
        ),
        link_text="访问令牌",
        after=("如果不是您本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def token_widened(call: Call, reader: Reader, *, token_name: str) -> Letter:
    """Tell the owner of a token that it writes now, or names an organisation."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"An access token on {site} may do more",
        before=(
            f"The access token “{token_name}” of your account was given other scopes.",
            "Now it can write, or it reaches an organization.",
        ),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 的访问令牌权限已扩大",
        before=(
            f"您账号的访问令牌“{token_name}”的权限范围已被修改。",
            "该令牌现在具有写入权限，或可以访问组织。",
        ),
        link_text="访问令牌",
        after=("如果不是您本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def token_rotated(call: Call, reader: Reader, *, token_name: str, grace_hours: int = 0) -> Letter:
    """Tell the owner that a token has a new value."""
    site = call.hub.settings.site_name
    old = f"works for {grace_hours} more hours" if grace_hours else "stopped working"
    old_zh = f"将在 {grace_hours} 小时后失效" if grace_hours else "已失效"
    english = Wording(
        subject=f"An access token on {site} was refreshed",
        before=(f"The access token “{token_name}” has a new value; the old one {old}.",),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 的访问令牌已重新生成",
        before=(f"访问令牌“{token_name}”已更换为新值，旧值{old_zh}。",),
        link_text="访问令牌",
        after=("如果不是您本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def token_expiring(call: Call, reader: Reader, *, token_name: str, day: str, days: int) -> Letter:
    """Tell the owner that a token will soon stop working.

    Args:
        day: its last, such as `Dec 1, 2026`.
    """
    site = call.hub.settings.site_name
    left = "tomorrow" if days <= 1 else f"in {days} days"
    english = Wording(
        subject=f"An access token on {site} expires {left}",
        before=(
            f"The access token “{token_name}” expires on {day}.",
            "Programs that use it stop working then.",
        ),
        link_text="Refresh it",
        after=("If nothing uses it any more, you need not do anything.",),
    )
    left_zh = "明天" if days <= 1 else f" {days} 天后"
    chinese = Wording(
        subject=f"{site} 的访问令牌将于{left_zh}过期",
        before=(f"访问令牌“{token_name}”将于{day}过期，届时使用它的程序将无法工作。",),
        link_text="重新生成令牌",
        after=("如果已不再使用该令牌，则无需任何操作。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def token_leaked(call: Call, reader: Reader, *, token_name: str, place: str) -> Letter:
    """Tell the owner that a token was revoked because others could read it.

    Args:
        place: where it was seen, such as `acme/model: config.py, line 3`; empty: it was reported.
    """
    site = call.hub.settings.site_name
    seen = f"was found in {place}" if place else "was reported as leaked"
    seen_zh = f"出现在 {place}" if place else "被报告为已泄露"
    english = Wording(
        subject=f"An access token on {site} leaked and was revoked",
        before=(f"The value of your access token “{token_name}” {seen}. It was revoked at once.",),
        link_text="Access tokens",
        after=(
            "Refresh it there for a new value, or delete it.",
            "Look at its last uses: whoever read the value may have used it.",
        ),
    )
    chinese = Wording(
        subject=f"{site} 的访问令牌已泄露并被吊销",
        before=(f"您的访问令牌“{token_name}”的值{seen_zh}，已被立即吊销。",),
        link_text="访问令牌",
        after=("请在该页面重新生成或删除令牌，并检查其最近使用记录：看到该值的人可能已使用过它。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))
