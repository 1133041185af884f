"""The logo of an application: given by its owner, shown to whom it asks (product §2.2 P16)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import InvalidFields, TooLarge
from strata.credentials.oauth.making import logos
from strata.credentials.oauth.making.keeping import Made
from strata.lib.pictures.squares import MAX_BYTES
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.file import form_with_file
from strata.web.pages.frame.square import square
from strata.web.pages.frame.visit import redirected, user_id_of, visiting
from strata.web.pages.settings.applications.own import LIST, looked_at, page_of
from strata.web.pages.words.account import told
from strata.web.work import field


async def logo(request: Request) -> Response:
    """GET /oauth/logos/{file}"""
    return await square(request, logos.square_of)


async def change(request: Request) -> Response:
    """POST /settings/applications/{id}/logo"""
    try:
        form, content = await form_with_file(request, "logo", longest=MAX_BYTES)
        act = _acting(lambda call: logos.change(call, field(request, "id"), content))
        await submitted(request, form, act)
    except TooLarge:
        return await _refused(request, InvalidFields({"logo": ("picture.too_large",)}))
    except InvalidFields as error:
        return await _refused(request, error)
    return redirected(request, f"{LIST}/{field(request, 'id')}", notice="logo-saved")


async def remove(request: Request) -> Response:
    """POST /settings/applications/{id}/logo/remove"""
    client_id = field(request, "id")
    act = _acting(lambda call: logos.remove(call, client_id))
    await submitted(request, await form_of(request), act)
    return redirected(request, f"{LIST}/{client_id}", notice="logo-removed")


def _acting(act: Callable[[Call], None]) -> Callable[[Call, Form], None]:
    def acting(call: Call, _: Form) -> None:
        user_id_of(call)
        act(call)

    return acting


async def _refused(request: Request, error: InvalidFields) -> Response:
    visit, (app, used) = await visiting(request, lambda call: looked_at(call, request))
    errors = told(visit.frame.language, error)
    return page_of(request, visit, Made(app, ""), used, errors=errors)
