"""What clients tell about themselves; we do not want to know."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.web.spool import drained


async def telemetry(request: Request) -> Response:
    """POST /v1/telemetry: thank you. hf_xet waits up to two seconds for this answer."""
    await drained(request)
    return Response(status_code=204)
