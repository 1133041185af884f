"""Xorbs come in: in one POST, or by a grant."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.blobs.xet import grants, xorbs
from strata.blobs.xet.grants import Offer
from strata.blobs.xet.tokens import Scope
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.lib.xet.limits import XORB_STORED_MAX
from strata.repos.record import Repo
from strata.web.cas.admission import admitted, hash_in_path, in_thread, writer
from strata.web.respond import json
from strata.web.spool import drained, spooled
from strata.web.work import field, hub_of, json_of

CHECKSUM = "crc64nvme"
MAX_DIGITS = 20  # of a 64-bit number


class Checksum(msgspec.Struct):
    """What a client announces of the bytes it is about to send."""

    algo: str
    value: str

    def number(self) -> int:
        """The checksum; -1, which matches nothing, when it is no number."""
        plain = self.value.isascii() and self.value.isdigit() and len(self.value) <= MAX_DIGITS
        return int(self.value) if plain else -1


class GrantRequest(msgspec.Struct):
    """The body of a question for a grant."""

    length: int
    checksum: Checksum


async def post_xorb(request: Request) -> Response:
    """POST /xet/{epoch}/v1/xorbs/{prefix}/{hash}: take a xorb."""
    await writer(request)
    xorb = hash_in_path(request)
    staging = hub_of(request).objects.staging()
    received = await spooled(request, staging, limit=XORB_STORED_MAX, hashed=False)
    inserted = await in_thread(
        request, lambda call: xorbs.take_in(call, xorb, received), heavy=True
    )
    return json({"was_inserted": inserted})


async def head_xorb(request: Request) -> Response:
    """HEAD /xet/{epoch}/v1/xorbs/{prefix}/{hash}: whether a xorb is here, and how long it is."""
    xorb = hash_in_path(request)
    length = await admitted(
        request, Scope.READ, lambda call, repo: xorbs.length_of(call, repo, xorb)
    )
    if length is None:
        raise NotFound("There is no such xorb.")
    return Response(headers={"Content-Length": str(length)})


async def post_grant(request: Request) -> Response:
    """POST /xet/{epoch}/v1/xorb-grants/{prefix}/{hash}: where to PUT a xorb, if at all."""
    xorb = hash_in_path(request)
    asked = await json_of(request, GrantRequest)
    if asked.checksum.algo != CHECKSUM:
        raise NotFound(f"Grants need a {CHECKSUM} checksum. Send the xorb without a grant.")

    def act(call: Call, repo: Repo) -> Offer | None:
        return grants.offer(call, repo, xorb, asked.length, asked.checksum.number())

    offer = await admitted(request, Scope.WRITE, act)
    if offer is None:
        return json({})
    return json({"id": offer.id, "method": "PUT", "url": offer.url, "headers": {}}, 201)


async def put_granted(request: Request) -> Response:
    """PUT /xet/{epoch}/v1/grants: take the bytes of a grant; the URL is the permission."""
    hub = hub_of(request)
    try:
        grant_id = grants.opened(hub, request.query_params.get("ticket", ""))
    except Exception:
        await drained(request)
        raise
    received = await spooled(request, hub.objects.staging(), limit=XORB_STORED_MAX, hashed=False)
    await in_thread(request, lambda call: grants.take(call, grant_id, received), heavy=True)
    return Response()


async def post_commit(request: Request) -> Response:
    """POST /xet/{epoch}/v1/xorb-commits/{prefix}/{hash}/grant/{grant}: the bytes were sent."""
    repo = await admitted(request, Scope.WRITE, lambda _, repo: repo)
    xorb, grant_id = hash_in_path(request), field(request, "grant")
    await in_thread(request, lambda call: grants.commit(call, repo, xorb, grant_id), heavy=True)
    return json({})
