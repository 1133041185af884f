"""Collections from every side: owner, member, reader, stranger, anonymous, attacker."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest

from fixtures.contents import created
from fixtures.hubs import FrozenClock
from fixtures.large_files import access_token, person, web_client, working_as
from fixtures.organizations import joins, organization
from strata.core.actor import Actor, Role, TokenRole
from strata.core.cursors import cursor_at
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.repos import change
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

Json = Any  # what a server answers is checked by the assertions of the story


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@dataclass(frozen=True, slots=True)
class People:
    """Who asks."""

    ana: httpx.AsyncClient
    reading: httpx.AsyncClient  # ana, with a token that only reads
    bob: httpx.AsyncClient  # a stranger
    nobody: httpx.AsyncClient


@pytest.fixture
async def people(hub: Hub, ana: Actor, bob: Actor) -> AsyncIterator[People]:
    async with (
        web_client(hub, access_token(hub, ana)) as hers,
        web_client(hub, access_token(hub, ana, TokenRole.READ)) as reading,
        web_client(hub, access_token(hub, bob)) as his,
        web_client(hub) as nobody,
    ):
        yield People(hers, reading, his, nobody)


async def creates(client: httpx.AsyncClient, title: str, **more: object) -> Json:
    answer = await client.post("/api/collections", json={"title": title, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def at(collection: Json, suffix: str = "") -> str:
    return f"/api/collections/{collection['slug']}{suffix}"


async def adds(
    client: httpx.AsyncClient, collection: Json, item_id: str, kind: str = "model", **more: object
) -> httpx.Response:
    body = {"item": {"id": item_id, "type": kind}, **more}
    return await client.post(at(collection, "/items"), json=body)


async def ids(client: httpx.AsyncClient, collection: Json) -> list[str]:
    """The items as this caller sees them; their places have no gaps."""
    items = (await client.get(at(collection))).json()["items"]
    assert [item["position"] for item in items] == list(range(len(items)))
    return [item.get("slug", item["id"]) for item in items]


async def slugs(client: httpx.AsyncClient, **query: object) -> list[str]:
    """A list, all pages read."""
    following: str | None = str(httpx.URL("/api/collections", params=query))
    found: list[str] = []
    while following:
        answer = await client.get(following)
        assert answer.status_code == 200, answer.text
        assert all("position" not in row for row in answer.json())
        found += [row["slug"] for row in answer.json()]
        following = answer.links.get("next", {}).get("url")
    return found


async def test_a_collection_has_the_shape_that_clients_parse(people: People) -> None:
    made = await creates(people.ana, "  My cool   stuff 1a2b ", description="A lot of it")
    assert re.fullmatch(r"ana/my-cool-stuff-1a2b-[0-9a-f]{24}", made["slug"])
    assert made == {
        "slug": made["slug"],
        "title": "My cool stuff 1a2b",
        "description": "A lot of it",
        "owner": {
            "_id": made["owner"]["_id"],
            "name": "ana",
            "fullname": made["owner"]["fullname"],
            "type": "user",
            "avatarUrl": f"http://hub.test/avatars/{made['owner']['_id']}.svg",
            "isPro": False,
        },
        "items": [],
        "lastUpdated": "2026-11-23T09:00:00.000Z",
        "gating": False,
        "private": False,
        "theme": "orange",
        "position": 0,
        "upvotes": 0,
        "isUpvotedByUser": False,
        "shareUrl": f"http://hub.test/collections/{made['slug']}",
    }
    assert (await people.nobody.get(at(made))).json() == made
    assert "description" not in await creates(people.ana, "我的合集")
    assert (await people.ana.get("/api/collections/ana/short")).status_code == 404


async def test_a_title_exists_once_and_the_conflict_tells_where(people: People) -> None:
    first = await creates(people.ana, "Stuff")
    again = await people.ana.post("/api/collections", json={"title": "stuff", "private": True})
    assert (again.status_code, again.json()["slug"]) == (409, first["slug"])
    await creates(people.bob, "Stuff")
    other = await creates(people.ana, "Other")
    renamed = await people.ana.patch(at(other), json={"title": "STUFF"})
    assert (renamed.status_code, renamed.json()["slug"]) == (409, first["slug"])
    assert (await people.ana.patch(at(first), json={"title": "STUFF"})).status_code == 200


async def test_changes_are_answered_wrapped_and_old_slugs_go_on(people: People) -> None:
    made = await creates(people.ana, "Before")
    wish = {"title": "After", "description": "D", "private": True, "theme": "pink"}
    answer = await people.ana.patch(at(made), json=wish)
    changed = answer.json()["data"]
    assert {key: changed[key] for key in wish} == wish
    assert changed["slug"].startswith("ana/after-")
    assert changed["slug"][-24:] == made["slug"][-24:]
    for slug in (made["slug"], changed["slug"], f"bob/nonsense-{made['slug'][-24:]}"):
        found = await people.ana.get(f"/api/collections/{slug}")
        assert found.json()["slug"] == changed["slug"]
    assert (await people.ana.patch(at(made), json={"title": None})).json()["data"] == changed


async def test_items_are_added_noted_moved_and_removed(
    people: People, hub: Hub, ana: Actor, bob: Actor
) -> None:
    created(hub, ana, "m")
    created(hub, bob, "d", RepoType.DATASET)
    nested = await creates(people.bob, "Nested")
    made = await creates(people.ana, "All kinds", item={"id": "ana/m", "type": "model"})
    assert (
        await adds(people.ana, made, "datasets/bob/d", "dataset", note="<b>")
    ).status_code == 200
    grown = (await adds(people.ana, made, nested["slug"], "collection")).json()
    model, dataset, child = grown["items"]
    assert (model["id"], model["type"], model["author"]) == ("ana/m", "model", "ana")
    assert dataset["note"] == {"text": "<b>", "html": "&lt;b&gt;"}
    assert (child["slug"], child["type"]) == (nested["slug"], "collection")
    assert "note" not in model

    address = at(made, f"/items/{model['_id']}")
    assert (await people.ana.patch(address, json={"note": "N", "position": 1})).status_code == 200
    assert await ids(people.nobody, made) == ["bob/d", "ana/m", nested["slug"]]
    batch = [
        {"action": "update", "_id": child["_id"], "data": {"position": 0}},
        {"_id": model["_id"], "data": {"note": ""}},
    ]
    assert (await people.ana.post(at(made, "/items/batch"), json=batch)).status_code == 200
    assert await ids(people.nobody, made) == [nested["slug"], "bob/d", "ana/m"]
    after = (await people.ana.get(at(made))).json()
    assert "note" not in after["items"][2]

    for status in (200, 404):
        gone = await people.ana.delete(at(made, f"/items/{child['_id']}"))
        assert gone.status_code == status
    assert await ids(people.nobody, made) == ["bob/d", "ana/m"]


async def test_a_batch_happens_whole_or_not_at_all(people: People, hub: Hub, ana: Actor) -> None:
    made = await creates(people.ana, "Batch")
    for name in ("a", "b"):
        created(hub, ana, name)
        assert (await adds(people.ana, made, f"ana/{name}")).status_code == 200
    grown = (await people.ana.get(at(made))).json()
    changes = [
        {"_id": grown["items"][1]["_id"], "data": {"position": 0, "note": "x"}},
        {"_id": "0" * 24, "data": {"position": 0}},
    ]
    assert (await people.ana.post(at(made, "/items/batch"), json=changes)).status_code == 404
    assert (await people.ana.get(at(made))).json()["items"] == grown["items"]


async def test_what_cannot_be_added_is_refused(people: People, hub: Hub, ana: Actor) -> None:
    created(hub, ana, "m")
    made = await creates(people.ana, "Refused")
    assert (await adds(people.ana, made, "ana/m")).status_code == 200
    assert (await adds(people.ana, made, "ANA/M")).status_code == 409
    for item_id, kind, status in (
        ("ana/m", "dataset", 404),
        ("a/b/c", "model", 404),
        ("", "model", 404),
        ("2307.09288", "paper", 404),
        (f"x-{'0' * 24}", "collection", 404),
        ("ana/m", "thing", 400),
        (made["slug"], "collection", 400),
    ):
        answer = await adds(people.ana, made, item_id, kind)
        assert answer.status_code == status, (item_id, kind, answer.text)
        assert "X-Error-Code" not in answer.headers
    assert await ids(people.ana, made) == ["ana/m"]


async def test_buckets_and_kernels_can_be_in_it_too(people: People, hub: Hub, ana: Actor) -> None:
    created(hub, ana, "k", RepoType.KERNEL)
    assert (await people.ana.post("/api/buckets/ana/b", json={})).status_code == 200
    made = await creates(people.ana, "Both", item={"id": "ana/k", "type": "kernel"})
    assert (await adds(people.ana, made, "ana/b", "bucket")).status_code == 200
    items = (await people.nobody.get(at(made))).json()["items"]
    assert [(item["id"], item["type"]) for item in items] == [
        ("ana/k", "kernel"),
        ("ana/b", "bucket"),
    ]
    assert await slugs(people.nobody, item="buckets/ana/b") == [made["slug"]]


async def test_a_moved_repo_keeps_its_place(people: People, hub: Hub, ana: Actor) -> None:
    created(hub, ana, "old")
    made = await creates(people.ana, "Moved")
    await adds(people.ana, made, "ana/old")
    with working_as(hub, ana) as work:
        change.move(
            work, RepoId(RepoType.MODEL, "ana", "old"), RepoId(RepoType.MODEL, "ana", "young")
        )
    assert await ids(people.nobody, made) == ["ana/young"]
    assert (await adds(people.ana, made, "ana/old")).status_code == 409


async def hidden_among(people: People, hub: Hub, ana: Actor, bob: Actor) -> tuple[Json, Repo]:
    """Ana's collection of four, the second and third of which only she may see."""
    made = await creates(people.ana, "Mixed")
    created(hub, ana, "first")
    vault = created(hub, ana, "vault", private=True)
    created(hub, bob, "last")
    await adds(people.ana, made, "ana/first")
    await adds(people.ana, made, "ana/vault", note="secret words")
    inner = await creates(people.ana, "Hidden inner", private=True)
    await adds(people.ana, made, inner["slug"], "collection")
    await adds(people.ana, made, "bob/last")
    return made, vault


