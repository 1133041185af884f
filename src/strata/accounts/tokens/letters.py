"""The mails about access tokens, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def token_created(call: Call, reader: Reader, *, token_name: str) -> Letter:
    """Tell the owner of a new token that can write."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"New write token on {site}",
        greeting=f"Hello {reader.name},",
        before=(
            f"the access token “{token_name}” with the write role was created for your account.",
        ),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 新建了写入令牌",
        greeting=f"{reader.name}，你好：",
        before=(f"你的账号新建了具有写入权限的访问令牌“{token_name}”。",),
        link_text="访问令牌",
        after=("如果不是你本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))


def token_rotated(call: Call, reader: Reader, *, token_name: str) -> Letter:
    """Tell the owner that a token has a new value."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"An access token on {site} was refreshed",
        greeting=f"Hello {reader.name},",
        before=(f"the access token “{token_name}” has a new value; the old one stopped working.",),
        link_text="Access tokens",
        after=("If that was not you, delete it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"{site} 的访问令牌已刷新",
        greeting=f"{reader.name}，你好：",
        before=(f"访问令牌“{token_name}”已更换为新值，旧值已失效。",),
        link_text="访问令牌",
        after=("如果不是你本人操作，请立即删除该令牌并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/tokens"))
