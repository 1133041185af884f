"""Statuses and words that the tests of `huggingface_hub` pin, each asked for here on its own."""

import json
import re
from dataclasses import dataclass

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import changed, created, given, uploaded
from fixtures.large_files import BASE_URL, noise, oid_of
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

ONE = "/api/models/ana/one"
AWFUL = "subfolder/to?/awful?filename%you:should,never.give"
ASKED_AWFUL = "subfolder/to%3F/awful%3Ffilename%25you%3Ashould%2Cnever.give"
LARGE = noise("pinned", 3_000)


def commit_of(*lines: object, **header: object) -> bytes:
    first = {"key": "header", "value": {"summary": "x", **header}}
    return b"\n".join(json.dumps(line).encode() for line in (first, *lines))


def file(path: str, content: str = "eA==") -> dict[str, object]:
    return {"key": "file", "value": {"path": path, "content": content, "encoding": "base64"}}


async def commits(client: httpx.AsyncClient, place: str, body: bytes) -> httpx.Response:
    headers = {"Content-Type": "application/x-ndjson"}
    return await client.post(place, content=body, headers=headers)


async def test_a_commit_to_no_repo(clients: Clients) -> None:
    answer = await commits(clients.owner, "/api/models/ana/none/commit/main", commit_of(file("a")))

    assert (answer.status_code, answer.json()) == (404, {"error": "Repository not found"})
    assert answer.headers["X-Error-Code"] == "RepoNotFound"
    assert answer.headers["X-Error-Message"] == "Repository not found"
    assert answer.headers["X-Request-Id"]


async def test_a_commit_upon_an_old_parent(clients: Clients, repo: Repo) -> None:
    body = commit_of(file("new.txt"), parentCommit="0" * 40)

    answer = await commits(clients.owner, f"{ONE}/commit/main", body)

    text = "The branch was updated since you opened this page. Please refresh and try again."
    assert (answer.status_code, answer.json()["error"]) == (412, text)
    assert (await clients.owner.get(f"/{repo.full_name}/raw/main/new.txt")).status_code == 404


async def test_a_repo_of_others_is_refused_and_then_found(clients: Clients, repo: Repo) -> None:
    body = {"name": "one", "organization": "ana", "type": "model"}

    refused = await clients.stranger.post("/api/repos/create", json=body)

    assert refused.status_code == 403
    assert (await clients.stranger.get(ONE)).json()["id"] == repo.full_name


async def test_a_repo_that_is_there_is_named_by_its_url(clients: Clients, repo: Repo) -> None:
    body = {"name": repo.name, "type": "model"}

    answer = await clients.owner.post("/api/repos/create", json=body)

    error = "You already created this model repo"
    assert answer.status_code == 409
    assert answer.json() == {"error": error, "url": f"{BASE_URL}/ana/one"}


async def test_a_move_onto_a_repo_that_is_there(clients: Clients, hub: Hub, owner: Actor) -> None:
    for name in ("from", "to"):
        created(hub, owner, name)
    body = {"fromRepo": "ana/from", "toRepo": "ana/to", "type": "model"}

    answer = await clients.owner.post("/api/repos/move", json=body)

    assert 400 <= answer.status_code < 500
    assert re.search(r"A model repository called .* already exists", answer.json()["error"])


@pytest.mark.usefixtures("repo")
async def test_a_reader_sends_a_large_file_into_a_pull_request(clients: Clients) -> None:
    objects = [{"oid": oid_of(LARGE), "size": len(LARGE)}]
    asked = {"operation": "upload", "transfers": ["basic"], "objects": objects}
    batch = await clients.stranger.post("/ana/one.git/info/lfs/objects/batch", json=asked)
    link = batch.json()["objects"][0]["actions"]["upload"]["href"]
    token = await clients.stranger.get(f"{ONE}/xet-write-token/main?create_pr=1")
    sent = await clients.nobody.put(link, content=LARGE)
    line = {"key": "lfsFile", "value": {"path": "m.bin", "oid": oid_of(LARGE), "size": len(LARGE)}}

    answer = await commits(
        clients.stranger, f"{ONE}/commit/main?create_pr=1", commit_of(file("a2"), line)
    )
    refused = await commits(clients.stranger, f"{ONE}/commit/main", commit_of(line))

    assert (batch.status_code, token.status_code, sent.status_code) == (200, 200, 200)
    assert answer.json()["pullRequestUrl"].endswith("/ana/one/discussions/1")
    assert refused.status_code == 403


async def test_ignored_files_are_told_by_the_server(
    clients: Clients, hub: Hub, owner: Actor, repo: Repo
) -> None:
    uploaded(hub, owner, repo, {".gitignore": b"*.log\n"})
    files = [{"path": path, "size": 1, "sample": "eA=="} for path in ("a.log", "b.tmp", "c.txt")]

    here = await clients.owner.post(f"{ONE}/preupload/main", json={"files": files})
    sent = await clients.owner.post(
        f"{ONE}/preupload/main", json={"files": files, "gitIgnore": "*.tmp"}
    )

    assert [one["shouldIgnore"] for one in here.json()["files"]] == [True, False, False]
    assert [one["shouldIgnore"] for one in sent.json()["files"]] == [False, True, False]


@pytest.mark.usefixtures("repo")
async def test_each_of_256_files_is_answered(clients: Clients) -> None:
    files = [{"path": f"{number}.bin", "size": 1, "sample": ""} for number in range(256)]

    answer = await clients.owner.post(f"{ONE}/preupload/main", json={"files": files})

    answered = {one["path"]: one["shouldIgnore"] for one in answer.json()["files"]}
    assert answered == {f"{number}.bin": False for number in range(256)}


