"""What webhooks are told of each event, field by field (02 §N)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.contents import at, changed, created, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import BASE_URL, calling, person, working_as
from fixtures.receivers import Received, Receiver, receiving
from fixtures.webhooks import called, hooked, listening_hub
from strata.accounts import people
from strata.community.discussions import opening, thread
from strata.community.pulls import merging
from strata.community.pulls.propose import propose
from strata.community.webhooks.faults import BadWebhook
from strata.content import refs
from strata.content.writing.operations import Add, Change
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.events.webhooks.record import Domain
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.record import Repo


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = listening_hub(tmp_path / "data", clock)
    yield built
    built.database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    made = created(hub, ana, "one")
    uploaded(hub, ana, made, {"a.txt": b"one\n"})
    return made


def public_id(hub: Hub, actor: Actor) -> str:
    with calling(hub, actor) as call:
        user = people.by_id(call, actor.user_id or 0)
    assert user is not None
    return user.public_id


def told(hub: Hub, receiver: Receiver) -> list[Received]:
    """Deliver what waits and return it, without what was received before."""
    before = len(receiver.received)
    called(hub)
    return receiver.received[before:]


def test_a_commit_is_told_as_the_hub_tells_it(
    hub: Hub, receiver: Receiver, ana: Actor, repo: Repo
) -> None:
    before = at(hub, ana, repo).commit
    shown = hooked(hub, ana, receiver, "model:ana/one", secret="s3cret")

    landed = uploaded(hub, ana, repo, {"b.txt": b"two\n"})

    (received,) = told(hub, receiver)
    assert received.headers["content-type"] == "application/json"
    assert received.headers["x-webhook-secret"] == "s3cret"
    assert received.json == {
        "event": {"action": "update", "scope": "repo.content"},
        "repo": {
            "type": "model",
            "name": "ana/one",
            "id": repo.key,
            "private": False,
            "url": {"web": f"{BASE_URL}/ana/one", "api": f"{BASE_URL}/api/models/ana/one"},
            "headSha": landed.sha,
            "owner": {"id": public_id(hub, ana)},
        },
        "updatedRefs": [{"ref": "refs/heads/main", "oldSha": before, "newSha": landed.sha}],
        "webhook": {"id": shown.webhook.key, "version": 3},
    }


def test_branches_and_tags_begin_and_end_with_null(
    hub: Hub, receiver: Receiver, ana: Actor, repo: Repo
) -> None:
    head = at(hub, ana, repo).commit
    hooked(hub, ana, receiver, "model:ana/one")
    with calling(hub, ana) as call:
        refs.create_branch(call, repo.repo_id, "side")
        refs.create_tag(call, repo.repo_id, "main", "v1", None)
        refs.delete_branch(call, repo.repo_id, "side")

    moves = [one.json["updatedRefs"] for one in told(hub, receiver)]

    assert moves == [
        [{"ref": "refs/heads/side", "oldSha": None, "newSha": head}],
        [{"ref": "refs/tags/v1", "oldSha": None, "newSha": head}],
        [{"ref": "refs/heads/side", "oldSha": head, "newSha": None}],
    ]


def test_the_life_of_a_repo(hub: Hub, receiver: Receiver, ana: Actor) -> None:
    hooked(hub, ana, receiver, "user:ana")
    repo = created(hub, ana, "data", RepoType.DATASET)
    there = repo.repo_id
    moved = RepoId(RepoType.DATASET, "ana", "renamed")
    with working_as(hub, ana) as work:
        change.change_settings(work, there, Settings(description="Mine"))
        change.change_settings(work, there, Settings(private=True))
        change.change_settings(work, there, Settings(discussions_disabled=True))
        change.move(work, there, moved)
        change.delete(work, moved)

    received = told(hub, receiver)

    assert [one.event for one in received] == [
        "repo:create",
        "repo.content:update",
        "repo:update",
        "repo.config:update",
        "repo.config:update",
        "repo:move",
        "repo:delete",
    ]
    configured, other, move, gone = (one.json for one in received[3:])
    assert configured["updatedConfig"] == {"private": True}
    assert configured["repo"]["private"] is True
    assert other["updatedConfig"] == {}
    assert move["repo"]["name"] == "ana/data"
    assert move["repo"]["url"]["api"] == f"{BASE_URL}/api/datasets/ana/data"
    assert move["movedTo"] == {"name": "ana/renamed", "owner": {"id": public_id(hub, ana)}}
    assert gone["repo"]["name"] == "ana/renamed"
    assert gone["repo"]["id"] == repo.key
    assert "movedTo" not in gone
    assert not any("discussion" in one.json for one in received)


def test_the_life_of_a_discussion(
    hub: Hub, receiver: Receiver, ana: Actor, bob: Actor, repo: Repo
) -> None:
    hooked(hub, ana, receiver, "model:ana/one", domains=[Domain.DISCUSSION])
    with calling(hub, bob) as call:
        number = opening.open_discussion(call, repo.repo_id, "A question", "How *so*?").number
        said = thread.comment(call, repo.repo_id, number, "Anyone?")
        thread.edit(call, repo.repo_id, number, said.key, "Somebody?")
    with working_as(hub, bob) as work:
        thread.hide(work, repo.repo_id, number, said.key)
        thread.rename(work, repo.repo_id, number, "The question")
    with working_as(hub, ana) as work:
        thread.pin(work, repo.repo_id, number, pinned=True)
        merging.delete_discussion(work, repo.repo_id, number)

    received = told(hub, receiver)

    assert [one.event for one in received] == [
        "discussion:create",
        "discussion.comment:create",
        "discussion.comment:update",
        "discussion.comment:update",
        "discussion:update",
        "discussion:update",
        "discussion:delete",
    ]
    opened, comment, edited, hidden, renamed, pinned, gone = (one.json for one in received)
    place = f"{BASE_URL}/ana/one/discussions/{number}"
    bobs = {"id": public_id(hub, bob)}
    assert opened["discussion"] == {
        "id": opened["discussion"]["id"],
        "title": "A question",
        "url": {"web": place, "api": f"{BASE_URL}/api/models/ana/one/discussions/{number}"},
        "status": "open",
        "author": bobs,
        "num": number,
        "isPullRequest": False,
    }
    assert opened["comment"]["content"] == "How *so*?"
    assert opened["comment"]["author"] == bobs
    assert opened["comment"]["hidden"] is False
    assert opened["comment"]["url"] == {"web": f"{place}#{opened['comment']['id']}"}
    assert "headSha" not in opened["repo"]
    assert comment["comment"]["content"] == "Anyone?"
    assert (edited["comment"]["id"], edited["comment"]["content"]) == (said.key, "Somebody?")
    assert hidden["comment"]["hidden"] is True
    assert "content" not in hidden["comment"]
    assert renamed["discussion"]["title"] == "The question"
    assert pinned["discussion"]["pinned"] is True
    assert "comment" not in renamed
    assert gone["discussion"]["id"] == opened["discussion"]["id"]
    assert gone["discussion"]["author"] == bobs


def test_a_pull_request_is_told_to_both_domains(
    hub: Hub, receiver: Receiver, ana: Actor, bob: Actor, repo: Repo
) -> None:
    hooked(hub, ana, receiver, "user:ana")
    with calling(hub, bob) as call:
        pull = propose(
            call, repo.repo_id, "main", Change("Better", "Because", [Add("c.txt", b"c\n")])
        )
    with calling(hub, ana) as call:
        merging.merge(call, repo.repo_id, pull.number, merging.Wish())

    received = told(hub, receiver)

    commits = [one.json for one in received if one.event == "repo.content:update"]
    assert [one["updatedRefs"][0]["ref"] for one in commits] == [
        f"refs/pr/{pull.number}",
        "refs/heads/main",
    ]
    opened = next(one.json for one in received if one.event == "discussion:create")
    assert opened["discussion"]["isPullRequest"] is True
    assert opened["discussion"]["changes"] == {"base": "refs/heads/main"}
    merged = next(one.json for one in received if one.event == "discussion:update")
    assert merged["discussion"]["status"] == "merged"
    head = at(hub, ana, repo).commit
    assert merged["discussion"]["changes"] == {"base": "refs/heads/main", "mergeCommitId": head}


def test_only_the_chosen_domain_is_told(
    hub: Hub, receiver: Receiver, ana: Actor, repo: Repo
) -> None:
    hooked(hub, ana, receiver, "user:ana", domains=[Domain.REPO])
    with calling(hub, ana) as call:
        opening.open_discussion(call, repo.repo_id, "A question", "")
    changed(hub, ana, repo, [Add("x", b"x")])

    assert [one.event for one in told(hub, receiver)] == ["repo.content:update"]


def test_one_fact_is_told_once_however_often_it_is_watched(
    hub: Hub, receiver: Receiver, ana: Actor, bob: Actor, repo: Repo
) -> None:
    hooked(hub, ana, receiver, "user:ana", "model:ana/one")
    hooked(hub, bob, receiver, "model:ana/one")
    uploaded(hub, ana, repo, {"b.txt": b"1"})
    uploaded(hub, ana, repo, {"b.txt": b"2"})

    received = told(hub, receiver)

    ids = [one.json["webhook"]["id"] for one in received]
    assert len(received) == 4
    assert sorted(ids.count(one) for one in set(ids)) == [2, 2]


def test_whoever_watched_the_former_owner_hears_of_the_move(
    hub: Hub, receiver: Receiver, ana: Actor
) -> None:
    hooked(hub, ana, receiver, "user:ana")
    repo = created(hub, ana, "two")
    told(hub, receiver)
    with working_as(hub, ana) as work:
        change.move(work, repo.repo_id, RepoId(RepoType.MODEL, "ana", "three"))
        change.move(work, RepoId(RepoType.MODEL, "ana", "three"), repo.repo_id)

    assert [one.json["movedTo"]["name"] for one in told(hub, receiver)] == ["ana/three", "ana/two"]


def test_what_version_3_has_no_word_for_is_not_told(
    hub: Hub, receiver: Receiver, ana: Actor
) -> None:
    hooked(hub, ana, receiver, "user:ana")
    created(hub, ana, "fast", RepoType.KERNEL)
    with pytest.raises(BadWebhook):
        hooked(hub, ana, receiver, "kernel:ana/fast")

    assert told(hub, receiver) == []
