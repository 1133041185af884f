"""Tell clients how a file is put together, and where exactly each of its chunks may be read.

Only files that the token's repo was given. A xorb mixes files, so each URL is signed over the byte
ranges it opens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import TypedDict

import msgspec

from strata.blobs.keys import xorb_in, xorb_key
from strata.blobs.lfs import tickets
from strata.blobs.xet import held, queries, tokens
from strata.blobs.xet.queries import XetFile
from strata.core.call import Call
from strata.core.errors import Forbidden, NotFound
from strata.core.hub import Hub
from strata.credentials.tokens.presented.bearers import Bearer, bearer_of
from strata.lib.http.ranges import ByteRange
from strata.lib.xet import reconstruction
from strata.lib.xet.reconstruction import (
    Fetch,
    FetchInfo,
    Reconstruction,
    ReconstructionV1,
    ReconstructionV2,
    TermJson,
    UrlFor,
)
from strata.lib.xet.table import ChunkTable
from strata.repos.record import Repo

_PURPOSE = "xet-fetch"


class FetchLink(msgspec.Struct, frozen=True, array_like=True):
    """May read these byte ranges of one stored xorb, while whom they were named for may."""

    repo_id: int
    bearer: Bearer
    key: str
    size: int  # bytes of the whole object
    ranges: tuple[tuple[int, int], ...]  # start, stop (exclusive)

    def covers(self, wanted: Iterable[ByteRange]) -> bool:
        """Tell whether each range lies inside one of those granted."""
        return all(
            any(low <= one.start and one.stop <= high for low, high in self.ranges)
            for one in wanted
        )


class ManyFiles(TypedDict):
    """The v1 answer for several files."""

    files: dict[str, list[TermJson]]
    fetch_info: dict[str, list[FetchInfo]]


def file_of(call: Call, repo: Repo, file_hash: str) -> XetFile:
    """A Xet file of this repo.

    Raises:
        NotFound: no such file, or this repo was not given it.
    """
    file = queries.file_of_repo(call, repo.id, file_hash)
    if file is None or not (repo.type.has_git or held.readable(call, repo, [file_hash])):
        raise NotFound("There is no such file in this repo.")
    return file


def v1(call: Call, repo: Repo, file: XetFile, wanted: ByteRange | None) -> ReconstructionV1:
    """Explain a byte range, or the whole file, in the older shape."""
    plan, url = _planned(call, repo, file, wanted)
    return reconstruction.v1(plan, url)


def v2(call: Call, repo: Repo, file: XetFile, wanted: ByteRange | None) -> ReconstructionV2:
    """Explain a byte range, or the whole file, in the newer shape."""
    plan, url = _planned(call, repo, file, wanted)
    return reconstruction.v2(plan, url)


def many(call: Call, repo: Repo, files: Sequence[XetFile]) -> ManyFiles:
    """Explain whole files together."""
    answer: ManyFiles = {"files": {}, "fetch_info": {}}
    for file in files:
        one = v1(call, repo, file, None)
        answer["files"][file.hash] = one["terms"]
        for xorb, fetches in one["fetch_info"].items():
            answer["fetch_info"].setdefault(xorb, []).extend(fetches)
    return answer


def _planned(
    call: Call, repo: Repo, file: XetFile, wanted: ByteRange | None
) -> tuple[Reconstruction, UrlFor]:
    start, stop = (wanted.start, wanted.stop) if wanted else (0, None)
    span = reconstruction.span(file.terms, start, stop)
    tables = queries.tables_of(call, file.terms.xorbs(span.first, span.end))
    return reconstruction.plan(file.terms, span, tables), _urls(call, repo, tables)


def _urls(call: Call, repo: Repo, tables: dict[bytes, ChunkTable]) -> UrlFor:
    expires = call.now + timedelta(seconds=call.hub.settings.xet.link_lifetime_s)
    base = f"{tokens.cas_url(call)}/v1/data?ticket="
    bearer = bearer_of(call.actor)

    def url(xorb: bytes, fetches: Sequence[Fetch]) -> str:
        chunks = tables[xorb]
        ranges = tuple((fetch.first_byte, fetch.stop_byte) for fetch in fetches)
        link = FetchLink(repo.id, bearer, xorb_key(xorb, chunks), chunks.stored_length, ranges)
        return base + call.hub.secrets.sign(_PURPOSE, link, expires=expires)

    return url


def opened(hub: Hub, ticket: str) -> FetchLink:
    """Read a fetch URL's permission.

    Raises:
        Forbidden: forged or expired; clients ask for the reconstruction again.
    """
    link = hub.secrets.verify(_PURPOSE, ticket, FetchLink, now=hub.clock())
    if link is None:
        raise Forbidden(tickets.EXPIRED)
    return link


def require_open(call: Call, link: FetchLink) -> None:
    """Insist that what a fetch URL opened is still open: files can be given up meanwhile.

    Raises:
        RepoNotFound, RepoDisabled, Forbidden: as `tickets.readable`; Forbidden also when the repo
            holds no file of these bytes any more.
    """
    tickets.readable(call, link.repo_id, link.bearer)
    if not queries.repo_has_xorb(call, link.repo_id, xorb_in(link.key)):
        raise Forbidden(tickets.EXPIRED)
