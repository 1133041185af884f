"""Where clients get the token for the chunk store; the only place that takes their access token.

The answer comes twice: hf_xet and `@huggingface/hub` read the JSON, huggingface_hub the headers.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.blobs.xet import tokens
from strata.core.call import Call
from strata.repos.lookup import lookup
from strata.web.respond import flag, json
from strata.web.work import field, read, repo_of

PULL_REQUESTS = "refs/pr/"


async def read_token(request: Request) -> Response:
    """GET /api/{type}/{repo}/xet-read-token/{revision}: a token to download with."""
    return await _issued(request, Action.READ)


async def write_token(request: Request) -> Response:
    """GET /api/{type}/{repo}/xet-write-token/{revision}: a token to upload with.

    Whoever may open a pull request may upload for one; the commit is asked about again.
    """
    proposed = flag(request, "create_pr") or field(request, "revision").startswith(PULL_REQUESTS)
    return await _issued(request, Action.PROPOSE if proposed else Action.WRITE)


async def bucket_read_token(request: Request) -> Response:
    """GET /api/buckets/{repo}/xet-read-token: a token to download a bucket's files with."""
    return await _issued(request, Action.READ)


async def bucket_write_token(request: Request) -> Response:
    """GET /api/buckets/{repo}/xet-write-token: a token to upload files of a bucket with."""
    return await _issued(request, Action.WRITE)


async def _issued(request: Request, action: Action) -> Response:
    def act(call: Call) -> tokens.CasToken:
        return tokens.issue(call, lookup(call, repo_of(request), action), action)

    issued = await read(request, act)
    body = {
        "casUrl": issued.cas_url,
        "accessToken": issued.access_token,
        "exp": int(issued.expires.timestamp()),
    }
    return json(body, headers={**issued.headers, "Cache-Control": "no-store"})
