"""Replace the history of a branch by one commit with the same files."""

from __future__ import annotations

from functools import partial

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.content.authors import signature_of
from strata.content.moment import require_still_may
from strata.content.rewriting.counting import history_went
from strata.content.rights import require_push
from strata.content.snapshot import snapshot_of
from strata.content.writing.commit import MAX_ATTEMPTS, branch_at, land_once, lane
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call, Work
from strata.core.errors import ParentMoved
from strata.core.names import RepoId, Sha
from strata.lib.git import write as git
from strata.lib.git.write import Note
from strata.repos.landed import How, Move
from strata.repos.record import Repo
from strata.sessions.signed_in.sudo import require_sudo

DEFAULT_MESSAGE = "Super-squash branch '{branch}'"


def super_squash(call: Call, repo_id: RepoId, branch: str, message: str | None = None) -> Sha:
    """Squash a branch, or `refs/pr/<n>`; other branches keep their history.

    Raises:
        RevisionNotFound: no such branch.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
        ProofNeeded: a session must show once more who sits there.
    """
    at = branch_at(call, repo_id, branch)
    admit(call, Action.MANAGE, at.repo)
    require_sudo(call)
    ref = at.ref or ""
    require_push(call, at.repo, ref)
    text = (message or "").strip() or DEFAULT_MESSAGE.format(branch=branch)
    require_none_said(call, at.repo, text)
    note = Note(signature_of(call.hub, call.actor), call.now, text)
    for _ in range(MAX_ATTEMPTS):
        with lane(at.repo, ref):
            head = snapshot_of(call, at.repo, ref).commit
            sha = Sha(git.commit_tree(at.git_path, head, (), note))
            later = partial(_finish, repo=at.repo)
            if land_once(call, at.repo, [Move(ref, head, sha)], How.SQUASH, then=later):
                return sha
    raise ParentMoved


def _finish(work: Work, repo: Repo) -> None:
    require_still_may(work, repo, Action.MANAGE)
    history_went(work, repo.id)
