"""Requests for access over HTTP: the shapes and codes that clients know (02 §M)."""

import csv
import io
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import uploaded
from fixtures.gated import asks, gate, gate_facts
from fixtures.hubs import FrozenClock
from fixtures.large_files import BASE_URL, access_token, person, web_client
from strata.core.actor import Actor, TokenRole
from strata.core.hub import Hub
from strata.repos.change import Settings
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

LIST = "/api/models/ana/one/user-access-request"
WEB = "/ana/one"
CARD = b"""---
extra_gated_fields:
  Company: text
  Country: country
  I agree: checkbox
  Use: {type: select, options: [Research, {label: Other use, value: other}]}
  Birthday: {type: date_picker, optional: true}
---
# Card
"""
ANSWERS = {"Company": "=Acme()", "Country": "cn", "I agree": True, "Use": "other"}


@pytest.fixture
def gated(hub: Hub, owner: Actor, repo: Repo) -> Repo:
    uploaded(hub, owner, repo, {"README.md": CARD})
    return gate(hub, owner, repo, Settings(gated="manual"))


async def items(client: httpx.AsyncClient, status: str, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"{LIST}/{status}{query}")
    assert answer.status_code == 200
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.usefixtures("gated")
async def test_a_request_has_the_keys_that_clients_read(clients: Clients) -> None:
    asked = await clients.stranger.post(f"{WEB}/ask-access", json=ANSWERS)
    assert (asked.status_code, asked.headers["location"]) == (303, WEB)
    (request,) = await items(clients.owner, "pending")
    assert re.fullmatch(r"[0-9a-f]{24}", request["requestId"])
    assert request["status"] == "pending"
    assert request["timestamp"] == "2026-11-23T09:00:00.000Z"
    assert set(request) == {"requestId", "status", "timestamp", "user", "fields"}
    assert request["fields"] == {**ANSWERS, "Country": "CN"}
    assert request["user"]["user"] == "bob"
    assert request["user"]["email"] == "bob@example.com"
    assert request["user"]["avatarUrl"].startswith(BASE_URL)


@pytest.mark.usefixtures("gated")
async def test_the_life_of_a_request_as_the_client_drives_it(clients: Clients) -> None:
    async def handle(**body: object) -> int:
        return (await clients.owner.post(f"{LIST}/handle", json=body)).status_code

    granted = await clients.owner.post(f"{LIST}/grant", json={"user": "bob"})
    assert granted.status_code == 200
    assert isinstance(granted.json(), dict)
    (request,) = await items(clients.owner, "accepted")
    assert "email" not in request["user"]
    assert request["grantedBy"]["user"] == "ana"
    assert (await clients.stranger.get(f"{WEB}/resolve/main/a.txt")).status_code == 200
    again = await clients.owner.post(f"{LIST}/grant", json={"user": "bob"})
    assert (again.status_code, again.json()["error"]) == (
        400,
        "That user already has access to the repo",
    )
    assert await handle(user="bob", status="accepted") == 404
    assert await handle(user="bob", status="pending") == 200
    assert "reviewedAt" not in (await items(clients.owner, "pending"))[0]
    assert await handle(user="bob", status="rejected", rejectionReason="x" * 201) == 400
    assert await handle(user="bob", status="rejected", rejectionReason="no") == 200
    assert (await clients.stranger.get(f"{WEB}/resolve/main/a.txt")).status_code == 403
    (rejected,) = await items(clients.owner, "rejected")
    assert "no" not in rejected.values()
    assert await handle(requestId=rejected["requestId"], status="reset", resetReason="new") == 200
    assert len(await items(clients.owner, "reset")) == 1
    assert await handle(requestId="f" * 24, status="accepted") == 404
    assert await handle(user="nobody", status="accepted") == 404
    assert await handle(status="accepted") == 400
    assert await handle(user="bob", status="nonsense") == 400
    assert (await clients.owner.get(f"{LIST}/nonsense")).status_code == 400


