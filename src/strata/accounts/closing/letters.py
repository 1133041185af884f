"""The mails about closed accounts and about leaving, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def suspended(call: Call, reader: Reader, *, reason: str, until: str) -> Letter:
    """Tell why, and for how long; `until` is a day, or empty."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account is suspended",
        greeting=f"Hello {reader.name},",
        before=(
            "the people who run this site have suspended your account.",
            f"Their reason: {reason}",
            f"It ends on {until}." if until else "It lasts until they end it.",
        ),
        after=("You cannot log in, and your access tokens and keys do not work meanwhile.",),
    )
    chinese = Wording(
        subject=f"你的 {site} 账号已被停用",
        greeting=f"{reader.name}，你好：",
        before=(
            "本站运营人员停用了你的账号。",
            f"原因：{reason}",
            f"停用将于 {until} 结束。" if until else "停用将持续到运营人员恢复为止。",
        ),
        after=("在此期间你无法登录，访问令牌和密钥也不可用。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, "")


def restored(call: Call, reader: Reader) -> Letter:
    """Tell that the account is open again."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} account is open again",
        greeting=f"Hello {reader.name},",
        before=("your account is no longer suspended. Your tokens and keys work again.",),
        link_text="Log in",
    )
    chinese = Wording(
        subject=f"你的 {site} 账号已恢复",
        greeting=f"{reader.name}，你好：",
        before=("你的账号已恢复，访问令牌和密钥重新可用。",),
        link_text="登录",
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))