async def test_hidden_items_show_by_no_row_place_or_filter(
    people: People, hub: Hub, ana: Actor, bob: Actor
) -> None:
    made, vault = await hidden_among(people, hub, ana, bob)
    assert len(await ids(people.ana, made)) == 4
    for client in (people.bob, people.nobody):
        assert await ids(client, made) == ["ana/first", "bob/last"]
        rows = (await client.get("/api/collections")).json()
        assert [item["position"] for item in rows[0]["items"]] == [0, 1]
        for text in ("vault", "secret words", "hidden-inner"):
            assert text not in str(rows)
            assert text not in (await client.get(at(made))).text
        assert await slugs(client, item="models/ana/vault") == []
        assert await slugs(client, item="models/ana/absent") == []
    assert await slugs(people.ana, item="models/ana/vault") == [made["slug"]]
    with working_as(hub, ana) as work:
        change.delete(work, vault.repo_id)
    assert len(await ids(people.ana, made)) == 3
    assert await slugs(people.ana, item="models/ana/vault") == []


async def test_a_stranger_cannot_ask_a_collection_what_is_hidden(
    people: People, hub: Hub, ana: Actor
) -> None:
    """Adding by name or id answers the same for what is hidden and what is not there."""
    created(hub, ana, "vault", private=True)
    secret = await creates(people.ana, "Secret", private=True)
    his = await creates(people.bob, "His")
    absent = f"ana/secret-{'0' * 24}"
    answers = [
        (await adds(people.bob, his, "ana/vault"), await adds(people.bob, his, "ana/absen")),
        (
            await adds(people.bob, his, secret["slug"], "collection"),
            await adds(people.bob, his, absent, "collection"),
        ),
    ]
    for hidden, missing in answers:
        assert hidden.status_code == missing.status_code == 404
        assert hidden.headers.keys() == missing.headers.keys()
    for method in ("GET", "PATCH", "DELETE"):
        for client in (people.bob, people.nobody):
            hidden = await client.request(method, at(secret))
            missing = await client.request(method, f"/api/collections/{absent}")
            assert hidden.status_code in (401, 404)
            assert (hidden.status_code, hidden.text) == (missing.status_code, missing.text)
    assert await slugs(people.bob, q="secret") == []
    assert secret["slug"] in await slugs(people.ana, q="secret")


