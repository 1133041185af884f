"""Webhooks as the real client makes them, called for real commits by the API and by git."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from clients import git
from clients.api import Repo
from clients.conftest import DATABASES, Database, MakeClient, StartHub
from clients.environments import NEWEST
from fixtures.receivers import Receiver, receiving

ALLOWED: Final = {"STRATA_WEBHOOKS_ALLOW": "127.0.0.1", "STRATA_WEBHOOKS_ALLOW_HTTP": "1"}
LIFE: Final = """
    import json, sys
    from huggingface_hub import HfApi, WebhookWatchedItem
    api, url = HfApi(), sys.argv[1]
    me = api.whoami()["name"]
    watched = [WebhookWatchedItem(type="user", name=me), {"type": "user", "name": sys.argv[2]}]
    made = api.create_webhook(url=url, watched=watched, domains=["repo"], secret="s3cret")
    changed = api.update_webhook(made.id, domains=["repo", "discussion"])
    off = api.disable_webhook(made.id).disabled
    on = api.enable_webhook(made.id).disabled
    other = api.create_webhook(url=url, watched=watched)
    api.delete_webhook(other.id)
    repo = api.create_repo(f"{me}/told").repo_id
    api.upload_file(path_or_fileobj=b"one", path_in_repo="a.txt", repo_id=repo)
    discussion = api.create_discussion(repo, "A question", description="How so?")
    print(json.dumps({
        "id": made.id, "switched": [off, on], "domains": changed.domains,
        "watched": [[item.type, item.name] for item in changed.watched],
        "listed": [hook.id for hook in api.list_webhooks()],
        "same": api.get_webhook(made.id) == changed, "sha": api.repo_info(repo).sha,
        "discussion": discussion.num,
    }))
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.mark.parametrize("database", DATABASES)
def test_the_client_makes_a_webhook_that_hears_of_commits_and_pushes(
    start_hub: StartHub,
    client: MakeClient,
    receiver: Receiver,
    database: Database,
    tmp_path: Path,
) -> None:
    hub = start_hub(ALLOWED, database)
    alice, bob = hub.user("alice"), hub.user("bob")
    told = client(NEWEST, person=alice, endpoint=hub.url).value(LIFE, receiver.url(), "bob")
    assert isinstance(told, dict)
    assert told["switched"] == [True, False]
    assert told["domains"] == ["repo", "discussion"]
    assert told["watched"] == [["user", "alice"], ["user", "bob"]]
    assert told["listed"] == [told["id"]]
    assert told["same"]
    received = receiver.wait(4)
    assert sorted(receiver.events) == [
        "discussion:create",
        "repo.content:update",
        "repo.content:update",
        "repo:create",
    ]
    assert {one.headers["x-webhook-secret"] for one in received} == {"s3cret"}
    commits = [one.json for one in received if one.event == "repo.content:update"]
    assert told["sha"] in [one["updatedRefs"][0]["newSha"] for one in commits]

    machine = git.machine(tmp_path / "home", alice)
    clone = machine.clone(git.address(hub, Repo("model", "alice/told"), alice))
    (clone / "b.txt").write_text("two")
    pushed = machine.commit(clone, "By git")
    machine.git("tag", "v1", within=clone)
    machine.git("push", "origin", "main", "v1", within=clone)

    last = receiver.wait(5)[-1].json
    assert {(one["ref"], one["newSha"]) for one in last["updatedRefs"]} == {
        ("refs/heads/main", pushed),
        ("refs/tags/v1", pushed),
    }
    assert last["repo"]["headSha"] == pushed
    assert last["repo"]["url"]["web"] == f"{hub.url}/alice/told"
    assert bob.name not in str(last)


def test_a_hub_calls_nothing_inside_its_network_unless_told_to(
    start_hub: StartHub, client: MakeClient, receiver: Receiver
) -> None:
    hub = start_hub({"STRATA_WEBHOOKS_ALLOW_HTTP": "1"})
    snippet = """
        import json, sys
        from huggingface_hub import HfApi
        from huggingface_hub.utils import HfHubHTTPError
        api, said = HfApi(), []
        watched = [{"type": "user", "name": "mallory"}]
        for url in sys.argv[1:]:
            try:
                api.create_webhook(url=url, watched=watched)
            except HfHubHTTPError as refused:
                said.append([refused.response.status_code, refused.server_message])
        print(json.dumps(said))
    """
    inside = (receiver.url(), f"{hub.url}/api/repos/create", "http://[::1]/", "http://10.0.0.1/")
    said = client(NEWEST, person=hub.user("mallory"), endpoint=hub.url).value(snippet, *inside)

    assert said == [[400, '"url": This address is inside the network of this server.']] * 4
    assert receiver.received == []


def test_what_waits_for_a_dead_target_survives_a_power_cut(
    start_hub: StartHub, client: MakeClient
) -> None:
    hub = start_hub(ALLOWED)
    with receiving() as gone:
        url, port = gone.url(), gone.port
    client(NEWEST, person=hub.user("alice"), endpoint=hub.url).value(LIFE, url, "alice")
    hub.kill()
    with receiving(port=port) as back:
        hub.start()
        back.wait(4, within_s=40)

        assert "repo:create" in back.events
