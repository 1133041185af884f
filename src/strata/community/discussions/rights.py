"""Who may say and change what in a discussion; `access.policy` decides about the repo itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.access.gates.admit import admit, admits
from strata.access.policy.verbs import Action
from strata.accounts import limits
from strata.community.discussions import queries
from strata.community.discussions.queries import Discussion
from strata.core.call import Call, Work
from strata.core.errors import Forbidden, NotFound, TooMany
from strata.core.names import RepoId
from strata.repos.lookup import lookup
from strata.repos.record import Repo

DISABLED: Final = "Discussions are disabled for this repo"
LOCKED: Final = "This discussion is locked; only those who may write to the repo can go on with it."
MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Rights:
    """What the caller may do in a discussion; pages offer nothing else."""

    speak: bool = False  # comment, react
    change: bool = False  # title and status
    moderate: bool = False  # merge, pin, lock, hide


def community_of(call: Call, repo_id: RepoId) -> Repo:
    """A repo whose discussions the caller may read.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
        Forbidden: the repo has no discussions.
    """
    repo = lookup(call, repo_id, Action.LOOK)
    if repo.discussions_disabled:
        raise Forbidden(DISABLED)
    return repo


def speaking(call: Call, repo_id: RepoId) -> Repo:
    """A repo in whose discussions the caller may take part.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`, `community_of`.
    """
    repo = community_of(call, repo_id)
    admit(call, Action.DISCUSS, repo)
    return repo


def found(call: Call, repo: Repo, number: int) -> Discussion:
    """A discussion to read.

    Raises:
        NotFound: no discussion of this number.
    """
    discussion = queries.discussion_at(call, repo.id, number)
    if discussion is None:
        raise NotFound("Discussion not found")
    return discussion


def held(work: Work, repo: Repo, number: int) -> Discussion:
    """A discussion to change: nobody else changes it meanwhile.

    Raises:
        NotFound: no discussion of this number.
    """
    discussion = queries.held_discussion(work, repo.id, number)
    if discussion is None:
        raise NotFound("Discussion not found")
    return discussion


def require_speak(call: Call, repo: Repo, discussion: Discussion) -> None:
    """Let the caller comment.

    Raises:
        Forbidden: the discussion is locked, and the caller may not write to the repo.
    """
    admit(call, Action.DISCUSS, repo)
    if discussion.locked and not admits(call, Action.WRITE, repo):
        raise Forbidden(LOCKED)


def require_own(call: Call, repo: Repo, discussion: Discussion, author_id: int) -> None:
    """Let the author change what is theirs, and whoever may write to the repo.

    Raises:
        Forbidden: the caller is neither, or it is locked.
    """
    if call.actor.user_id is not None and call.actor.user_id == author_id:
        require_speak(call, repo, discussion)
    else:
        admit(call, Action.WRITE, repo)


def rights_in(call: Call, repo: Repo, discussion: Discussion) -> Rights:
    """What the caller may do here."""
    moderate = admits(call, Action.WRITE, repo)
    speak = moderate or (not discussion.locked and admits(call, Action.DISCUSS, repo))
    own = call.actor.user_id == discussion.author_id
    return Rights(speak, moderate or (speak and own), moderate)


def count_act(work: Work) -> None:
    """Count what the caller writes.

    Raises:
        TooMany: more in the last hour than `limits.posts_per_hour`.
    """
    if work.actor.user_id is None:
        return
    most = work.hub.settings.limits.posts_per_hour
    try:
        limits.count(work, limits.Limit(f"posts:{work.actor.user_id}", most, MINUTES))
    except TooMany as error:
        raise TooMany(
            f"You wrote {most} times within an hour, which is all this hub takes. Try later.",
            retry_after_s=error.retry_after_s,
        ) from error
