"""What a webhook is told: payload version 3 of the public Hub.

https://huggingface.co/docs/hub/webhooks and huggingface_hub/_webhooks_payload.py. `headSha` is told
of events on repos only, `updatedRefs`, `updatedConfig` and `movedTo` of the one scope or action
that they belong to.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from strata.community.webhooks.parts import NOBODY, about_discussion, account, urls
from strata.core.call import Call
from strata.core.names import ZERO_SHA, RepoId, RepoType
from strata.events.facts import Fact
from strata.events.webhooks.record import Domain
from strata.repos.queries import ref_commit
from strata.repos.record import Repo

VERSION: Final = 3
TYPES: Final = (RepoType.MODEL, RepoType.DATASET, RepoType.SPACE)  # that version 3 knows
_MAIN: Final = "refs/heads/main"
_CONFIG: Final = frozenset({"private"})  # the settings that payloads name; the Hub tells no others
_PLAIN: Final = frozenset({"description"})  # of the repo itself, not of its configuration


@dataclass(frozen=True, slots=True)
class Event:
    """What the Hub calls it."""

    scope: str
    action: str

    @property
    def domain(self) -> Domain:
        return Domain.REPO if self.scope.startswith("repo") else Domain.DISCUSSION

    @property
    def name(self) -> str:
        """How the log calls it: `repo.content:update`."""
        return f"{self.scope}:{self.action}"


_EVENTS: Final[Mapping[str, Event]] = {
    "repo.create": Event("repo", "create"),
    "repo.delete": Event("repo", "delete"),
    "repo.move": Event("repo", "move"),
    "repo.content": Event("repo.content", "update"),
    "repo.update_settings": Event("repo.config", "update"),
    "discussion.create": Event("discussion", "create"),
    "discussion.update": Event("discussion", "update"),
    "discussion.delete": Event("discussion", "delete"),
    "discussion.comment.create": Event("discussion.comment", "create"),
    "discussion.comment.update": Event("discussion.comment", "update"),
}


def event_of(fact: Fact) -> Event | None:
    """What webhooks call a fact; None for one that they are not told of."""
    if fact.name == "repo.update_settings" and fact.detail.keys() <= _PLAIN | {"before", "after"}:
        return Event("repo", "update")
    return _EVENTS.get(fact.name)


@dataclass(frozen=True, slots=True)
class Story:
    """A payload without the webhook that it is sent to."""

    event: Event
    parts: Mapping[str, object]

    def to(self, webhook_key: str) -> str:
        """The JSON for one webhook."""
        event = {"action": self.event.action, "scope": self.event.scope}
        webhook = {"id": webhook_key, "version": VERSION}
        return msgspec.json.encode({"event": event, **self.parts, "webhook": webhook}).decode()


def story_of(call: Call, event: Event, fact: Fact, repo: Repo) -> Story:
    """Tell what happened, with the state of this moment."""
    if event.domain is Domain.DISCUSSION:
        return Story(event, {"repo": _repo(call, repo), **about_discussion(call, fact, repo)})
    parts: dict[str, object] = {"repo": _repo(call, repo, with_head=True)}
    match event.scope, event.action:
        case "repo.content", _:
            parts["updatedRefs"] = _updated_refs(fact)
        case "repo.config", _:
            told = _CONFIG & fact.detail.keys()
            parts["updatedConfig"] = {name: fact.detail[name] for name in told}
        case _, "move":
            parts["movedTo"] = {"name": repo.full_name, "owner": account(call, repo.owner_id)}
            parts["repo"] = _repo(call, _former(fact, repo), with_head=True)
        case _:
            pass
    return Story(event, parts)


def example(call: Call, owner: str, owner_id: int) -> Story:
    """What a test tells: a commit in a repo that does not exist, marked by `test`."""
    there = RepoId(RepoType.MODEL, owner, "webhook-test")
    repo = {
        "type": there.type.value,
        "name": there.full_name,
        "id": NOBODY,
        "private": False,
        "url": urls(call, there),
        "headSha": ZERO_SHA,
        "owner": account(call, owner_id),
    }
    moved = {"ref": _MAIN, "oldSha": None, "newSha": ZERO_SHA}
    parts = {"repo": repo, "updatedRefs": [moved], "test": True}
    return Story(_EVENTS["repo.content"], parts)


def _former(fact: Fact, repo: Repo) -> Repo:
    """The repo as it was called before it moved."""
    former = RepoId.parse(repo.type, str(fact.detail["from"]))
    owner_id = fact.detail["from_owner"]
    return dataclasses.replace(
        repo,
        namespace=former.namespace or "",
        name=former.name,
        owner_id=owner_id if isinstance(owner_id, int) else 0,
    )


def _repo(call: Call, repo: Repo, *, with_head: bool = False) -> dict[str, object]:
    head = ref_commit(call, repo.id, _MAIN) if with_head else None
    return {
        "type": repo.type.value,
        "name": repo.full_name,
        "id": repo.key,
        "private": repo.private,
        "url": urls(call, repo.repo_id),
        **({"headSha": head} if head else {}),
        "owner": account(call, repo.owner_id),
    }


def _updated_refs(fact: Fact) -> list[dict[str, object]]:
    """A new ref has no old sha, a deleted one no new sha."""
    moved = msgspec.convert(fact.detail["refs"], list[dict[str, str | None]])
    return [{"ref": one["ref"], "oldSha": one["old"], "newSha": one["new"]} for one in moved]