@pytest.mark.usefixtures("repo")
async def test_a_repo_without_a_gate_says_so(clients: Clients) -> None:
    answers = [
        await clients.owner.get(f"{LIST}/pending"),
        await clients.owner.post(f"{LIST}/handle", json={"user": "bob", "status": "accepted"}),
        await clients.owner.post(f"{LIST}/grant", json={"user": "bob"}),
        await clients.owner.post(f"{LIST}/batch", json=[{"user": "bob", "status": "accepted"}]),
        await clients.owner.get(f"{WEB}/user-access-report"),
        await clients.stranger.post(f"{LIST}/cancel"),
        await clients.stranger.post(f"{WEB}/ask-access", json={}),
    ]
    for answer in answers:
        assert answer.status_code == 400
        assert answer.headers["X-Error-Code"] == "RepoNotGated"


@pytest.mark.usefixtures("gated")
async def test_only_those_who_decide_see_and_decide(clients: Clients) -> None:
    await clients.owner.post(f"{LIST}/grant", json={"user": "bob"})
    for client, status in ((clients.reading, 403), (clients.stranger, 403), (clients.nobody, 401)):
        for answer in (
            await client.get(f"{LIST}/accepted"),
            await client.post(f"{LIST}/handle", json={"user": "bob", "status": "rejected"}),
            await client.post(f"{LIST}/grant", json={"user": "bob"}),
            await client.post(f"{LIST}/batch", json=[{"user": "bob", "status": "rejected"}]),
            await client.get(f"{WEB}/user-access-report"),
        ):
            assert answer.status_code == status
            assert "bob" not in answer.text
    assert len(await items(clients.owner, "accepted")) == 1


@pytest.mark.usefixtures("gated")
async def test_answers_that_do_not_fit_are_refused_by_name(clients: Clients) -> None:
    for wrong in (
        {"Company": " "},
        {"Company": "x" * 1001},
        {"Country": "XX"},
        {"I agree": False},
        {"Use": "Other use"},
        {"Birthday": "tomorrow"},
    ):
        answer = await clients.stranger.post(f"{WEB}/ask-access", json={**ANSWERS, **wrong})
        assert answer.status_code == 400
        assert answer.json()["error"].startswith(f"{next(iter(wrong))}: ")
        assert "gate." not in answer.text
    assert await items(clients.owner, "pending") == []
    form = {**ANSWERS, "I agree": "on", "Birthday": "2001-02-03", "More": "x"}
    answer = await clients.stranger.post(f"{WEB}/ask-access", data=form)
    assert answer.status_code == 303
    (request,) = await items(clients.owner, "pending")
    assert set(request["fields"]) == {"Company", "Country", "I agree", "Use", "Birthday"}


@pytest.mark.usefixtures("gated")
async def test_a_request_is_taken_back_by_whoever_made_it(clients: Clients) -> None:
    await clients.stranger.post(f"{WEB}/ask-access", json=ANSWERS)
    assert (await clients.nobody.post(f"{LIST}/cancel")).status_code == 401
    assert (await clients.stranger.post(f"{LIST}/cancel")).status_code == 200
    assert (await clients.stranger.post(f"{LIST}/cancel")).status_code == 404
    assert await items(clients.owner, "pending") == []


async def test_a_read_token_asks_for_nothing(
    hub: Hub, stranger: Actor, clients: Clients, gated: Repo
) -> None:
    assert gated.gated == "manual"
    async with web_client(hub, access_token(hub, stranger, TokenRole.READ)) as narrowed:
        answer = await narrowed.post(f"{WEB}/ask-access", json=ANSWERS)
    assert answer.status_code == 403
    assert await items(clients.owner, "pending") == []
    nobody = await clients.nobody.post(f"{WEB}/ask-access", json=ANSWERS)
    assert nobody.status_code == 401


