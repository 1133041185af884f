"""The parts of a payload that are the same whatever happened: addresses, people, discussions."""

from __future__ import annotations

from typing import Final

from strata.community.discussions import queries as discussions
from strata.community.discussions.queries import Discussion, Event
from strata.community.webhooks.queries import public_id
from strata.core.call import Call
from strata.core.names import RepoId
from strata.events.facts import Fact
from strata.repos.record import Repo

NOBODY: Final = "0" * 24  # whose account is gone


def urls(call: Call, repo: RepoId, path: str = "") -> dict[str, str]:
    """Where people and programs find a repo, or something in it.

    An operator command knows no address of the hub but the one of its own machine.
    """
    settings = call.hub.settings
    known = settings.public_url.rstrip("/") or call.origin.base_url
    base = known or f"http://localhost:{settings.server.port}"
    api = f"{base}/api/{repo.type.plural}/{repo.full_name}{path}"
    return {"web": f"{base}{repo.web_path}{path}", "api": api}


def account(call: Call, namespace_id: int) -> dict[str, str]:
    return {"id": public_id(call, namespace_id) or NOBODY}


def about_discussion(call: Call, fact: Fact, repo: Repo) -> dict[str, object]:
    """The discussion, and the comment where the fact names one."""
    number = fact.detail["number"]
    place = urls(call, repo.repo_id, f"/discussions/{number}")
    found = discussions.discussion_at(call, repo.id, number) if isinstance(number, int) else None
    if found is None:
        return {"discussion": _deleted(call, fact, place)}
    parts: dict[str, object] = {"discussion": _discussion(found, place)}
    key = fact.detail.get("event")
    said = discussions.event_at(call, found.id, str(key)) if key else None
    if said is not None:
        parts["comment"] = _comment(said, place)
    return parts


def _discussion(one: Discussion, place: dict[str, str]) -> dict[str, object]:
    part: dict[str, object] = {
        "id": one.key,
        "title": one.title,
        "url": place,
        "status": one.status,
        "author": {"id": one.author.public_id if one.author else NOBODY},
        "num": one.number,
        "isPullRequest": one.is_pull_request,
    }
    if one.is_pull_request:
        merged = {"mergeCommitId": one.merge_commit} if one.merge_commit else {}
        part["changes"] = {"base": one.base_ref, **merged}
    if one.pinned:
        part["pinned"] = True
    return part


def _deleted(call: Call, fact: Fact, place: dict[str, str]) -> dict[str, object]:
    """All that is left of a discussion is what the fact of its end says."""
    author = fact.detail.get("author")
    return {
        "id": fact.detail["id"],
        "title": fact.detail.get("title", ""),
        "url": place,
        "status": fact.detail.get("status", "closed"),
        "author": account(call, author if isinstance(author, int) else 0),
        "num": fact.detail["number"],
        "isPullRequest": fact.detail.get("isPullRequest", False),
    }


def _comment(said: Event, place: dict[str, str]) -> dict[str, object]:
    """A hidden comment has no content."""
    content = {} if said.hidden else {"content": str(said.content.get("text", ""))}
    return {
        "id": said.key,
        "author": {"id": said.author.public_id if said.author else NOBODY},
        **content,
        "hidden": said.hidden,
        "url": {"web": f"{place['web']}#{said.key}"},
    }
