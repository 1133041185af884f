"""Facts of given paths (02 §D2)."""

from __future__ import annotations

from urllib.parse import parse_qs

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.content.reading.tree import MAX_PATHS, Listed, paths_info as facts_of
from strata.content.snapshot import snapshot
from strata.core.call import Call
from strata.core.errors import Malformed, TooLarge
from strata.web import respond
from strata.web.api.files.entries import entry
from strata.web.json_body import decoded
from strata.web.paths import Route
from strata.web.work import body_of, field, read, repo_of

_TRUE = frozenset({"true", "1", "on"})


class PathsBody(msgspec.Struct):
    """The body, as JSON or as a form."""

    paths: list[str] | str
    expand: bool = False


async def paths_info(request: Request) -> Response:
    """POST /api/{type}/{repo}/paths-info/{revision}"""
    body = await _body(request)
    paths = [body.paths] if isinstance(body.paths, str) else body.paths

    def act(call: Call) -> list[Listed]:
        at = snapshot(call, repo_of(request), field(request, "revision"), Action.LOOK)
        return facts_of(call, at, paths, expand=body.expand)

    return respond.json([entry(listed) for listed in await read(request, act)])


async def _body(request: Request) -> PathsBody:
    """huggingface_hub sends a form, the other clients JSON."""
    raw = await body_of(request)
    if "json" in request.headers.get("content-type", ""):
        return decoded(raw, PathsBody)
    try:
        form = parse_qs(raw.decode(), keep_blank_values=True, max_num_fields=MAX_PATHS + 10)
    except UnicodeDecodeError as error:
        raise Malformed("The form is not UTF-8.") from error
    except ValueError as error:
        raise TooLarge("too many parameters") from error
    if "paths" not in form:
        raise Malformed('"paths" is missing')
    expand = form.get("expand", [""])[-1].lower() in _TRUE
    return PathsBody(form["paths"], expand)


ROUTES: tuple[Route, ...] = (
    Route(("POST",), "/api/{type}/{repo}/paths-info/{revision}", paths_info, "all: get_paths_info"),
)
