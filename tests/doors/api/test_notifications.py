"""`/api/notifications`, as the Hub documents it (02 §O)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.clients import Clients
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from fixtures.inboxes import badge, opens, says, telling_hub, told
from fixtures.large_files import working_as
from strata.core.actor import SYSTEM, Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.events.facts import record
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

PLACE = "/api/notifications"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = telling_hub(tmp_path / "data", clock)
    yield built
    built.database.close()


@pytest.fixture(autouse=True)
def repo(hub: Hub, owner: Actor, stranger: Actor) -> Repo:
    made = created(hub, owner, "one", RepoType.DATASET)
    opens(hub, stranger, made, "Hello @ana", title="A question")
    says(hub, owner, made, "Hello @bob")
    with working_as(hub, SYSTEM) as work:  # what has no place in the Hub's shape
        record(work, "account.new_device", target="ana", actor_id=owner.user_id)
    told(hub)
    return made


async def listed(clients: Clients, query: str = "") -> list[str]:
    answer = await clients.owner.get(f"{PLACE}{query}")
    assert answer.status_code == 200, answer.text
    return [one["discussion"]["title"] for one in answer.json()["notifications"]]


async def test_the_shape_of_a_list(clients: Clients, repo: Repo) -> None:
    answer = (await clients.reading.get(PLACE)).json()
    (one,) = answer["notifications"]
    key = one["discussion"]["id"]
    assert len(key) == 24
    assert answer == {
        "notifications": [
            {
                "type": "repo",
                "updatedAt": "2026-11-23T09:00:00.000Z",
                "read": False,
                "repo": {"name": "ana/one", "type": "dataset", "id": repo.key},
                "discussion": {
                    "id": key,
                    "num": 1,
                    "title": "A question",
                    "status": "open",
                    "participating": True,
                    "isPullRequest": False,
                },
            }
        ],
        "count": {"view": 1, "unread": 1, "all": 1},
        "start": 0,
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?readStatus=unread", 1),
        ("?mention=mentions&readStatus=all", 1),
        ("?mention=participating", 1),
        ("?repoType=dataset&repoName=ana/one", 1),
        ("?repoType=model", 0),
        ("?repoName=ana/one", 0),
        ("?lastUpdate=2026-11-23T09:00:00Z", 1),
        ("?lastUpdate=2026-11-23T09:00:01", 0),
        ("?postAuthor=bob", 0),
        ("?paperId=1706.03762", 0),
        ("?p=1", 0),
    ],
)
async def test_a_list_is_narrowed(clients: Clients, query: str, found: int) -> None:
    assert await listed(clients, query) == ["A question"] * found


@pytest.mark.parametrize(
    "query",
    ["?mention=x", "?readStatus=read", "?repoType=paper", "?lastUpdate=yesterday", "?p=-1"],
)
async def test_nonsense_is_refused(clients: Clients, query: str) -> None:
    assert (await clients.owner.get(f"{PLACE}{query}")).status_code == 400


async def test_they_are_marked_and_removed_by_their_person_alone(
    hub: Hub, clients: Clients, owner: Actor
) -> None:
    (one,) = (await clients.owner.get(PLACE)).json()["notifications"]
    body = {"discussionIds": [one["discussion"]["id"]]}
    mark = f"{PLACE}/mark-as-read"

    assert (await clients.stranger.post(mark, json=body)).status_code == 200
    assert (await clients.nobody.post(mark, json=body)).status_code == 401
    assert (await clients.reading.post(mark, json=body)).status_code == 403
    assert (await clients.nobody.get(PLACE)).status_code == 401
    assert badge(hub, owner) == 2

    assert (await clients.owner.post(mark, json=body | {"read": True})).status_code == 200
    assert badge(hub, owner) == 1
    assert (await clients.owner.post(mark, json=body | {"read": False})).status_code == 200
    assert badge(hub, owner) == 2
    await clients.stranger.request("DELETE", PLACE, json=body)
    assert await listed(clients) == ["A question"]
    assert (await clients.owner.request("DELETE", PLACE, json=body)).status_code == 200
    assert await listed(clients) == []
    many = {"discussionIds": ["0" * 24] * 501}
    assert (await clients.owner.request("DELETE", PLACE, json=many)).status_code == 400
