"""Organisations over the API: whoami, new repos under their default, and who may do what there."""

import httpx
import pytest

from fixtures.buckets import filled
from fixtures.clients import Clients
from fixtures.large_files import access_token, calling, noise, oid_of, person, web_client
from fixtures.organizations import joins, leaves, organization, today
from strata.access.policy.verbs import Action
from strata.core.actor import Actor, Role
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.repos.lookup import lookup

pytestmark = pytest.mark.anyio


async def create(client: httpx.AsyncClient, name: str, **more: object) -> httpx.Response:
    body = {"name": name, "organization": "acme", "type": "model", **more}
    return await client.post("/api/repos/create", json=body)


async def test_whoami_lists_organizations_with_the_role(hub: Hub, clients: Clients) -> None:
    acme = organization(hub, "ana", full_name="Acme Ltd.")
    joins(hub, "bob", Role.CONTRIBUTOR)

    told = {
        "type": "org",
        "id": acme.public_id,
        "name": "acme",
        "fullname": "Acme Ltd.",
        "email": None,
        "canPay": False,
        "periodEnd": None,
        "avatarUrl": f"/avatars/{acme.public_id}.svg",
        "isEnterprise": False,
        "plan": None,
    }
    mine = (await clients.owner.get("/api/whoami-v2")).json()
    theirs = (await clients.stranger.get("/api/whoami-v2")).json()
    assert mine["orgs"] == [{**told, "roleInOrg": "admin"}]
    assert theirs["orgs"] == [{**told, "roleInOrg": "contributor"}]


@pytest.mark.parametrize("private_by_default", [True, False])
async def test_a_new_repo_is_as_the_organization_has_it(
    hub: Hub, clients: Clients, *, private_by_default: bool
) -> None:
    organization(hub, "ana", private_by_default=private_by_default)
    wishes: list[tuple[str, dict[str, object], bool]] = [
        ("silent", {}, private_by_default),
        ("null", {"private": None}, private_by_default),
        ("open", {"private": False}, False),
        ("shown", {"visibility": "public"}, False),
        ("hidden", {"private": True}, True),
    ]
    for name, more, private in wishes:
        answer = await create(clients.owner, name, **more)
        assert answer.json()["url"] == f"http://hub.test/acme/{name}"
        info = (await clients.owner.get(f"/api/models/acme/{name}")).json()
        assert (info["private"], info["author"]) == (private, "acme")


async def test_a_contributor_changes_only_their_own(hub: Hub, clients: Clients) -> None:
    organization(hub, "ana", private_by_default=True)
    joins(hub, "bob", Role.CONTRIBUTOR)
    assert (await create(clients.owner, "hers")).status_code == 200
    assert (await create(clients.stranger, "his")).status_code == 200

    def settings(name: str) -> str:
        return f"/api/models/acme/{name}/settings"

    listed = (await clients.stranger.get("/api/models?author=acme")).json()
    assert {item["id"] for item in listed} == {"acme/hers", "acme/his"}
    quiet = {"discussionsDisabled": True}
    assert (await clients.stranger.put(settings("his"), json=quiet)).status_code == 200
    assert (await clients.stranger.put(settings("hers"), json=quiet)).status_code == 403
    away = {"fromRepo": "acme/his", "toRepo": "bob/his", "type": "model"}
    assert (await clients.stranger.post("/api/repos/move", json=away)).status_code == 403
    renamed = {**away, "toRepo": "acme/his-own"}
    assert (await clients.stranger.post("/api/repos/move", json=renamed)).status_code == 200

    leaves(hub, "bob")
    assert (await clients.stranger.get("/api/models/acme/his-own")).status_code == 404
    assert (await clients.stranger.put(settings("his-own"), json=quiet)).status_code == 404
    assert (await clients.stranger.get("/api/models?author=acme")).json() == []


async def test_repos_move_between_a_person_and_an_organization(hub: Hub, clients: Clients) -> None:
    organization(hub, "ana")
    person(hub, "cy")
    mine = {"name": "one", "type": "model"}
    assert (await clients.stranger.post("/api/repos/create", json=mine)).status_code == 200
    into = {"fromRepo": "bob/one", "toRepo": "acme/one", "type": "model"}
    refused = await clients.stranger.post("/api/repos/move", json=into)
    assert (refused.status_code, "under the namespace" in refused.json()["error"]) == (403, True)

    joins(hub, "bob", Role.CONTRIBUTOR)
    assert (await clients.stranger.post("/api/repos/move", json=into)).status_code == 200
    back = {"fromRepo": "acme/one", "toRepo": "ana/one-back", "type": "model"}
    assert (await clients.stranger.post("/api/repos/move", json=back)).status_code == 403
    assert (await clients.owner.post("/api/repos/move", json=back)).status_code == 200
    moved = await clients.stranger.get("/api/models/acme/one")
    assert (moved.status_code, moved.headers["location"]) == (307, "/api/models/ana/one-back")


