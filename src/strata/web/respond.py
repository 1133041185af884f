"""JSON answers, paging links, dates: shapes every API door shares (conventions §5 to §9)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

import msgspec
from starlette.requests import Request
from starlette.responses import Response

JSON_TYPE = "application/json; charset=utf-8"

_encoder = msgspec.json.Encoder(enc_hook=lambda value: value.isoformat())


def json(content: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer; dates inside must already be text made by `moment`."""
    return Response(_encoder.encode(content), status, dict(headers or {}), media_type=JSON_TYPE)


def ok() -> Response:
    """The answer of calls whose body no client reads."""
    return json({"success": True})


def moment(when: datetime) -> str:
    """ISO 8601, three fraction digits, literal Z: all that clients of every age can parse."""
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"


def next_link(request: Request, base_url: str, cursor: str | None) -> dict[str, str]:
    """The `Link` header that leads to the next page, with every filter of this one.

    Args:
        base_url: `exchange(request).origin.base_url`.
    """
    if cursor is None:
        return {}
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "cursor"]
    path = request.scope["raw_path"].decode("latin-1")
    url = f"{base_url}{path}?{urlencode([*query, ('cursor', cursor)])}"
    return {"Link": f'<{url}>; rel="next"'}


def flag(request: Request, name: str) -> bool:
    """A boolean query parameter in any client's spelling: true, True, 1, full."""
    return request.query_params.get(name, "").lower() in ("true", "1", "full")


def many(request: Request, name: str) -> list[str]:
    """A repeated query parameter, also spelled `name[]`."""
    return request.query_params.getlist(name) + request.query_params.getlist(f"{name}[]")
