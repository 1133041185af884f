"""What `git-lfs-authenticate` gives out: a short-lived credential for one repo and one operation.

It names who asked and with which key, never their rights: those are read anew each time it is
shown. https://github.com/git-lfs/git-lfs/blob/main/docs/api/authentication.md
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal, cast, get_args

import msgspec

from strata.access.policy.verbs import Action
from strata.core.call import Call
from strata.core.errors import BadCredentials, Forbidden, Malformed
from strata.core.hub import Hub
from strata.core.names import RepoId
from strata.credentials.tokens.presented.bearers import Bearer, bearer_of
from strata.repos.lookup import lookup
from strata.repos.record import Repo

Operation = Literal["upload", "download"]

ELSEWHERE: Final = "This credential was made for another repository or another operation."
EXPIRED: Final = "This credential is wrong or has expired. Run the git command again."
_PURPOSE: Final = "lfs-grant"
_NEEDS: Final = {"upload": Action.PROPOSE, "download": Action.READ}


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """What a credential says."""

    repo_id: int
    operation: Operation
    bearer: Bearer


def operation_of(text: str) -> Operation:
    """Read an operation.

    Raises:
        Malformed: there is no such operation.
    """
    if text not in get_args(Operation):
        raise Malformed("The operation is `upload` or `download`.")
    return cast("Operation", text)


def issue(call: Call, repo_id: RepoId, operation: Operation) -> tuple[Repo, str]:
    """Find the repo and make a credential for it that lasts `lfs.link_lifetime_s`.

    Raises:
        RepoNotFound, Moved, GatedRepo, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden:
            as `repos.lookup.lookup`.
    """
    repo = lookup(call, repo_id, _NEEDS[operation])
    expires = call.now + timedelta(seconds=call.hub.settings.lfs.link_lifetime_s)
    grant = Grant(repo.id, operation, bearer_of(call.actor))
    return repo, call.hub.secrets.sign(_PURPOSE, grant, expires=expires)


def opened(hub: Hub, credential: str) -> Grant:
    """Read a credential.

    Raises:
        BadCredentials: forged or expired.
    """
    grant = hub.secrets.verify(_PURPOSE, credential, Grant, now=hub.clock())
    if grant is None:
        raise BadCredentials(EXPIRED)
    return grant


def require(caller: Call, grant: Grant, repo_id: RepoId, operation: Operation) -> None:
    """Insist that the credential is for this repo and this operation.

    Raises:
        Forbidden: it is for another one.
        RepoNotFound, Moved, GatedRepo, RepoDisabled, Unauthenticated, EmailNotVerified: as `issue`.
    """
    repo = lookup(caller, repo_id, _NEEDS[operation])
    if (repo.id, operation) != (grant.repo_id, grant.operation):
        raise Forbidden(ELSEWHERE)