EXISTS, INVALID = "Reference refs/{} already exists", "Invalid reference for a {}"
GONE = "Invalid rev id: {}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A question about refs and its answer."""

    method: str
    place: str
    body: object
    status: int
    text: str


@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    "asked",
    [
        Refusal("POST", "branch/dev", {}, 409, EXISTS.format("heads/dev")),
        Refusal("POST", "branch/refs%2Fpr%2F5", {}, 400, INVALID.format("branch")),
        Refusal("POST", "branch/n", {"startingPoint": "gone"}, 404, GONE.format("gone")),
        Refusal("DELETE", "branch/main", None, 400, "Cannot delete refs/heads/main"),
        Refusal("DELETE", "branch/gone", None, 404, GONE.format("gone")),
        Refusal("DELETE", "branch/v1", None, 404, GONE.format("v1")),
        Refusal("POST", "tag/main", {"tag": "v1"}, 409, EXISTS.format("tags/v1")),
        Refusal("POST", "tag/main", {"tag": "invalid tag"}, 400, INVALID.format("tag")),
        Refusal("POST", "tag/gone", {"tag": "invalid tag"}, 404, GONE.format("gone")),
        Refusal("DELETE", "tag/gone", None, 404, GONE.format("gone")),
    ],
    ids=lambda asked: f"{asked.method} {asked.place} {asked.status}",
)
async def test_what_branches_and_tags_refuse(clients: Clients, asked: Refusal) -> None:
    await clients.owner.post(f"{ONE}/branch/dev", json={})
    await clients.owner.post(f"{ONE}/tag/main", json={"tag": "v1"})

    answer = await clients.owner.request(asked.method, f"{ONE}/{asked.place}", json=asked.body)

    assert answer.status_code == asked.status
    assert answer.json()["error"].startswith(asked.text)
    code = "RevisionNotFound" if asked.status == 404 else None
    assert answer.headers.get("X-Error-Code") == code


async def test_a_large_file_is_deleted_from_all_of_history(
    clients: Clients, hub: Hub, owner: Actor, repo: Repo
) -> None:
    changed(hub, owner, repo, [given(hub, owner, repo, "m.bin", LARGE)])
    before = (await clients.owner.get(f"{ONE}/commits/main")).json()
    deletions = {"sha": [oid_of(LARGE)], "rewriteHistory": True}

    answer = await clients.owner.post(f"{ONE}/lfs-files/batch", json={"deletions": deletions})

    after = (await clients.owner.get(f"{ONE}/commits/main")).json()
    assert answer.status_code == 200
    assert (await clients.owner.get(f"{ONE}/lfs-files")).json() == []
    assert (await clients.owner.head("/ana/one/resolve/main/m.bin")).status_code == 404
    assert [one["title"] for one in after] == [one["title"] for one in before]
    assert after[0]["id"] != before[0]["id"]


async def test_a_private_repo_under_its_former_name(
    clients: Clients, hub: Hub, owner: Actor
) -> None:
    uploaded(hub, owner, created(hub, owner, "before", private=True), {"a.txt": b"hello"})
    body = {"fromRepo": "ana/before", "toRepo": "ana/after", "type": "model"}
    await clients.owner.post("/api/repos/move", json=body)

    answer = await clients.owner.get("/ana/before/resolve/main/a.txt")
    hidden = await clients.stranger.get("/ana/before/resolve/main/a.txt")

    assert (answer.status_code, hidden.status_code) == (307, 404)
    assert answer.headers["Location"] == "/ana/after/resolve/main/a.txt"
    assert (await clients.owner.get(answer.headers["Location"])).content == b"hello"


@pytest.mark.usefixtures("repo")
async def test_a_gated_file(clients: Clients) -> None:
    await clients.owner.put(f"{ONE}/settings", json={"gated": "manual"})

    answer = await clients.stranger.get("/ana/one/resolve/main/a.txt")

    assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "GatedRepo")
    pinned = r"Access to model .* is restricted and you are not in the authorized list"
    assert re.search(pinned, answer.headers["X-Error-Message"])
    assert re.search(pinned, answer.json()["error"])


async def test_a_file_of_an_awful_name(
    clients: Clients, hub: Hub, owner: Actor, repo: Repo
) -> None:
    uploaded(hub, owner, repo, {AWFUL: b"content"})

    answer = await clients.nobody.get(f"/ana/one/resolve/main/{ASKED_AWFUL}")

    assert (answer.status_code, answer.content) == (200, b"content")


async def test_the_id_of_a_request_is_given_back(clients: Clients) -> None:
    """Ask twice: the client's own id wins, and who sends none gets one."""
    named = await clients.nobody.get("/api/models", headers={"X-Amzn-Trace-Id": "my-own-id-123"})
    nameless = await clients.nobody.get("/api/models")

    assert named.headers["X-Request-Id"] == "my-own-id-123"
    assert re.fullmatch(r"[0-9a-f-]{36}", nameless.headers["X-Request-Id"])


async def test_a_bucket_that_is_there_is_named_by_its_url(clients: Clients) -> None:
    made = await clients.owner.post("/api/buckets/ana/box", json={})
    again = await clients.owner.post("/api/buckets/ana/box", json={})
    others = await clients.stranger.post("/api/buckets/ana/box", json={})

    assert (made.status_code, again.status_code) == (200, 409)
    assert again.json()["url"] == made.json()["url"] == f"{BASE_URL}/buckets/ana/box"
    assert others.status_code == 403
    assert (await clients.nobody.get("/api/buckets/ana/box")).status_code == 200
