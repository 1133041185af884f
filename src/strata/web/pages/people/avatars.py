"""Pictures of accounts: uploaded ones, and drawn ones where there is none."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.profile import picture
from strata.core.call import Call
from strata.organizations.logo import logo_square, shown_logo
from strata.web.pages.frame.avatar import avatar_svg
from strata.web.pages.frame.render import at
from strata.web.pages.frame.square import SAFE, square
from strata.web.work import field, hub_of, read

SIZE: Final = 120  # pixels
_DRAWN: Final = re.compile(r"([0-9a-f]{24})\.svg")
_DRAWING: Final = {"Cache-Control": "public, max-age=60", **SAFE}


async def avatar(request: Request) -> Response:
    """GET /avatars/{file}

    `<public id>.svg` is the address that never changes: it leads to the uploaded picture, or is
    drawn from the public id alone. What stands under any other name never changes.
    """
    named = _DRAWN.fullmatch(field(request, "file"))
    if named is None:
        return await square(request, _square)
    uploaded = await read(request, lambda call: _shown(call, named[1]))
    return _drawn(named[1]) if uploaded is None else _sent_on(request, uploaded)


def _sent_on(request: Request, file: str) -> Response:
    location = at(f"/avatars/{file}", hub_of(request).settings.prefix)
    return Response(
        status_code=302, headers={"Location": location, "Cache-Control": "public, max-age=60"}
    )


def _shown(call: Call, public_id: str) -> str | None:
    """The uploaded picture of a person or an organisation."""
    return picture.shown_file(call, public_id) or shown_logo(call, public_id)


def _square(call: Call, file: str) -> bytes | None:
    return picture.square(call, file) or logo_square(call, file)


def _drawn(public_id: str) -> Response:
    return Response(avatar_svg(public_id, SIZE), media_type="image/svg+xml", headers=_DRAWING)
