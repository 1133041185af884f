"""The answer with one square of a picture that somebody uploaded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import NotFound
from strata.web.pages.frame.answer import IMMUTABLE
from strata.web.work import field, read

SAFE: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
}


async def square(request: Request, find: Callable[[Call, str], bytes | None]) -> Response:
    """Answer with what `find` has for the file in the path; what stands there never changes.

    Raises:
        NotFound: it has nothing.
    """
    file = field(request, "file")
    content = await read(request, lambda call: find(call, file))
    if content is None:  # or the same picture was chosen again between the row and its bytes
        content = await read(request, lambda call: find(call, file))
    if content is None:
        raise NotFound("There is no such picture.")
    kind = file.rpartition(".")[2]
    headers = {"Cache-Control": IMMUTABLE, **SAFE}
    return Response(content, media_type=f"image/{kind}", headers=headers)
