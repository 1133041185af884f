"""Take along what the site keeps of oneself (product P08)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strata.core.call import Call, working
from strata.core.errors import AskedToday
from strata.membership.export import ask
from strata.web.errors import status_of
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import redirected, visiting
from strata.web.pages.settings.account import page
from strata.web.pages.words.account import Told, phrase, wait_text
from strata.web.work import field, read


async def submit(request: Request) -> Response:
    """POST /settings/account/export"""
    form = await form_of(request)

    def act(call: Call, _: Form) -> None:
        with working(call) as work:
            ask.ask(work)

    try:
        await submitted(request, form, act)
    except AskedToday as error:
        return await _too_soon(request, error)
    return redirected(request, page.PAGE, notice="export-asked")


async def _too_soon(request: Request, error: AskedToday) -> Response:
    """The account page, where the copy of today is, or is being made."""
    visit, held = await visiting(request, page.read)
    language = visit.frame.language
    said = phrase(language, ask.ONCE_A_DAY, t=wait_text(language, error.retry_after_s))
    answer = page.show(request, visit, held, Told((("export", said),), language))
    answer.status_code = status_of(error, anonymous=False)
    answer.headers["Retry-After"] = str(error.retry_after_s)
    return answer


async def download(request: Request) -> Response:
    """GET /settings/account/export/{key}"""
    key = field(request, "key")
    export, content = await read(request, lambda call: ask.fetch(call, key))
    headers = {
        "Content-Disposition": f'attachment; filename="my-data-{export.asked_at:%Y-%m-%d}.zip"',
        "Content-Length": str(export.size),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(content, headers=headers, media_type="application/zip")
