"""Open a pull request with a commit (`create_pr=1`)."""

from __future__ import annotations

from dataclasses import dataclass

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.blobs.quota.small import give_small
from strata.community.discussions import entries
from strata.community.discussions.entries import Opening
from strata.community.discussions.opening import begin
from strata.community.discussions.rights import DISABLED, count_act
from strata.community.discussions.texts import LONGEST_TITLE, Written, written
from strata.content.moment import require_still_may
from strata.content.proposals import open_proposal
from strata.content.writing.commit import Prepared, branch_at, prepared
from strata.content.writing.exposed import require_none_said, warning_of
from strata.content.writing.operations import Change
from strata.core.call import Call, Work, working
from strata.core.errors import Forbidden, RevisionNotFound
from strata.core.names import RepoId, Sha
from strata.repos.landed import Move, landed
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Proposed:
    """A pull request that was opened."""

    repo: Repo
    number: int
    sha: Sha
    warning: str = ""  # what its author should know

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
        ParentMoved, Unprocessable, Malformed, TooLarge, EntryNotFound: as `content.writing.commit`.
    """
    base = branch_at(call, repo_id, base_revision)
    if not (base.ref or "").startswith("refs/heads/"):
        raise RevisionNotFound(base_revision)
    admit(call, Action.PROPOSE, base.repo)
    if base.repo.discussions_disabled:
        raise Forbidden(DISABLED)
    require_none_said(call, base.repo, change.title)
    text = written(call, base.repo, change.body)
    with prepared(call, base, change) as ready:
        commit = ready.commit_on(base.commit)
        with working(call) as work:
            count_act(work)
            number = _open(work, ready, change.title, text, commit)
            call.hub.crash_point("before-commit")
    call.hub.crash_point("after-commit")
    return Proposed(base.repo, number, commit, warning_of(call, ready.plan.exposed))


def _open(work: Work, ready: Prepared, title: str, text: Written, commit: Sha) -> int:
    repo, base_ref = ready.snapshot.repo, ready.snapshot.ref or ""
    number = open_proposal(work, repo, base_ref)
    line = " ".join(title.split())
    # The summary of a commit may be of any length.
    opening = Opening(repo.id, number, line[:LONGEST_TITLE], "open", base_ref, commit)
    discussion_id = begin(work, repo, opening, text)
    entries.insert_event(work, discussion_id, "commit", {"subject": line, "oid": commit})
    require_still_may(work, repo, Action.PROPOSE)
    landed(work, repo, Move(f"refs/pr/{number}", None, commit))
    give_small(work, repo, ready.plan.regular_bytes)
    return number