async def test_places_of_public_collections_tell_nothing_of_private_ones(people: People) -> None:
    await creates(people.ana, "One", private=True)
    two = await creates(people.ana, "Two")
    three = await creates(people.ana, "Three")
    assert (two["position"], three["position"]) == (1, 2)
    assert (await people.nobody.get(at(three))).json()["position"] == 1
    moved = await people.ana.patch(at(three), json={"position": 0})
    assert moved.json()["data"]["position"] == 0
    assert (await people.ana.get(at(two))).json()["position"] == 2


async def test_only_those_who_may_write_change_a_collection(
    people: People, hub: Hub, ana: Actor
) -> None:
    created(hub, ana, "m")
    made = await creates(people.ana, "Mine", item={"id": "ana/m", "type": "model"})
    item = made["items"][0]["_id"]
    before = (await people.ana.get(at(made))).json()
    for client, status in ((people.bob, 403), (people.reading, 403), (people.nobody, 401)):
        for answer in (
            await client.patch(at(made), json={"title": "Taken"}),
            await client.delete(at(made)),
            await adds(client, made, "ana/m"),
            await client.patch(at(made, f"/items/{item}"), json={"note": "x"}),
            await client.delete(at(made, f"/items/{item}")),
            await client.post(at(made, "/items/batch"), json=[{"_id": item, "data": {}}]),
            await client.post(at(made, "/resource-group"), json={"resourceGroupId": None}),
            await client.post("/api/collections", json={"title": "T", "namespace": "ana"}),
        ):
            assert answer.status_code == status, answer.request.url
    assert (await people.reading.post("/api/collections", json={"title": "T"})).status_code == 403
    assert (await people.reading.get(at(made))).json() == before


