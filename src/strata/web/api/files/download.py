"""A download: the bytes of a file, or what a client needs to fetch its chunks itself; counted."""

from __future__ import annotations

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.blobs.xet.tokens import cas_url
from strata.core.call import Call
from strata.web import respond
from strata.web.api.files.answer import (
    XET_FILE_INFO,
    Found,
    answer_of,
    headers_of,
    length_of,
    wants_xet_facts,
)
from strata.web.work import exchange, hub_of


def download_of(request: Request, found: Found) -> ASGIApp:
    """Answer a GET or HEAD for a file.

    Raises:
        RangeUnsatisfiable: the range begins behind the end.
    """
    if found.file.xet_hash and wants_xet_facts(request):
        return _xet_facts(found)
    if request.method == "GET":
        _count(request, found)
    return answer_of(request, hub_of(request), found)


def redirects(call: Call, *, stored: bool) -> bool:
    """Whether a HEAD must learn of another address, too.

    Args:
        stored: the file is kept as one object.
    """
    settings = call.hub.settings.objects
    return stored and bool(settings.url) and settings.redirect


def xet_links(call: Call, token_url: str, xet_hash: str) -> str:
    """The value of `Link` that leads a client to the chunks of a file."""
    return (
        f'<{token_url}>; rel="xet-auth", '
        f'<{cas_url(call)}/v2/reconstructions/{xet_hash}>; rel="xet-reconstruction-info"'
    )


def _xet_facts(found: Found) -> ASGIApp:
    """What the file is, for a client that fetches its chunks itself."""
    file = found.file
    body = {"hash": file.xet_hash, "size": file.size, "etag": f'"{file.etag}"'}
    headers = {**headers_of(found), "Content-Type": XET_FILE_INFO}
    return respond.json(body, headers=headers)


def _count(request: Request, found: Found) -> None:
    facts = exchange(request)
    caller = str(facts.actor.user_id or facts.origin.ip)
    facts.tallies.downloads.add(found.repo_id, caller, facts.hub.clock())
    facts.tallies.downloads.add_bytes(found.repo_id, length_of(request, found))
