"""Uploads over HTTP, in every form that clients have sent."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import at, created, given, texts
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import BASE_URL, access_token, noise, oid_of, person, web_client
from strata.content.reading.files import read_raw
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("repo")]

API = "/api/models/ana/one"
COMMIT = f"{API}/commit/main"


def b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def lines(*entries: tuple[str, dict[str, Any]], summary: str = "Upload", **header: Any) -> str:
    rows = [("header", {"summary": summary, "description": "", **header}), *entries]
    return "\n".join(json.dumps({"key": key, "value": value}) for key, value in rows)


def file(path: str, content: bytes) -> tuple[str, dict[str, Any]]:
    return "file", {"path": path, "content": b64(content), "encoding": "base64"}


async def post(client: httpx.AsyncClient, body: str | bytes, url: str = COMMIT) -> httpx.Response:
    return await client.post(url, content=body, headers={"Content-Type": "application/x-ndjson"})


def left(hub: Hub) -> list[Path]:
    return [path for path in hub.objects.staging().iterdir() if path.is_file()]


async def test_a_commit_answers_what_clients_read(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    large = noise("m", 5000)
    operation = given(hub, owner, repo, "m.bin", large)
    body = lines(
        file("new.txt", b"new"),
        ("file", {"path": "u.txt", "content": "grün", "encoding": "utf-8"}),
        ("lfsFile", {"path": "m.bin", "algo": "sha256", "oid": operation.oid, "size": 5000}),
        ("deletedFile", {"path": "a.txt"}),
        ("deletedFolder", {"path": "dir/"}),
    )
    answer = await post(clients.owner, body)
    assert answer.status_code == 200, answer.text
    sha = answer.json()["commitOid"]
    assert answer.json() == {
        "success": True,
        "commitOid": sha,
        "commitUrl": f"{BASE_URL}/ana/one/commit/{sha}",
        "hookOutput": "",
    }
    assert at(hub, owner, repo).commit == sha
    here = texts(hub, owner, repo)
    assert (here["new.txt"], here["u.txt"]) == (b"new", "grün".encode())
    assert set(here) == {"new.txt", "u.txt", "m.bin", "page.html"}
    assert left(hub) == []


async def test_the_first_form_of_the_body_is_still_read(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    body = {
        "summary": "Old client",
        "description": "",
        "files": [{"path": "x", "content": b64(b"x"), "encoding": "base64"}],
        "lfsFiles": [],
        "deletedFiles": [{"path": "a.txt"}],
    }
    answer = await clients.owner.post(COMMIT, json=body)
    assert answer.status_code == 200, answer.text
    assert set(texts(hub, owner, repo)) == {"x", "dir/b c#%.txt", "page.html"}


@pytest.mark.slow
async def test_content_longer_than_a_line_is_taken_where_it_lies(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    nine = noise("nine", 9 * 1024 * 1024)
    text = ('quote " backslash \\ ünï ' * 100_000)[: 2 * 1024 * 1024]
    big = noise("twelve", 12 * 1024 * 1024)
    rows = [
        {"key": "header", "value": {"summary": "Long", "description": "d"}},
        {"value": {"path": "nine.txt", "content": b64(nine), "encoding": "base64"}, "key": "file"},
        {"key": "file", "value": {"encoding": "utf-8", "content": text, "path": "text.txt"}},
        {"key": "file", "value": {"content": b64(big), "path": "big.txt", "encoding": "base64"}},
        {"key": "deletedFile", "value": {"path": "a.txt"}},
    ]
    escaped = json.dumps(rows[1]).replace("/", "\\/")
    body = "\n".join([json.dumps(rows[0]), escaped, *map(json.dumps, rows[2:]), "", ""])
    answer = await post(clients.owner, body)
    assert answer.status_code == 200, answer.text
    here = at(hub, owner, repo)
    assert read_raw(here, "nine.txt", 10**8) == nine
    assert read_raw(here, "text.txt", 10**8) == text.encode()
    assert read_raw(here, "a.txt", 100) is None
    downloaded = await clients.nobody.get("/ana/one/resolve/main/big.txt")
    assert downloaded.headers["etag"] == f'"{oid_of(big)}"'
    assert downloaded.content == big
    assert left(hub) == []


LONG = "A" * (2 * 1024 * 1024)


def with_line(text: str) -> bytes:
    return f"{lines()}\n{text}".encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        b"nonsense",
        b"{}",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        json.dumps({"key": "file", "value": {"path": "x", "content": ""}}).encode(),
        json.dumps({"key": "header", "value": {}}).encode(),
        json.dumps({"key": "header", "value": {"summary": ""}}).encode(),
        lines(("what", {"path": "x"})).encode(),
        lines(("header", {"summary": "again"})).encode(),
        lines(("file", {"path": "x"})).encode(),
        lines(("file", {"path": "x", "content": "!!!", "encoding": "base64"})).encode(),
        lines(("file", {"path": "x", "content": "AA", "encoding": "base64"})).encode(),
        lines(("file", {"path": "x", "content": "", "encoding": "latin"})).encode(),
        lines(("lfsFile", {"path": "x", "oid": "short", "size": 1})).encode(),
        lines(("lfsFile", {"path": "x", "oid": "0" * 64, "size": -1})).encode(),
        lines(("lfsFile", {"path": "x", "oid": "0" * 64, "algo": "md5"})).encode(),
        lines(("deletedFile", {})).encode(),
        with_line('{"key":"file","value":{"path":"x","content":"' + LONG),
        with_line('{"key":"file","value":{"path":"x","note":"' + LONG + '","content":"QQ=="}}'),
        with_line('{"content":"' + LONG + '","key":"file","value":{"path":"x","content":""}}'),
        with_line('{"key":"lfsFile","value":{"path":"x","content":"' + LONG + '"}}'),
        with_line('{"key":"file","value":{"path":"x","content":"!' + LONG + '"}}'),
        b" " * (2 * 1024 * 1024),
    ],
)  # fmt: skip
async def test_a_body_that_cannot_be_read_changes_nothing(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients, body: bytes
) -> None:
    before = at(hub, owner, repo).commit
    answer = await post(clients.owner, body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["x-error-message"]
    assert answer.json()["error"]
    assert at(hub, owner, repo).commit == before
    assert left(hub) == []


async def test_the_words_of_each_refusal_are_those_that_clients_match(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    head = at(hub, owner, repo).commit
    moved = await post(clients.owner, lines(file("x", b"x"), parentCommit="0" * 40))
    assert moved.status_code == 412
    assert "The branch was updated since you opened this page" in moved.json()["error"]
    gone = await post(clients.owner, lines(("deletedFile", {"path": "missing"})))
    assert (gone.status_code, gone.headers["x-error-code"]) == (404, "EntryNotFound")
    assert gone.json()["error"] == "A file with this name doesn't exist"
    for path in ("..\\ddd", "../x", ".git/config", "/x", "x\0"):
        bad = await post(clients.owner, lines(file(path, b"x")))
        assert bad.status_code == 422, path
    for revision in (head, "missing", "refs%2Fpr%2F7"):
        for query in ("", "?create_pr=1"):
            url = f"{API}/commit/{revision}{query}"
            answer = await post(clients.owner, lines(file("x", b"x")), url)
            assert (answer.status_code, answer.headers["x-error-code"]) == (404, "RevisionNotFound")
    absent = await post(clients.owner, lines(file("x", b"x")), "/api/models/ana/absent/commit/main")
    assert (absent.status_code, absent.json()) == (404, {"error": "Repository not found"})
    card = await post(clients.owner, lines(file("README.md", b"---\nlicense: [1]\n---\n")))
    assert card.status_code == 400
    assert card.json()["errors"][0]["message"].startswith('"license[0]" must be')
    assert at(hub, owner, repo).commit == head


async def test_a_commit_on_the_right_parent_lands(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    head = at(hub, owner, repo).commit
    answer = await post(clients.owner, lines(file("x", b"x"), parentCommit=head))
    assert answer.status_code == 200
    assert (await post(clients.owner, lines())).status_code == 200


async def test_a_reader_opens_a_pull_request(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    answer = await post(
        clients.stranger,
        lines(file("x", b"x"), summary="My idea", description="**why**"),
        f"{COMMIT}?create_pr=1",
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["pullRequestUrl"] == f"{BASE_URL}/ana/one/discussions/1"
    assert at(hub, owner, repo, "refs/pr/1").commit == answer.json()["commitOid"]
    more = await post(clients.stranger, lines(file("y", b"y")), f"{API}/commit/refs%2Fpr%2F1")
    assert more.status_code == 200
    again = await post(clients.owner, lines(), f"{COMMIT}?create_pr=1")
    assert again.json()["pullRequestUrl"].endswith("/discussions/2")
    listed = (await clients.nobody.get(f"{API}/discussions?status=open&author=bob")).json()
    assert (listed["count"], listed["start"]) == (1, 0)
    item = listed["discussions"][0]
    assert item["repo"] == {"name": "ana/one", "type": "model"}
    assert (item["num"], item["status"], item["isPullRequest"]) == (1, "open", True)
    assert item["author"]["name"] == "bob"
    found = (await clients.nobody.get(f"{API}/discussions/1?diff=1")).json()
    assert found["changes"] == {"base": "refs/heads/main"}
    assert found["filesWithConflicts"] == []
    assert "+x" in found["diff"]
    comment, commit = found["events"]
    assert re.fullmatch("[0-9a-f]{24}", comment["id"])
    assert comment["data"]["latest"]["raw"] == "**why**"
    assert "<strong>why</strong>" in comment["data"]["latest"]["html"]
    assert commit["data"] == {"subject": "My idea", "oid": answer.json()["commitOid"]}
    assert found == (await clients.nobody.get(f"{API}/discussions/1?diff=1")).json()
    for wrong, status in (
        ("/discussions/9", 404),
        ("/discussions/x", 404),
        ("/discussions?type=x", 400),
    ):
        assert (await clients.nobody.get(f"{API}{wrong}")).status_code == status
    tree = await clients.nobody.get(f"{API}/tree/refs/pr/1")
    assert "x" in [entry["path"] for entry in tree.json()]


async def test_preupload_answers_every_path(clients: Clients) -> None:
    sample = b64(b"\0\1")
    files = [
        {"path": "new.bin", "sample": sample, "size": 100},
        {"path": "a.txt", "sample": sample, "size": 5},
        {"path": "skip.me", "sample": sample, "size": 5},
    ]
    url = f"{API}/preupload/main"
    answer = await clients.owner.post(url, json={"files": files, "gitIgnore": "*.me\n"})
    assert answer.status_code == 200
    assert answer.json()["files"] == [
        {"path": "new.bin", "uploadMode": "lfs", "shouldIgnore": False},
        {
            "path": "a.txt",
            "uploadMode": "regular",
            "shouldIgnore": False,
            "oid": "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0",
        },
        {"path": "skip.me", "uploadMode": "regular", "shouldIgnore": True},
    ]
    assert re.fullmatch("[0-9a-f]{40}", answer.json()["commitOid"])
    proposed = await clients.stranger.post(f"{url}?create_pr=1", json={"files": files})
    assert proposed.status_code == 200
    missing = await clients.owner.post(f"{API}/preupload/none", json={"files": []})
    assert missing.headers["x-error-code"] == "RevisionNotFound"


async def test_the_oldest_clients_upload_one_file_at_a_time(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    content = noise("old", 4000)
    url = "/api/ana/one/upload/main"
    small = await clients.owner.post(f"{url}/dir/s.txt", content=b"small")
    assert small.json() == {"url": f"{BASE_URL}/ana/one/blob/main/dir/s.txt"}
    assert (await clients.owner.post(f"{url}/w.bin", content=content)).status_code == 200
    assert (await clients.owner.post(f"{url}/..%2Fx", content=b"x")).status_code == 422
    assert (await clients.stranger.post(f"{url}/x", content=b"x")).status_code == 403
    assert (await clients.nobody.get("/ana/one/resolve/main/w.bin")).content == content
    assert texts(hub, owner, repo)["dir/s.txt"] == b"small"
    removed = await clients.owner.delete("/api/ana/one/delete/main/dir/s.txt")
    assert removed.status_code == 200
    assert "dir/s.txt" not in texts(hub, owner, repo)
    assert left(hub) == []


@pytest.fixture
def narrow(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    limits: dict[str, Any] = {"limits.commit_body_bytes": 1000}
    built = build_test_hub(tmp_path / "narrow", clock=clock, **limits)
    yield built
    built.database.close()


async def test_a_body_beyond_the_limit_is_refused_and_leaves_nothing(narrow: Hub) -> None:
    owner = person(narrow, "ana")
    repo = created(narrow, owner, "one")
    before = at(narrow, owner, repo).commit
    async with web_client(narrow, access_token(narrow, owner)) as client:
        answer = await post(client, lines(file("x", b"x" * 2000)))
    assert answer.status_code == 413
    assert at(narrow, owner, repo).commit == before
    assert left(narrow) == []
