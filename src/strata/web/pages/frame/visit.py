"""One look at a page: who looks, in which language, and what their forms must carry.

    visit, listed = await visiting(request, lambda call: tokens.of(call, owner(call)))
    return shown(request, "accounts/tokens.html", visit, listed=listed)

The frame of the page is made in the same thread hop as the act, after it, so that it shows what
the act changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, Forbidden, Unauthenticated
from strata.web.pages.frame import notices
from strata.web.pages.frame.answer import NO_STORE, PRIVATE, page_answer
from strata.web.pages.frame.cookies import (
    drop_cookie,
    form_cookie,
    form_cookie_name,
    renew,
    set_cookie,
)
from strata.web.pages.frame.dressing import Visit, bare_visit, dressed, speak
from strata.web.pages.frame.render import at
from strata.web.pages.frame.spelling import other_address
from strata.web.work import exchange, hub_of, read

T = TypeVar("T")

LONGEST_NEXT: Final = 4000  # characters
OF_ACCOUNTS: Final = (
    "/settings", "/organizations", "/notifications", "/login", "/join", "/device", "/oauth",
    "/agree",
    "/verify-email", "/email_confirmation", "/forgot-password", "/reset-password", "/admin",
)  # fmt: skip
_FORM_FIELD: Final = b'name="csrf_token"'


async def visiting(request: Request, act: Callable[[Call], T]) -> tuple[Visit, T]:
    """Run a reading act and dress the page that shows its result, in one thread hop."""

    def within(call: Call) -> tuple[Visit, T]:
        result = act(call)
        return dressed(request, call), result

    speak(request)
    return await read(request, within)


async def visit_of(request: Request) -> Visit:
    """Dress a page that needs nothing else."""
    visit, _ = await visiting(request, lambda _call: None)
    return visit


async def visit_anyway(request: Request) -> Visit:
    """Dress the page of a failure, also of the failure to know who asks."""
    try:
        return await visit_of(request)
    except (BadCredentials, Forbidden):  # a wrong token, or a form sent by another site
        return bare_visit(request)


def in_transaction(act: Callable[[Work], T]) -> Callable[[Call], T]:
    """Make a writing act one that `visiting` can run; committed before the page is dressed."""

    def within(call: Call) -> T:
        with working(call) as work:
            return act(work)

    return within


def shown(
    request: Request, template: str, visit: Visit, *, status: int = 200, cache: str = "",
    headers: dict[str, str] | None = None, **context: object,
) -> Response:  # fmt: skip
    """Render a page; the cookie that its forms belong to goes with it, if it has any.

    An address with a name in other case than its owner writes it leads to the page instead.
    """
    elsewhere = other_address(request, context)
    if elsewhere is not None:
        return redirected(request, elsewhere, status=307)
    answer = page_answer(
        request, template, visit.frame, status=status, cache=cache or _cache_of(request),
        headers=headers, **context,
    )  # fmt: skip
    held = request.cookies.get(form_cookie_name(request))
    if visit.form_cookie and visit.form_cookie != held and _FORM_FIELD in answer.body:
        set_cookie(request, answer, form_cookie_name(request), visit.form_cookie)
    if notices.notice_of(request):
        drop_cookie(request, answer, notices.COOKIE)
    renew(request, answer)
    return answer


def keep_form_cookie(request: Request, answer: Response) -> None:
    """Let a browser that leaves us hold what its next forms belong to, so that we know it again."""
    name = form_cookie_name(request)
    cookie = form_cookie(request, hub_of(request))
    if cookie != request.cookies.get(name):
        set_cookie(request, answer, name, cookie)


def _cache_of(request: Request) -> str:
    """What others who use the same machine later must not find in the browser is not kept there."""
    match = exchange(request).match
    template = match.route.template if match is not None else ""
    return NO_STORE if template.startswith(OF_ACCOUNTS) else PRIVATE


def redirected(request: Request, path: str, *, notice: str = "", status: int = 303) -> Response:
    """Send the browser to another page of ours.

    Args:
        path: from our root, such as `/settings/tokens`.
        notice: a key of `notices.NOTICES`, told on the next page.
    """
    location = at(path, hub_of(request).settings.prefix)
    answer = Response(status_code=status, headers={"Location": location})
    if notice:
        notices.leave_notice(request, answer, notice)
    renew(request, answer)
    return answer


def user_id_of(call: Call) -> int:
    """Who is logged in; access tokens have no say on settings pages.

    Raises:
        Unauthenticated: nobody is; the failure page leads to the log-in and back.
    """
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return call.actor.user_id


def requested(request: Request) -> str:
    """The address that the browser asked for, from the root of the host."""
    path: str = request.scope["raw_path"].decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def safe_next(path: str) -> str:
    """Where to go after log-in: a page of ours, whatever the address asked for."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if ours and plain and len(path) <= LONGEST_NEXT else "/"
