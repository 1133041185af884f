"""What a gate keeps from those it did not let in, by whatever door, with every hash known."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from fixtures.accounts import made
from fixtures.contents import changed, created, given, uploaded
from fixtures.gated import asks, decides, gate
from fixtures.large_files import (
    MadeFile,
    access_token,
    calling,
    file_of,
    noise,
    web_client,
)
from strata.access.gates.record import Standing
from strata.blobs.present import large_files
from strata.content.writing.operations import AddLarge
from strata.core.actor import Actor, TokenRole
from strata.core.hub import Hub
from strata.core.names import Oid, RepoId, RepoType
from strata.lib.xet.hash import to_hex
from strata.repos.change import Settings
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web.paths import Route
from strata.web.routes import ROUTES

pytestmark = pytest.mark.anyio

SECRET = b"the words behind the gate"
STORED = noise("kept as one object", 60_000)
CHUNKED = noise("kept as chunks", 200_000)
VAULT, API = "/ana/vault", "/api/models/ana/vault"
OF_A_REPO = [route for route in ROUTES if "{repo}" in route.template]
# Open to everybody: the card, and what `resolve` gives of it.
CARD = b"# The card\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@dataclass(frozen=True, slots=True)
class Scene:
    """A gated repo, whoever comes near it, and all that an attacker could know of it."""

    hub: Hub
    vault: Repo
    owner: Actor
    friend: Actor  # was let in
    mallory: Actor  # was not, and has a repo, a bucket and a token of her own
    file: MadeFile  # what the Xet file is made of
    stored: Oid
    blob: str  # git object of the small file
    commit: str

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What no answer to a stranger may hold; the hashes of large files among them."""
        hashes = (self.stored, self.file.oid, self.file.name, self.file.xorbs[0].url_name)
        return SECRET, STORED[:24], CHUNKED[:24], *(text.encode() for text in hashes)


@dataclass(frozen=True, slots=True)
class People:
    """Who asks, each with a client."""

    owner: httpx.AsyncClient
    friend: httpx.AsyncClient
    friend_reading: httpx.AsyncClient  # with a token that only reads
    mallory: httpx.AsyncClient
    mallory_reading: httpx.AsyncClient
    nobody: httpx.AsyncClient


async def chunk_store(client: httpx.AsyncClient, repo: str, kind: str) -> dict[str, str]:
    """The address of the chunk store, and the header that opens it."""
    answer = await client.get(f"/api/models/{repo}/xet-{kind}-token/main")
    assert answer.status_code == 200
    issued = answer.json()
    path = httpx.URL(issued["casUrl"]).path
    return {"path": path, "Authorization": f"Bearer {issued['accessToken']}"}


async def sent(client: httpx.AsyncClient, repo: str, content: bytes) -> MadeFile:
    """Upload a file by Xet."""
    file = file_of(content)
    store = await chunk_store(client, repo, "write")
    for xorb in file.xorbs:
        address = f"{store['path']}/v1/xorbs/default/{xorb.url_name}"
        await client.post(address, content=xorb.body, headers=store)
    done = await client.post(f"{store['path']}/v1/shards", content=file.shard(), headers=store)
    assert done.json() == {"result": 1}
    return file


@pytest.fixture
async def scene(hub: Hub) -> Scene:
    owner, friend, mallory = (made(hub, name) for name in ("ana", "carl", "mallory"))
    vault = created(hub, owner, "vault")
    uploaded(hub, owner, vault, {"a.txt": SECRET, "README.md": CARD, "docs/README.md": SECRET})
    stored = given(hub, owner, vault, "stored.bin", STORED)
    async with web_client(hub, access_token(hub, owner)) as client:
        file = await sent(client, "ana/vault", CHUNKED)
        tree = (await client.get(f"{API}/tree/main")).json()
    chunked = AddLarge("chunked.bin", file.oid, len(CHUNKED))
    commit = changed(hub, owner, vault, [stored, chunked]).sha
    for name, kind in (("mine", RepoType.MODEL), ("rows", RepoType.DATASET)):
        created(hub, mallory, name, kind)
    gated = gate(hub, owner, vault, Settings(gated="manual"))
    asks(hub, friend, gated)
    decides(hub, owner, gated, Standing.ACCEPTED, "carl")
    blob = next(entry["oid"] for entry in tree if entry["path"] == "a.txt")
    return Scene(hub, gated, owner, friend, mallory, file, stored.oid, blob, commit)


