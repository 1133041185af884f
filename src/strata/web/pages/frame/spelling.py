"""Addresses are found in any case, and led to the one that their owner writes (product §3.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from starlette.requests import Request

from strata.web.auth import SAFE_METHODS
from strata.web.work import exchange

_ORGANIZATION: Final = "/organizations/{name}/"  # how the addresses of its own pages begin


def other_address(request: Request, context: Mapping[str, object]) -> str | None:
    """Where a page belongs whose address writes a name in other case; None: it is there already.

    Only somebody who may see the page gets so far: the way there tells nothing that is hidden.

    Args:
        context: what the page shows: `head` of a repo, or `organization`.
    """
    match = exchange(request).match
    if match is None or request.method not in SAFE_METHODS:
        return None
    raw = request.scope["raw_path"].decode("latin-1")
    if match.repo is not None and match.repo_span is not None and "head" in context:
        (start, end), asked = match.repo_span, match.repo.full_name
        name = context["head"].repo.full_name  # type: ignore[attr-defined]  # of every such head
    elif match.route.template.startswith(_ORGANIZATION) and "organization" in context:
        start = _ORGANIZATION.index("{")
        end = raw.index("/", start)
        asked, name = match.fields["name"], context["organization"].name  # type: ignore[attr-defined]
    else:
        return None
    if asked == name:
        return None
    query = request.scope["query_string"].decode("latin-1")
    return f"{raw[:start]}{quote(name)}{raw[end:]}" + (f"?{query}" if query else "")
