"""Buckets over HTTP: what clients send and read, and what each of them is refused."""

import json
from typing import Any

import anyio
import httpx
import pytest
from anyio.abc import TaskGroup
from starlette.types import Message, Scope

from fixtures.buckets import bucket_of, filled, sent
from fixtures.clients import Clients
from fixtures.contents import created
from fixtures.large_files import BASE_URL, access_token, calling, noise, person, working_as
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.app.serving import build_app
from strata.blobs.present import large_files
from strata.core.actor import SYSTEM, Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.web.api.buckets.events import FOLLOWERS_OF_ONE

pytestmark = pytest.mark.anyio

API = "/api/buckets/ana/box"
CONTENT = noise("bucket door", 30_000)


@pytest.fixture
def bucket(hub: Hub, owner: Actor) -> Repo:
    return bucket_of(hub, owner, "box")


@pytest.fixture
def hashes(hub: Hub, owner: Actor, bucket: Repo) -> dict[str, str]:
    """Give the bucket two files; their Xet hashes."""
    return filled(hub, owner, bucket, {"a b#%.txt": CONTENT, "sub/b.bin": CONTENT[:20_000]})


@pytest.fixture
def vault(hub: Hub, owner: Actor) -> Repo:
    return bucket_of(hub, owner, "vault", private=True)


async def batch(client: httpx.AsyncClient, *lines: object, name: str = "box") -> httpx.Response:
    body = b"\n".join([json.dumps(line).encode() for line in lines])
    return await client.post(f"/api/buckets/ana/{name}/batch", content=body)


def add(path: str, xet_hash: str, **more: object) -> dict[str, object]:
    return {"type": "addFile", "path": path, "xetHash": xet_hash, **more}


async def paths(client: httpx.AsyncClient, address: str = f"{API}/tree") -> list[str]:
    return [entry["path"] for entry in (await client.get(address)).json()]


async def test_a_bucket_is_created_once_and_the_second_time_shown(clients: Clients) -> None:
    first = await clients.owner.post("/api/buckets/me/box", json={"private": True})
    again = await clients.owner.post("/api/buckets/ana/box", json={"visibility": "public"})
    info = (await clients.owner.get(API)).json()

    assert first.json()["url"] == f"{BASE_URL}/buckets/ana/box"
    assert (again.status_code, again.json()["url"]) == (409, first.json()["url"])
    assert (info["id"], info["private"], info["size"], info["totalFiles"]) == (
        "ana/box",
        True,
        0,
        0,
    )
    assert info["createdAt"].endswith("Z")
    assert info["updatedAt"].endswith("Z")


async def test_who_may_create_where(clients: Clients) -> None:
    answers = [
        await client.post("/api/buckets/ana/box", json={})
        for client in (clients.stranger, clients.reading, clients.nobody)
    ]
    bad_name = await clients.owner.post("/api/buckets/me/b--x", json={})
    bad_body = await clients.owner.post("/api/buckets/me/box", json={"private": "yes"})
    group = await clients.owner.post("/api/buckets/me/box", json={"resourceGroupId": "6" * 24})

    assert [answer.status_code for answer in answers] == [403, 403, 401]
    assert (bad_name.status_code, bad_body.status_code, group.status_code) == (400, 400, 501)
    assert "private" in bad_body.json()["error"]


async def test_a_batch_adds_copies_deletes_and_says_what_it_could_not(
    clients: Clients, hashes: dict[str, str]
) -> None:
    xet_hash = hashes["sub/b.bin"]
    copy = {"type": "copyFile", "path": "c", "xetHash": xet_hash, "mtime": 1_700_000_000_123,
            "sourceRepoType": "bucket", "sourceRepoId": "ana/box"}  # fmt: skip
    done = await batch(
        clients.owner, copy, add("d", xet_hash, mtime=0, contentType="text/plain"),
        {"type": "deleteFile", "path": "sub/b.bin"}, add("e", "0" * 64),
    )  # fmt: skip
    refused = await batch(clients.owner, add("e", "0" * 64))
    nothing = await batch(clients.owner)
    (copied,) = (await clients.nobody.post(f"{API}/paths-info", json={"paths": ["c"]})).json()

    assert done.status_code == 200
    assert done.json() | {"failed": []} == {
        "success": False, "processed": 4, "succeeded": 3, "failed": []
    }  # fmt: skip
    assert [one["path"] for one in done.json()["failed"]] == ["e"]
    assert (refused.status_code, refused.json()["succeeded"]) == (422, 0)
    assert nothing.json() == {"success": True, "processed": 0, "succeeded": 0, "failed": []}
    assert await paths(clients.nobody) == ["a b#%.txt", "c", "d"]
    assert copied | {"uploadedAt": ""} == {
        "type": "file", "path": "c", "size": 20_000, "xetHash": xet_hash,
        "mtime": "2023-11-14T22:13:20.123Z", "uploadedAt": "",
    }  # fmt: skip


