"""Copies without moving bytes: who may make them, what comes along, and what stays behind."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fixtures.buckets import bucket_of, filled, sent
from fixtures.contents import changed, created, given, texts, uploaded
from fixtures.large_files import BASE_URL, access_token, noise, person, web_client
from fixtures.organizations import joins, leaves, organization
from strata.blobs.pointer import parse
from strata.content.writing.operations import AddLarge, Delete
from strata.core.actor import Actor, Role, TokenRole
from strata.core.hub import Hub
from strata.core.names import Oid, RepoType
from strata.lib.git import read as git
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

WEIGHTS = noise("weights", 60_000)
OLD = noise("old weights", 40_000)
API = "/api/models/ana/one"


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

    ana: httpx.AsyncClient  # owns the sources
    reading: httpx.AsyncClient  # ana, by a token that only reads
    bob: httpx.AsyncClient  # a stranger
    nobody: httpx.AsyncClient


@pytest.fixture
async def people(hub: Hub, ana: Actor, bob: Actor) -> AsyncIterator[People]:
    tokens = (
        access_token(hub, ana), access_token(hub, ana, TokenRole.READ), access_token(hub, bob), None
    )  # fmt: skip
    async with AsyncExitStack() as stack:
        yield People(*[await stack.enter_async_context(web_client(hub, one)) for one in tokens])


def source_of(hub: Hub, ana: Actor, *, private: bool = False) -> Repo:
    """Make a model with a past: a secret that was deleted, an old large file, another branch."""
    repo = created(hub, ana, "one", private=private)
    uploaded(
        hub, ana, repo, {"README.md": b"# One\n", "secret.txt": b"the password", "a/b.txt": b"b"}
    )
    changed(hub, ana, repo, [given(hub, ana, repo, "old.bin", OLD)])
    large = sent(hub, ana, repo, WEIGHTS)
    changed(
        hub, ana, repo,
        [AddLarge("w.bin", large.oid, None), Delete("secret.txt"), Delete("old.bin")],
    )  # fmt: skip
    return repo


async def copied(
    client: httpx.AsyncClient, to: str, source: str = API, **more: object
) -> httpx.Response:
    return await client.post(f"{source}/duplicate", json={"repository": to, **more})


async def test_a_copy_has_the_files_in_one_commit_and_none_of_the_past(
    hub: Hub, ana: Actor, people: People
) -> None:
    repo = source_of(hub, ana)
    hidden = texts(hub, ana, repo)  # large files as pointers
    (past,) = [
        commit["id"]
        for commit in (await people.ana.get(f"{API}/commits/main")).json()
        if commit["title"] == "initial commit"
    ]

    answer = await copied(people.bob, "bob/copy")
    info = (await people.nobody.get("/api/models/bob/copy")).json()
    commits = (await people.nobody.get("/api/models/bob/copy/commits/main")).json()
    weights = await people.nobody.get("/bob/copy/resolve/main/w.bin")
    small = await people.nobody.get("/bob/copy/resolve/main/a/b.txt")
    old = await people.nobody.get(f"/api/models/bob/copy/tree/{past}")

    assert answer.json()["url"] == f"{BASE_URL}/bob/copy"
    assert (info["id"], info["private"], info["_id"]) == ("bob/copy", False, answer.json()["id"])
    assert [(one["title"], one["authors"][0]["user"]) for one in commits] == [
        ("Duplicate from ana/one", "bob")
    ]  # fmt: skip
    assert weights.content == WEIGHTS
    assert (
        weights.headers["X-Xet-Hash"]
        == ((await people.nobody.head("/ana/one/resolve/main/w.bin")).headers["X-Xet-Hash"])
    )
    assert small.content == b"b"
    assert (old.status_code, old.headers["X-Error-Code"]) == (404, "RevisionNotFound")
    copy_path = hub.git_path(answer.json()["id"])
    kept = git.read_blobs(
        copy_path, [o for o, _ in git.all_blobs(copy_path, [commits[0]["id"]])], 10**6
    )
    assert b"the password" not in kept.values()
    assert {parse(text) for text in hidden.values() if parse(text)} == {
        parse(text) for text in kept.values() if parse(text)
    }


async def test_a_copy_stands_by_itself(hub: Hub, ana: Actor, people: People) -> None:
    source_of(hub, ana)
    await copied(people.bob, "bob/copy")

    await people.ana.request("DELETE", "/api/repos/delete", json={"name": "one"})
    steps = [
        {"key": "header", "value": {"summary": "Mine now"}},
        {"key": "deletedFile", "value": {"path": "a/b.txt"}},
    ]
    body = "\n".join([json.dumps(step) for step in steps])
    mine = await people.bob.post("/api/models/bob/copy/commit/main", content=body)

    assert mine.status_code == 200
    assert (await people.nobody.get("/bob/copy/resolve/main/w.bin")).content == WEIGHTS
    assert len((await people.nobody.get("/api/models/bob/copy/commits/main")).json()) == 2


async def test_a_copy_is_as_private_as_its_source_unless_something_else_is_said(
    hub: Hub, ana: Actor, people: People
) -> None:
    source_of(hub, ana, private=True)
    wishes: list[tuple[str, dict[str, Any], bool]] = [
        ("ana/silent", {}, True),
        ("ana/null", {"private": None}, True),
        ("ana/open", {"private": False}, False),
        ("ana/shown", {"visibility": "public"}, False),
    ]
    for name, more, private in wishes:
        assert (await copied(people.ana, name, **more)).status_code == 200
        info = (await people.ana.get(f"/api/models/{name}")).json()
        assert info["private"] is private
        seen = await people.nobody.get(f"/{name}/resolve/main/w.bin")
        assert seen.status_code == (401 if private else 200)


async def test_who_may_copy_what_and_where_to(hub: Hub, ana: Actor, people: People) -> None:
    source_of(hub, ana, private=True)
    hidden = await copied(people.bob, "bob/x")
    absent = await copied(people.bob, "bob/x", "/api/models/ana/absent")
    nobody = await copied(people.nobody, "bob/x")
    reading = await copied(people.reading, "ana/x")
    created(hub, ana, "open")
    foreign = await copied(people.bob, "ana/x", "/api/models/ana/open")

    assert (hidden.status_code, hidden.text) == (absent.status_code, absent.text)
    assert hidden.headers["X-Error-Code"] == nobody.headers["X-Error-Code"] == "RepoNotFound"
    assert [r.status_code for r in (hidden, nobody, reading, foreign)] == [404, 401, 403, 403]
    for name in ("bob/x", "ana/x"):
        assert (await people.ana.get(f"/api/models/{name}")).status_code == 404


async def test_a_name_that_is_taken_is_told_with_its_address(
    hub: Hub, ana: Actor, people: People
) -> None:
    source_of(hub, ana)
    created(hub, ana, "two")
    taken = await copied(people.ana, "ana/two")
    itself = await copied(people.ana, "ana/one")

    assert [taken.status_code, itself.status_code] == [409, 409]
    assert [taken.json()["url"], itself.json()["url"]] == [
        f"{BASE_URL}/ana/two",
        f"{BASE_URL}/ana/one",
    ]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"repository": 1},
        {"repository": "alone"},
        {"repository": "bob/"},
        {"repository": "bob/a/b"},
        {"repository": "bob/x", "private": "yes"},
        {"repository": "bob/x", "visibility": "protected"},
    ],
)
async def test_what_is_no_wish_is_refused(
    hub: Hub, ana: Actor, people: People, body: dict[str, object]
) -> None:
    source_of(hub, ana)
    answer = await people.bob.post(f"{API}/duplicate", json=body)
    assert answer.status_code == 400, answer.text
    assert (await people.nobody.get("/api/models", params={"author": "bob"})).json() == []


async def test_members_copy_into_their_organization_as_their_role_lets_them(
    hub: Hub, ana: Actor, people: People
) -> None:
    source_of(hub, ana)
    organization(hub, "ana")
    outcomes = []
    for role in (None, Role.READ, Role.CONTRIBUTOR):
        if role is not None:
            joins(hub, "bob", role)
        outcomes.append((await copied(people.bob, "acme/copy")).status_code)
    assert outcomes == [403, 403, 200]
    leaves(hub, "bob")
    assert (await copied(people.bob, "acme/more")).status_code == 403


async def test_a_gate_keeps_copiers_out_and_goes_along(
    hub: Hub, ana: Actor, bob: Actor, people: People
) -> None:
    repo = source_of(hub, ana)
    await people.ana.put(f"{API}/settings", json={"gated": "manual"})
    mine = bucket_of(hub, ana, "mine")
    loot = bucket_of(hub, bob, "loot")
    head = await people.ana.head("/ana/one/resolve/main/w.bin")
    xet_hash, oid = head.headers["X-Xet-Hash"], head.headers["X-Linked-ETag"].strip('"')

    stranger = await copied(people.bob, "bob/copy")
    files = [{"sha256": oid, "xetHash": xet_hash}]
    gift = await people.bob.post(
        f"{API}/lfs-files/duplicate",
        json={"target": {"type": "bucket", "name": loot.full_name}, "files": files},
    )
    line = {"type": "copyFile", "path": "w", "xetHash": xet_hash, "sourceRepoType": "model"}
    taken = await people.bob.post(
        "/api/buckets/bob/loot/batch", json=line | {"sourceRepoId": repo.full_name}
    )
    own = await copied(people.ana, "ana/copy")
    kept = await people.ana.post(
        "/api/buckets/ana/mine/batch", json=line | {"sourceRepoId": repo.full_name}
    )
    seen = await people.bob.get("/ana/copy/resolve/main/w.bin")

    assert (stranger.status_code, stranger.headers["X-Error-Code"]) == (403, "GatedRepo")
    assert gift.status_code == 403
    assert taken.status_code == 422
    assert own.status_code == 200
    assert kept.json()["succeeded"] == 1
    assert (seen.status_code, seen.headers["X-Error-Code"]) == (403, "GatedRepo")
    assert (await people.ana.get("/api/models/ana/copy")).json()["gated"] == "manual"
    assert mine.full_name == "ana/mine"


async def test_every_kind_of_repo_is_copied_as_its_kind(
    hub: Hub, ana: Actor, people: People
) -> None:
    for kind, sdk in (("dataset", None), ("space", "static"), ("kernel", None)):
        source = created(hub, ana, f"a-{kind}", RepoType(kind), sdk=sdk)
        uploaded(hub, ana, source, {"x.txt": kind.encode()})
        answer = await copied(people.bob, f"bob/{kind}", f"/api/{kind}s/ana/a-{kind}")
        assert answer.json()["url"] == f"{BASE_URL}/{kind}s/bob/{kind}"
        file = await people.nobody.get(f"/{kind}s/bob/{kind}/resolve/main/x.txt")
        assert file.content == kind.encode()
        if sdk:
            assert (await people.nobody.get(f"/api/spaces/bob/{kind}")).json()["sdk"] == sdk


async def test_old_names_lead_to_sources_and_targets(hub: Hub, ana: Actor, people: People) -> None:
    source_of(hub, ana)
    box = bucket_of(hub, ana, "box")
    hashes = filled(hub, ana, box, {"a": WEIGHTS})
    target = created(hub, ana, "target")
    for kind, name in (("model", "one"), ("model", "target"), ("bucket", "box")):
        move = {"fromRepo": f"ana/{name}", "toRepo": f"ana/new-{name}", "type": kind}
        assert (await people.ana.post("/api/repos/move", json=move)).status_code == 200
    old_copy = await copied(people.bob, "bob/copy")
    copy = {"type": "copyFile", "path": "b", "xetHash": hashes["a"], "sourceRepoType": "bucket",
            "sourceRepoId": "ana/box"}  # fmt: skip
    batch = await people.ana.post("/api/buckets/ana/new-box/batch", json=copy)
    oid = (await people.ana.head("/ana/new-one/resolve/main/w.bin")).headers["X-Linked-ETag"]
    give = {
        "target": {"type": "model", "name": "ana/target"},
        "files": [{"sha256": oid.strip('"')}],
    }
    gift = await people.ana.post("/api/models/ana/new-one/lfs-files/duplicate", json=give)

    assert (old_copy.status_code, old_copy.headers["location"]) == (
        307, "/api/models/ana/new-one/duplicate"
    )  # fmt: skip
    assert batch.json()["succeeded"] == 1
    assert gift.json() == {"failed": []}
    assert target.full_name == "ana/target"


async def test_a_stranger_gets_nothing_out_of_a_private_bucket(
    hub: Hub, ana: Actor, people: People
) -> None:
    vault = bucket_of(hub, ana, "vault", private=True)
    hashes = filled(hub, ana, vault, {"plans.bin": WEIGHTS})
    sha = (await people.ana.head("/buckets/ana/vault/resolve/plans.bin")).headers["X-Linked-ETag"]
    oid = Oid(sha.strip('"'))
    await people.bob.post("/api/buckets/me/loot", json={})
    add = {"type": "addFile", "path": "x", "xetHash": hashes["plans.bin"]}
    copy = {**add, "type": "copyFile", "sourceRepoType": "bucket", "sourceRepoId": "ana/vault"}
    give = {"target": {"type": "bucket", "name": "bob/loot"},
            "files": [{"sha256": oid, "xetHash": hashes["plans.bin"]}]}  # fmt: skip
    commit = [
        {"key": "header", "value": {"summary": "s"}},
        {"key": "lfsFile", "value": {"path": "x", "oid": oid, "algo": "sha256"}},
    ]
    await people.bob.post("/api/repos/create", json={"name": "loot"})

    attempts = [
        await people.bob.get("/api/buckets/ana/vault"),
        await people.bob.get("/api/buckets/ana/vault/tree"),
        await people.bob.post("/api/buckets/ana/vault/paths-info", json={"paths": ["plans.bin"]}),
        await people.bob.get("/buckets/ana/vault/resolve/plans.bin"),
        await people.bob.get("/api/buckets/ana/vault/xet-read-token"),
        await people.bob.get("/api/buckets/ana/vault/events"),
        await people.bob.post("/api/buckets/bob/loot/batch", json=add),
        await people.bob.post("/api/buckets/bob/loot/batch", json=copy),
        await people.bob.post("/api/buckets/ana/vault/lfs-files/duplicate", json=give),
        await people.bob.post("/api/buckets/bob/loot/lfs-files/duplicate", json=give),
        await people.bob.post(
            "/api/models/bob/loot/commit/main", content="\n".join(map(json.dumps, commit))
        ),
    ]
    token = (await people.bob.get("/api/buckets/bob/loot/xet-read-token")).json()
    store = httpx.URL(token["casUrl"]).path
    header = {"Authorization": f"Bearer {token['accessToken']}"}
    attempts.append(
        await people.bob.get(f"{store}/v2/reconstructions/{hashes['plans.bin']}", headers=header)
    )

    assert [answer.status_code for answer in attempts] == [404] * 6 + [422, 422, 404, 200, 422, 404]
    assert [one["sha256"] for one in attempts[9].json()["failed"]] == [oid]
    assert (await people.bob.get("/api/buckets/bob/loot/tree")).json() == []
    assert (await people.ana.get("/buckets/ana/vault/resolve/plans.bin")).content == WEIGHTS


@pytest.mark.usefixtures("ana")
async def test_a_member_who_left_is_a_stranger_to_the_bucket(hub: Hub, people: People) -> None:
    organization(hub, "ana")
    await people.ana.post("/api/buckets/acme/box", json={"private": True})
    joins(hub, "bob", Role.WRITE)
    token = (await people.bob.get("/api/buckets/acme/box/xet-write-token")).json()
    assert (await people.bob.get("/api/buckets/acme/box/tree")).status_code == 200
    line = {"type": "deleteFile", "path": "x"}
    assert (await people.bob.post("/api/buckets/acme/box/batch", json=line)).status_code == 200

    leaves(hub, "bob")

    store, header = (
        httpx.URL(token["casUrl"]).path,
        {"Authorization": f"Bearer {token['accessToken']}"},
    )
    assert (await people.bob.get("/api/buckets/acme/box/tree")).status_code == 404
    assert (await people.bob.post("/api/buckets/acme/box/batch", json=line)).status_code == 404
    shard = await people.bob.post(f"{store}/v1/shards", content=b"x", headers=header)
    assert shard.status_code in (401, 404)


@pytest.mark.usefixtures("ana")
async def test_readers_of_an_organization_read_its_buckets_and_change_nothing(
    hub: Hub, people: People
) -> None:
    organization(hub, "ana")
    await people.ana.post("/api/buckets/acme/box", json={"private": True})
    joins(hub, "bob", Role.READ)
    line = {"type": "deleteFile", "path": "x"}

    assert (await people.bob.get("/api/buckets/acme/box")).status_code == 200
    assert [one["id"] for one in (await people.bob.get("/api/buckets/acme")).json()] == ["acme/box"]
    refused = [
        await people.bob.post("/api/buckets/acme/box/batch", json=line),
        await people.bob.get("/api/buckets/acme/box/xet-write-token"),
        await people.bob.delete("/api/buckets/acme/box"),
        await people.bob.post("/api/buckets/acme/another", json={}),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
