"""What an LFS client must still send, and what it may fetch.

"Has this repo been given these bytes", never "does the hub have them": a client that names a
foreign sha256 is told to upload, exactly as if nobody had it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.blobs import queries
from strata.blobs.quota.room import largest_file, require_room_for
from strata.core.call import Call
from strata.core.names import Oid, is_oid
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Wanted:
    """An object as the client names it; nothing is checked yet."""

    oid: str
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Needed:
    """The client must send these bytes."""

    oid: Oid
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Present:
    """The repo has these bytes."""

    oid: Oid
    size: int  # bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """This object cannot be served; the others can."""

    oid: str
    size: int  # bytes
    status: int  # as git-lfs numbers them, after HTTP
    message: str


Verdict = Needed | Present | Refused


def for_upload(call: Call, repo: Repo, wanted: Sequence[Wanted]) -> list[Verdict]:
    """Tell which objects must be sent.

    Whoever may open a pull request may send: clients upload before they open it.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
        OverQuota: the plan of the repo's owner has no room for what must be sent.
    """
    admit(call, Action.PROPOSE, repo)
    found = queries.all_held(call, repo.id, _oids(wanted))
    limit = largest_file(call, repo)
    verdicts = [_upload_verdict(one, found, limit) for one in wanted]
    needed = [(one.oid, one.size) for one in verdicts if isinstance(one, Needed)]
    require_room_for(call, repo, needed)
    return verdicts


def for_download(call: Call, repo: Repo, wanted: Sequence[Wanted]) -> list[Verdict]:
    """Tell which objects can be fetched.

    Raises:
        RepoNotFound: the caller may not read the repo.
    """
    admit(call, Action.READ, repo)
    found = queries.all_held(call, repo.id, _oids(wanted))
    return [_download_verdict(one, found) for one in wanted]


def _oids(wanted: Sequence[Wanted]) -> list[Oid]:
    return [Oid(one.oid) for one in wanted if is_oid(one.oid)]


def _upload_verdict(one: Wanted, found: dict[Oid, queries.Held], limit: int) -> Verdict:
    if not is_oid(one.oid):
        return Refused(one.oid, one.size, 422, "The oid must be a sha256: 64 lowercase hex digits.")
    if one.size < 0:
        return Refused(one.oid, one.size, 422, "The size must be a number of bytes, 0 or more.")
    if one.size > limit:
        return Refused(one.oid, one.size, 413, f"A file may have at most {limit} bytes.")
    held = found.get(Oid(one.oid))
    if held is None:
        return Needed(Oid(one.oid), one.size)
    if held.size != one.size:
        return Refused(one.oid, one.size, 422, f"The file with this oid has {held.size} bytes.")
    return Present(held.oid, held.size)


def _download_verdict(one: Wanted, found: dict[Oid, queries.Held]) -> Verdict:
    held = found.get(Oid(one.oid))
    if held is None:
        return Refused(one.oid, one.size, 404, "The repo has no object with this oid.")
    return Present(held.oid, held.size)
