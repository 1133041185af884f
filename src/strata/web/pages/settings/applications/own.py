"""Applications that somebody answers for: make, describe, give a new secret, remove (P16).

A secret is in one answer only, that of the POST which made it.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.credentials.oauth import apps, scopes, usage
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.making import own
from strata.credentials.oauth.making.description import Described
from strata.credentials.oauth.making.keeping import Made
from strata.credentials.oauth.usage import Usage
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, user_id_of, visit_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.scopes import choices
from strata.web.work import field

LIST: Final = "/settings/applications"
_SCOPE: Final = "scope-"  # and the scope; a form keeps one value a name
_FIRST: Final = (scopes.OPENID, scopes.PROFILE)  # what most need, ticked on a new form


async def listed(request: Request) -> Response:
    """GET /settings/applications"""
    visit, found = await visiting(request, lambda call: apps.of_owner(call, user_id_of(call)))
    return shown(request, "oauth/applications.html", visit, apps=found)


async def new(request: Request) -> Response:
    """GET /settings/applications/new"""
    visit, _ = await visiting(request, user_id_of)
    return _new_page(request, visit, Described("", scopes=_FIRST), confidential=True)


async def create(request: Request) -> Response:
    """POST /settings/applications/new"""
    form = await form_of(request)
    described, confidential = _described(form), form.get("kind", "") != "public"

    def act(call: Call, _: Form) -> tuple[Made, Usage]:
        user_id_of(call)
        with working(call) as work:
            made = own.create(work, described, confidential=confidential)
            return made, usage.of(work, made.app.id)

    try:
        visit, (made, used) = await submitted(request, form, act)
    except InvalidFields as error:
        visit = await visit_of(request)
        errors = told(visit.frame.language, error)
        return _new_page(request, visit, described, confidential=confidential, errors=errors)
    return page_of(request, visit, made, used)


async def one(request: Request) -> Response:
    """GET /settings/applications/{id}"""
    visit, (app, used) = await visiting(request, lambda call: looked_at(call, request))
    return page_of(request, visit, Made(app, ""), used)


async def change(request: Request) -> Response:
    """POST /settings/applications/{id}"""
    form, client_id = await form_of(request), field(request, "id")
    described = _described(form)

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            own.change(work, client_id, described)

    try:
        await submitted(request, form, act)
    except InvalidFields as error:
        visit, (app, used) = await visiting(request, lambda call: looked_at(call, request))
        errors = told(visit.frame.language, error)
        return page_of(request, visit, Made(app, ""), used, errors=errors, entry=described)
    return redirected(request, f"{LIST}/{client_id}", notice="app-saved")


async def ask_secret(request: Request) -> Response:
    """GET /settings/applications/{id}/secret"""
    return await _asked(request, "secret")


async def rotate(request: Request) -> Response:
    """POST /settings/applications/{id}/secret"""
    client_id = field(request, "id")

    def act(call: Call, _: Form) -> tuple[Made, Usage]:
        user_id_of(call)
        with working(call) as work:
            made = own.rotate(work, client_id)
            return made, usage.of(work, made.app.id)

    visit, (made, used) = await submitted(request, await form_of(request), act)
    return page_of(request, visit, made, used)


async def ask_public(request: Request) -> Response:
    """GET /settings/applications/{id}/public"""
    return await _asked(request, "public")


async def go_public(request: Request) -> Response:
    """POST /settings/applications/{id}/public — it keeps no secret any more"""
    client_id = field(request, "id")

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            own.go_public(work, client_id)

    await submitted(request, await form_of(request), act)
    return redirected(request, f"{LIST}/{client_id}", notice="app-saved")


async def ask_delete(request: Request) -> Response:
    """GET /settings/applications/{id}/delete"""
    return await _asked(request, "delete")


async def delete(request: Request) -> Response:
    """POST /settings/applications/{id}/delete"""
    client_id = field(request, "id")

    def act(call: Call, _: Form) -> None:
        user_id_of(call)
        with working(call) as work:
            own.delete(work, client_id)

    await submitted(request, await form_of(request), act)
    return redirected(request, LIST, notice="app-deleted")


def looked_at(call: Call, request: Request) -> tuple[App, Usage]:
    """The application of this address, and how much it is used."""
    user_id_of(call)
    app = own.seen(call, field(request, "id"))
    return app, usage.of(call, app.id)


async def _asked(request: Request, act: str) -> Response:
    """Ask before something that cannot be taken back."""
    visit, (app, used) = await visiting(request, lambda call: looked_at(call, request))
    people = used.people
    return shown(request, "oauth/application_ask.html", visit, app=app, people=people, act=act)


def _described(form: Form) -> Described:
    lines = form.get("redirect_uris", "").splitlines()
    return Described(
        name=form.get("name", ""),
        homepage=form.get("homepage", ""),
        redirect_uris=tuple(dict.fromkeys(line.strip() for line in lines if line.strip())),
        scopes=tuple(name for name in scopes.OFFERED if f"{_SCOPE}{name}" in form),
        device_flow="device_flow" in form,
    )


def _new_page(
    request: Request,
    visit: Visit,
    entry: Described,
    *,
    confidential: bool,
    errors: Told = NOTHING_WRONG,
) -> Response:
    return shown(
        request,
        "oauth/application_new.html",
        visit,
        status=400 if errors.summary else 200,
        entry=entry,
        kind="confidential" if confidential else "public",
        choices=choices(visit.frame.language),
        errors=errors,
    )


def page_of(
    request: Request,
    visit: Visit,
    made: Made,
    used: Usage,
    *,
    errors: Told = NOTHING_WRONG,
    entry: Described | None = None,
) -> Response:
    """The page of an application; its secret is there only right after it was made."""
    app = made.app
    as_it_is = Described(app.name, app.homepage, app.redirect_uris, app.scopes, app.device_flow)
    return shown(
        request,
        "oauth/application.html",
        visit,
        status=400 if errors.summary else 200,
        app=app,
        secret=made.secret,
        used=used,
        entry=entry or as_it_is,
        choices=choices(visit.frame.language),
        errors=errors,
    )
