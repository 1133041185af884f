"""Take along what the site keeps of oneself (product P08)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from strata.core.call import Call, working
from strata.membership.export import ask
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.visit import redirected
from strata.web.work import field, read

PAGE: Final = "/settings/account"


async def submit(request: Request) -> Response:
    """POST /settings/account/export"""
    form = await form_of(request)

    def act(call: Call, _: Form) -> None:
        with working(call) as work:
            ask.ask(work)

    await submitted(request, form, act)
    return redirected(request, PAGE, notice="export-asked")


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
