"""Pictures of accounts that uploaded none."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.errors import NotFound
from strata.web.pages.avatar import avatar_svg
from strata.web.work import field

SIZE: Final = 120  # pixels
_FILE: Final = re.compile(r"([0-9a-f]{24})\.svg")


async def avatar(request: Request) -> Response:
    """GET /avatars/{file} — drawn from the account's public id alone, so it reveals nothing."""
    named = _FILE.fullmatch(field(request, "file"))
    if named is None:
        raise NotFound("There is no such picture.")
    return Response(
        avatar_svg(named[1], SIZE),
        media_type="image/svg+xml",
        headers={
            "Cache-Control": "public, max-age=86400",
            "Content-Security-Policy": "default-src 'none'; style-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )
