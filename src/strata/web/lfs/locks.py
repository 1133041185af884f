"""File locks: not served; git-lfs notices and goes on without them."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.core.errors import NotOffered
from strata.web.lfs.speech import spoken


@spoken
async def locks(request: Request) -> ASGIApp:  # noqa: ARG001 -- a handler takes the request
    """GET /{web}{repo}.git/info/lfs/locks: file locking is not offered."""
    raise NotOffered("This hub does not offer file locks.")
