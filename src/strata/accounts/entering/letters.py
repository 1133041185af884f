"""The mails around log-ins, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def log_in_failures(call: Call, reader: Reader) -> Letter:
    """Warn the owner of many failed log-ins."""
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"Many failed log-ins to your {site} account",
        greeting=f"Hello {reader.name},",
        before=(
            "someone entered a wrong password for your account many times within an hour.",
            "For the next hour the password works only from where you logged in before.",
            "Access tokens keep working.",
        ),
        link_text="Log in",
        after=("If that was not you, choose a new password that you use nowhere else.",),
    )
    chinese = Wording(
        subject=f"你的 {site} 账号多次登录失败",
        greeting=f"{reader.name}，你好：",
        before=(
            "有人在一小时内多次为你的账号输入了错误密码。",
            "接下来一小时内，只能从你曾经登录过的位置使用密码登录。",
            "访问令牌不受影响。",
        ),
        link_text="登录",
        after=("如果不是你本人操作，请更换一个未在其他网站使用过的密码。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, "/login"))
