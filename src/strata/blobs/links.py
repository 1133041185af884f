"""Where the bytes of a large file can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from strata.blobs import queries
from strata.blobs.keys import object_key
from strata.blobs.xet import rebuild
from strata.core.call import Call
from strata.core.errors import EntryNotFound, RangeUnsatisfiable
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.lib.objects.store import pieces
from strata.lib.xet.table import Terms
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Local:
    """A file on this machine."""

    path: Path
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Presigned:
    """A URL of the object store that opens this file for a while."""

    url: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Piped:
    """An object that only the hub can read; `open_stream` reads it."""

    key: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class XetTerms:
    """A file that is kept as chunks; `open_stream` rebuilds it."""

    file_hash: str  # 64 hex
    size: int  # bytes
    terms: Terms


Place = Local | Presigned | Piped | XetTerms


def where(call: Call, repo: Repo, oid: Oid, *, filename: str) -> Place:
    """Find a large file of this repo.

    Args:
        filename: what a browser shall call the download.

    Raises:
        EntryNotFound: the repo was never given these bytes.
    """
    held = queries.held(call, repo.id, oid)
    if held is None:
        raise EntryNotFound(f"The large file with sha256 {oid} is not in {repo.full_name}.")
    if held.stored:
        return _object(call, held, filename)
    packed = queries.xet_terms(call, held.xet_hash or "")
    if packed is None:
        raise EntryNotFound(f"The large file with sha256 {oid} is not in {repo.full_name}.")
    return XetTerms(held.xet_hash or "", held.size, Terms(packed))


def _object(call: Call, held: queries.Held, filename: str) -> Place:
    key = object_key(held.oid)
    path = call.hub.objects.local_path(key)
    if path is not None:
        return Local(path, held.size)
    settings = call.hub.settings
    if settings.objects.redirect:
        url = call.hub.objects.presigned_get(
            key, expires_s=settings.lfs.link_lifetime_s, filename=filename
        )
        if url is not None:
            return Presigned(url, held.size)
    return Piped(key, held.size)


def from_start(call: Call, repo: Repo, oid: Oid) -> Iterator[bytes]:
    """Read a large file of this repo from its start, wherever it lies, piece by piece.

    Raises:
        EntryNotFound: the repo was never given these bytes.
    """
    held = queries.held(call, repo.id, oid)
    packed = queries.xet_terms(call, held.xet_hash or "") if held and not held.stored else None
    if held is None or (packed is None and not held.stored):
        raise EntryNotFound(f"The large file with sha256 {oid} is not in {repo.full_name}.")
    if packed is None:
        return pieces(call.hub.objects, object_key(held.oid), 0, None)
    return open_xet(call.hub, XetTerms(held.xet_hash or "", held.size, Terms(packed)))


def open_stream(
    hub: Hub, place: Piped | XetTerms, start: int = 0, length: int | None = None
) -> Iterator[bytes]:
    """Read a stretch of a file that is not a file here, in pieces of 256 KiB or more.

    Raises:
        RangeUnsatisfiable: the stretch begins behind the end.
    """
    if isinstance(place, XetTerms):
        return open_xet(hub, place, start, length)
    _require_inside(start, place.size)
    return pieces(hub.objects, place.key, start, length)


def open_xet(
    hub: Hub, place: XetTerms, start: int = 0, length: int | None = None
) -> Iterator[bytes]:
    """Rebuild a stretch of a file from its chunks, in pieces of 256 KiB or more.

    Raises:
        RangeUnsatisfiable: the stretch begins behind the end.
    """
    _require_inside(start, place.size)
    return rebuild.stretch(hub, place.terms, start, length)


def _require_inside(start: int, size: int) -> None:
    if start > size or start < 0:
        raise RangeUnsatisfiable(size)
