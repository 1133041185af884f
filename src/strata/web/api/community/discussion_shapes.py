"""Discussions and their events as JSON (02 §L).

An event is the same JSON in the answer to the act that made it and in every later read.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from strata.accounts.profiles import avatar_path
from strata.community.discussions.queries import Discussion, Event, Person, Reaction
from strata.community.discussions.reading import Details, Listing
from strata.community.discussions.texts import HIDDEN
from strata.repos.record import Repo
from strata.web import respond

COMMENT = "comment"


def listing_shape(listing: Listing, base_url: str) -> dict[str, object]:
    """One page of a list."""
    return {
        "discussions": [
            discussion_shape(one, listing.repo, base_url) for one in listing.discussions
        ],
        "count": listing.total,
        "start": listing.start,
        "numClosedDiscussions": listing.closed,
    }


def discussion_shape(one: Discussion, repo: Repo, base_url: str) -> dict[str, object]:
    """A discussion as lists show it."""
    return {
        "_id": one.key,
        "num": one.number,
        "title": one.title,
        **_author(one.author, base_url),
        "createdAt": respond.moment(one.created_at),
        "status": one.status,
        "repo": {"name": repo.full_name, "type": repo.type.value},
        "isPullRequest": one.is_pull_request,
        "numComments": one.comments,
        "numReactionUsers": one.reactions,
        "pinned": one.pinned,
        "locked": one.locked,
    }


def details_shape(found: Details, base_url: str) -> dict[str, object]:
    """A discussion with its timeline; pull requests with their changes."""
    one = found.discussion
    answer = discussion_shape(one, found.repo, base_url)
    answer["events"] = [event_shape(event, found.html, base_url) for event in found.events]
    if one.is_pull_request:
        changes = {"base": one.base_ref}
        if one.merge_commit:
            changes["mergeCommitId"] = one.merge_commit
        answer["changes"] = changes
        answer["filesWithConflicts"] = list(found.conflicts)
        answer["diffUrl"] = f"{base_url}{found.repo.web_path}/discussions/{one.number}/files"
    if found.diff is not None:
        answer["diff"] = found.diff
    return answer


def event_shape(event: Event, html: Mapping[str, str], base_url: str) -> dict[str, object]:
    """Something that happened.

    Args:
        html: renderings, as `community.reading.renderings` names them.
    """
    return {
        "id": event.key,
        "type": event.kind,
        "createdAt": respond.moment(event.created_at),
        **_author(event.author, base_url),
        "data": _comment(event, html) if event.kind == COMMENT else _data(event),
    }


def _data(event: Event) -> dict[str, object]:
    kept = ("head", "fork")  # what a merge was between; a pull request shows it as its diff
    return {key: value for key, value in event.content.items() if key not in kept}


def _comment(event: Event, html: Mapping[str, str]) -> dict[str, object]:
    if event.hidden:
        raw, rendered = HIDDEN, f"<p>{escape(HIDDEN)}</p>"
    else:
        raw, rendered = str(event.content["text"]), html[event.key]
    author = event.editor if event.edited_at else event.author
    updated = respond.moment(event.edited_at or event.created_at)
    history = [
        {
            "raw": str(version.content["text"]),
            "html": html[f"{event.key}/{place}"],
            "updatedAt": respond.moment(version.written_at),
            **_named(version.author),
        }
        for place, version in enumerate(event.history)
    ]
    return {
        "edited": bool(history),
        "hidden": event.hidden,
        "latest": {"raw": raw, "html": rendered, "updatedAt": updated, **_named(author)},
        "history": history,
        "numEdits": len(history),
        "reactions": [_reaction(one) for one in event.reactions],
    }


def _reaction(one: Reaction) -> dict[str, object]:
    return {"reaction": one.reaction, "users": list(one.names), "count": len(one.names)}


def _named(person: Person | None) -> dict[str, object]:
    return {"author": {"name": person.name}} if person else {}


def _author(person: Person | None, base_url: str) -> dict[str, object]:
    """The author; left out when the account is gone, since clients stumble over null."""
    if person is None:
        return {}
    avatar = f"{base_url}{avatar_path(person.public_id)}"
    return {
        "author": {
            "_id": person.public_id,
            "name": person.name,
            "type": "user",
            "avatarUrl": avatar,
        }
    }
