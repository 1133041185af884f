"""Large files on their way in over LFS: in one piece, or in parts.

Parts go straight to the object store when that takes them.

Nothing a client says is believed: the sha256 of what arrived decides, and only then does the repo
have the file.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from strata.blobs import queries
from strata.blobs.keep import keep
from strata.blobs.keys import incoming_key, part_key
from strata.blobs.lfs.negotiate import Needed
from strata.blobs.lfs.tickets import CompletionLink, PartLink, UploadLink, acting
from strata.blobs.queries import Upload
from strata.core.call import Call, working
from strata.core.errors import Gone, Malformed, NotFound, TooLarge
from strata.core.names import Oid, fresh_key
from strata.lib.objects.receive import SPOOL_PREFIX, Received
from strata.lib.objects.store import ObjectMissing, ObjectStore, Part, pieces
from strata.repos.record import Repo

PARTS_MAX = 1_000  # of one file; larger files have larger parts
PARTS_AT_ONCE_MAX = 50_000  # whose links are signed in one answer


def take_whole(call: Call, link: UploadLink, received: Received) -> None:
    """Take a file that came in one PUT; what is not the promised file is thrown away.

    Raises:
        Malformed: other bytes than promised.
    """
    try:
        uploader, repo = acting(call, link.bearer, link.repo_id)
        _require_promised(received, link.oid, link.size)
        keep(uploader, repo, received)
    finally:
        received.discard()


def start_parts(call: Call, repo: Repo, wanted: Sequence[Needed]) -> list[Upload]:
    """Begin uploads in parts; the object store takes the parts itself when it can.

    Raises:
        TooLarge: the files have too many parts together.
    """
    smallest = call.hub.settings.lfs.part_bytes
    if sum([min(PARTS_MAX, one.size // smallest + 1) for one in wanted]) > PARTS_AT_ONCE_MAX:
        raise TooLarge("These files have too many parts together. Ask for fewer at once.")
    uploads = [_fresh(call, repo, one) for one in wanted]
    with working(call) as work:
        for upload in uploads:
            queries.start_upload(work, upload)
    return uploads


def _fresh(call: Call, repo: Repo, one: Needed) -> Upload:
    key = fresh_key()
    settings = call.hub.settings.lfs
    return Upload(
        key=key,
        repo_id=repo.id,
        user_id=call.actor.user_id or 0,
        oid=one.oid,
        size=one.size,
        part_bytes=max(settings.part_bytes, -(-one.size // PARTS_MAX)),
        store_upload_id=call.hub.objects.start_multipart(incoming_key(key)),
        expires_at=call.now + timedelta(seconds=settings.link_lifetime_s),
    )


def part_sizes(upload: Upload) -> dict[int, int]:
    """Number and bytes of each part."""
    count = -(-upload.size // upload.part_bytes)
    sizes = dict.fromkeys(range(1, count + 1), upload.part_bytes)
    if count:
        sizes[count] = upload.size - upload.part_bytes * (count - 1)
    return sizes


def store_part_url(call: Call, upload: Upload, number: int, size: int) -> str | None:
    """Where the object store itself takes a part; None when the hub does."""
    if upload.store_upload_id is None:
        return None
    return call.hub.objects.presigned_part(
        incoming_key(upload.key),
        upload.store_upload_id,
        number,
        expires_s=call.hub.settings.lfs.link_lifetime_s,
        size=size,
    )


def take_part(call: Call, link: PartLink, received: Received) -> str:
    """Take one part; its etag. A part that is sent again replaces the first.

    Raises:
        Malformed: another size than promised.
        Gone: the upload is over.
    """
    try:
        acting(call, link.bearer, link.repo_id)
        if received.size != link.size:
            raise Malformed(f"This part must have {link.size} bytes; {received.size} arrived.")
        if queries.upload_at(call, link.upload) is None:
            raise Gone("This upload is over. Start a new one.")
        key = part_key(link.upload, link.number)
        call.hub.objects.put(key, received.path, overwrite=True)
    finally:
        received.discard()
    return f'"{received.sha256}"'


def complete(call: Call, link: CompletionLink, parts: Sequence[Part]) -> None:
    """Join the parts, check the whole, give it to the repo. Doing so twice is fine.

    Raises:
        Malformed: parts are missing, or the whole is not the promised file.
        NotFound: no such upload.
    """
    uploader, repo = acting(call, link.bearer, link.repo_id)
    upload = queries.upload_at(call, link.upload)
    if upload is None:
        if queries.held(call, link.repo_id, link.oid) is None:
            raise NotFound("There is no such upload. Start a new one.")
        return
    whole = _joined(call, upload, parts)
    try:
        _require_promised(whole, upload.oid, upload.size)
        keep(uploader, repo, whole)
    finally:
        whole.discard()
    with working(uploader) as work:
        queries.end_upload(work, upload.key)
    remove_traces(call.hub.objects, upload)


def _joined(call: Call, upload: Upload, parts: Sequence[Part]) -> Received:
    store = call.hub.objects
    if upload.store_upload_id is None:
        return gathered(store.staging(), _parts_here(store, upload), upload.size)
    key = incoming_key(upload.key)
    try:
        store.complete_multipart(key, upload.store_upload_id, parts)
    except ObjectMissing:
        if store.facts(key) is None:  # otherwise an earlier attempt got this far
            raise NotFound("There is no such upload. Start a new one.") from None
    except ValueError as error:
        raise Malformed(f"The object store refused the parts: {error}") from error
    return gathered(store.staging(), pieces(store, key), upload.size)


def _parts_here(store: ObjectStore, upload: Upload) -> Iterator[bytes]:
    for number, size in part_sizes(upload).items():
        key = part_key(upload.key, number)
        facts = store.facts(key)
        if facts is None or facts.size != size:
            raise Malformed(f"Part {number} did not arrive. Send it, then complete the upload.")
        yield from pieces(store, key)


def gathered(directory: Path, source: Iterator[bytes], limit: int) -> Received:
    """Write pieces into a temporary file while hashing them.

    Raises:
        Malformed: there are more than `limit` bytes.
    """
    descriptor, name = tempfile.mkstemp(prefix=SPOOL_PREFIX, dir=directory)
    path = Path(name)
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in _limited(source, limit):
                size += len(piece)
                digest.update(piece)
                file.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Received(path, size, digest.hexdigest())


def _limited(source: Iterator[bytes], limit: int) -> Iterator[bytes]:
    left = limit
    for piece in source:
        left -= len(piece)
        if left < 0:
            raise Malformed(f"More than the promised {limit} bytes arrived.")
        yield piece


def _require_promised(received: Received, oid: Oid, size: int) -> None:
    if received.size != size:
        raise Malformed(f"The file must have {size} bytes; {received.size} arrived.")
    if received.sha256 != oid:
        raise Malformed(f"The bytes have sha256 {received.sha256}, not {oid}. Send them again.")


def remove_traces(store: ObjectStore, upload: Upload) -> None:
    """Delete what an upload that is over left in the store."""
    if upload.store_upload_id is not None:
        store.abort_multipart(incoming_key(upload.key), upload.store_upload_id)
        store.delete(incoming_key(upload.key))
        return
    for number in part_sizes(upload):
        store.delete(part_key(upload.key, number))
