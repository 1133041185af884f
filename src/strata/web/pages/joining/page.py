"""Sign up in two steps: who you are to us, then who you are to others (product §2.2 P02)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import Forbidden, InvalidFields, TooLarge
from strata.lib.pictures.squares import MAX_BYTES
from strata.membership.joining import faults, signup
from strata.web import respond
from strata.web.pages.forms.body import Form, form_of
from strata.web.pages.forms.file import form_with_file
from strata.web.pages.frame import onward
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, visit_of, visiting
from strata.web.pages.joining.first import (
    begin,
    begun,
    from_elsewhere,
    is_closed,
    show_first,
)
from strata.web.pages.joining.second import Second, create, show_second, show_second_again
from strata.web.pages.words.account import phrase
from strata.web.pages.words.language import language_of, sentences
from strata.web.work import hub_of, read

_TOO_LARGE: Final = InvalidFields({"picture": ("picture.too_large",)})


async def join(request: Request) -> Response:
    """GET /join — step 1, and with `?step=2` step 2 of a sign-up that was begun."""
    visit, (step, suggested) = await visiting(request, lambda call: begun(call, request))
    if visit.frame.viewer:
        return redirected(request, "/", notice="logged-in")
    if is_closed(hub_of(request)):
        return _closed_page(request, visit)
    if request.query_params.get("step") != "2":
        email, invite = (step.email, step.invite) if step else ("", "")
        answer = await show_first(
            request, visit, email, identity=from_elsewhere(step), invite=invite
        )
        return onward.remember(request, answer)
    if step is None:
        return redirected(request, "/join")
    second = Second(username=suggested, language=visit.frame.language)
    return onward.remember(request, await show_second(request, second))


async def submit(request: Request) -> Response:
    """POST /join — the second step may carry a picture"""
    try:
        form, picture = await _sent(request)
        if form.get("step") == "2":
            return await create(request, form, picture)
        return await begin(request, form)
    except TooLarge:
        if not _has_file(request):
            raise
        # What else was entered has not been read.
        _, (_, suggested) = await visiting(request, lambda call: begun(call, request))
        return await show_second_again(request, Second(username=suggested), _TOO_LARGE)
    except Forbidden as error:
        if error.message != signup.CLOSED:
            raise
        return _closed_page(request, await visit_of(request), status=403)


async def _sent(request: Request) -> tuple[Form, bytes]:
    if _has_file(request):
        return await form_with_file(request, "picture", longest=MAX_BYTES)
    return await form_of(request), b""


def _has_file(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/")


async def availability(request: Request) -> Response:
    """GET /api/username-availability?name= — whether a new account may have the name."""
    name = request.query_params.get("name", "")
    found = await read(request, lambda call: faults.name_faults(call, name))
    language = language_of(request, hub_of(request).settings.language)
    message = sentences(language, (phrase(language, key, name=name) for key in found))
    return respond.json({"name": name, "available": not found, "message": message})


def _closed_page(request: Request, visit: Visit, status: int = 200) -> Response:
    private = hub_of(request).settings.private
    return shown(request, "accounts/join_closed.html", visit, status=status, private=private)