BAD_LINES: list[tuple[Any, str]] = [
    ({"type": "nonsense", "path": "a"}, "nonsense"),
    ({"type": "addFile", "path": "a"}, "xetHash"),
    ({"type": "addFile", "path": 1, "xetHash": "0" * 64}, "path"),
    ({"type": "addFile", "path": "a", "xetHash": "0" * 63}, "xetHash"),
    ({"type": "addFile", "path": "a", "xetHash": "0" * 64, "mtime": 1e15}, "mtime"),
    ({"type": "addFile", "path": "a", "xetHash": "0" * 64, "contentType": "a\nb"}, "contentType"),
    ({"type": "copyFile", "path": "a", "xetHash": "0" * 64, "sourceRepoType": "moon",
      "sourceRepoId": "a/b"}, "sourceRepoType"),
    ({"type": "copyFile", "path": "a", "xetHash": "0" * 64, "sourceRepoType": "model",
      "sourceRepoId": "a/b/c"}, "Repository not found"),
    ([], "Line 2"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "named"), BAD_LINES, ids=range(len(BAD_LINES)))
async def test_a_bad_line_refuses_the_batch_and_nothing_is_done(
    clients: Clients, hashes: dict[str, str], line: object, named: str
) -> None:
    answer = await batch(clients.owner, {"type": "deleteFile", "path": "sub/b.bin"}, line)

    assert answer.status_code == 400
    assert named in answer.json()["error"]
    assert await paths(clients.nobody) == list(hashes)


@pytest.mark.parametrize("body", [b"\xff", b"{", b'{"type":"deleteFile","path":"\\ud800"}'])
@pytest.mark.usefixtures("bucket")
async def test_a_batch_that_is_no_json_is_refused(clients: Clients, body: bytes) -> None:
    answer = await clients.owner.post(f"{API}/batch", content=body)
    assert answer.status_code in (400, 422)


async def test_a_client_is_warned_when_a_bucket_is_nearly_full(
    hub: Hub, clients: Clients, owner: Actor, hashes: dict[str, str]
) -> None:
    roomy = await batch(clients.owner, add("one-more", hashes["a b#%.txt"]))
    assert "X-HF-Warning" not in roomy.headers
    with working_as(hub, SYSTEM) as work:
        place = names.Namespace(owner.user_id or 0, "ana", names.Kind.USER)
        grants.override(work, place, "bucket_files", 4, None)
    nearly = await batch(clients.owner, add("and-more", hashes["a b#%.txt"]))
    assert nearly.json()["success"] is True
    assert nearly.headers["X-HF-Warning"].startswith("Storage; ana/box holds 4 of 4 files.")


async def test_who_may_change_a_bucket(clients: Clients, hashes: dict[str, str]) -> None:
    line = {"type": "deleteFile", "path": "sub/b.bin"}
    everyone = (clients.stranger, clients.reading, clients.nobody)

    batches = [await batch(client, line) for client in everyone]
    tokens = [await client.get(f"{API}/xet-write-token") for client in everyone]
    settings = [await c.put(f"{API}/settings", json={"private": True}) for c in everyone]
    deleted = [await client.delete(API) for client in everyone]

    for answers in (batches, tokens, settings, deleted):
        assert [answer.status_code for answer in answers] == [403, 403, 401]
    assert await paths(clients.nobody) == list(hashes)


