"""Discussions and pull requests from every side: members by role, reader, stranger, attacker."""

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures import accounts
from fixtures.contents import given
from fixtures.gated import gate
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import access_token, calling, noise, person, web_client
from fixtures.organizations import joins, leaves, organization, today
from strata.app.hub import JOBS, REACTIONS
from strata.content.making import new_repo
from strata.core.actor import Actor, Role, TokenRole
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.events.jobs import run_due
from strata.repos import change
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

API = "/api/models/acme/shared"
ALL = f"{API}/discussions"
MEMBERS = {"wes": Role.WRITE, "con": Role.CONTRIBUTOR, "rea": Role.READ, "non": Role.NO_ACCESS}
CLOSED = {"status": "closed"}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    yield replace(built, reactions=REACTIONS)
    built.database.close()


@pytest.fixture
def admin(hub: Hub) -> Actor:
    made = person(hub, "ada")
    organization(hub, "ada")
    for name, role in MEMBERS.items():
        person(hub, name)
        joins(hub, name, role)
    return today(hub, made)


@pytest.fixture
def repo(hub: Hub, admin: Actor) -> Repo:
    wish = Wish(RepoType.MODEL, "acme", "shared", private=False, sdk=None)
    with calling(hub, admin) as call:
        return new_repo.create(call, wish, files={"a.txt": b"one\n"})


People = dict[str, httpx.AsyncClient]


@pytest.fixture
async def people(hub: Hub, admin: Actor, repo: Repo) -> AsyncIterator[People]:
    """A client for everyone; "reading" is the admin with a token that only reads."""
    assert repo.full_name == "acme/shared"
    actors = {name: named(hub, name) for name in MEMBERS} | {"ada": admin}
    actors |= {name: person(hub, name) for name in ("stranger", "mallory")}
    tokens: dict[str, str | None] = {name: access_token(hub, one) for name, one in actors.items()}
    tokens |= {"reading": access_token(hub, admin, TokenRole.READ), "nobody": None}
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(web_client(hub, token))
            for name, token in tokens.items()
        }


def named(hub: Hub, name: str) -> Actor:
    return Actor(user_id=accounts.person(hub, name).id, name=name, verified=True)


async def opens(client: httpx.AsyncClient, *, pull: bool = False, where: str = ALL) -> int:
    body = {"title": "A title", "description": "Why?", "pullRequest": pull}
    answer = await client.post(where, json=body)
    assert answer.status_code == 200, answer.text
    number: int = answer.json()["num"]
    return number


async def commits(
    client: httpx.AsyncClient, revision: str, path: str, content: bytes, query: str = ""
) -> httpx.Response:
    value = {"path": path, "content": base64.b64encode(content).decode(), "encoding": "base64"}
    rows = [
        {"key": "header", "value": {"summary": f"Write {path}"}},
        {"key": "file", "value": value},
    ]
    return await client.post(
        f"{API}/commit/{revision.replace('/', '%2F')}{query}",
        content="\n".join(map(json.dumps, rows)),
        headers={"Content-Type": "application/x-ndjson"},
    )


async def read(client: httpx.AsyncClient, number: int) -> Any:
    answer = await client.get(f"{ALL}/{number}?diff=1")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def statuses(people: People, method: str, path: str, **body: object) -> dict[str, int]:
    """What everyone is answered to the same request, one after the other."""
    return {
        name: (await client.request(method, path, json=body)).status_code
        for name, client in people.items()
    }


async def test_a_proposal_goes_through_many_hands(hub: Hub, people: People) -> None:
    number = await opens(people["stranger"], pull=True)
    ref = f"refs/pr/{number}"
    assert (await commits(people["stranger"], ref, "a.txt", b"two\n")).status_code == 200
    assert (await commits(people["wes"], ref, "b.txt", b"b\n")).status_code == 200
    for name in ("con", "rea", "non", "mallory", "reading"):
        assert (await commits(people[name], ref, "x", b"x")).status_code == 403, name
    assert (await commits(people["nobody"], ref, "x", b"x")).status_code == 401
    await people["stranger"].post(f"{ALL}/{number}/status", json={"status": "open"})
    refused = {"con": 403, "rea": 403, "non": 403, "stranger": 403, "mallory": 403}
    others = {name: client for name, client in people.items() if name in refused}
    assert await statuses(others, "POST", f"{ALL}/{number}/merge") == refused
    assert (await people["wes"].post(f"{ALL}/{number}/merge")).status_code == 200
    run_due(hub, JOBS)
    found = await read(people["nobody"], number)
    told = [(event["type"], event["author"]["name"]) for event in found["events"]]
    assert sorted(told) == sorted(
        [("comment", "stranger"), ("status-change", "stranger"), ("commit", "stranger"),
         ("commit", "wes"), ("status-change", "wes")]
    )  # fmt: skip
    assert found["status"] == "merged"


async def test_roles_decide_who_moderates(people: People) -> None:
    may = {"ada", "wes"}
    for path, body in (
        ("pin", {"pinned": True}),
        ("lock", {"locked": True}),
        ("title", {"title": "Other"}),
        ("status", CLOSED),
    ):
        for name, client in people.items():
            number = await opens(people["stranger"])
            answer = await client.post(f"{ALL}/{number}/{path}", json=body)
            own = name == "stranger" and path in ("title", "status")
            expected = 200 if name in may or own else 401 if name == "nobody" else 403
            assert answer.status_code == expected, (name, path)


