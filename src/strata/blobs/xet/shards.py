"""Register the files of a shard for one repo, after proving everything the client says.

The range hashes prove that the client holds the chunks it refers to; the file hash that the terms
are complete; and the sha256, which becomes the name of the file in git, is computed from the bytes
themselves, because nothing else checks it.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from strata.blobs import queries as blob_queries
from strata.blobs.quota.room import give, largest_file
from strata.blobs.xet import queries
from strata.blobs.xet.queries import XetFile
from strata.blobs.xet.rebuild import ChunkTables, views
from strata.blobs.xet.tree import FileTree
from strata.core.call import Call, Work, working
from strata.core.errors import Malformed, TooLarge
from strata.core.names import Oid
from strata.lib.objects.receive import Received
from strata.lib.xet.hash import range_hash, to_hex
from strata.lib.xet.limits import CHUNK_MIN, HASH_BYTES
from strata.lib.xet.shard import BadShard, Shard, ShardFile, parse
from strata.lib.xet.table import Term, Terms
from strata.repos.record import Repo

HASHING_THREADS = 2  # files of one shard whose sha256 is computed side by side
# Chunks are 8 KiB or more except the last of a file; tiny ones would cost more than their bytes.
SPARE_CHUNKS = 1_000_000


@dataclass(slots=True)
class Progress:
    """How far a registration is, for lines that keep the client waiting."""

    verified: int = 0  # bytes
    total: int = 0  # bytes
    committing: bool = False


@dataclass(frozen=True, slots=True)
class _Proven:
    """A file whose terms are right; its sha256 may still be a mere claim."""

    hash: str
    terms: Terms
    claimed: str | None


def register(call: Call, repo: Repo, received: Received, progress: Progress) -> bool:
    """Register every file of a spooled shard for this repo, all or none; False when all were known.

    Raises:
        Malformed: the shard, or anything in it, is not true.
        TooLarge: a file is larger than its owner's plan takes.
        OverQuota: that plan has no room for the files.
    """
    if received.size == 0:
        raise Malformed("invalid shard: it is empty")
    with received.path.open("rb") as file:
        buffer = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    try:
        shard = parse(buffer)
        _require_bounds(call, repo, shard)
        _require_xorbs(call, shard)
        tables = ChunkTables(call.hub)
        _require_same_chunks(shard, tables)
        proven = [_proven(one, tables) for one in shard.files]
    except BadShard as error:
        raise Malformed(f"invalid shard: {error}") from error
    files = _hashed(call, proven, tables, progress)
    progress.committing = True
    with working(call) as work:
        return _commit(work, repo, files, tables)


def _require_bounds(call: Call, repo: Repo, shard: Shard) -> None:
    """Refuse what would cost far more to check than it weighs."""
    limit = largest_file(call, repo)
    chunks = size = 0
    for file in shard.files:
        if file.terms.size > limit:
            raise TooLarge(f"A file may have at most {limit} bytes.")
        chunks += sum([term.stop - term.start for term in file.terms])
        size += file.terms.size
    if chunks > size // CHUNK_MIN + SPARE_CHUNKS:
        raise Malformed("invalid shard: its chunks are far smaller than clients make them")


def _require_xorbs(call: Call, shard: Shard) -> None:
    """Every xorb that is named is here, and stays for the time being."""
    named = dict.fromkeys(_xorbs_of(shard))
    for batch in blob_queries.in_batches(named):
        found = queries.last_references(call, batch)
        if any(call.now - when > blob_queries.TOUCH_AFTER for when in found.values()):
            with working(call) as work:
                queries.touch_xorbs(work, batch)
                found = queries.last_references(work, batch)
        for xorb in batch:
            if xorb not in found:
                raise Malformed(f"invalid shard: unknown xorb {to_hex(xorb)}; upload it again")


def _xorbs_of(shard: Shard) -> Iterator[bytes]:
    for xorb in shard.xorbs:
        yield xorb.hash
    for file in shard.files:
        yield from file.terms.xorbs()


def _require_same_chunks(shard: Shard, tables: ChunkTables) -> None:
    for xorb in shard.xorbs:
        if not xorb.same_chunks(tables.of(xorb.hash)):
            raise Malformed(f"invalid shard: xorb {to_hex(xorb.hash)} has other chunks than listed")


def _proven(file: ShardFile, tables: ChunkTables) -> _Proven:
    name = to_hex(file.hash)
    if file.range_hashes is None and len(file.terms):
        raise Malformed(f"invalid shard: file {name} comes without verification entries")
    tree = FileTree()
    proofs = file.range_hashes or b""
    for place, term in enumerate(file.terms):
        proof = proofs[HASH_BYTES * place : HASH_BYTES * (place + 1)]
        tree.add(_proven_chunks(name, term, proof, tables))
    if tree.file_hash() != file.hash:
        raise Malformed(f"invalid shard: the chunks of file {name} do not have this hash")
    return _Proven(name, file.terms, file.sha256)


def _proven_chunks(
    name: str, term: Term, proof: bytes, tables: ChunkTables
) -> list[tuple[bytes, int]]:
    chunks = tables.of(term.xorb)
    if not term.start < term.stop <= len(chunks):
        raise Malformed(f"invalid shard: a term of file {name} lies outside its xorb")
    leaves = chunks.leaves(term.start, term.stop)
    if sum([length for _, length in leaves]) != term.raw_length:
        raise Malformed(f"invalid shard: a term of file {name} has another length than its chunks")
    if range_hash(chunks.hash_span(term.start, term.stop)) != proof:
        raise Malformed(f"invalid shard: a verification entry of file {name} is wrong")
    return leaves


def _hashed(
    call: Call, proven: Iterable[_Proven], tables: ChunkTables, progress: Progress
) -> list[XetFile]:
    """Settle the sha256 of each file; those the hub knows by their Xet hash are not read again."""
    distinct = {one.hash: one for one in proven}
    known = queries.sha256_of(call, distinct)
    unread = [one for one in distinct.values() if one.hash not in known]
    progress.total = sum([one.terms.size for one in unread])

    def digest_of(one: _Proven) -> Oid:
        digest = hashlib.sha256()
        for view in views(call.hub, one.terms, tables):
            digest.update(view)
            progress.verified += len(view)
        return Oid(digest.hexdigest())

    pool = ThreadPoolExecutor(HASHING_THREADS, thread_name_prefix="sha256")
    try:
        known |= {
            one.hash: oid for one, oid in zip(unread, pool.map(digest_of, unread), strict=True)
        }
    finally:
        pool.shutdown(cancel_futures=True)
    return [_settled(one, known[one.hash]) for one in distinct.values()]


def _settled(one: _Proven, oid: Oid) -> XetFile:
    if one.claimed is not None and one.claimed != oid:
        raise Malformed(f"invalid shard: file {one.hash} has sha256 {oid}, not {one.claimed}")
    return XetFile(one.hash, oid, one.terms.size, one.terms)


def _commit(work: Work, repo: Repo, files: list[XetFile], tables: ChunkTables) -> bool:
    blob_queries.keep_as_xet(work, [(file.oid, file.size, file.hash) for file in files])
    added = queries.add_files(work, files)
    queries.add_dedup(work, _dedup_places(added, tables))
    give(work, repo, [file.oid for file in files])
    return bool(added)


def _dedup_places(files: Iterable[XetFile], tables: ChunkTables) -> Iterator[tuple[bytes, bytes]]:
    """Yield the (chunk, xorb) pairs clients may ask about: first of each file, and one in 1,024."""
    xorbs: dict[bytes, None] = {}
    for file in files:
        xorbs |= dict.fromkeys(file.terms.xorbs())
        if len(file.terms):
            first = file.terms[0]
            yield tables.of(first.xorb).hash_at(first.start), first.xorb
    for xorb in xorbs:
        chunks = tables.of(xorb)
        for index in chunks.dedup_candidates():
            yield chunks.hash_at(index), xorb
