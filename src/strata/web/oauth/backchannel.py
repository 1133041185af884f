"""A site says that it has logged somebody out (OpenID Connect Back-Channel Logout 1.0)."""

from __future__ import annotations

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import NotFound
from strata.sessions.identities import ending
from strata.sessions.identities.sites import asking
from strata.web.oauth.answers import NO_STORE, fields_of, speaking_oauth
from strata.web.oauth.token import needed
from strata.web.work import as_nobody, field, hub_of


@speaking_oauth
async def log_out(request: Request) -> Response:
    """POST /logout/backchannel/{provider}"""
    hub, name = hub_of(request), field(request, "provider")
    provider = asking.provider_named(hub, name)
    if provider is None:
        raise NotFound("There is no such site.")
    token = needed(await fields_of(request), "logout_token")
    ended = await anyio.to_thread.run_sync(ending.checked, hub, provider, token)

    def end(call: Call) -> int:
        with working(call) as work:
            return ending.end(work, provider, ended)

    await as_nobody(request, end)
    return Response(status_code=200, headers=NO_STORE)
