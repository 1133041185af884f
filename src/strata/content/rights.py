"""Who may move which ref."""

from __future__ import annotations

from strata.access.gates.admit import admit, admits
from strata.access.policy.verbs import Action
from strata.content import queries
from strata.core.call import Call
from strata.core.errors import RevisionNotFound
from strata.repos.record import Repo

PULLS = "refs/pr/"


def require_push(call: Call, repo: Repo, ref: str) -> None:
    """Let the caller move a branch or the ref of a pull request, or say why not.

    A pull request's own author may, and whoever may write to the repo.

    Raises:
        RevisionNotFound: there is no such pull request.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
    """
    if not ref.startswith(PULLS):
        admit(call, Action.WRITE, repo)
        return
    author = pull_author(call, repo, ref)
    if author is None:
        raise RevisionNotFound(ref)
    own = call.actor.user_id is not None and author == call.actor.user_id
    admit(call, Action.PROPOSE if own else Action.WRITE, repo)


def may_rewrite(call: Call, repo: Repo) -> bool:
    """Whether the caller may replace history: those who may write."""
    return admits(call, Action.WRITE, repo)


def pull_author(call: Call, repo: Repo, ref: str) -> int | None:
    """Who opened the pull request of `refs/pr/<number>`; None when there is none."""
    digits = ref.removeprefix(PULLS)
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    return queries.proposal_author(call, repo.id, int(digits))
