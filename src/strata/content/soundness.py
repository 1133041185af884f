"""Is history whole, and does each pointer in it name bytes that are here? For `strata doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from strata.blobs import pointer as pointers
from strata.blobs.inventory.holdings import given_up
from strata.blobs.pointer import MAX_POINTER_BYTES
from strata.blobs.present import large_files
from strata.content.reading.files import may_be_pointer
from strata.core.call import Call
from strata.core.findings import Check, Finding
from strata.lib.git import read as git
from strata.repos.projection import shown
from strata.repos.record import Repo
from strata.repos.soundness import living

BATCH: Final = 1_000  # small blobs looked at together


def unsound_history(call: Call) -> Iterator[Finding]:
    """Walk all that the refs reach: holes, and pointers to bytes the repo was never given."""
    for repo in living(call):
        path = call.hub.git_path(repo.key)
        if not git.exists(path):
            continue  # repos.soundness tells; a bucket has none
        tips = [ref.oid for ref in shown(call, repo)]
        small = (oid for oid, size in git.all_blobs(path, tips) if may_be_pointer(size))
        place = repo.web_path.removeprefix("/")
        try:
            while batch := list(islice(small, BATCH)):
                for problem in _unkept(call, repo, batch):
                    yield Finding(Check.POINTERS, place, problem, repo.id)
        except git.ObjectMissing as hole:
            yield Finding(Check.REFS, place, str(hole), repo.id)


def _unkept(call: Call, repo: Repo, oids: Iterable[str]) -> Iterator[str]:
    texts = git.read_blobs(call.hub.git_path(repo.key), oids, MAX_POINTER_BYTES)
    found = [parsed for text in texts.values() if (parsed := pointers.parse(text))]
    named = {pointer.oid for pointer in found}
    given = large_files(call, repo, named)
    wanted_so = given_up(call, repo, named - given.keys())
    for pointer in found:
        if pointer.oid in wanted_so:
            continue
        if pointer.oid not in given:
            yield f"a pointer names sha256 {pointer.oid}, which the repo was never given"
        elif given[pointer.oid].size != pointer.size:
            yield (
                f"a pointer gives sha256 {pointer.oid} {pointer.size} bytes,"
                f" it has {given[pointer.oid].size}"
            )