async def test_listings_are_flat_unless_one_level_is_asked_for(
    clients: Clients, hashes: dict[str, str]
) -> None:
    level = (await clients.nobody.get(f"{API}/tree", params={"recursive": "false"})).json()
    inner = (await clients.nobody.get(f"{API}/tree/su", params={"recursive": "false"})).json()
    first = await clients.nobody.get(f"{API}/tree", params={"limit": 1, "recursive": "true"})
    second = await clients.nobody.get(first.links["next"]["url"])

    assert await paths(clients.nobody) == list(hashes)
    assert [(entry["type"], entry["path"]) for entry in level] == [
        ("file", "a b#%.txt"), ("directory", "sub")
    ]  # fmt: skip
    assert level[1]["uploadedAt"].endswith("Z")
    assert [entry["path"] for entry in inner] == ["sub"]
    assert await paths(clients.nobody, f"{API}/tree/sub%2Fb") == ["sub/b.bin"]
    assert [first.json()[0]["path"], second.json()[0]["path"]] == list(hashes)
    assert "next" not in second.links


async def test_paths_info_bounds(clients: Clients, hashes: dict[str, str]) -> None:  # noqa: ARG001 — files must be there
    many = await clients.nobody.post(f"{API}/paths-info", json={"paths": ["x"] * 1001})
    wrong = await clients.nobody.post(f"{API}/paths-info", json={"paths": "x"})
    assert (many.status_code, wrong.status_code) == (413, 400)


@pytest.mark.parametrize("path", ["a%20b%23%25.txt", "sub/b.bin", "sub%2Fb.bin"])
async def test_a_file_is_downloaded_whole_in_part_and_described(
    clients: Clients, hashes: dict[str, str], path: str
) -> None:
    address = f"/buckets/ana/box/resolve/{path}"
    name = "sub/b.bin" if path.startswith("sub") else "a b#%.txt"
    content = CONTENT[:20_000] if path.startswith("sub") else CONTENT

    head = await clients.nobody.head(address)
    whole = await clients.nobody.get(address)
    part = await clients.nobody.get(address, headers={"Range": "bytes=10-19"})
    behind = await clients.nobody.get(address, headers={"Range": "bytes=90000-"})
    js = {"Accept": "application/vnd.xet-fileinfo+json, */*", "Range": "bytes=0-0"}
    facts = await clients.nobody.get(address, headers=js)

    assert head.headers["X-Xet-Hash"] == facts.json()["hash"] == hashes[name]
    assert head.headers["X-Linked-Size"] == head.headers["Content-Length"] == str(len(content))
    assert f'<{BASE_URL}{API}/xet-read-token>; rel="xet-auth"' in head.headers["Link"]
    assert "X-Repo-Commit" not in head.headers
    assert (whole.status_code, whole.content) == (200, content)
    assert (part.status_code, part.content) == (206, content[10:20])
    assert behind.status_code == 416


async def test_what_is_missing_says_so(clients: Clients, bucket: Repo, vault: Repo) -> None:  # noqa: ARG001 — both must be there
    file = await clients.nobody.head("/buckets/ana/box/resolve/none")
    hidden = [await clients.stranger.get(f"/api/buckets/ana/vault{end}") for end in ("", "/tree")]
    absent = await clients.stranger.get("/api/buckets/ana/absent")
    nobody = await clients.nobody.get("/api/buckets/ana/vault/tree")
    half = [
        await clients.owner.get("/api/buckets/absent"),
        await clients.owner.delete("/api/buckets/box"),
    ]

    assert (file.status_code, file.headers["X-Error-Code"]) == (404, "EntryNotFound")
    assert [answer.status_code for answer in (*hidden, absent, *half)] == [404] * 5
    assert hidden[0].text == absent.text
    assert (nobody.status_code, nobody.headers["X-Error-Code"]) == (401, "RepoNotFound")


async def test_a_type_that_the_uploader_says_is_shown_only_when_harmless(
    clients: Clients, hashes: dict[str, str]
) -> None:
    given = {"picture": "image/png", "page": "text/html", "program": "application/x-evil"}
    await batch(
        clients.owner,
        *[add(path, hashes["sub/b.bin"], contentType=kind) for path, kind in given.items()],
    )
    shown = {
        path: (await clients.nobody.head(f"/buckets/ana/box/resolve/{path}")).headers
        for path in given
    }
    types = {path: headers["content-type"] for path, headers in shown.items()}

    assert types == {
        "picture": "image/png",
        "page": "text/plain; charset=utf-8",
        "program": "application/octet-stream",
    }
    assert all("sandbox" in headers["content-security-policy"] for headers in shown.values())


