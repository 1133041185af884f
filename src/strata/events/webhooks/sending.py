"""One call of a webhook's target, and what is kept of it for its owner to read."""

from __future__ import annotations

import time
from collections.abc import Iterable
from urllib.parse import parse_qsl, urlsplit

from strata.core.hub import Hub
from strata.events.webhooks.record import Attempt, Delivery, Webhook
from strata.lib.http.guard import TargetRefused
from strata.lib.http.outbound import Message, Reply, Unreachable

KEPT = 16 * 1024  # bytes of each head and body
LONGEST_SECRET = 256  # characters
SECRET_HEADER = "X-Webhook-Secret"  # noqa: S105 — the header's name
MASK = "••••••"
_PURPOSE = "webhook.secret"


def seal(hub: Hub, secret: str) -> bytes | None:
    """A secret as it is kept; None for none."""
    return hub.secrets.seal(_PURPOSE, secret) if secret else None


def attempt(hub: Hub, webhook: Webhook, delivery: Delivery) -> Attempt:
    """Call the target; whatever happens is an outcome.

    Blocks for up to `webhooks.timeout_s`.
    """
    secret = hub.secrets.unseal(_PURPOSE, webhook.secret) if webhook.secret else None
    headers = {
        "Content-Type": "application/json",
        "User-Agent": f"{hub.settings.site_name.encode('ascii', 'ignore').decode()}-Webhook/3",
        "X-Webhook-Id": webhook.key,
        "X-Webhook-Delivery": delivery.key,
    }
    secrets = {SECRET_HEADER: secret} if secret else {}
    masked = _Masks((secret or "", *_secrets_in(webhook.url)))
    head = masked.text(_head(f"POST {webhook.url}", (headers | secrets).items()))
    started, at = time.monotonic(), hub.clock()
    reply, error = None, None
    try:
        message = Message(delivery.payload.encode(), headers, secrets)
        within_s = hub.settings.webhooks.timeout_s
        reply = hub.outbound.post(
            webhook.url, message, within_s=within_s, keep=KEPT + LONGEST_SECRET
        )
    except (TargetRefused, Unreachable) as why:
        error = masked.text(str(why))
    return Attempt(
        at=at,
        duration_ms=round((time.monotonic() - started) * 1000),
        request_head=head,
        status=reply.status if reply else None,
        error=error,
        response_head=masked.text(_head(f"{reply.status}", reply.headers)) if reply else None,
        response_body=masked.text(_body(reply)) if reply else None,
    )


def _head(first: str, headers: Iterable[tuple[str, str]]) -> str:
    return "\n".join((first, *(f"{name}: {value}" for name, value in headers)))


def _body(reply: Reply) -> str:
    return reply.body.decode("utf-8", "replace")


def _secrets_in(url: str) -> tuple[str, ...]:
    """Values of the query: receivers that cannot read headers are given their secret there."""
    query = parse_qsl(urlsplit(url).query)
    raw = (pair.partition("=")[2] for pair in urlsplit(url).query.split("&"))
    return (*(value for _, value in query), *raw)


class _Masks:
    """Takes secrets out of texts, also where a target echoes them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        # Longer ones first: one may be part of another.
        self._secrets = sorted({secret for secret in secrets if secret}, key=len, reverse=True)

    def text(self, text: str) -> str:
        """Mask, then cut; a cut first could leave half a secret. PostgreSQL keeps no NUL."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        raw = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode()
        return raw.decode() if len(raw) <= KEPT else raw[:KEPT].decode("utf-8", "ignore") + "…"
