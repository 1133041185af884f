"""The mails about webhooks, in both languages side by side."""

# ruff: noqa: RUF001 — Chinese sentences have Chinese punctuation.

from __future__ import annotations

from strata.core.call import Call
from strata.events.letters import CHINESE, Reader, Wording, letter, page
from strata.events.outbox import Letter


def webhook_disabled(call: Call, reader: Reader, *, host: str, days: int, path: str) -> Letter:
    """Tell the owner that a webhook is no longer called.

    Args:
        host: of its target; the rest of the address may hold secrets.
        days: for which every call failed.
        path: of the page that shows it.
    """
    site = call.hub.settings.site_name
    english = Wording(
        subject=f"A webhook on {site} was disabled",
        before=(
            f"Every call of your webhook at {host} has failed for {days} days.",
            "It is now disabled and is called no more.",
        ),
        link_text="Look at the webhook",
        after=("Once its target answers again, enable the webhook on that page.",),
    )
    chinese = Wording(
        subject=f"{site} 上的一个 Webhook 已停用",
        before=(
            f"您的 Webhook（{host}）连续 {days} 天投递失败。",
            "该 Webhook 现已停用，不再投递。",
        ),
        link_text="查看 Webhook",
        after=("目标地址恢复后，可在该页面重新启用。",),
    )
    return letter(reader, {"en": english, CHINESE: chinese}, page(call, path))