@pytest.fixture
async def people(hub: Hub, scene: Scene) -> AsyncIterator[People]:
    read = TokenRole.READ
    tokens = (
        access_token(hub, scene.owner),
        access_token(hub, scene.friend),
        access_token(hub, scene.friend, read),
        access_token(hub, scene.mallory),
        access_token(hub, scene.mallory, read),
        None,
    )
    clients = [web_client(hub, token) for token in tokens]
    for client in clients:
        await client.__aenter__()
    yield People(*clients)
    for client in clients:
        await client.aclose()


def addresses(route: Route, scene: Scene) -> Iterator[str]:
    """The addresses of a route for the vault, under everything that somebody may know."""
    for revision, path in (
        ("main", "a.txt"),
        (scene.commit, "stored.bin"),
        ("refs%2Fheads%2Fmain", "chunked.bin"),
        ("main", "docs/README.md"),
    ):
        known = {
            "type": "models", "web": "", "repo": "ana/vault", "revision": revision, "path": path,
            "oid": scene.stored, "number": "1", "lock": "1", "name": "mallory", "user": "mallory",
            "hash": scene.file.name, "status": "accepted", "comment": "0" * 24,
        }  # fmt: skip
        if "compare" in route.template:
            known["path"] = f"{scene.commit}..main"
        yield route.template.format_map(known)


def bodies(scene: Scene) -> list[bytes]:
    objects = [{"oid": scene.stored, "size": len(STORED)}]
    return [
        b"{}",
        json.dumps({"paths": ["a.txt", "stored.bin", "chunked.bin"], "expand": True}).encode(),
        json.dumps({"operation": "download", "objects": objects}).encode(),
        f"0032want {scene.commit}\n00000009done\n".encode(),
    ]


async def told(scene: Scene, client: httpx.AsyncClient) -> bytes:
    """All that every address of the vault answers to somebody."""
    heard = b""
    for route in OF_A_REPO:
        for method in route.methods:
            if method == "DELETE" or "lfs/objects/{oid}" in route.template:
                continue
            for address in dict.fromkeys(addresses(route, scene)):
                for body in bodies(scene) if method == "POST" else [b""]:
                    answer = await client.request(
                        method,
                        address,
                        params={"service": "git-upload-pack", "blobs": "true", "diff": "1"},
                        content=body,
                        headers={"Content-Type": "application/json"},
                    )
                    assert answer.status_code != 500, (method, address, answer.text)
                    heard += answer.content + str(answer.headers).encode()
    return heard


async def test_no_address_of_the_repo_gives_a_stranger_a_byte_or_a_hash(
    scene: Scene, people: People
) -> None:
    for client in (people.mallory, people.mallory_reading, people.nobody):
        heard = await told(scene, client)
        assert [secret for secret in scene.secrets if secret in heard] == []
    # The walk comes by everything that there is to find.
    heard = await told(scene, people.friend_reading)
    assert [secret for secret in scene.secrets[:-1] if secret not in heard] == []


READS = [
    f"{VAULT}/resolve/main/a.txt",
    f"{VAULT}/resolve/main/stored.bin",
    f"{VAULT}/resolve/main/chunked.bin",
    f"{VAULT}/raw/main/stored.bin",
    "/api/resolve-cache/models/ana/vault/main/a.txt",
    f"{VAULT}/blob/main/a.txt",
    f"{VAULT}/commit/main",
    f"{API}/auth-check",
    f"{API}/xet-read-token/main",
    f"{VAULT}.git/info/refs?service=git-upload-pack",
]