async def test_many_requests_are_listed_searched_and_decided(
    hub: Hub, clients: Clients, gated: Repo
) -> None:
    for number in range(12):
        asks(hub, person(hub, f"person-{number:02}"), gated)
    first = await clients.owner.get(f"{LIST}/pending?limit=10")
    assert len(first.json()) == 10
    link = re.fullmatch(r'<(\S+)>; rel="next"', first.headers["link"])
    assert link is not None
    rest = await clients.owner.get(link[1])
    assert [one["user"]["user"] for one in rest.json()] == ["person-01", "person-00"]
    assert "link" not in rest.headers
    assert len(await items(clients.owner, "pending", "?q=person-1")) == 2
    wanted = [
        {"user": "person-00", "status": "accepted"},
        {"user": "person-01", "status": "rejected", "rejectionReason": "no"},
        {"user": "person-02", "status": "pending"},
        {"user": "nobody", "status": "accepted"},
    ]
    answer = await clients.owner.post(f"{LIST}/batch", json=wanted)
    assert [one["ok"] for one in answer.json()] == [True, True, True, False]
    for bad in ([], [wanted[0]] * 101, {"user": "bob"}, [{"status": "accepted"}]):
        assert (await clients.owner.post(f"{LIST}/batch", json=bad)).status_code == 400


async def test_the_report_is_a_file_without_formulas(
    hub: Hub, owner: Actor, clients: Clients, gated: Repo
) -> None:
    del gated
    await clients.stranger.post(f"{WEB}/ask-access", json=ANSWERS)
    report = await clients.owner.get(f"{WEB}/user-access-report")
    assert report.headers["content-disposition"] == (
        'attachment; filename="user-access-report-ana-one.json"'
    )
    (row,) = report.json()
    assert set(row) == {"user", "fullname", "status", "email", "time", "fields"}
    table = await clients.owner.get(f"{WEB}/user-access-report?format=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    (line,) = csv.DictReader(io.StringIO(table.text))
    assert line["user"] == "bob"
    assert line["email"] == "bob@example.com"
    assert line["Company"] == "'=Acme()"
    assert (await clients.owner.get(f"{WEB}/user-access-report?format=xml")).status_code == 400
    exports = [fact for fact in gate_facts(hub) if fact[0] == "gate.export"]
    assert exports == [("gate.export", owner.user_id, None)] * 2


async def test_a_list_is_asked_for_around_a_request(
    hub: Hub, clients: Clients, gated: Repo, clock: FrozenClock
) -> None:
    """The newest first: `after` one come the older ones, `before` it stand the newer ones."""
    names = ["one", "two", "three", "four"]
    for name in names:
        asks(hub, person(hub, f"asker-{name}"), gated)
        clock.advance(timedelta(seconds=1))
    listed = await items(clients.owner, "pending")
    keys = {one["user"]["user"].removeprefix("asker-"): one["requestId"] for one in listed}

    async def around(query: str, status: str = "pending") -> list[str]:
        found = await items(clients.owner, status, query)
        return [one["user"]["user"].removeprefix("asker-") for one in found]

    assert list(keys) == names[::-1]
    assert await around(f"?after={keys['three']}") == ["two", "one"]
    assert await around(f"?before={keys['three']}") == ["four"]
    assert await around(f"?after={keys['four']}&before={keys['one']}") == ["three", "two"]
    assert await around(f"?after={keys['three']}&q=asker-o") == ["one"]
    page = await clients.owner.get(f"{LIST}/pending?after={keys['four']}&limit=2")
    rest = await clients.owner.get(page.links["next"]["url"])
    assert [len(page.json()), len(rest.json()), "next" in rest.links] == [2, 1, False]
    decided = {"user": "asker-three", "status": "accepted"}
    await clients.owner.post(f"{LIST}/handle", json=decided)
    assert await around(f"?after={keys['three']}") == ["two", "one"]
    for side in ("after", "before"):
        for key in ("0" * 24, "x", "2026-11-23"):
            refused = await clients.owner.get(f"{LIST}/pending?{side}={key}")
            assert (refused.status_code, refused.json()["error"].split()[0]) == (400, f'"{side}"')
    assert (await clients.stranger.get(f"{LIST}/pending?after={keys['two']}")).status_code == 403
