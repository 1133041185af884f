"""What the repos of a person or an organisation take up (02 §P)."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call
from strata.core.errors import Unauthenticated
from strata.search.storage import Stored, storage_list
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.people.faces import named_organization
from strata.web.paths import Route
from strata.web.work import read

_PY = "huggingface_hub ≥ 1.17: list_user_repos, hf repos ls"


async def own(request: Request) -> Response:
    """GET /api/settings/repositories"""
    return await _listed(request, _caller)


async def of_organization(request: Request) -> Response:
    """GET /api/organizations/{name}/settings/repositories"""
    return await _listed(request, lambda call: named_organization(call, request).id)


async def _listed(request: Request, namespace_of: Callable[[Call], int]) -> Response:
    window = window_of(request, 2)
    page = await read(request, lambda call: storage_list(call, namespace_of(call), window))
    return respond.json([_item(one) for one in page.rows], headers=next_link(request, page))


def _caller(call: Call) -> int:
    if call.actor.user_id is None:
        raise Unauthenticated("Invalid username or password.")
    return call.actor.user_id


def _item(one: Stored) -> dict[str, object]:
    return {
        "id": one.full_name,
        "type": one.type.value,
        "updatedAt": respond.moment(one.updated_at),
        "visibility": "private" if one.private else "public",
        "storage": one.storage,
        "storagePercent": one.share,
    }


ROUTES = (
    Route(("GET",), "/api/settings/repositories", own, _PY),
    Route(("GET",), "/api/organizations/{name}/settings/repositories", of_organization, _PY),
)
