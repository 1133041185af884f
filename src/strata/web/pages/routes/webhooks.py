"""The URLs of the webhook pages (product §2.2 P12)."""

from __future__ import annotations

from typing import Final

from strata.web.pages.webhooks import hooks as webhooks, log as webhook_log
from strata.web.paths import Route

READ: Final = ("GET", "HEAD")
SEND: Final = ("POST",)
BROWSER: Final = "browsers"
_ONE: Final = "/settings/webhooks/{id}"

ROUTES: Final = (
    Route(READ, "/settings/webhooks", webhooks.listed, BROWSER, page=True),
    Route(READ, "/settings/webhooks/new", webhooks.new, BROWSER, page=True),
    Route(SEND, "/settings/webhooks/new", webhooks.create, BROWSER, page=True),
    Route(READ, _ONE, webhooks.one, BROWSER, page=True),
    Route(SEND, _ONE, webhooks.change, BROWSER, page=True),
    Route(SEND, f"{_ONE}/enable", webhooks.enable, BROWSER, page=True),
    Route(SEND, f"{_ONE}/disable", webhooks.disable, BROWSER, page=True),
    Route(READ, f"{_ONE}/delete", webhooks.ask_delete, BROWSER, page=True),
    Route(SEND, f"{_ONE}/delete", webhooks.delete, BROWSER, page=True),
    Route(SEND, f"{_ONE}/test", webhook_log.send_test, BROWSER, page=True),
    Route(READ, f"{_ONE}/deliveries/{{log}}", webhook_log.one, BROWSER, page=True),
    Route(SEND, f"{_ONE}/deliveries/{{log}}/replay", webhook_log.replay, BROWSER, page=True),
)