@pytest.mark.usefixtures("bucket", "vault")
async def test_lists_show_what_the_caller_may_see_page_by_page(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    bucket_of(hub, owner, "Other_box")

    mine = (await clients.owner.get("/api/buckets/me")).json()
    found = (await clients.owner.get("/api/buckets/ana", params={"search": "R_B"})).json()
    theirs = (await clients.stranger.get("/api/buckets/ana")).json()
    page = await clients.nobody.get("/api/buckets/ANA", params={"limit": 1})
    rest = await clients.nobody.get(page.links["next"]["url"])
    refused = [
        await clients.nobody.get("/api/buckets/me"),
        await clients.nobody.get("/api/buckets/ana", params={"cursor": "x"}),
    ]

    assert [item["id"] for item in mine] == ["ana/Other_box", "ana/vault", "ana/box"]
    assert [item["id"] for item in found] == ["ana/Other_box"]
    assert [item["id"] for item in theirs] == ["ana/Other_box", "ana/box"]
    assert [page.json()[0]["id"], rest.json()[0]["id"]] == ["ana/Other_box", "ana/box"]
    assert "next" not in rest.links
    assert [answer.status_code for answer in refused] == [401, 400]


async def test_settings_moving_and_deleting(clients: Clients, hashes: dict[str, str]) -> None:
    hidden = await clients.owner.put(f"{API}/settings", json={"private": True})
    unseen = await clients.nobody.get(API)
    await clients.owner.put(f"{API}/settings", json={"visibility": "public"})
    move = {"fromRepo": "ana/box", "toRepo": "ana/crate", "type": "bucket"}
    moved = await clients.owner.post("/api/repos/move", json=move)
    old = await clients.nobody.get(f"{API}/tree/sub%2F")
    file = await clients.nobody.get("/buckets/ana/box/resolve/sub%2Fb.bin")
    new = await paths(clients.nobody, "/api/buckets/ana/crate/tree")
    gone = await clients.owner.delete("/api/buckets/ana/crate")
    after = await clients.nobody.get("/buckets/ana/crate/resolve/sub/b.bin")

    assert (hidden.json(), unseen.status_code) == ({"private": True}, 401)
    assert moved.status_code == 200
    assert (old.status_code, old.headers["location"]) == (307, "/api/buckets/ana/crate/tree/sub%2F")
    assert file.headers["location"] == "/buckets/ana/crate/resolve/sub%2Fb.bin"
    assert new == list(hashes)
    assert (gone.status_code, after.status_code) == (200, 401)


async def test_no_door_of_git_repos_opens_a_bucket(
    clients: Clients, hashes: dict[str, str]
) -> None:
    service = {"service": "git-upload-pack"}
    answers = [
        await clients.owner.get("/buckets/ana/box/info/refs", params=service),
        await clients.owner.get("/buckets/ana/box.git/info/refs", params=service),
        await clients.owner.post("/buckets/ana/box.git/info/lfs/objects/batch", json={}),
        await clients.owner.get(f"{API}/refs"),
        await clients.owner.get(f"{API}/revision/main"),
        await clients.owner.post(f"{API}/commit/main", content=b"{}"),
        await clients.owner.post("/api/repos/create", json={"name": "x", "type": "bucket"}),
        await clients.owner.request(
            "DELETE", "/api/repos/delete", json={"name": "box", "type": "bucket"}
        ),
    ]
    assert {answer.status_code for answer in answers} <= {400, 404}
    assert await paths(clients.owner) == list(hashes)


async def test_bytes_are_given_from_and_to_buckets_by_those_who_may(
    hub: Hub, owner: Actor, stranger: Actor, clients: Clients, hashes: dict[str, str], vault: Repo
) -> None:
    model, mine = created(hub, owner, "one"), bucket_of(hub, stranger, "mine")
    secret = sent(hub, owner, vault, noise("secret", 9_000))
    listed = (await clients.owner.get(f"{API}/tree")).json()
    sha = (await clients.owner.head("/buckets/ana/box/resolve/sub/b.bin")).headers["X-Linked-ETag"]
    file = {"sha256": sha.strip('"'), "xetHash": hashes["sub/b.bin"], "filename": "sub/b.bin"}

    def body(kind: str, name: str, *files: dict[str, str]) -> dict[str, object]:
        return {"target": {"type": kind, "name": name}, "files": list(files)}

    give = f"{API}/lfs-files/duplicate"
    to_model = await clients.owner.post(give, json=body("model", "ana/one", file))
    to_mine = await clients.stranger.post(give, json=body("bucket", "bob/mine", file))
    foreign = await clients.stranger.post(give, json=body("bucket", "ana/box", file))
    unnamed = {"sha256": secret.oid, "xetHash": secret.name}
    hidden = await clients.stranger.post(
        "/api/buckets/ana/vault/lfs-files/duplicate", json=body("bucket", "bob/mine", unnamed)
    )
    uploaded_only = await clients.owner.post(
        "/api/buckets/ana/vault/lfs-files/duplicate", json=body("bucket", "ana/box", unnamed)
    )

    assert len(listed) == 2
    assert to_model.json() == to_mine.json() == {"failed": []}
    assert (foreign.status_code, hidden.status_code) == (403, 404)
    assert [one["sha256"] for one in uploaded_only.json()["failed"]] == [secret.oid]
    with calling(hub, owner) as call:
        assert secret.oid not in large_files(call, mine, [secret.oid])
        assert file["sha256"] in large_files(call, model, [file["sha256"]])  # type: ignore[list-item]  # an oid by its look


@pytest.mark.usefixtures("bucket", "vault")
async def test_events_refuse_what_is_no_place_to_begin(clients: Clients) -> None:
    answers = [
        await clients.owner.get(f"{API}/events", params={"cursor": "zzz"}),
        await clients.owner.get(f"{API}/events", params={"since": "yesterday"}),
        await clients.owner.get(f"{API}/events", params={"since": "2026-11-23T09:00:00"}),
        await clients.stranger.get("/api/buckets/ana/vault/events"),
        await clients.nobody.get("/api/buckets/ana/vault/events"),
    ]
    assert [answer.status_code for answer in answers] == [400, 400, 400, 404, 401]


class Followers:
    """Streams of events that stay open; spoken to the application, as a server does."""

    def __init__(self, hub: Hub, tasks: TaskGroup) -> None:
        self._app, self._tasks = build_app(hub), tasks
        self._left = anyio.Event()

    async def follow(self, token: str | None) -> int:
        """Open one; its status."""
        answered, statuses = anyio.Event(), []
        asked = [{"type": "http.request", "body": b"", "more_body": False}]

        async def receive() -> Message:
            if asked:
                return asked.pop()
            await self._left.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(int(message["status"]))
            else:  # the first piece: the seat is taken
                answered.set()

        self._tasks.start_soon(self._app, _events_scope(token), receive, send)
        await answered.wait()
        return statuses[0]

    def leave(self) -> None:
        """Close all that are open."""
        self._left.set()


def _events_scope(token: str | None) -> Scope:
    credentials = [(b"authorization", f"Bearer {token}".encode())] if token else []
    path = f"{API}/events"
    return {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"hub.test"), *credentials],
        "client": ("203.0.113.9", 4711),
    }


