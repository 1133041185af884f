"""Webhooks: list, make, look at, change, enable, disable, delete (product §2.2 P12).

A secret is typed here and never shown; a list shows no more of an address than its host.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.plans.quotas import quotas_of
from strata.community.webhooks import log, manage
from strata.community.webhooks.faults import BadWebhook
from strata.community.webhooks.manage import Shown
from strata.core.call import Call, Work, working
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visit_of, visiting
from strata.web.pages.webhooks.form import Typed, asked, told_of, typed, typed_anew, wish_of
from strata.web.pages.words.account import NOTHING_WRONG, Told
from strata.web.work import field

T = TypeVar("T")

LIST = "/settings/webhooks"


@dataclass(frozen=True, slots=True)
class _Looked:
    """One webhook and a part of its log."""

    webhook: Shown
    log: log.Page


async def listed(request: Request) -> Response:
    """GET /settings/webhooks"""

    def act(call: Call) -> tuple[list[Shown], int]:
        return manage.mine(call), quotas_of(call, user_id_of(call)).triggers

    visit, (webhooks, most) = await visiting(request, act)
    return shown(request, "accounts/webhooks.html", visit, webhooks=webhooks, most=most)


async def new(request: Request) -> Response:
    """GET /settings/webhooks/new — `?repositories=…&accounts=…` fills the form in."""
    visit, _ = await visiting(request, user_id_of)
    return _new_page(request, visit, asked(request.query_params))


async def create(request: Request) -> Response:
    """POST /settings/webhooks/new"""
    form = await form_of(request)
    entry = typed(form)
    try:
        _, made = await submitted(
            request, form, in_form(lambda work: manage.create(work, wish_of(entry, exists=False)))
        )
    except BadWebhook as error:
        visit = await visit_of(request)
        return _new_page(request, visit, entry, told_of(visit.frame.language, error))
    return redirected(request, f"{LIST}/{made.webhook.key}", notice="webhook-saved")


async def one(request: Request) -> Response:
    """GET /settings/webhooks/{id} — `?before=` leads to older deliveries."""
    visit, looked = await visiting(request, lambda call: _look(call, request))
    return _one_page(request, visit, looked, typed_anew(looked.webhook))


async def change(request: Request) -> Response:
    """POST /settings/webhooks/{id}"""
    form, key = await form_of(request), field(request, "id")
    entry = typed(form)
    try:
        await submitted(
            request,
            form,
            in_form(lambda work: manage.change(work, key, wish_of(entry, exists=True))),
        )
    except BadWebhook as error:
        visit, looked = await visiting(request, lambda call: _look(call, request))
        errors = told_of(visit.frame.language, error)
        return _one_page(request, visit, looked, entry, errors)
    return redirected(request, f"{LIST}/{key}", notice="webhook-saved")


async def enable(request: Request) -> Response:
    """POST /settings/webhooks/{id}/enable"""
    key = field(request, "id")
    await submitted(request, await form_of(request), in_form(lambda work: manage.enable(work, key)))
    return redirected(request, f"{LIST}/{key}", notice="webhook-enabled")


async def disable(request: Request) -> Response:
    """POST /settings/webhooks/{id}/disable"""
    key = field(request, "id")
    await submitted(
        request, await form_of(request), in_form(lambda work: manage.disable(work, key))
    )
    return redirected(request, f"{LIST}/{key}", notice="webhook-disabled")


async def ask_delete(request: Request) -> Response:
    """GET /settings/webhooks/{id}/delete"""
    visit, looked = await visiting(request, lambda call: _look(call, request))
    return shown(request, "accounts/webhook_delete.html", visit, webhook=looked.webhook.webhook)


async def delete(request: Request) -> Response:
    """POST /settings/webhooks/{id}/delete"""
    key = field(request, "id")
    await submitted(request, await form_of(request), in_form(lambda work: manage.delete(work, key)))
    return redirected(request, LIST, notice="webhook-deleted")


def in_form(within: Callable[[Work], T]) -> Callable[[Call, Form], T]:
    """Let a form of a logged-in person do something in one transaction."""

    def act(call: Call, _: Form) -> T:
        user_id_of(call)
        with working(call) as work:
            return within(work)

    return act


def _look(call: Call, request: Request) -> _Looked:
    user_id_of(call)
    key = field(request, "id")
    before = request.query_params.get("before")
    return _Looked(manage.one(call, key), log.page(call, key, before=before))


def _new_page(
    request: Request, visit: Visit, entry: Typed, errors: Told = NOTHING_WRONG
) -> Response:
    status = 400 if errors.summary else 200
    return shown(
        request, "accounts/webhook_new.html", visit, status=status, entry=entry, errors=errors
    )


def _one_page(
    request: Request, visit: Visit, looked: _Looked, entry: Typed, errors: Told = NOTHING_WRONG
) -> Response:
    return shown(
        request,
        "accounts/webhook.html",
        visit,
        status=400 if errors.summary else 200,
        shown=looked.webhook,
        webhook=looked.webhook.webhook,
        log=looked.log,
        entry=entry,
        errors=errors,
    )
