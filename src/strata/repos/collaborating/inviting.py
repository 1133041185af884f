"""Invite somebody to work on a repo, and take that back (product §2.5 P37)."""

from __future__ import annotations

from functools import partial
from typing import Final

from strata.accounts import invitations
from strata.accounts.invitations import LIFE, Refused, Target
from strata.accounts.mailboxes import links
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import NotFound, RepoNotFound
from strata.core.names import RepoId, fresh_key
from strata.events.facts import record_of
from strata.events.letters import page
from strata.organizations.collaborators import tidying
from strata.repos.collaborating import letters, queries
from strata.repos.collaborating.managing import managed, require_appoint
from strata.repos.collaborating.record import Invite
from strata.repos.queries import hold
from strata.repos.record import Repo

SORT: Final = invitations.Sort("repo", "repo-invite", sent_per_day=50, taken_per_day=20)
MOST: Final = 100  # collaborators and invitations of one repo
GONE: Final = "There is no such invitation any more."


def invite(work: Work, repo_id: RepoId, who: str, role: Role) -> Invite:
    """Invite an account by its name, or whoever has an address; replaces an older invitation.

    An address is written to whether or not it belongs to an account, so that nobody learns that.

    Raises:
        RepoNotFound, Forbidden, ProofNeeded, …: as `managing.managed`.
        Refused: `who` is nobody, works on the repo already, or the repo has too many.
        TooMany: more in a day than one person may send, or one mailbox is to get.
    """
    repo = managed(work, repo_id)
    require_appoint(work, repo, role)
    target = _target(work, repo, who.strip())
    invitations.count(work, SORT, target)
    if not hold(work, repo.id):
        raise RepoNotFound
    tidying.forget_old(work)
    replaced = queries.forget_same(work, repo.id, target)
    if queries.count_of_repo(work, repo.id) >= MOST:
        raise Refused("collaborator.too_many")
    token = links.fresh()
    key = _keep(work, repo, role, target, token)
    _record(work, repo, role, target, {"invite": key, "replaced": replaced})
    invitation = letters.Invitation(repo, work.actor.name or "", role, LIFE.days)
    link = page(work, link_path(token))
    invitations.write(work, target, partial(letters.invited, work, invitation, link))
    made = queries.invite_by_key(work, key)
    if made is None:
        raise NotFound(GONE)
    return made


def withdraw(work: Work, repo_id: RepoId, key: str) -> None:
    """Let nobody use an invitation any more.

    Raises:
        RepoNotFound, Forbidden, ProofNeeded, …: as `managing.managed`.
        NotFound: the repo has no such one.
    """
    repo = managed(work, repo_id)
    found = queries.invite_by_key(work, key)
    if found is None or found.repo.id != repo.id:
        raise NotFound(GONE)
    require_appoint(work, repo, found.role)
    if not queries.delete_invite(work, key):
        raise NotFound(GONE)
    detail = {"invite": key, "role": found.role.value}
    record_of(work, "repo.collaborator_withdraw", repo, detail, subject_id=found.user_id)


def link_path(token: str) -> str:
    """The page where an invitation is answered."""
    return f"/settings/collaborations/{token}"


def digest_of(call: Call, token: str) -> str:
    """Under what an invitation's token is kept."""
    return invitations.digest_of(call, SORT, token)


def _target(work: Work, repo: Repo, who: str) -> Target:
    target = invitations.target(work, who)
    if target.user_id == repo.owner_id:
        raise Refused("collaborator.owner", who)
    if target.user_id and queries.role_of(work, repo.id, target.user_id) is not None:
        raise Refused("collaborator.already", who)
    return target


def _keep(work: Work, repo: Repo, role: Role, target: Target, token: str) -> str:
    key = fresh_key()
    own = {"key": key, "repo_id": repo.id, "digest": digest_of(work, token)}
    queries.insert_invite(work, invitations.columns(work, target, role, LIFE) | own)
    return key


def _record(work: Work, repo: Repo, role: Role, target: Target, kept: dict[str, object]) -> None:
    detail = {"by": target.by, "role": role.value, "days": LIFE.days, **kept}
    record_of(work, "repo.collaborator_invite", repo, detail, subject_id=target.user_id)