@pytest.mark.usefixtures("bucket")
async def test_one_caller_does_not_take_the_seats_of_others(hub: Hub) -> None:
    carol, dave = (access_token(hub, person(hub, name)) for name in ("carol", "dave"))
    async with anyio.create_task_group() as tasks:
        followers = Followers(hub, tasks)
        held = [await followers.follow(carol) for _ in range(FOLLOWERS_OF_ONE)]
        more = [await followers.follow(token) for token in (carol, dave, None)]
        followers.leave()

    assert set(held) == {200}
    assert more == [429, 200, 200]
    async with anyio.create_task_group() as tasks:
        later = Followers(hub, tasks)
        assert await later.follow(carol) == 200
        later.leave()


async def test_kinds_of_one_name_do_not_mix(
    hub: Hub, owner: Actor, clients: Clients, bucket: Repo
) -> None:
    model = created(hub, owner, "box", RepoType.MODEL)
    buckets, models = (
        (await clients.nobody.get(API)).json(),
        (await clients.nobody.get("/api/models/ana/box")).json(),
    )
    assert (buckets["_id"], models["_id"]) == (bucket.key, model.key)


async def test_a_bucket_can_be_put_into_a_collection(clients: Clients, bucket: Repo) -> None:
    made = (await clients.owner.post("/api/collections", json={"title": "Mine"})).json()
    item = {"item": {"id": bucket.full_name, "type": "bucket"}}
    added = await clients.owner.post(f"/api/collections/{made['slug']}/items", json=item)
    params = {"item": "buckets/ana/box", "owner": "ana"}
    found = (await clients.owner.get("/api/collections", params=params)).json()

    assert added.status_code == 200, added.text
    assert [(one["type"], one["id"]) for one in found[0]["items"]] == [("bucket", "ana/box")]
