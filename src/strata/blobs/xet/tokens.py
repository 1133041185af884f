"""CAS tokens: what a client shows to the chunk store instead of its access token.

A token opens one repo for reading or writing, for an hour or so. Whether the repo still stands, the
person may still read it, or upload to it, and the access token it was asked for with still holds,
is asked again on each request.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.blobs.quota.room import require_room
from strata.core.call import Call
from strata.core.errors import BadCredentials, Forbidden, RepoNotFound
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.tokens.presented.bearers import Bearer, bearer_of
from strata.repos.queries import repo_by_id
from strata.repos.record import Repo

_PURPOSE = "xet-token"


class Scope(StrEnum):
    """What a token is for; writing includes reading."""

    READ = "read"
    WRITE = "write"


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What a token says."""

    repo_id: int
    scope: Scope
    bearer: Bearer


@dataclass(frozen=True, slots=True)
class CasToken:
    """What a client needs to talk to the chunk store."""

    cas_url: str  # no trailing slash
    access_token: str
    expires: datetime

    @property
    def headers(self) -> dict[str, str]:
        """As huggingface_hub reads it, and as LFS actions carry it."""
        return {
            "X-Xet-Cas-Url": self.cas_url,
            "X-Xet-Access-Token": self.access_token,
            "X-Xet-Token-Expiration": str(int(self.expires.timestamp())),
        }


def issue(call: Call, repo: Repo, action: Action) -> CasToken:
    """Make a token for what the caller may do: READ reads, PROPOSE and WRITE also upload.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
        OverQuota: the plan of the repo's owner has no room for one byte more.
    """
    admit(call, action, repo)
    scope = Scope.READ if action is Action.READ else Scope.WRITE
    if scope is Scope.WRITE:
        require_room(call, repo, 1)
    settings = call.hub.settings.xet
    expires = call.now + timedelta(seconds=settings.token_lifetime_s)
    claims = Claims(repo.id, scope, bearer_of(call.actor))
    token = call.hub.secrets.sign(_PURPOSE, claims, expires=expires)
    return CasToken(cas_url(call), token, expires)


def cas_url(call: Call) -> str:
    """The address of the chunk store; clients key their caches by it.

    A new epoch, or a new database at the old address, makes every client start a fresh cache.
    """
    hub = call.hub
    return f"{call.origin.base_url}/xet/e{hub.settings.xet.epoch}-{hub.instance}"


def opened(hub: Hub, token: str, scope: Scope) -> Claims:
    """Read a token.

    Raises:
        BadCredentials: forged or expired.
        Forbidden: it only reads.
    """
    claims = hub.secrets.verify(_PURPOSE, token, Claims, now=hub.clock())
    if claims is None:
        raise BadCredentials("The Xet access token is wrong or has expired. Ask for a new one.")
    if scope is Scope.WRITE and claims.scope is not Scope.WRITE:
        raise Forbidden("This Xet token only reads. Ask for a write token.")
    return claims


def admitted(caller: Call, claims: Claims) -> Repo:
    """The token's repo, for which its person `caller` could still ask such a token.

    Raises:
        RepoNotFound: deleted, or hidden from that person, since.
        RepoDisabled: taken down since.
        GatedRepo: its gate keeps that person out by now.
        Unauthenticated, EmailNotVerified, Forbidden: the right to upload was taken away since.
    """
    repo = repo_by_id(caller, claims.repo_id)
    if repo is None:
        raise RepoNotFound
    admit(caller, _needed(claims.scope, repo), repo)
    return repo


def _needed(scope: Scope, repo: Repo) -> Action:
    """The least right with which such a token is given out; what is uploaded is asked about again.

    Nobody proposes changes to a bucket.
    """
    if scope is Scope.READ:
        return Action.READ
    return Action.WRITE if repo.type is RepoType.BUCKET else Action.PROPOSE