async def test_members_have_the_collections_of_their_organization(people: People, hub: Hub) -> None:
    organization(hub, "ana")
    tokens = {}
    for name, role in (("cleo", Role.CONTRIBUTOR), ("dan", Role.READ), ("eve", Role.WRITE)):
        tokens[name] = access_token(hub, person(hub, name))
        joins(hub, name, role)
    made = await creates(people.ana, "Team", namespace="acme", private=True)
    assert made["owner"]["type"] == "org"
    assert made["slug"].startswith("acme/team-")
    async with (
        web_client(hub, tokens["cleo"]) as cleo,
        web_client(hub, tokens["dan"]) as dan,
        web_client(hub, tokens["eve"]) as eve,
    ):
        assert (await people.bob.get(at(made))).status_code == 404
        for client, status in ((dan, 403), (cleo, 403), (eve, 200)):
            assert (await client.get(at(made))).status_code == 200
            answer = await client.patch(at(made), json={"description": "D"})
            assert answer.status_code == status
        body = {"title": "Hers", "namespace": "acme"}
        assert (await dan.post("/api/collections", json=body)).status_code == 403
        hers = await creates(cleo, **body)
        assert (await cleo.patch(at(hers), json={"theme": "blue"})).status_code == 200
        assert await slugs(people.nobody, owner="acme") == [hers["slug"]]
        assert len(await slugs(dan, owner="ACME")) == 2


async def test_lists_are_filtered_ordered_and_paged(
    people: People, hub: Hub, ana: Actor, clock: FrozenClock
) -> None:
    made = []
    for number in range(7):
        clock.advance(timedelta(minutes=1))
        made.append(await creates(people.ana if number % 2 else people.bob, f"Number {number}"))
        name = f"r{number}"
        created(hub, ana, name)
        for count in range(5 if number == 0 else 1):
            if count:
                created(hub, ana, f"{name}-{count}")
            suffix = f"-{count}" if count else ""
            client = people.ana if number % 2 else people.bob
            assert (await adds(client, made[-1], f"ana/{name}{suffix}")).status_code == 200
    newest_first = [one["slug"] for one in reversed(made)]
    assert await slugs(people.nobody) == newest_first
    assert await slugs(people.nobody, limit=2) == newest_first
    assert await slugs(people.nobody, owner=["ana"]) == newest_first[1::2]
    assert await slugs(people.nobody, owner=["ana", "BOB"], limit=3) == newest_first
    assert await slugs(people.nobody, owner="nobody") == []
    wanted = ["models/ana/r3", "models/ana/r5", "models/ana/none", "papers/2307.09288"]
    assert await slugs(people.nobody, item=wanted) == [made[5]["slug"], made[3]["slug"]]
    assert await slugs(people.nobody, q="NUMBER 4") == [made[4]["slug"]]
    assert await slugs(people.nobody, q="100%_") == []
    first = (await people.nobody.get("/api/collections", params={"limit": 100})).json()[-1]
    assert len(first["items"]) == 4
    assert len(await ids(people.nobody, made[0])) == 5

    for client, number in ((people.ana, 2), (people.bob, 2), (people.bob, 6)):
        assert (await client.post(at(made[number], "/upvote"))).status_code == 200
        clock.advance(timedelta(days=30))
    by_votes = await slugs(people.nobody, sort="upvotes", limit=1)
    assert by_votes[:2] == [made[2]["slug"], made[6]["slug"]]
    assert len(by_votes) == len(set(by_votes)) == 7
    trending = await slugs(people.nobody, sort="trending", limit=2)
    assert trending[:2] == [made[6]["slug"], made[2]["slug"]]
    assert len(set(trending)) == 7


