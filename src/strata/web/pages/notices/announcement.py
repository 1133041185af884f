"""What those who run the hub told everybody."""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.community.announcements.announce import Announcement, announcement
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.lib.markdown.render import render
from strata.web.pages.frame.render import at
from strata.web.pages.frame.visit import shown, visiting
from strata.web.work import field


async def page(request: Request) -> Response:
    """GET /notifications/announcements/{id} — for everybody, logged in or not."""
    number = field(request, "id")

    def act(call: Call) -> Announcement:
        if not (number.isascii() and number.isdigit()) or len(number) > 18:
            raise NotFound("There is no such announcement.")
        return announcement(call, int(number))

    visit, told = await visiting(request, act)
    language, prefix = visit.frame.language, visit.frame.prefix
    html = render(told.body(language), resolve_link=lambda there, _kind: at(there, prefix)).html
    return shown(
        request,
        "notices/announcement.html",
        visit,
        title=told.title(language),
        body=Markup(html),  # noqa: S704 — rendered as safe HTML
        when_told=told.at,
    )
