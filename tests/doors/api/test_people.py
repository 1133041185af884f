"""People over the API: overviews, follows, likes, members, roles, storage lists; both databases."""

from datetime import timedelta

import httpx
import pytest

from fixtures.accounts import calling, joined, made
from fixtures.buckets import bucket_of, emptied, filled
from fixtures.clients import Clients
from fixtures.contents import changed, created, given
from fixtures.hubs import FrozenClock
from fixtures.large_files import access_token, noise, person, web_client
from fixtures.organizations import joins, organization
from strata.accounts.profile.details import Details, change_details
from strata.core.actor import Actor, Role
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoType

pytestmark = pytest.mark.anyio


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    """Give an empty hub on the database that the parameter names."""
    return each_hub


async def answer(client: httpx.AsyncClient, address: str, status: int = 200) -> httpx.Response:
    found = await client.get(address)
    assert found.status_code == status, found.text
    return found


async def names(client: httpx.AsyncClient, address: str, key: str = "user") -> list[str]:
    """Read every page of a list."""
    found: list[str] = []
    following: str | None = address
    while following:
        page = await answer(client, following)
        found += [item[key] for item in page.json()]
        following = page.links.get("next", {}).get("url")
    return found


async def test_an_overview_counts_what_the_caller_may_see(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    created(hub, owner, "open")
    created(hub, owner, "hidden", private=True)
    created(hub, owner, "data", RepoType.DATASET)
    organization(hub, "ana", "acme", full_name="Acme Ltd.")
    organization(hub, "ana", "secret", members_hidden=True)

    seen = (await answer(clients.nobody, "/api/users/ANA/overview")).json()
    own = (await answer(clients.owner, "/api/users/ana/overview")).json()

    assert (seen["user"], seen["type"], seen["isFollowing"]) == ("ana", "user", False)
    assert seen["createdAt"] == "2026-11-23T09:00:00.000Z"
    assert seen["avatarUrl"] == f"http://hub.test/avatars/{seen['_id']}.svg"
    counts = ("numModels", "numDatasets", "numSpaces", "numDiscussions", "numLikes")
    assert [seen[key] for key in counts] == [1, 1, 0, 0, 0]
    assert [own[key] for key in counts] == [2, 1, 0, 0, 0]
    assert [one["name"] for one in seen["orgs"]] == ["acme"]
    assert [one["name"] for one in own["orgs"]] == ["acme", "secret"]
    assert seen["orgs"][0]["fullname"] == "Acme Ltd."
    assert "email" not in str(seen)


@pytest.mark.slow
async def test_nobody_learns_of_unconfirmed_people(hub: Hub, clients: Clients) -> None:
    joined(hub, "carol")
    organization(hub, "ana", "acme")
    told = {}
    for tail in ("overview", "followers", "following", "likes", "avatar", "socials"):
        for name in ("carol", "nowhere"):
            found = await answer(clients.owner, f"/api/users/{name}/{tail}", 404)
            told[name] = found.json()["error"].replace(name, "NAME")
        assert told["carol"] == told["nowhere"]
    await answer(clients.nobody, "/api/organizations/ana/overview", 404)
    await answer(clients.nobody, "/api/users/acme/overview", 404)
    assert (await clients.owner.post("/api/users/carol/follow")).status_code == 404


async def test_whatever_takes_a_name_answers_for_an_unconfirmed_person_as_for_nobody(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    joined(hub, "carol")
    made(hub, "dave")
    created(hub, owner, "one")
    talk = {"title": "Who?", "description": "@carol @nowhere @dave @ana"}
    await clients.stranger.post("/api/models/ana/one/discussions", json=talk)

    thread = (await answer(clients.nobody, "/api/models/ana/one/discussions/1")).json()
    told = {}
    for name in ("carol", "nowhere"):
        watch = {"url": "https://x.example/", "watched": [{"type": "user", "name": name}]}
        moved = {"fromRepo": "ana/one", "toRepo": f"{name}/one", "type": "model"}
        answers = [
            await clients.owner.get(f"/api/buckets/{name}"),
            await clients.owner.get("/api/models", params={"author": name}),
            await clients.owner.post("/api/settings/webhooks", json=watch),
            await clients.owner.post("/api/repos/create", json={"name": "x", "organization": name}),
            await clients.owner.post("/api/repos/move", json=moved),
            await clients.owner.post("/api/collections", json={"title": "x", "namespace": name}),
        ]
        told[name] = [(one.status_code, one.text.replace(name, "NAME")) for one in answers]

    shown = thread["events"][0]["data"]["latest"]["html"]
    assert [name in shown for name in ('"/dave"', '"/ana"')] == [True, True]
    assert [name in shown for name in ('"/carol"', '"/nowhere"')] == [False, False]
    assert told["carol"] == told["nowhere"]
    assert told["carol"][0][0] == 404


async def test_an_overview_counts_the_votes_for_shown_collections(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    created(hub, owner, "one")
    for title, private in (("open", False), ("closed", True)):
        body = {
            "title": title,
            "namespace": "ana",
            "private": private,
            "item": {"id": "ana/one", "type": "model"},
        }
        answered = await clients.owner.post("/api/collections", json=body)
        slug = answered.json()["slug"]
        assert (await clients.owner.post(f"/api/collections/{slug}/upvote")).is_success
    for client, votes in ((clients.owner, 2), (clients.stranger, 1), (clients.nobody, 1)):
        assert (await answer(client, "/api/users/ana/overview")).json()["numUpvotes"] == votes


async def test_a_profile_says_what_its_person_said(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    said = Details(bio="Paleobotanist.", github="ana-b", x="ana", homepage="https://a.example")
    with calling(hub, owner) as call, working(call) as work:
        change_details(work, owner.user_id or 0, "Ana B.", said)

    seen = (await answer(clients.nobody, "/api/users/ana/overview")).json()
    assert (seen["fullname"], seen["details"]) == ("Ana B.", "Paleobotanist.")
    socials = (await answer(clients.nobody, "/api/users/ana/socials")).json()
    assert socials == {"_id": seen["_id"], "socialHandles": {"github": "ana-b", "twitter": "ana"}}


async def test_an_organization_shows_itself(hub: Hub, clients: Clients) -> None:
    acme = organization(hub, "ana", "acme", full_name="Acme Ltd.", private_by_default=True)
    joins(hub, "bob", Role.READ)
    for name, more in (("one", {}), ("two", {"private": False})):
        body = {"name": name, "organization": "acme", **more}
        assert (await clients.owner.post("/api/repos/create", json=body)).status_code == 200

    seen = (await answer(clients.nobody, "/api/organizations/Acme/overview")).json()
    assert seen == {
        "_id": acme.public_id,
        "name": "acme",
        "fullname": "Acme Ltd.",
        "avatarUrl": f"http://hub.test/avatars/{acme.public_id}.svg",
        "isVerified": False,
        "isFollowing": False,
        "type": "org",
        "numUsers": 2,
        "numModels": 1,
        "numDatasets": 0,
        "numSpaces": 0,
        "numFollowers": 0,
        "numPapers": 0,
    }
    member = (await answer(clients.stranger, "/api/organizations/acme/overview")).json()
    assert member["numModels"] == 2
    picture = await answer(clients.nobody, "/api/avatars/acme")
    assert picture.json() == {"avatarUrl": seen["avatarUrl"]}
    sent_on = await answer(clients.nobody, "/api/organizations/acme/avatar?redirect=true", 307)
    assert sent_on.headers["location"] == seen["avatarUrl"]
    socials = await answer(clients.nobody, "/api/organizations/acme/socials")
    assert socials.json() == {"_id": acme.public_id, "socialHandles": {}}


async def test_members_are_listed_by_pages_and_hidden_when_wished(
    hub: Hub, clients: Clients
) -> None:
    organization(hub, "ana", "acme")
    organization(hub, "ana", "secret", members_hidden=True)
    for number in range(4):
        person(hub, f"m{number}")
        joins(hub, f"m{number}", Role.READ)
    joins(hub, "bob", Role.WRITE)

    everyone = await names(clients.nobody, "/api/organizations/acme/members?limit=2")
    assert everyone == ["m3", "m2", "m1", "m0", "bob", "ana"]
    outside = (await answer(clients.nobody, "/api/organizations/acme/members")).json()
    inside = (await answer(clients.stranger, "/api/organizations/acme/members")).json()
    assert "role" not in outside[0]
    assert {one["user"]: one["role"] for one in inside}["bob"] == "write"

    for outsider, status in ((clients.nobody, 401), (clients.stranger, 403)):
        refused = await outsider.get("/api/organizations/secret/members")
        assert (refused.status_code, "ana" in refused.text) == (status, False)
        overview = (await answer(outsider, "/api/organizations/secret/overview")).json()
        assert "numUsers" not in overview
    assert await names(clients.owner, "/api/organizations/secret/members") == ["ana"]
    asked = await clients.owner.get("/api/organizations/acme/members?email=a@example.com")
    assert asked.status_code == 501


async def test_people_follow_people_and_organizations(hub: Hub, clients: Clients) -> None:
    organization(hub, "ana", "acme")
    for address in ("/api/users/ana/follow", "/api/organizations/acme/follow"):
        for _ in range(2):  # twice is fine
            assert (await clients.stranger.post(address)).status_code == 200
        assert (await clients.nobody.post(address)).status_code == 401
        assert (await clients.reading.post(address)).status_code == 403
    assert (await clients.owner.post("/api/users/ana/follow")).status_code == 400

    assert await names(clients.nobody, "/api/users/ana/followers") == ["bob"]
    assert await names(clients.nobody, "/api/organizations/acme/followers") == ["bob"]
    assert await names(clients.nobody, "/api/users/bob/following") == ["ana"]
    seen = (await answer(clients.stranger, "/api/users/ana/overview")).json()
    assert (seen["isFollowing"], seen["numFollowers"], seen["numFollowing"]) == (True, 1, 0)
    mine = (await answer(clients.stranger, "/api/users/bob/overview")).json()
    assert (mine["isFollowing"], mine["numFollowing"]) == (False, 1)
    (item,) = (await answer(clients.stranger, "/api/users/bob/following")).json()
    assert (item["isFollowing"], item["type"]) == (True, "user")

    assert (await clients.stranger.delete("/api/users/ana/follow")).status_code == 200
    assert (await clients.stranger.delete("/api/users/ana/follow")).status_code == 200
    assert await names(clients.nobody, "/api/users/ana/followers") == []


async def test_followers_come_by_pages(hub: Hub, clients: Clients) -> None:
    for number in range(5):
        follower = person(hub, f"f{number}")
        async with web_client(hub, access_token(hub, follower)) as client:
            assert (await client.post("/api/users/ana/follow")).status_code == 200
    wanted = ["f4", "f3", "f2", "f1", "f0"]
    assert await names(clients.nobody, "/api/users/ana/followers?limit=2") == wanted
    assert await names(clients.nobody, "/api/users/ana/followers?limit=5") == wanted
    for bad in ("x", "W10", "WzEsMl0", "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd", "Ww"):
        found = await answer(clients.nobody, f"/api/users/ana/followers?cursor={bad}", 400)
        assert "cursor" in found.json()["error"]


async def test_likes_never_show_a_private_repo(
    hub: Hub, owner: Actor, clients: Clients, clock: FrozenClock
) -> None:
    for name, private in (("open", False), ("hidden", True)):
        created(hub, owner, name, private=private)
        clock.advance(timedelta(minutes=1))
        assert (await clients.owner.post(f"/api/models/ana/{name}/like")).status_code == 200
    assert (await clients.stranger.post("/api/models/ana/hidden/like")).status_code == 404
    assert (await clients.stranger.post("/api/models/ana/open/like")).status_code == 200

    own = (await answer(clients.reading, "/api/users/ana/likes")).json()
    assert own == [
        {
            "createdAt": "2026-11-23T09:02:00.000Z",
            "repo": {"name": "ana/hidden", "type": "model"},
        },
        {"createdAt": "2026-11-23T09:01:00.000Z", "repo": {"name": "ana/open", "type": "model"}},
    ]
    for outsider in (clients.nobody, clients.stranger):
        seen = (await answer(outsider, "/api/users/ana/likes?limit=1")).json()
        assert [item["repo"]["name"] for item in seen] == ["ana/open"]
        assert (await answer(outsider, "/api/users/ana/overview")).json()["numLikes"] == 1
    likers = await names(clients.nobody, "/api/models/ana/open/likers?limit=1")
    assert sorted(likers) == ["ana", "bob"]
    await answer(clients.stranger, "/api/models/ana/hidden/likers", 404)
    await answer(clients.nobody, "/api/models/ana/hidden/likers", 401)

    assert (await clients.owner.delete("/api/models/ana/open/like")).status_code == 200
    assert await names(clients.nobody, "/api/models/ana/open/likers") == ["bob"]
    gone = {"name": "open", "type": "model"}
    assert (await clients.owner.request("DELETE", "/api/repos/delete", json=gone)).is_success
    assert (await answer(clients.nobody, "/api/users/bob/likes")).json() == []


async def test_an_admin_changes_roles(hub: Hub, clients: Clients) -> None:
    organization(hub, "ana", "acme")
    joins(hub, "bob", Role.READ)
    role = "/api/organizations/acme/members/bob/role"
    anas = "/api/organizations/acme/members/ana/role"

    for client, status in ((clients.stranger, 403), (clients.reading, 403), (clients.nobody, 401)):
        assert (await client.put(role, json={"role": "admin"})).status_code == status
    done = await clients.owner.put(role, json={"role": "contributor", "resourceGroups": []})
    assert (done.status_code, done.json()) == (200, {"success": True})
    orgs = (await answer(clients.stranger, "/api/whoami-v2")).json()["orgs"]
    assert orgs[0]["roleInOrg"] == "contributor"

    groups = {"role": "read", "resourceGroups": [{"id": "0" * 24, "role": "write"}]}
    assert (await clients.owner.put(role, json=groups)).status_code == 501
    bad = await clients.owner.put(role, json={"role": "owner"})
    assert (bad.status_code, "role" in bad.json()["error"]) == (400, True)
    last = await clients.owner.put(anas, json={"role": "read"})
    assert (last.status_code, "last admin" in last.json()["error"]) == (409, True)
    for missing in ("/api/organizations/acme/members/nobody/role",
                    "/api/organizations/nowhere/members/bob/role"):  # fmt: skip
        assert (await clients.owner.put(missing, json={"role": "read"})).status_code == 404
    orgs = (await answer(clients.stranger, "/api/whoami-v2")).json()["orgs"]
    assert orgs[0]["roleInOrg"] == "contributor"


async def test_resource_groups_are_refused_not_ignored(hub: Hub, clients: Clients) -> None:
    organization(hub, "ana", "acme")
    groups = "/api/organizations/acme/resource-groups"
    assert (await answer(clients.owner, groups)).json() == []
    await answer(clients.stranger, groups, 403)
    assert (await clients.owner.post(groups, json={"name": "one"})).status_code == 501
    body = {"name": "one", "organization": "acme", "resourceGroupId": "0" * 24}
    assert (await clients.owner.post("/api/repos/create", json=body)).status_code == 501
    await answer(clients.owner, "/api/models/acme/one", 404)


async def test_storage_lists_start_with_the_largest(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    for name, size in (("small", 1_000), ("large", 3_000), ("empty", 0)):
        repo = created(hub, owner, name, private=name == "large")
        if size:
            changed(hub, owner, repo, [given(hub, owner, repo, "a.bin", noise(name, size))])

    listed = (await answer(clients.reading, "/api/settings/repositories")).json()
    assert [(item["id"], item["storage"], item["storagePercent"]) for item in listed] == [
        ("ana/large", 3_000, 75.0),
        ("ana/small", 1_000, 25.0),
        ("ana/empty", 0, 0.0),
    ]
    assert listed[0]["visibility"] == "private"
    assert listed[0]["type"] == "model"
    assert listed[0]["updatedAt"] == "2026-11-23T09:00:00.000Z"
    paged = await names(clients.owner, "/api/settings/repositories?limit=1", "id")
    assert paged == [item["id"] for item in listed]
    assert (await answer(clients.stranger, "/api/settings/repositories")).json() == []
    await answer(clients.nobody, "/api/settings/repositories", 401)


async def test_a_bucket_takes_up_what_its_files_are_now(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    bucket = bucket_of(hub, owner, "box", private=True)
    filled(hub, owner, bucket, {"a.bin": noise("a", 30_000), "b.bin": noise("b", 50_000)})
    emptied(hub, owner, bucket, "a.bin")
    (item,) = (await answer(clients.owner, "/api/settings/repositories")).json()
    assert (item["id"], item["type"], item["visibility"]) == ("ana/box", "bucket", "private")
    assert (item["storage"], item["storagePercent"]) == (50_000, 100.0)


ODD = ("%00", "%E4%BD%A0", "a%2Fb", "..", "%FF", "a" * 300, "'; DROP TABLE users", "%0d%0aX: y")


@pytest.mark.parametrize("odd", ODD)
async def test_no_name_is_too_odd_to_be_missing(hub: Hub, clients: Clients, odd: str) -> None:
    organization(hub, "ana", "acme")
    asked = [
        ("GET", f"/api/{kind}/{odd}/{tail}")
        for kind in ("users", "organizations")
        for tail in ("overview", "followers", "avatar", "socials")
    ]
    asked += [(method, f"/api/users/{odd}/follow") for method in ("POST", "DELETE")]
    asked += [("GET", f"/api/users/{odd}/likes"), ("GET", f"/api/organizations/{odd}/members")]
    asked += [("PUT", f"/api/organizations/{name}/members/{odd}/role") for name in (odd, "acme")]
    for method, address in asked:
        body = b'{"role": "read"}' if method == "PUT" else b""
        found = await clients.owner.request(method, address, content=body)
        assert found.status_code in {400, 404, 405}, (method, address, found.text)
        assert found.headers["x-error-message"].isascii()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b'{"role": 1}', b"{", rb'{"role": "\u0000"}']
)
async def test_a_role_that_cannot_be_read_is_refused(
    hub: Hub, clients: Clients, body: bytes
) -> None:
    organization(hub, "ana", "acme")
    joins(hub, "bob", Role.READ)
    role = "/api/organizations/acme/members/bob/role"
    assert (await clients.owner.put(role, content=body)).status_code == 400


@pytest.mark.parametrize("role", [*Role, None])
async def test_members_who_may_read_see_the_storage_of_an_organization(
    hub: Hub, clients: Clients, role: Role | None
) -> None:
    organization(hub, "ana", "acme", private_by_default=True)
    if role is not None:
        joins(hub, "bob", role)
    body = {"name": "one", "organization": "acme"}
    assert (await clients.owner.post("/api/repos/create", json=body)).status_code == 200
    address = "/api/organizations/acme/settings/repositories"
    if role in {None, Role.NO_ACCESS}:
        await answer(clients.stranger, address, 403)
        return
    listed = (await answer(clients.stranger, address)).json()
    assert [item["id"] for item in listed] == ["acme/one"]
