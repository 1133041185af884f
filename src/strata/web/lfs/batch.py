"""The LFS batch: which objects to send or fetch, where, and how.

Transfers: `basic` (one PUT), `multipart` (the Hub's extension for large files), `xet` (only where
the client offers it: huggingface_hub 0.36 to 1.19, `@huggingface/hub`, git-xet). Upload links carry
their own permission, because huggingface_hub sends neither credentials nor the `header` of an
action with the bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal
from urllib.parse import quote

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.blobs.lfs import negotiate, tickets, uploads
from strata.blobs.lfs.negotiate import Needed, Present, Refused, Verdict, Wanted
from strata.blobs.lfs.tickets import (
    CompletionLink,
    DownloadLink,
    PartLink,
    UploadLink,
    VerifyLink,
)
from strata.blobs.queries import Upload
from strata.blobs.xet import tokens
from strata.core.call import Call
from strata.core.errors import TooLarge, Unprocessable
from strata.core.names import Oid
from strata.credentials.tokens.presented.bearers import bearer_of
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web.lfs.admission import admitted
from strata.web.lfs.speech import answer, spoken
from strata.web.work import json_of, repo_of

HASH_ALGORITHMS = frozenset({"sha256", "sha_256"})  # the second one is @huggingface/hub's

OBJECTS_MAX = 1_000  # in one question; git-lfs asks for 100, huggingface_hub for 256

Transfer = Literal["basic", "multipart", "xet"]
Actions = dict[str, "Act"]


class AskedObject(msgspec.Struct):
    """One object of a batch request."""

    oid: str
    size: int


class Ref(msgspec.Struct):
    """The ref a client works on."""

    name: str = "main"


class BatchRequest(msgspec.Struct):
    """A batch request."""

    operation: Literal["upload", "download"]
    objects: list[AskedObject] = []
    transfers: tuple[str, ...] = ("basic",)
    ref: Ref | None = None
    hash_algo: str = "sha256"


class Act(msgspec.Struct, omit_defaults=True):
    """One action of an object."""

    href: str
    header: dict[str, str] = {}
    expires_in: int = 0  # seconds


class Problem(msgspec.Struct):
    """Why one object is not served."""

    code: int
    message: str


class AnsweredObject(msgspec.Struct, omit_defaults=True):
    """One object of a batch answer; without `actions` there is nothing to send."""

    oid: str
    size: int
    authenticated: bool = False  # the links need no credentials
    actions: Actions | msgspec.UnsetType = msgspec.UNSET
    error: Problem | msgspec.UnsetType = msgspec.UNSET


class BatchAnswer(msgspec.Struct):
    """A batch answer."""

    transfer: Transfer
    objects: list[AnsweredObject]
    hash_algo: str = "sha256"


@spoken
async def batch(request: Request) -> Response:
    """POST /{web}{repo}.git/info/lfs/objects/batch: say what to send or fetch, and how."""
    asked = await json_of(request, BatchRequest)
    if asked.hash_algo not in HASH_ALGORITHMS:
        raise Unprocessable("Objects are named by their sha256 here.")
    if len(asked.objects) > OBJECTS_MAX:
        raise TooLarge(f"Ask for at most {OBJECTS_MAX} objects at once.")
    wanted = [Wanted(one.oid, one.size) for one in asked.objects]

    def act(call: Call) -> BatchAnswer:
        repo = lookup(call, repo_of(request))
        if asked.operation == "download":
            return _downloads(call, repo, negotiate.for_download(call, repo, wanted))
        return _uploads(call, repo, asked, negotiate.for_upload(call, repo, wanted))

    return answer(await admitted(request, asked.operation, act))


def _downloads(call: Call, repo: Repo, verdicts: Iterable[Verdict]) -> BatchAnswer:
    def actions(one: Present | Needed) -> Actions:
        ticket = tickets.signed(call, DownloadLink(repo.id, bearer_of(call.actor), one.oid))
        return {"download": _link(call, repo, f"{one.oid}?ticket={ticket}")}

    return BatchAnswer("basic", [_answered(verdict, actions) for verdict in verdicts])


def _uploads(call: Call, repo: Repo, asked: BatchRequest, verdicts: list[Verdict]) -> BatchAnswer:
    needed = [verdict for verdict in verdicts if isinstance(verdict, Needed)]
    transfer = _transfer(call, asked, needed)
    made: dict[Oid, Actions] = {}
    if transfer == "xet":
        act = _xet(call, repo, asked.ref)
        made = {one.oid: {"upload": act} for one in needed}
    elif transfer == "multipart":
        large = [one for one in needed if one.size > 0]
        made = {
            upload.oid: _in_parts(call, repo, upload)
            for upload in uploads.start_parts(call, repo, large)
        }

    def actions(one: Present | Needed) -> Actions | None:
        if isinstance(one, Present):
            return None
        return made.get(one.oid) or _whole(call, repo, one)

    return BatchAnswer(transfer, [_answered(verdict, actions) for verdict in verdicts])


def _transfer(call: Call, asked: BatchRequest, needed: list[Needed]) -> Transfer:
    if "xet" in asked.transfers and needed:
        return "xet"
    threshold = call.hub.settings.lfs.multipart_threshold_bytes
    if "multipart" in asked.transfers and any(one.size >= threshold for one in needed):
        return "multipart"
    return "basic"


def _answered(
    verdict: Verdict, actions_for: Callable[[Present | Needed], Actions | None]
) -> AnsweredObject:
    if isinstance(verdict, Refused):
        problem = Problem(verdict.status, verdict.message)
        return AnsweredObject(verdict.oid, verdict.size, error=problem)
    actions = actions_for(verdict)
    if actions is None:
        return AnsweredObject(verdict.oid, verdict.size)
    return AnsweredObject(verdict.oid, verdict.size, authenticated=True, actions=actions)


def _whole(call: Call, repo: Repo, one: Needed) -> Actions:
    link = UploadLink(repo.id, bearer_of(call.actor), one.oid, one.size)
    upload = _link(call, repo, f"{one.oid}?ticket={tickets.signed(call, link)}")
    return {"upload": upload, "verify": _verify(call, repo, one.oid, one.size)}


def _in_parts(call: Call, repo: Repo, upload: Upload) -> Actions:
    """The Hub's `multipart`: part URLs in the header of the action, under zero-padded numbers.

    `chunk_size` comes first and is text, and nothing else may stand there: the custom transfer
    agent of huggingface_hub takes the values in order.
    """
    bearer, header = bearer_of(call.actor), {"chunk_size": str(upload.part_bytes)}
    for number, size in uploads.part_sizes(upload).items():
        url = uploads.store_part_url(call, upload, number, size)
        header[f"{number:05d}"] = url or _own_part(
            call, repo, upload, PartLink(upload.key, repo.id, bearer, number, size)
        )
    done = CompletionLink(upload.key, repo.id, bearer, upload.oid)
    act = _link(call, repo, f"{upload.oid}/complete?ticket={tickets.signed(call, done)}", header)
    return {"upload": act, "verify": _verify(call, repo, upload.oid, upload.size)}


def _own_part(call: Call, repo: Repo, upload: Upload, link: PartLink) -> str:
    tail = f"{upload.oid}/parts/{link.number}?ticket={tickets.signed(call, link)}"
    return f"{_objects(call, repo)}/{tail}"


def _verify(call: Call, repo: Repo, oid: Oid, size: int) -> Act:
    ticket = tickets.signed(call, VerifyLink(repo.id, bearer_of(call.actor), oid, size))
    return _link(call, repo, f"verify?ticket={ticket}")


def _xet(call: Call, repo: Repo, ref: Ref | None) -> Act:
    """Where to get a chunk store token, and the first one; the commit asks about rights again."""
    branch = (ref.name if ref else "main").removeprefix("refs/heads/")
    route = f"/api/{repo.type.plural}/{repo.full_name}/xet-write-token/{quote(branch, safe='')}"
    issued = tokens.issue(call, repo, Action.PROPOSE)
    return Act(f"{call.origin.base_url}{route}?create_pr=1", issued.headers)


def _link(call: Call, repo: Repo, tail: str, header: dict[str, str] | None = None) -> Act:
    lifetime = call.hub.settings.lfs.link_lifetime_s
    return Act(f"{_objects(call, repo)}/{tail}", header or {}, lifetime)


def _objects(call: Call, repo: Repo) -> str:
    return f"{call.origin.base_url}{repo.web_path}.git/info/lfs/objects"
