"""Pictures of accounts: uploaded ones, and drawn ones where there is none."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.profile.picture import shown_file, square
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.organizations.logo import shown_logo
from strata.web.pages.frame.answer import IMMUTABLE
from strata.web.pages.frame.avatar import avatar_svg
from strata.web.pages.frame.render import at
from strata.web.work import field, hub_of, read

SIZE: Final = 120  # pixels
_DRAWN: Final = re.compile(r"([0-9a-f]{24})\.svg")
_SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}
_DRAWING: Final = {"Cache-Control": "public, max-age=60", **_SAFE}
_UPLOADED: Final = {"Cache-Control": IMMUTABLE, **_SAFE}


async def avatar(request: Request) -> Response:
    """GET /avatars/{file}

    `<public id>.svg` is the address that never changes: it leads to the uploaded picture, or is
    drawn from the public id alone. What stands under any other name never changes.
    """
    file = field(request, "file")
    if named := _DRAWN.fullmatch(file):
        uploaded = await read(request, lambda call: _shown(call, named[1]))
        return _drawn(named[1]) if uploaded is None else _sent_on(request, uploaded)
    content = await read(request, lambda call: square(call.hub, file))
    if content is None:
        raise NotFound("There is no such picture.")
    return Response(content, media_type=f"image/{file[-4:].strip('.')}", headers=_UPLOADED)


def _sent_on(request: Request, file: str) -> Response:
    location = at(f"/avatars/{file}", hub_of(request).settings.prefix)
    return Response(
        status_code=302, headers={"Location": location, "Cache-Control": "public, max-age=60"}
    )


def _shown(call: Call, public_id: str) -> str | None:
    """The uploaded picture of a person or an organisation."""
    return shown_file(call, public_id) or shown_logo(call, public_id)


def _drawn(public_id: str) -> Response:
    return Response(avatar_svg(public_id, SIZE), media_type="image/svg+xml", headers=_DRAWING)