@pytest.mark.parametrize("path", READS)
async def test_each_door_knows_who_was_let_in(scene: Scene, people: People, path: str) -> None:
    for client in (people.owner, people.friend, people.friend_reading):
        assert (await client.get(path)).status_code == 200
    for client, status in (
        (people.mallory, 403),
        (people.mallory_reading, 403),
        (people.nobody, 403 if "/blob/" in path or "/commit/" in path else 401),
    ):
        answer = await client.get(path)
        assert (answer.status_code, answer.headers["X-Error-Code"]) == (status, "GatedRepo")
    assert scene.vault.gated == "manual"


def holds(scene: Scene, name: str, kind: RepoType) -> bool:
    """Whether a repo of mallory's was given bytes of the vault."""
    with calling(scene.hub, scene.mallory) as call:
        repo = lookup(call, RepoId(kind, "mallory", name))
        return bool(large_files(call, repo, [scene.stored, scene.file.oid]))


async def test_who_knows_a_hash_gets_nothing_by_way_of_her_own_repos(
    scene: Scene, people: People
) -> None:
    mallory = people.mallory
    both = [{"oid": scene.stored, "size": len(STORED)}, {"oid": scene.file.oid, "size": 200_000}]
    for repo in (VAULT, "/mallory/mine"):
        asked = {"operation": "download", "objects": both}
        answer = await mallory.post(f"{repo}.git/info/lfs/objects/batch", json=asked)
        assert answer.status_code == 403 or all("error" in one for one in answer.json()["objects"])
    files = [{"sha256": scene.stored}, {"sha256": scene.file.oid, "xetHash": scene.file.name}]
    wanted = {"target": {"type": "dataset", "name": "mallory/rows"}, "files": files}
    gift = await mallory.post(f"{API}/lfs-files/duplicate", json=wanted)
    assert (gift.status_code, gift.headers["X-Error-Code"]) == (403, "GatedRepo")
    for oid, size in ((scene.stored, len(STORED)), (scene.file.oid, len(CHUNKED))):
        claim = json.dumps({"key": "lfsFile", "value": {"path": "x", "oid": oid, "size": size}})
        commit = '{"key":"header","value":{"summary":"s"}}\n' + claim
        refused = await mallory.post("/api/models/mallory/mine/commit/main", content=commit)
        assert refused.status_code == 422
        proposed = await mallory.post(f"{API}/commit/main?create_pr=1", content=commit)
        assert proposed.headers["X-Error-Code"] == "GatedRepo"
    await mallory.post("/api/buckets/mallory/drop", json={})
    copy = {
        "type": "copyFile", "path": "x", "xetHash": scene.file.name,
        "sourceRepoType": "model", "sourceRepoId": "ana/vault",
    }  # fmt: skip
    added = {"type": "addFile", "path": "y", "xetHash": scene.file.name}
    lines = "\n".join(json.dumps(line) for line in (copy, added))
    await mallory.post("/api/buckets/mallory/drop/batch", content=lines)
    for kind, name in (
        (RepoType.MODEL, "mine"), (RepoType.DATASET, "rows"), (RepoType.BUCKET, "drop"),
    ):  # fmt: skip
        assert not holds(scene, name, kind)


async def test_the_chunk_store_knows_no_file_chunk_or_xorb_of_the_vault(
    scene: Scene, people: People
) -> None:
    first = scene.file.xorbs[0]
    chunk = first.xorb.chunks.hash_at(0)
    own = await chunk_store(people.mallory, "mallory/mine", "write")
    friends = await chunk_store(people.friend, "ana/vault", "read")
    for method, path in (
        ("GET", f"/v2/reconstructions/{scene.file.name}"),
        ("GET", f"/v1/reconstructions/{scene.file.name}"),
        ("HEAD", f"/v1/files/{scene.file.name}"),
        ("HEAD", f"/v1/xorbs/default/{first.url_name}"),
        ("GET", f"/v1/chunks/default/{to_hex(chunk)}"),
    ):
        hers = await people.mallory.request(method, own["path"] + path, headers=own)
        his = await people.friend.request(method, friends["path"] + path, headers=friends)
        assert hers.status_code == 404, path
        assert his.status_code == 200, path


