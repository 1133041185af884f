"""Links that carry their own permission: LFS clients send no credentials with the bytes themselves.

Each kind of link is signed for its own purpose and names the repo, the file and the size it is good
for, so that none can be used for another file, another repo or another act.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import msgspec

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.core.call import Call
from strata.core.errors import Forbidden, RepoNotFound
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.credentials.tokens.presented.bearers import Bearer, actor_of
from strata.repos.queries import repo_by_id
from strata.repos.record import Repo

EXPIRED = "This link is not valid or has expired. Ask for a new one."


class UploadLink(msgspec.Struct, frozen=True, array_like=True):
    """May PUT exactly these bytes."""

    repo_id: int
    bearer: Bearer
    oid: Oid
    size: int


class PartLink(msgspec.Struct, frozen=True, array_like=True):
    """May PUT one part of an upload."""

    upload: str
    repo_id: int
    bearer: Bearer
    number: int
    size: int


class CompletionLink(msgspec.Struct, frozen=True, array_like=True):
    """May finish an upload in parts."""

    upload: str
    repo_id: int
    bearer: Bearer
    oid: Oid


class DownloadLink(msgspec.Struct, frozen=True, array_like=True):
    """May GET a large file of a repo, for as long as whom it was made for may."""

    repo_id: int
    bearer: Bearer
    oid: Oid


class VerifyLink(msgspec.Struct, frozen=True, array_like=True):
    """May ask whether an upload has arrived."""

    repo_id: int
    bearer: Bearer
    oid: Oid
    size: int


Link = UploadLink | PartLink | CompletionLink | DownloadLink | VerifyLink
SomeLink = TypeVar("SomeLink", bound=Link)


def signed(call: Call, link: Link) -> str:
    """Sign a link for as long as `lfs.link_lifetime_s`."""
    lifetime = timedelta(seconds=call.hub.settings.lfs.link_lifetime_s)
    return call.hub.secrets.sign(_purpose(type(link)), link, expires=call.now + lifetime)


def opened(hub: Hub, ticket: str, kind: type[SomeLink]) -> SomeLink:
    """Read a link back.

    Raises:
        Forbidden: forged, expired, or made for something else.
    """
    link = hub.secrets.verify(_purpose(kind), ticket, kind, now=hub.clock())
    if link is None:
        raise Forbidden(EXPIRED)
    return link


def _purpose(kind: type[msgspec.Struct]) -> str:
    return f"lfs:{kind.__name__}"


def acting(call: Call, bearer: Bearer, repo_id: int) -> tuple[Call, Repo]:
    """Who uploads by a link, and where to; permission is asked again, it may be gone by now.

    Raises:
        BadCredentials: the access token that the link was asked for with is gone.
        RepoNotFound: the repo was deleted or hidden since.
        Forbidden: the right was taken away since.
    """
    uploader = replace(call, actor=actor_of(call, bearer))
    repo = _living(call, repo_id)
    admit(uploader, Action.PROPOSE, repo)
    return uploader, repo


def readable(call: Call, repo_id: int, bearer: Bearer) -> Repo:
    """The repo a download link was made for; whoever holds the link needs no credentials.

    Raises:
        BadCredentials: the access token that the link was asked for with is gone.
        RepoNotFound: the repo was deleted, or hidden from that person, since.
        RepoDisabled: it was taken down since.
        GatedRepo: its gate keeps that person out by now.
    """
    repo = _living(call, repo_id)
    admit(replace(call, actor=actor_of(call, bearer)), Action.READ, repo)
    return repo


def _living(call: Call, repo_id: int) -> Repo:
    repo = repo_by_id(call, repo_id)
    if repo is None:
        raise RepoNotFound
    return repo
