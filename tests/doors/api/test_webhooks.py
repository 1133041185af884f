"""The webhook calls of `huggingface_hub`: bodies, fields, errors (02 §N)."""

import httpx
import pytest

from fixtures.accounts import made
from fixtures.clients import Clients
from fixtures.organizations import organization
from strata.core.actor import Actor
from strata.core.hub import Hub

pytestmark = pytest.mark.anyio

PLACE = "/api/settings/webhooks"
BODY = {
    "watched": [{"type": "user", "name": "bob"}, {"type": "org", "name": "acme"}],
    "url": "https://webhook.example/test",
    "domains": ["repo", "discussion"],
    "secret": "my-secret",
}


@pytest.fixture(autouse=True)
def _names(hub: Hub, stranger: Actor) -> None:
    assert stranger.name == "bob"
    made(hub, "carol")
    organization(hub, "carol")


async def created(client: httpx.AsyncClient, **changes: object) -> dict[str, object]:
    answer = await client.post(PLACE, json={**BODY, **changes})
    assert answer.status_code == 200, answer.text
    webhook: dict[str, object] = answer.json()["webhook"]
    return webhook


async def test_the_life_of_a_webhook(clients: Clients) -> None:
    webhook = await created(clients.owner)
    place = f"{PLACE}/{webhook['id']}"

    assert webhook == {
        "id": webhook["id"],
        "url": "https://webhook.example/test",
        "watched": BODY["watched"],
        "domains": ["repo", "discussion"],
        "disabled": False,
    }
    assert (await clients.owner.get(PLACE)).json() == [webhook]
    assert (await clients.owner.get(place)).json() == {"webhook": webhook}
    changed = await clients.owner.post(place, json={"watched": [], "url": "https://new.example/"})
    assert changed.json()["webhook"] == webhook | {"url": "https://new.example/"}
    disabled = await clients.owner.post(f"{place}/disable")
    assert disabled.json()["webhook"]["disabled"] is True
    enabled = await clients.owner.post(f"{place}/enable")
    assert enabled.json()["webhook"]["disabled"] is False
    assert (await clients.owner.delete(place)).status_code == 200
    gone = await clients.owner.get(place)
    assert (gone.status_code, gone.json()["error"]) == (404, "There is no such webhook.")


async def test_the_secret_is_never_given_back(clients: Clients) -> None:
    webhook = await created(clients.owner)
    for answer in (
        await clients.owner.get(PLACE),
        await clients.owner.get(f"{PLACE}/{webhook['id']}"),
        await clients.owner.post(f"{PLACE}/{webhook['id']}", json={"secret": "another-secret"}),
    ):
        assert "secret" not in answer.text


async def test_both_domains_where_none_is_named(clients: Clients) -> None:
    body = {key: value for key, value in BODY.items() if key != "domains"}
    answer = await clients.owner.post(PLACE, json=body)

    assert answer.json()["webhook"]["domains"] == ["repo", "discussion"]


@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"url": None}, 400, "url"),
        ({"url": 7}, 400, "url"),
        ({"url": "http://169.254.169.254/"}, 400, "url"),
        ({"watched": None}, 400, "watched"),
        ({"watched": [{"type": "user", "name": "nobody"}]}, 400, "no user named nobody"),
        ({"watched": [{"type": "planet", "name": "x"}]}, 400, "watched"),
        ({"watched": [{"type": "model", "name": "a/b/c"}]}, 400, "watched"),
        ({"domains": []}, 400, "domains"),
        ({"domains": ["weather"]}, 400, "domains"),
        ({"secret": "\u00e9"}, 400, "secret"),
        ({"secret": "a\u0000b"}, 400, "U+0000"),
        ({"jobSourceId": "j1", "url": None}, 501, "jobs"),
        ({"secrets": {"A": "b"}}, 501, "jobs"),
    ],
)
async def test_a_bad_body_is_refused_by_field(
    clients: Clients, changes: dict[str, object], status: int, says: str
) -> None:
    answer = await clients.owner.post(PLACE, json={**BODY, **changes})

    assert (answer.status_code, says in answer.json()["error"]) == (status, True)
    assert (await clients.owner.get(PLACE)).json() == []


async def test_only_its_owner_sees_and_changes_it(clients: Clients) -> None:
    webhook = await created(clients.owner)
    place = f"{PLACE}/{webhook['id']}"
    calls = [("POST", place), ("DELETE", place), ("POST", f"{place}/disable")]
    calls += [("POST", f"{place}/enable"), ("POST", f"{place}/replay/{'0' * 24}")]
    for method, url in [*calls, ("GET", place)]:
        answer = await clients.stranger.request(method, url, json={})
        assert answer.status_code == 404, (method, url)
    for method, url in calls:
        assert (await clients.reading.request(method, url, json={})).status_code == 403
        assert (await clients.nobody.request(method, url, json={})).status_code == 401
    assert (await clients.nobody.get(PLACE)).status_code == 401
    assert (await clients.reading.get(place)).json()["webhook"] == webhook
    missing = await clients.owner.post(f"{place}/replay/{'0' * 24}")
    assert (missing.status_code, missing.json()["error"]) == (404, "There is no such delivery.")
