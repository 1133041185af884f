"""Upload grants: settle everything about a xorb before its 64 MiB are sent.

A client asks with length and checksum; it is told that the xorb is here already, or where to PUT
it: straight into the object store when that signs URLs, else to the hub. What went into the store
is checked when the client commits. The announced checksum is for those bytes, which travelled
without us: what came to the hub is proved by the hashes of its chunks, and a CRC on top would
double the cost of taking it.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from datetime import timedelta

from strata.blobs.keys import incoming_key
from strata.blobs.lfs.tickets import EXPIRED
from strata.blobs.lfs.uploads import gathered
from strata.blobs.xet import queries, tokens, xorbs
from strata.blobs.xet.queries import Grant
from strata.core.call import Call, working
from strata.core.errors import Forbidden, Malformed, NotFound, TooLarge
from strata.core.hub import Hub
from strata.core.names import fresh_key
from strata.lib.objects.receive import Received
from strata.lib.objects.store import ObjectMissing, pieces
from strata.lib.xet.crc import crc64
from strata.lib.xet.limits import XORB_STORED_MAX
from strata.repos.record import Repo

LIFETIME = timedelta(minutes=30)
_PURPOSE = "xet-grant"


@dataclass(frozen=True, slots=True)
class Offer:
    """A grant and the URL its bytes go to."""

    id: str
    url: str


def offer(call: Call, repo: Repo, xorb: bytes, size: int, checksum: int) -> Offer | None:
    """Grant the upload of a xorb; None when it is here already.

    Raises:
        Malformed: a length no xorb has.
        TooLarge: more than a xorb may have.
    """
    if size < 1:
        raise Malformed("A xorb has at least one byte.")
    if size > XORB_STORED_MAX:
        raise TooLarge(f"A xorb has at most {XORB_STORED_MAX} bytes.")
    if xorbs.known(call, xorb):
        return None
    key = fresh_key()
    direct = call.hub.objects.presigned_put(
        incoming_key(key), expires_s=int(LIFETIME.total_seconds()), size=size
    )
    grant = Grant(
        id=key,
        repo_id=repo.id,
        user_id=call.actor.user_id or 0,
        xorb=xorb,
        size=size,
        crc64=str(checksum),
        direct=direct is not None,
        expires_at=call.now + LIFETIME,
    )
    with working(call) as work:
        queries.add_grant(work, grant)
    return Offer(key, direct or _own_url(call, grant))


def _own_url(call: Call, grant: Grant) -> str:
    ticket = call.hub.secrets.sign(_PURPOSE, grant.id, expires=grant.expires_at)
    return f"{tokens.cas_url(call)}/v1/grants?ticket={ticket}"


def opened(hub: Hub, ticket: str) -> str:
    """The id of the grant a PUT came with.

    Raises:
        Forbidden: forged or expired; the client asks for a new one.
    """
    grant_id = hub.secrets.verify(_PURPOSE, ticket, str, now=hub.clock())
    if grant_id is None:
        raise Forbidden(EXPIRED)
    return grant_id


def take(call: Call, grant_id: str, received: Received) -> None:
    """Take the bytes of a grant that were sent to the hub.

    Raises:
        Forbidden: the grant is over.
        Malformed: other bytes than announced, or not a valid xorb.
    """
    try:
        grant = queries.grant_at(call, grant_id)
        if grant is None or grant.direct:
            raise Forbidden(EXPIRED)
        _require_length(grant, received)
        xorbs.take_in(call, grant.xorb, received)
    finally:
        received.discard()


def commit(call: Call, repo: Repo, xorb: bytes, grant_id: str) -> None:
    """Confirm that the bytes of a grant have arrived.

    Raises:
        NotFound: they have not, or there is no such grant; the client starts again.
        Malformed: what arrived is not what was announced, or not a valid xorb.
    """
    grant = queries.grant_at(call, grant_id)
    if grant is None or grant.repo_id != repo.id or grant.xorb != xorb:
        raise NotFound("There is no such upload grant. Ask for a new one.")
    if not xorbs.known(call, xorb):
        if not grant.direct:
            raise NotFound("The xorb did not arrive. Ask for a new grant and send it.")
        _fetch(call, grant)
    with working(call) as work:
        queries.end_grant(work, grant_id)
    if grant.direct:
        call.hub.objects.delete(incoming_key(grant_id))


def _fetch(call: Call, grant: Grant) -> None:
    """Check what the client put into the object store and move it to its place."""
    store = call.hub.objects
    try:
        received = gathered(store.staging(), pieces(store, incoming_key(grant.id)), grant.size)
    except ObjectMissing:
        raise NotFound("The xorb did not arrive. Ask for a new grant and send it.") from None
    try:
        _require_length(grant, received)
        _require_checksum(grant, received)
        xorbs.take_in(call, grant.xorb, received)
    finally:
        received.discard()


def _require_length(grant: Grant, received: Received) -> None:
    if received.size != grant.size:
        raise Malformed(f"The xorb must have {grant.size} bytes; {received.size} arrived.")


def _require_checksum(grant: Grant, received: Received) -> None:
    with received.path.open("rb") as file:
        found = crc64(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    if str(found) != grant.crc64:
        raise Malformed("The xorb does not have the announced checksum. Send it again.")
