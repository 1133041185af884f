"""What happens in a discussion: comments, edits, titles, states, pins, locks, reactions.

Acts that write a text check and render it first and open their own transaction; the answer is the
event, exactly as it is read later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.community.attachments.placing import place
from strata.community.discussions import entries, queries
from strata.community.discussions.entries import COMMENT
from strata.community.discussions.news import tell
from strata.community.discussions.queries import Discussion, Event
from strata.community.discussions.rights import (
    count_act,
    held,
    require_own,
    require_speak,
    speaking,
)
from strata.community.discussions.texts import Written, require_said, titled, written
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call, Work, working
from strata.core.errors import Conflict, Malformed, NotFound
from strata.core.names import RepoId
from strata.repos import queries as repos
from strata.repos.record import Repo

REACTIONS: Final = ("👍", "👎", "❤️", "🔥", "🚀", "👀", "🤗", "🤯")

Wanted = Literal["open", "closed"]


def comment(call: Call, repo_id: RepoId, number: int, text: str) -> Event:
    """Say something.

    Raises:
        RepoNotFound, Moved, Unauthenticated, EmailNotVerified, Forbidden: as `rights.speaking`, or
        the discussion is locked.
        NotFound: no discussion of this number.
        Malformed: nothing is said. TooLarge: too much. TooMany: too often.
    """
    repo = speaking(call, repo_id)
    said = written(call, repo, require_said(text))
    with working(call) as work:
        count_act(work)
        discussion = held(work, repo, number)
        require_speak(work, repo, discussion)
        return say(work, repo, discussion, said)


def say(work: Work, repo: Repo, discussion: Discussion, said: Written) -> Event:
    """Write a comment of somebody who was let in."""
    entries.insert_event(work, discussion.id, COMMENT, said.content, key=said.key)
    place(work, repo, said.content["text"])
    tell(
        work,
        "discussion.comment.create",
        repo,
        key=discussion.key,
        number=discussion.number,
        event=said.key,
        mentions=said.mentioned,
    )
    return event_of(work, discussion, said.key)


def edit(call: Call, repo_id: RepoId, number: int, key: str, text: str) -> Event:
    """Say it otherwise; what stood there before is kept for everybody to read.

    Raises:
        As `comment`. NotFound: no such comment. Conflict: it was hidden.
        Forbidden: neither the author nor somebody who may write.
    """
    repo = speaking(call, repo_id)
    said = written(call, repo, require_said(text), key=key)
    with working(call) as work:
        count_act(work)
        discussion, event = _held_comment(work, repo, number, key)
        if event.content["text"] != said.content["text"]:
            entries.rewrite_comment(work, event, said.content)
            place(work, repo, said.content["text"])
            entries.change_discussion(work, discussion.id)
            _tell_update(work, repo, discussion, key, "edit", said.mentioned)
        return event_of(work, discussion, key)


def hide(work: Work, repo_id: RepoId, number: int, key: str) -> Event:
    """Take away what a comment says and ever said, for good.

    Raises:
        As `edit`.
    """
    repo = speaking(work, repo_id)
    count_act(work)
    discussion, event = _held_comment(work, repo, number, key)
    entries.blank_comment(work, event)
    entries.change_discussion(work, discussion.id)
    _tell_update(work, repo, discussion, key, "hide", ())
    return event_of(work, discussion, key)


def rename(work: Work, repo_id: RepoId, number: int, title: str) -> Event:
    """Give a discussion another title.

    Raises:
        As `rights.speaking`. NotFound: no discussion of this number.
        Forbidden: neither the author nor somebody who may write. Malformed: the title.
        Unprocessable: everybody could read an access token.
    """
    repo = speaking(work, repo_id)
    line = titled(title)
    require_none_said(work, repo, line)
    count_act(work)
    discussion = held(work, repo, number)
    require_own(work, repo, discussion, discussion.author_id)
    change = {"from": discussion.title, "to": line}
    entries.change_discussion(work, discussion.id, title=line)
    return happen(work, repo, discussion, "title-change", change, "title")


def change_status(
    call: Call, repo_id: RepoId, number: int, status: Wanted, text: str | None = None
) -> Event:
    """Close a discussion, reopen it, or publish a draft; with a comment in the same breath.

    Raises:
        As `rename` and `comment`. Conflict: it was merged, is in this state already, or the ref of
        the pull request is gone.
    """
    repo = speaking(call, repo_id)
    said = written(call, repo, text) if text and text.strip() else None
    with working(call) as work:
        count_act(work)
        discussion = held(work, repo, number)
        require_own(work, repo, discussion, discussion.author_id)
        _require_possible(work, repo, discussion, status)
        if said is not None:
            say(work, repo, discussion, said)
        entries.change_discussion(work, discussion.id, status=status)
        return happen(work, repo, discussion, "status-change", {"status": status}, "status")


def pin(work: Work, repo_id: RepoId, number: int, *, pinned: bool) -> Event:
    """Put a discussion above all others of its list, or back among them.

    Raises:
        As `rights.speaking`. Forbidden: the caller may not write. Conflict: it is so already.
    """
    repo, discussion = _moderated(work, repo_id, number)
    if discussion.pinned is pinned:
        raise Conflict(f"It is {'pinned already' if pinned else 'not pinned'}.")
    entries.change_discussion(work, discussion.id, pinned=pinned)
    return happen(work, repo, discussion, "pinning-change", {"pinned": pinned}, "pin")


def lock(work: Work, repo_id: RepoId, number: int, *, locked: bool) -> Event:
    """Let only those who may write to the repo go on with a discussion, or everybody again.

    Raises:
        As `pin`.
    """
    repo, discussion = _moderated(work, repo_id, number)
    if discussion.locked is locked:
        raise Conflict(f"It is {'locked already' if locked else 'not locked'}.")
    entries.change_discussion(work, discussion.id, locked=locked)
    return happen(work, repo, discussion, "locking-change", {"locked": locked}, "lock")


def react(
    work: Work, repo_id: RepoId, number: int, key: str, reaction: str, *, given: bool
) -> Event:
    """Add a reaction to a comment, or take it back; twice is as good as once.

    Raises:
        As `comment`. Malformed: not one of `REACTIONS`. Conflict: the comment was hidden.
    """
    repo = speaking(work, repo_id)
    if reaction not in REACTIONS:
        raise Malformed(f'"reaction" must be one of [{", ".join(REACTIONS)}].')
    count_act(work)
    discussion = held(work, repo, number)
    require_speak(work, repo, discussion)
    event = _comment(work, discussion, key)
    act = entries.add_reaction if given else entries.remove_reaction
    act(work, discussion.id, event, reaction)
    return event_of(work, discussion, key)


def happen(
    work: Work,
    repo: Repo,
    discussion: Discussion,
    kind: str,
    content: Mapping[str, object],
    change: str,
) -> Event:
    """Append to the timeline and record that the discussion changed."""
    key = entries.insert_event(work, discussion.id, kind, content)
    tell(
        work,
        "discussion.update",
        repo,
        key=discussion.key,
        number=discussion.number,
        change=change,
    )
    return event_of(work, discussion, key)


def event_of(call: Call, discussion: Discussion, key: str) -> Event:
    """An event as everybody reads it.

    Raises:
        NotFound: the discussion has none of this key.
    """
    event = queries.event_at(call, discussion.id, key)
    if event is None:
        raise NotFound("Comment not found")
    return event


def _comment(call: Call, discussion: Discussion, key: str) -> Event:
    event = event_of(call, discussion, key)
    if event.kind != COMMENT:
        raise NotFound("Comment not found")
    if event.hidden:
        raise Conflict("This comment has been hidden; that cannot be undone.")
    return event


def _held_comment(work: Work, repo: Repo, number: int, key: str) -> tuple[Discussion, Event]:
    """A comment that the caller may change."""
    discussion = held(work, repo, number)
    event = event_of(work, discussion, key)
    require_own(work, repo, discussion, event.author_id)
    return discussion, _comment(work, discussion, key)


def _moderated(work: Work, repo_id: RepoId, number: int) -> tuple[Repo, Discussion]:
    repo = speaking(work, repo_id)
    admit(work, Action.WRITE, repo)
    return repo, held(work, repo, number)


def _require_possible(work: Work, repo: Repo, discussion: Discussion, status: Wanted) -> None:
    if discussion.status == "merged":
        raise Conflict("This pull request was merged already.")
    if discussion.status == status:
        raise Conflict(f"It is {status} already.")
    reopens = status == "open" and discussion.is_pull_request
    if reopens and repos.ref_commit(work, repo.id, discussion.ref) is None:
        raise Conflict("The ref of this pull request was deleted; open a new one.")


def _tell_update(
    work: Work,
    repo: Repo,
    discussion: Discussion,
    event: str,
    change: str,
    mentions: tuple[int, ...],
) -> None:
    tell(
        work,
        "discussion.comment.update",
        repo,
        key=discussion.key,
        number=discussion.number,
        event=event,
        change=change,
        mentions=mentions,
    )