async def plan(client: httpx.AsyncClient, store: dict[str, str], name: str) -> httpx.Response:
    return await client.get(f"{store['path']}/v2/reconstructions/{name}", headers=store)


async def test_whoever_is_put_out_loses_every_link_at_once(scene: Scene, people: People) -> None:
    store = await chunk_store(people.friend, "ana/vault", "read")
    planned = await plan(people.friend, store, scene.file.name)
    fetches: list[Any] = [one for xorb in planned.json()["xorbs"].values() for one in xorb]
    data, some = fetches[0]["url"], {"Range": "bytes=0-10"}
    asked = {"operation": "download", "objects": [{"oid": scene.stored, "size": len(STORED)}]}
    batch = await people.friend.post(f"{VAULT}.git/info/lfs/objects/batch", json=asked)
    link = batch.json()["objects"][0]["actions"]["download"]["href"]
    assert (await people.nobody.get(link)).content == STORED
    assert (await people.nobody.get(data, headers=some)).status_code == 206
    for standing in (Standing.REJECTED, Standing.RESET, Standing.PENDING):
        decides(scene.hub, scene.owner, scene.vault, standing, "carl")
        for answer in (
            await people.nobody.get(link),
            await people.nobody.get(data, headers=some),
            await plan(people.friend, store, scene.file.name),
            await people.friend.get(f"{VAULT}/resolve/main/a.txt"),
        ):
            assert answer.status_code in (401, 403)
            assert answer.headers["X-Error-Code"] == "GatedRepo"
    decides(scene.hub, scene.owner, scene.vault, Standing.ACCEPTED, "carl")
    assert (await people.nobody.get(link)).content == STORED
    assert (await plan(people.friend, store, scene.file.name)).status_code == 200


async def test_a_repo_that_is_gated_later_closes_what_was_open(
    scene: Scene, people: People
) -> None:
    gate(scene.hub, scene.owner, scene.vault, Settings(gated=False))
    store = await chunk_store(people.mallory, "ana/vault", "read")
    assert (await plan(people.mallory, store, scene.file.name)).status_code == 200
    gate(scene.hub, scene.owner, scene.vault, Settings(gated="auto"))
    assert (await plan(people.mallory, store, scene.file.name)).status_code == 403
    assert (await people.mallory.post(f"{VAULT}/ask-access", json={})).status_code == 303
    assert (await plan(people.mallory, store, scene.file.name)).status_code == 200


@pytest.mark.usefixtures("scene")
async def test_discussions_stay_open_and_say_nothing_of_the_files(people: People) -> None:
    change = '{"key":"header","value":{"summary":"Better"}}\n' + json.dumps(
        {"key": "file", "value": {"path": "a.txt", "content": "bmV3", "encoding": "base64"}}
    )
    proposed = await people.friend.post(f"{API}/commit/main?create_pr=1", content=change)
    assert proposed.status_code == 200
    number = proposed.json()["pullRequestUrl"].rpartition("/")[2]
    for client in (people.mallory, people.nobody):
        details = await client.get(f"{API}/discussions/{number}?diff=1")
        assert details.status_code == 200
        assert SECRET not in details.content
        assert (await client.get(f"{VAULT}/discussions/{number}")).status_code == 200
    assert SECRET in (await people.friend.get(f"{API}/discussions/{number}?diff=1")).content
    opened = await people.mallory.post(
        f"{API}/discussions", json={"title": "A question", "description": "May I?"}
    )
    assert opened.status_code == 200
    assert (await people.mallory.post(f"{API}/like")).status_code == 200
    draft = await people.mallory.post(
        f"{API}/discussions",
        json={"title": "A change", "description": "x", "pullRequest": True},
    )
    assert draft.headers["X-Error-Code"] == "GatedRepo"
