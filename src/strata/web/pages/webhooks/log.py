"""One delivery of a webhook; sending it once more, and sending a test."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.community.webhooks import log
from strata.core.call import Call
from strata.events.webhooks.masks import KEPT
from strata.web.pages.forms.body import form_of, submitted
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visiting
from strata.web.pages.webhooks.hooks import LIST, in_form
from strata.web.work import field


async def one(request: Request) -> Response:
    """GET /settings/webhooks/{id}/deliveries/{log}"""
    key, log_key = field(request, "id"), field(request, "log")

    def act(call: Call) -> log.Entry:
        user_id_of(call)
        return log.entry(call, key, log_key)

    visit, entry = await visiting(request, act)
    payload = msgspec.json.format(entry.delivery.payload, indent=2) if entry.readable else ""
    return shown(
        request,
        "accounts/webhook_delivery.html",
        visit,
        webhook=entry.webhook,
        delivery=entry.delivery,
        readable=entry.readable,
        payload=payload[:KEPT] + ("…" if len(payload) > KEPT else ""),
    )


async def replay(request: Request) -> Response:
    """POST /settings/webhooks/{id}/deliveries/{log}/replay"""
    key, log_key = field(request, "id"), field(request, "log")
    form = await form_of(request)
    await submitted(request, form, in_form(lambda work: log.replay(work, key, log_key)))
    return redirected(request, f"{LIST}/{key}", notice="webhook-sent")


async def send_test(request: Request) -> Response:
    """POST /settings/webhooks/{id}/test"""
    key = field(request, "id")
    form = await form_of(request)
    await submitted(request, form, in_form(lambda work: log.send_test(work, key)))
    return redirected(request, f"{LIST}/{key}", notice="webhook-sent")