async def test_a_contributor_moderates_the_own_repo_only(
    hub: Hub, people: People, admin: Actor
) -> None:
    made = await people["con"].post(
        "/api/repos/create", json={"name": "of-con", "organization": "acme"}
    )
    assert made.status_code == 200
    where = "/api/models/acme/of-con/discussions"
    number = await opens(people["stranger"], where=where)
    assert (await people["con"].post(f"{where}/{number}/pin")).status_code == 200
    leaves(hub, "con", by=admin)
    assert (await people["con"].post(f"{where}/{number}/lock")).status_code == 403


async def test_what_turns_private_is_gone_for_those_outside(
    hub: Hub, people: People, admin: Actor, repo: Repo
) -> None:
    number = await opens(people["stranger"], pull=True)
    key = (await read(people["stranger"], number))["events"][0]["id"]
    gate(hub, admin, repo, change.Settings(private=True))
    here = f"{ALL}/{number}"
    for method, path, body in (
        ("GET", ALL, {}),
        ("POST", ALL, {"title": "A title"}),
        ("GET", here, {}),
        ("GET", f"{here}/storage", {}),
        ("DELETE", here, {}),
        ("DELETE", f"{here}/ref", {}),
        ("POST", f"{here}/comment", {"comment": "x"}),
        ("POST", f"{here}/comment/{key}/edit", {"content": "x"}),
        ("POST", f"{here}/comment/{key}/hide", {}),
        ("POST", f"{here}/comment/{key}/reaction", {"reaction": "👍"}),
        ("POST", f"{here}/title", {"title": "Other"}),
        ("POST", f"{here}/status", CLOSED),
        ("POST", f"{here}/merge", {}),
        ("POST", f"{here}/pin", {}),
        ("POST", f"{here}/lock", {}),
    ):
        outside = {name: people[name] for name in ("stranger", "mallory", "non", "nobody")}
        got = await statuses(outside, method, path, **body)
        assert got == {"stranger": 404, "mallory": 404, "non": 404, "nobody": 401}, path
    assert (await read(people["rea"], number))["events"][0]["id"] == key


async def test_a_gate_keeps_the_diff_and_not_the_talk(
    hub: Hub, people: People, admin: Actor, repo: Repo
) -> None:
    answer = await commits(people["wes"], "main", "a.txt", b"a secret\n", "?create_pr=1")
    assert answer.status_code == 200, answer.text
    gate(hub, admin, repo, change.Settings(gated="manual"))
    for name in ("stranger", "nobody"):
        found = await read(people[name], 1)
        assert "secret" not in json.dumps(found), name
        page = await people[name].get("/acme/shared/discussions/1/files")
        assert "secret" not in page.text
    assert "+a secret" in (await read(people["rea"], 1))["diff"]
    said = await people["stranger"].post(f"{ALL}/1/comment", json={"comment": "May I?"})
    assert said.status_code == 200
    refused = await people["stranger"].post(ALL, json={"title": "Mine", "pullRequest": True})
    assert (refused.status_code, refused.headers["x-error-code"]) == (403, "GatedRepo")


async def test_a_proposal_brings_no_bytes_that_its_author_does_not_have(
    hub: Hub, people: People, admin: Actor, repo: Repo
) -> None:
    hidden = await people["ada"].post("/api/repos/create", json={"name": "hidden", "private": True})
    assert hidden.status_code == 200
    secret = noise("secret", 4000)
    with calling(hub, admin) as call:
        mine = lookup(call, replace(repo.repo_id, namespace="ada", name="hidden"))
    operation = given(hub, admin, mine, "secret.bin", secret)
    assert operation.oid == hashlib.sha256(secret).hexdigest()
    large = {"path": "mine.bin", "algo": "sha256", "oid": operation.oid, "size": 4000}
    rows = [{"key": "header", "value": {"summary": "Steal"}}, {"key": "lfsFile", "value": large}]
    answer = await people["mallory"].post(
        f"{API}/commit/main?create_pr=1",
        content="\n".join(map(json.dumps, rows)),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert (answer.status_code, operation.oid in answer.text) == (422, True)
    listed = await people["nobody"].get(ALL)
    assert listed.json()["count"] == 0
    refs = await people["nobody"].get(f"{API}/refs?include_prs=1")
    assert refs.json()["pullRequests"] == []


async def test_texts_of_attackers_stay_texts(people: People) -> None:
    number = await opens(people["mallory"])
    for text in (
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1)) ![x](https://spy.example/x.png)",
        "<a href='//spy.example' id='strata-main' class='button'>x</a>",
        '@<b>mallory</b> @mallory"><script>alert(1)</script>',
        "http://hub.test/uploads/" + "0" * 32 + '.mp4"><script>alert(1)</script>',
        "<style>body{display:none}</style><form action=/login><input name=password></form>",
        "`" * 500 + "[" * 500 + "@a" * 500,
    ):
        answer = await people["mallory"].post(f"{ALL}/{number}/comment", json={"comment": text})
        assert answer.status_code == 200, answer.text
        html = answer.json()["newMessage"]["data"]["latest"]["html"].lower()
        for word in ("<script", " onerror", '"javascript:', "<style", "<form", 'id="strata-'):
            assert word not in html, text
        assert 'src="https:' not in html
    page = await people["ada"].get(f"/acme/shared/discussions/{number}")
    assert "<script>alert" not in page.text
