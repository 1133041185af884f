"""Open a pull request with a commit (`create_pr=1`)."""

from __future__ import annotations

from dataclasses import dataclass

from strata.access.policy import Action, require
from strata.community import queries
from strata.community.queries import Opening
from strata.content.commit import Prepared, branch_at, prepared
from strata.content.operations import Change
from strata.content.proposals import open_proposal
from strata.core.call import Call, Work, working
from strata.core.errors import Forbidden, RevisionNotFound
from strata.core.names import RepoId, Sha
from strata.events.facts import record
from strata.repos.landed import Move, landed
from strata.repos.record import Repo

DISABLED = "Discussions are disabled for this repo"


@dataclass(frozen=True, slots=True)
class Proposed:
    """A pull request that was opened."""

    repo: Repo
    number: int
    sha: Sha

    @property
    def ref(self) -> str:
        return f"refs/pr/{self.number}"


def propose(call: Call, repo_id: RepoId, base_revision: str, change: Change) -> Proposed:
    """Open a pull request against a branch; opens its own transaction.

    Every signed-in reader of the repo may. The summary becomes the title, the description the first
    comment, and the commit stands on `refs/pr/<number>`.

    Raises:
        RepoNotFound, Moved, RevisionNotFound: as `content.snapshot`.
        Unauthenticated, EmailNotVerified, Forbidden: the caller may not, or nobody may here.
        ParentMoved, Unprocessable, Malformed, TooLarge, EntryNotFound: as `content.commit`.
    """
    base = branch_at(call, repo_id, base_revision)
    if not (base.ref or "").startswith("refs/heads/"):
        raise RevisionNotFound(base_revision)
    require(call.actor, Action.PROPOSE, base.repo)
    if base.repo.discussions_disabled:
        raise Forbidden(DISABLED)
    with prepared(call, base, change) as ready:
        commit = ready.commit_on(base.commit)
        with working(call) as work:
            number = _open(work, ready, change, commit)
            call.hub.crash_point("before-commit")
    call.hub.crash_point("after-commit")
    return Proposed(base.repo, number, commit)


def _open(work: Work, ready: Prepared, change: Change, commit: Sha) -> int:
    repo, base_ref = ready.snapshot.repo, ready.snapshot.ref or ""
    number = open_proposal(work, repo, base_ref)
    opening = Opening(
        repo_id=repo.id,
        number=number,
        title=" ".join(change.title.split()),
        description=change.body,
        base_ref=base_ref,
        commit=commit,
    )
    queries.insert_pull(work, opening)
    landed(work, repo, Move(f"refs/pr/{number}", None, commit))
    record(
        work,
        "discussion.create",
        repo_id=repo.id,
        target=repo.full_name,
        detail={"number": number, "isPullRequest": True},
    )
    return number
