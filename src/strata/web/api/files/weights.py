"""What the shards of a model hold, in one answer instead of a request for each (02 §B2)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.lib.weights.safetensors import Header
from strata.search.saying.summaries import sharded_headers
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import field, read, repo_of


async def safetensors_metadata(request: Request) -> Response:
    """GET /api/{type}/{repo}/safetensors-metadata/{path}"""
    repo_id, index = repo_of(request), field(request, "path")
    metadata, headers = await read(request, lambda call: sharded_headers(call, repo_id, index))
    shown = {name: _shown(header) for name, header in headers.items()}
    return respond.json({"index": {"metadata": metadata}, "headers": shown})


def _shown(header: Header) -> dict[str, object]:
    """The header as its file has it."""
    metadata = {"__metadata__": header.metadata} if header.metadata else {}
    return {**metadata, **header.tensors}


ROUTES: tuple[Route, ...] = (
    Route(
        ("GET",),
        "/api/{type}/{repo}/safetensors-metadata/{path}",
        safetensors_metadata,
        "huggingface_hub ≥ 2.3: get_safetensors_metadata",
    ),
)
