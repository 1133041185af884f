"""One call of a webhook's target, and what is kept of it."""

from __future__ import annotations

import time
from typing import Final

from strata.core.hub import Hub
from strata.events.webhooks.masks import KEPT, MASK, Masks, masked_url
from strata.events.webhooks.record import Attempt, Delivery, Webhook
from strata.lib.http.guard import TargetRefused
from strata.lib.http.outbound import Message, Reply, Unreachable

LONGEST_SECRET: Final = 256  # characters
SECRET_HEADER: Final = "X-Webhook-Secret"  # noqa: S105 — the name of a header
PURPOSE: Final = "webhook.secret"


def seal(hub: Hub, secret: str) -> bytes | None:
    """A secret as it is kept; None for none."""
    return hub.secrets.seal(PURPOSE, secret) if secret else None


def attempt(hub: Hub, webhook: Webhook, delivery: Delivery) -> Attempt:
    """Call the target; whatever happens is an outcome.

    Blocks for up to `webhooks.timeout_s`.
    """
    message = _message(hub, webhook, delivery)
    masks = Masks(webhook.url, message.secrets)
    shown = dict(message.headers) | dict.fromkeys(message.secrets, MASK)
    head = masks.head(f"POST {masked_url(webhook.url)}", shown.items())
    started, at = time.monotonic(), hub.clock()
    reply, error = _called(hub, webhook.url, message)
    return Attempt(
        at=at,
        duration_ms=round((time.monotonic() - started) * 1000),
        request_head=head,
        status=reply.status if reply else None,
        error=masks.text(error) if error else None,
        response_head=masks.head(f"{reply.status}", reply.headers) if reply else None,
        response_body=masks.text(reply.body.decode("utf-8", "replace")) if reply else None,
    )


def _message(hub: Hub, webhook: Webhook, delivery: Delivery) -> Message:
    secret = hub.secrets.unseal(PURPOSE, webhook.secret) if webhook.secret else None
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Strata-Webhook/3",
        "X-Webhook-Id": webhook.key,
        "X-Webhook-Delivery": delivery.key,
    }
    return Message(delivery.payload.encode(), headers, {SECRET_HEADER: secret} if secret else {})


def _called(hub: Hub, url: str, message: Message) -> tuple[Reply | None, str | None]:
    """The answer, or why there was none."""
    within_s, keep = hub.settings.webhooks.timeout_s, KEPT + LONGEST_SECRET
    try:
        return hub.outbound.send(url, message, within_s=within_s, keep=keep), None
    except (TargetRefused, Unreachable) as why:
        return None, str(why)
