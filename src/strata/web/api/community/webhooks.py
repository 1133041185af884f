"""Webhooks of the caller's account (02 §N).

The secret is taken and never given back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.community.webhooks import log, manage
from strata.community.webhooks.manage import Shown, Wish
from strata.core.call import Work
from strata.core.errors import NotOffered
from strata.events.webhooks.record import Domain, Watched
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import field, json_of, read, work


class WatchedBody(msgspec.Struct):
    """One thing to watch."""

    type: Literal["user", "org", "model", "dataset", "space"]
    name: str


class WebhookBody(msgspec.Struct, rename="camel"):
    """POST /api/settings/webhooks and …/{id}; what is absent stays.

    Clients send `watched: []` where they want no change (huggingface_hub: update_webhook).
    """

    url: str | None = None
    watched: list[WatchedBody] | None = None
    domains: list[Domain] | None = None
    secret: str | None = None
    job_source_id: str | None = None
    secrets: dict[str, str] | None = None


async def listed(request: Request) -> Response:
    """GET /api/settings/webhooks"""
    return respond.json([_webhook(one) for one in await read(request, manage.mine)])


async def create(request: Request) -> Response:
    """POST /api/settings/webhooks"""
    wish = _wish(await json_of(request, WebhookBody))
    return await _changed(request, lambda work: manage.create(work, wish))


async def one(request: Request) -> Response:
    """GET /api/settings/webhooks/{id}"""
    shown = await read(request, lambda call: manage.one(call, field(request, "id")))
    return respond.json({"webhook": _webhook(shown)})


async def change(request: Request) -> Response:
    """POST /api/settings/webhooks/{id}"""
    wish = _wish(await json_of(request, WebhookBody))
    return await _changed(request, lambda work: manage.change(work, field(request, "id"), wish))


async def enable(request: Request) -> Response:
    """POST /api/settings/webhooks/{id}/enable"""
    return await _changed(request, lambda work: manage.enable(work, field(request, "id")))


async def disable(request: Request) -> Response:
    """POST /api/settings/webhooks/{id}/disable"""
    return await _changed(request, lambda work: manage.disable(work, field(request, "id")))


async def delete(request: Request) -> Response:
    """DELETE /api/settings/webhooks/{id}"""
    await work(request, lambda work: manage.delete(work, field(request, "id")))
    return respond.ok()


async def replay(request: Request) -> Response:
    """POST /api/settings/webhooks/{id}/replay/{log}"""
    key, log_key = field(request, "id"), field(request, "log")
    await work(request, lambda work: log.replay(work, key, log_key))
    return respond.ok()


async def _changed(request: Request, act: Callable[[Work], Shown]) -> Response:
    return respond.json({"webhook": _webhook(await work(request, act))})


def _wish(body: WebhookBody) -> Wish:
    if body.job_source_id is not None or body.secrets is not None:
        raise NotOffered("This hub runs no jobs: give `url` instead of `jobSourceId`.")
    watched = [Watched(one.type, one.name) for one in body.watched or ()]
    return Wish(url=body.url, watched=watched or None, domains=body.domains, secret=body.secret)


def _webhook(shown: Shown) -> dict[str, object]:
    webhook = shown.webhook
    return {
        "id": webhook.key,
        "url": webhook.url,
        "watched": [{"type": one.type, "name": one.name} for one in shown.watched],
        "domains": [domain.value for domain in webhook.domains],
        "disabled": webhook.disabled_at is not None,
    }


ROUTES = (
    Route(("GET",), "/api/settings/webhooks", listed, "huggingface_hub: list_webhooks"),
    Route(("POST",), "/api/settings/webhooks", create, "huggingface_hub: create_webhook"),
    Route(("GET",), "/api/settings/webhooks/{id}", one, "huggingface_hub: get_webhook"),
    Route(("POST",), "/api/settings/webhooks/{id}", change, "huggingface_hub: update_webhook"),
    Route(("DELETE",), "/api/settings/webhooks/{id}", delete, "huggingface_hub: delete_webhook"),
    Route(
        ("POST",), "/api/settings/webhooks/{id}/enable", enable, "huggingface_hub: enable_webhook"
    ),
    Route(
        ("POST",),
        "/api/settings/webhooks/{id}/disable",
        disable,
        "huggingface_hub: disable_webhook",
    ),
    Route(("POST",), "/api/settings/webhooks/{id}/replay/{log}", replay, "scripts"),
)
