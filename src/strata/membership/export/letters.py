"""The mail about a copy that is ready, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def ready(call: Call, reader: Reader, *, days: int) -> Letter:
    """Tell where to fetch the copy, and how long."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Your {site} data is ready",
        before=(
            f"The copy of your data that you asked for is ready. Fetch it within {days} days.",
        ),
        link_text="Open your account page",
        after=(
            "You must be logged in.",
            "If you did not ask for it, change your password and sign out the other browsers.",
        ),
    )
    chinese = Wording(
        subject=f"您的 {site} 数据已可下载",
        before=(f"您申请的数据副本已准备好，请在 {days} 天内下载。",),
        link_text="打开账号页面",
        after=("下载需要登录。", "如果不是您本人申请，请修改密码，并退出其他浏览器的登录。"),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/settings/account"))
