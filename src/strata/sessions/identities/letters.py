"""The mails about linked log-ins, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter

PAGE = "/settings/authentication"


def linked(call: Call, reader: Reader, *, provider: str) -> Letter:
    """Tell that another site opens the account now."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"{provider} was linked to your {site} account",
        before=(f"An account at {provider} can now be used to log in to yours.",),
        link_text="Your log-ins",
        after=("If that was not you, unlink it at once and change your password.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已关联 {provider}",
        before=(f"现在可以使用一个 {provider} 账号登录您的账号。",),
        link_text="查看登录方式",
        after=("如果不是您本人操作，请立即解除关联并修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, PAGE))


def unlinked(call: Call, reader: Reader, *, provider: str) -> Letter:
    """Tell that another site opens the account no more."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"{provider} was unlinked from your {site} account",
        before=(f"The account at {provider} no longer opens yours.",),
        link_text="Your log-ins",
        after=("If that was not you, change your password at once.",),
    )
    chinese = Wording(
        subject=f"您的 {site} 账号已解除与 {provider} 的关联",
        before=(f"该 {provider} 账号不能再登录您的账号。",),
        link_text="查看登录方式",
        after=("如果不是您本人操作，请立即修改密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, PAGE))