async def test_a_read_token_of_an_admin_changes_nothing(hub: Hub, clients: Clients) -> None:
    organization(hub, "ana")
    assert (await create(clients.reading, "one")).status_code == 403
    assert (await create(clients.owner, "one")).status_code == 200
    gone = await clients.reading.request(
        "DELETE", "/api/repos/delete", json={"organization": "acme", "name": "one"}
    )
    assert gone.status_code == 403


@pytest.mark.usefixtures("owner")
async def test_rights_end_with_the_membership_also_for_links_given_before(
    hub: Hub, stranger: Actor
) -> None:
    """An upload link and a chunk-store token were handed out; the member leaves."""
    organization(hub, "ana", private_by_default=True)
    joins(hub, "bob", Role.WRITE)
    content = b"0123456789" * 100
    oid = oid_of(content)
    async with web_client(hub, access_token(hub, stranger)) as bob:
        assert (await create(bob, "one")).status_code == 200
        batch = {"operation": "upload", "objects": [{"oid": oid, "size": len(content)}]}
        asked = await bob.post("/acme/one.git/info/lfs/objects/batch", json=batch)
        link = asked.json()["objects"][0]["actions"]["upload"]["href"]
        token = (await bob.get("/api/models/acme/one/xet-write-token/main")).json()
        leaves(hub, "bob")
        late = await bob.put(link, content=content)
        chunk = f"{token['casUrl']}/v1/chunks/default-merkledb/{'0' * 64}"
        bearer = {"Authorization": f"Bearer {token['accessToken']}"}
        refused = await bob.get(chunk, headers=bearer)
        joins(hub, "bob", Role.READ)
        nothing = await bob.get(chunk, headers=bearer)
    assert (late.status_code, late.headers["x-error-code"]) == (401, "RepoNotFound")
    assert (refused.status_code, refused.headers["x-error-code"]) == (404, "RepoNotFound")
    assert (nothing.status_code, nothing.headers.get("x-error-code")) == (404, None)


BUCKET = "/api/buckets/acme/box"


@pytest.mark.parametrize("role", [*Role, None])
async def test_buckets_obey_the_role(
    hub: Hub, owner: Actor, clients: Clients, role: Role | None
) -> None:
    """The bucket is private and the admin's; a contributor has another one."""
    organization(hub, "ana", private_by_default=True)
    if role is not None:
        joins(hub, "bob", role)
    assert (await clients.owner.post(BUCKET, json={})).status_code == 200
    with calling(hub, today(hub, owner)) as call:
        box = lookup(call, RepoId(RepoType.BUCKET, "acme", "box"), Action.LOOK)
    filled(hub, today(hub, owner), box, {"a.txt": noise("a", 4_000)})
    reads = role is not None and role.reaches(Role.READ)
    writes = role is not None and role.reaches(Role.WRITE)

    for address in (BUCKET, f"{BUCKET}/tree", "/buckets/acme/box/resolve/a.txt"):
        assert (await clients.stranger.get(address)).status_code == (200 if reads else 404)
    denied = 403 if reads else 404
    deletion = b'{"type": "deleteFile", "path": "a.txt"}'
    settings = await clients.stranger.put(f"{BUCKET}/settings", json={"private": True})
    assert settings.status_code == (200 if writes else denied)
    batch = await clients.stranger.post(f"{BUCKET}/batch", content=deletion)
    assert batch.status_code == (200 if writes else denied)
    gone = await clients.stranger.delete(BUCKET)
    assert gone.is_success if writes else gone.status_code == denied
    mine = await clients.stranger.post("/api/buckets/acme/mine", json={})
    creates = role is not None and role.reaches(Role.CONTRIBUTOR)
    assert mine.status_code == (200 if creates else 403)
    if creates:
        assert (await clients.stranger.get("/api/buckets/acme/mine")).json()["private"]
        assert (await clients.stranger.delete("/api/buckets/acme/mine")).is_success
