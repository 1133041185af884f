"""Merge pull requests, and take away refs and discussions that have had their time.

A merge is one commit with two parents, made in memory and packed; nothing is visible before the
transaction that moves the base. A base that moved meanwhile is merged with anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.community.discussions import entries
from strata.community.discussions.news import tell
from strata.community.discussions.queries import Discussion, Event
from strata.community.discussions.rights import count_act, found, held, speaking
from strata.community.discussions.sides import Sides, conflicts, sides_of
from strata.community.discussions.texts import LONGEST_COMMENT, Written, written
from strata.community.discussions.thread import happen, say
from strata.community.pulls.commits import note_commits
from strata.content.authors import signature_of
from strata.content.crowding import Stored, require_uncrowded
from strata.content.moment import require_still_may
from strata.content.proposals import forget_proposal
from strata.content.writing.commit import MAX_ATTEMPTS, lane
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, Malformed, ParentMoved, TooLarge
from strata.core.names import RepoId, Sha
from strata.lib.git import write as git
from strata.lib.git.write import Note
from strata.repos import queries as repos
from strata.repos.landed import Move, landed
from strata.repos.record import Repo

_FILES_NAMED: Final = 20  # in the sentence about conflicts


@dataclass(frozen=True, slots=True)
class Wish:
    """How a pull request shall be merged."""

    comment: str = ""
    title: str = ""  # of the merge commit; empty: the one of the pull request and its number
    body: str = ""
    head: Sha | None = None  # what the caller has reviewed; anything newer is refused


@dataclass(frozen=True, slots=True)
class _Ready:
    """A pull request that may be merged, checked before any transaction."""

    repo: Repo
    discussion: Discussion
    wish: Wish
    said: Written | None


def merge(call: Call, repo_id: RepoId, number: int, wish: Wish) -> Event:
    """Merge a pull request into its base; opens its own transaction.

    Raises:
        RepoNotFound, Moved, Unauthenticated, EmailNotVerified, Forbidden: as `rights.speaking`, or
        the caller may not write.
        NotFound: no discussion of this number. Malformed: not a pull request.
        Conflict: a draft, closed, merged, without changes, or in conflict, naming the files.
        ParentMoved: the head is not the one that was reviewed.
        OverQuota: the repo, or a folder of it, may not hold so many files.
    """
    repo = speaking(call, repo_id)
    admit(call, Action.WRITE, repo)
    discussion = found(call, repo, number)
    if discussion.base_ref is None:
        raise Malformed(f"#{number} is a discussion; only pull requests can be merged.")
    if len(wish.title) + len(wish.body) > LONGEST_COMMENT:
        raise TooLarge(f"The message of a merge may have {LONGEST_COMMENT} characters.")
    said = written(call, repo, wish.comment) if wish.comment.strip() else None
    ready = _Ready(repo, discussion, wish, said)
    for _ in range(MAX_ATTEMPTS):
        with lane(repo, discussion.base_ref):
            merged = _attempt(call, ready)
        if merged is not None:
            call.hub.crash_point("after-commit")
            return merged
    raise ParentMoved


def _attempt(call: Call, ready: _Ready) -> Event | None:
    """Merge the heads as they are; None when the base moved meanwhile."""
    _require_mergeable(ready.discussion)
    sides = sides_of(call, ready.repo, ready.discussion)
    if sides is None:
        raise Conflict("The base branch or the ref of this pull request was deleted.")
    if ready.wish.head not in (None, sides.head.commit):
        raise ParentMoved
    commit = _merge_commit(call, ready, sides)
    call.hub.crash_point("after-pack")
    try:
        with working(call) as work:
            event = _land(work, ready, sides, commit)
            call.hub.crash_point("before-commit")
    except ParentMoved:
        return None
    return event


def _require_mergeable(discussion: Discussion) -> None:
    problem = {
        "draft": "This pull request is a draft; publish it first.",
        "closed": "This pull request is closed; reopen it first.",
        "merged": "This pull request was merged already.",
    }.get(discussion.status)
    if problem is not None:
        raise Conflict(problem)


def _merge_commit(call: Call, ready: _Ready, sides: Sides) -> Sha:
    """Make the merge durable, visible to nobody."""
    if not sides.has_changes:
        raise Conflict("This pull request has no changes that its base lacks.")
    if sides.fork == sides.base:
        tree: str | None = sides.head.commit  # nothing happened on the base since
    else:
        tree = git.merge(sides.git_path, sides.fork, sides.base, sides.head.commit).tree
    if tree is None:
        raise Conflict(_in_conflict(conflicts(sides)))
    note = Note(signature_of(call.hub, call.actor), call.now, _message(ready))
    made = git.commit_tree(sides.git_path, tree, [sides.base, sides.head.commit], note)
    require_uncrowded(call, ready.repo, Stored(sides.git_path), made, sides.base)
    return Sha(made)


def _message(ready: _Ready) -> str:
    default = f"{ready.discussion.title} (#{ready.discussion.number})"
    title = " ".join(ready.wish.title.split()) or default
    body = ready.wish.body.strip()
    return f"{title}\n\n{body}" if body else title


def _in_conflict(files: tuple[str, ...]) -> str:
    named = ", ".join(files[:_FILES_NAMED])
    more = f" and {len(files) - _FILES_NAMED} more" if len(files) > _FILES_NAMED else ""
    return (
        f"These files were changed on both sides: {named}{more}. "
        "Merge the base branch into the pull request, solve the conflicts and push."
    )


def _land(work: Work, ready: _Ready, sides: Sides, commit: Sha) -> Event:
    """Move the base and say so, all or nothing.

    Raises:
        ParentMoved: the base or the pull request moved since the merge was made.
        Conflict: somebody merged or closed it meanwhile.
    """
    repo = ready.repo
    discussion = held(work, repo, ready.discussion.number)
    _require_mergeable(discussion)
    if repos.ref_commit(work, repo.id, discussion.ref) != sides.head.commit:
        raise ParentMoved
    require_still_may(work, repo, Action.WRITE)
    note_commits(work, repo.id, discussion)
    landed(work, repo, Move(discussion.base_ref or "", sides.base, commit))
    if ready.said is not None:
        say(work, repo, discussion, ready.said)
    entries.change_discussion(work, discussion.id, status="merged", merge_commit=commit)
    content = {"status": "merged", "oid": commit, "head": sides.head.commit, "fork": sides.fork}
    return happen(work, repo, discussion, "status-change", content, "merge")


def delete_ref(work: Work, repo_id: RepoId, number: int) -> None:
    """Give up the ref of a closed or merged pull request; nobody can push to it any more.

    Raises:
        As `merge`. Conflict: it is open, or its ref is gone already.
    """
    repo = speaking(work, repo_id)
    admit(work, Action.WRITE, repo)
    count_act(work)
    discussion = held(work, repo, number)
    if not discussion.is_pull_request:
        raise Malformed(f"#{number} is a discussion and has no ref.")
    if discussion.is_open:
        raise Conflict("Close or merge this pull request before you delete its ref.")
    if not _drop_ref(work, repo, discussion):
        raise Conflict("The ref of this pull request was deleted already.")
    tell(work, "discussion.update", repo, key=discussion.key, number=number, change="ref")


def delete_discussion(work: Work, repo_id: RepoId, number: int) -> None:
    """Take a discussion away with all that was said, and the ref of a pull request.

    Raises:
        As `rights.speaking`. Forbidden: the caller does not manage the repo.
    """
    repo = speaking(work, repo_id)
    admit(work, Action.MANAGE, repo)
    discussion = held(work, repo, number)
    _drop_ref(work, repo, discussion)
    entries.delete_discussion(work, discussion.id)
    tell(
        work,
        "discussion.delete",
        repo,
        key=discussion.key,
        number=number,
        title=discussion.title,
        author=discussion.author_id,
        status=discussion.status,
        isPullRequest=discussion.is_pull_request,
    )


def _drop_ref(work: Work, repo: Repo, discussion: Discussion) -> bool:
    """Remove the ref of a pull request; False when there is none."""
    if not discussion.is_pull_request:
        return False
    note_commits(work, repo.id, discussion)
    head = repos.ref_commit(work, repo.id, discussion.ref)
    forget_proposal(work, repo, discussion.number)
    if head is None:
        return False
    landed(work, repo, Move(discussion.ref, Sha(head), None))
    return True