async def test_a_vote_counts_once_and_can_be_taken_back(people: People) -> None:
    made = await creates(people.ana, "Liked")
    for _ in range(2):
        answer = await people.bob.post(at(made, "/upvote"))
        assert (answer.status_code, answer.json()["upvotes"]) == (200, 1)
    seen = (await people.bob.get(at(made))).json()
    assert (seen["upvotes"], seen["isUpvotedByUser"]) == (1, True)
    assert (await people.nobody.get(at(made))).json()["isUpvotedByUser"] is False
    assert (await people.nobody.post(at(made, "/upvote"))).status_code == 401
    assert (await people.reading.post(at(made, "/upvote"))).status_code == 403
    for _ in range(2):
        assert (await people.bob.delete(at(made, "/upvote"))).json()["upvotes"] == 0


async def test_a_deleted_collection_leaves_others_whole(people: People) -> None:
    outer = await creates(people.bob, "Outer")
    inner = await creates(people.ana, "Inner")
    other = await creates(people.ana, "Other")
    for one in (inner, other):
        assert (await adds(people.bob, outer, one["slug"], "collection")).status_code == 200
    await people.bob.post(at(inner, "/upvote"))
    assert (await people.ana.delete(at(inner))).status_code == 200
    assert (await people.ana.delete(at(inner))).status_code == 404
    assert await ids(people.nobody, outer) == [other["slug"]]
    again = await creates(people.ana, "Inner")
    assert again["slug"] != inner["slug"]


@pytest.mark.parametrize(
    "case",
    [
        ("POST", None, {}, "title"),
        ("POST", None, {"title": " "}, "title"),
        ("POST", None, {"title": "x" * 61}, "title"),
        ("POST", None, {"title": 1}, "title"),
        ("POST", None, {"title": "T", "description": "x" * 151}, "description"),
        ("POST", None, {"title": "T", "private": "no"}, "private"),
        ("POST", None, {"title": "T", "item": {"id": "ana/m"}}, "type"),
        ("POST", None, {"title": "T", "item": {"id": "a/b", "type": "thing"}}, "type"),
        ("PATCH", "", {"theme": "black"}, "theme"),
        ("PATCH", "", {"position": -1}, "position"),
        ("PATCH", "", {"position": 1.5}, "position"),
        ("PATCH", "", {"title": "x" * 61}, "title"),
        ("POST", "/items", {"item": {"id": "ana/m", "type": "model"}, "note": "x" * 501}, "note"),
        ("POST", "/items", {"note": "x"}, "item"),
        ("POST", "/items/batch", {}, "array"),
        ("POST", "/items/batch", [{"data": {}}], "_id"),
        ("POST", "/items/batch", [{"_id": "x", "data": {}, "action": "burn"}], "action"),
    ],
)
async def test_bad_input_names_the_field_and_changes_nothing(
    people: People, hub: Hub, ana: Actor, case: tuple[str, str | None, object, str]
) -> None:
    method, suffix, body, named = case
    created(hub, ana, "m")
    made = await creates(people.ana, "Whole")
    address = "/api/collections" if suffix is None else at(made, suffix)
    answer = await people.ana.request(method, address, json=body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert (await people.ana.get(at(made))).json() == made
    assert len(await slugs(people.ana)) == 1


async def test_resource_groups_are_not_offered(people: People) -> None:
    group = {"resourceGroupId": "0" * 24}
    refused = await people.ana.post("/api/collections", json={"title": "T", **group})
    assert (refused.status_code, await slugs(people.ana)) == (501, [])
    made = await creates(people.ana, "T", resourceGroupId=None)
    assert (await people.ana.post(at(made, "/resource-group"), json=group)).status_code == 501
    none = await people.ana.post(at(made, "/resource-group"), json={"resourceGroupId": None})
    assert none.status_code == 200
    assert (await people.ana.get(at(made, "/resource-group"))).json() is None


async def test_bad_questions_are_400(people: People) -> None:
    for query in (
        {"sort": "size"},
        {"limit": "many"},
        {"cursor": "x"},
        {"cursor": cursor_at((2**60, 1))},
        {"cursor": cursor_at((-1, 1)), "sort": "upvotes"},
        {"cursor": cursor_at((1, 2**70)), "sort": "trending"},
        {"item": "ana/m"},
        {"item": "nonsense/ana/m"},
        {"q": "x" * 1001},
        {"owner": ["x"] * 200},
    ):
        answer = await people.nobody.get("/api/collections", params=query)
        assert answer.status_code == 400, query
