"""Trees, refs, history and cards over HTTP."""

import re
from typing import Any

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import at, changed, created, given, uploaded
from fixtures.large_files import BASE_URL, noise, oid_of
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("repo")]

API = "/api/models/ana/one"


async def test_a_tree_has_the_shape_that_clients_parse(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    content = noise("m", 5000)
    sha = changed(hub, owner, repo, [given(hub, owner, repo, "m.bin", content)], title="Big").sha
    answer = await clients.nobody.get(f"{API}/tree/main?recursive=True&expand=true")
    assert answer.status_code == 200
    entries: list[dict[str, Any]] = answer.json()
    by_path = {entry["path"]: entry for entry in entries}
    assert set(by_path["dir"]) == {"type", "oid", "size", "path", "lastCommit"}
    assert (by_path["dir"]["type"], by_path["dir"]["size"]) == ("directory", 0)
    big = by_path["m.bin"]
    assert big["lfs"] == {"oid": oid_of(content), "size": 5000, "pointerSize": 129}
    assert big["size"] == 5000
    assert big["lastCommit"] == {"id": sha, "title": "Big", "date": "2026-11-23T09:00:00.000Z"}
    assert by_path["a.txt"]["oid"] == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"


async def test_a_tree_is_read_page_by_page_along_the_link(clients: Clients) -> None:
    whole = (await clients.nobody.get(f"{API}/tree/main?recursive=true")).json()
    url, seen = f"{API}/tree/main?recursive=true&limit=2", []
    while True:
        answer = await clients.nobody.get(url)
        seen += answer.json()
        link = re.fullmatch(r'<(https?://\S+)>; rel="next"', answer.headers.get("link", ""))
        if link is None:
            break
        url = link[1]
        assert url.startswith(f"{BASE_URL}{API}/tree/main?")
    assert seen == whole
    assert len(seen) == 5


async def test_a_folder_may_be_encoded_or_not(clients: Clients) -> None:
    expected = ["dir/b c#%.txt"]
    for place in (
        "main/dir",
        "main/dir/",
        "refs%2Fheads%2Fmain/dir",
        "refs/heads/main/dir",
        "HEAD/dir",
    ):
        answer = await clients.nobody.get(f"{API}/tree/{place}")
        assert [entry["path"] for entry in answer.json()] == expected


async def test_what_is_missing_has_the_code_that_clients_know(clients: Clients) -> None:
    for url, code in (
        (f"{API}/tree/main/missing", "EntryNotFound"),
        (f"{API}/tree/main/a.txt", "EntryNotFound"),
        (f"{API}/tree/missing", "RevisionNotFound"),
        (f"{API}/commits/missing", "RevisionNotFound"),
        (f"{API}/compare/main..missing", "RevisionNotFound"),
        ("/api/models/ana/none/tree/main", "RepoNotFound"),
        ("/api/datasets/ana/one/tree/main", "RepoNotFound"),
        ("/ana/one/resolve/main/missing", "EntryNotFound"),
        ("/ana/one/resolve/missing/a.txt", "RevisionNotFound"),
    ):
        answer = await clients.stranger.get(url)
        assert (answer.status_code, answer.headers["x-error-code"]) == (404, code), url
        assert answer.headers["x-error-message"] == answer.json()["error"]


async def test_a_private_repo_answers_strangers_as_a_missing_one(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    created(hub, owner, "secret", private=True)
    paths = [
        "/api/models/ana/{}/tree/main", "/api/models/ana/{}/refs",
        "/api/models/ana/{}/commits/main",
        "/api/models/ana/{}/compare/main..main", "/api/models/ana/{}/discussions",
        "/api/models/ana/{}/treesize/main", "/ana/{}/resolve/main/.gitattributes",
        "/ana/{}/raw/nope/x", "/api/resolve-cache/models/ana/{}/main/x",
    ]  # fmt: skip
    for client, status in ((clients.stranger, 404), (clients.nobody, 401)):
        for path in paths:
            hidden, missing = [await client.get(path.format(n)) for n in ("secret", "absent")]
            assert hidden.status_code == missing.status_code == status, path
            assert hidden.headers["x-error-code"] == "RepoNotFound"
            assert _alike(hidden) == _alike(missing)
        for method, path in (
            ("POST", "/api/models/ana/{}/commit/main"),
            ("POST", "/api/models/ana/{}/preupload/main"),
            ("POST", "/api/models/ana/{}/paths-info/main"),
            ("POST", "/api/models/ana/{}/branch/x"),
            ("DELETE", "/api/models/ana/{}/branch/main"),
            ("POST", "/api/models/ana/{}/tag/main"),
            ("POST", "/api/models/ana/{}/super-squash/main"),
        ):
            body = {"paths": [], "files": [], "tag": "x"}
            hidden, missing = [
                await client.request(method, path.format(n), json=body)
                for n in ("secret", "absent")
            ]
            assert hidden.status_code == status, path
            assert _alike(hidden) == _alike(missing)


def _alike(answer: httpx.Response) -> tuple[object, ...]:
    headers = {k: v for k, v in answer.headers.items() if k not in ("x-request-id", "ratelimit")}
    return answer.status_code, headers, answer.content


async def test_paths_info_takes_forms_and_json(clients: Clients) -> None:
    url = f"{API}/paths-info/main"
    form = await clients.nobody.post(url, data={"paths": ["dir", "no", "a.txt"], "expand": "False"})
    json = await clients.nobody.post(url, json={"paths": ["dir", "no", "a.txt"], "expand": True})
    one = await clients.nobody.post(url, data={"paths": "a.txt"})
    assert [entry["path"] for entry in form.json()] == ["dir", "a.txt"]
    assert ["lastCommit" in entry for entry in json.json()] == [True, True]
    assert [entry["path"] for entry in one.json()] == ["a.txt"]
    many = await clients.nobody.post(url, data={"paths": ["a"] * 1200})
    assert (many.status_code, many.json()) == (413, {"error": "too many parameters"})
    for body in (b"", b"\xff", b"expand=true"):
        bad = await clients.nobody.post(url, content=body)
        assert bad.status_code == 400


async def test_treesize_sums_real_sizes(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    changed(hub, owner, repo, [given(hub, owner, repo, "dir/m.bin", noise("m", 5000))])
    answer = await clients.nobody.get(f"{API}/treesize/main/dir")
    assert answer.json() == {"path": "/dir", "size": 5005}
    root = await clients.nobody.get(f"{API}/treesize/main")
    assert root.json()["path"] == "/"
    assert root.json()["size"] > 5005


async def test_commits_name_exactly_the_account(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    uploaded(hub, owner, repo, {"x": b"x"})
    answer = await clients.nobody.get(f"{API}/commits/main?limit=2&expand[]=formatted")
    assert answer.headers["x-total-count"] == "3"
    assert 'rel="next"' in answer.headers["link"]
    items = answer.json()
    assert len(items) == 2
    for item in items:
        assert [author["user"] for author in item["authors"]] == ["ana"]
        assert item["authors"][0]["avatar"].startswith(f"{BASE_URL}/avatars/")
        assert (item["title"], item["message"]) == ("Change", "")
        assert item["formatted"] == {"title": "Change", "message": ""}
    rest = (await clients.nobody.get(f"{API}/commits/main?p=1&limit=2")).json()
    assert [item["title"] for item in rest] == ["initial commit"]
    assert rest[0]["authors"][0]["user"] == "ana"
    assert "formatted" not in rest[0]
    slashed = await clients.nobody.get(f"{API}/commits/refs/heads/main")
    assert len(slashed.json()) == 3
    for wrong in (f"{API}/commits/main/x", f"{API}/commits/main?limit=x"):
        assert (await clients.nobody.get(wrong)).status_code in (400, 404)


async def test_refs_are_made_listed_and_removed(clients: Clients) -> None:
    client = clients.owner
    assert (await client.post(f"{API}/branch/feature%2Fx", content=b"")).status_code == 200
    again = await client.post(f"{API}/branch/feature%2Fx", json={})
    assert again.status_code == 409
    assert "Reference refs/heads/feature/x already exists" in again.json()["error"]
    forbidden = await client.post(f"{API}/branch/refs%2Fpr%2F5", json={})
    assert forbidden.status_code == 400
    assert forbidden.json()["error"].startswith("Invalid reference for a branch: ")
    assert (await client.post(f"{API}/tag/feature%2Fx", json={"tag": "v1"})).status_code == 200
    assert (await client.post(f"{API}/tag/main", json={"tag": "v1"})).status_code == 409
    assert (await client.post(f"{API}/tag/main", json={"tag": "a b"})).status_code == 400
    assert (await client.post(f"{API}/tag/main", json={})).status_code == 400
    listed = (await client.get(f"{API}/refs?include_prs=1")).json()
    assert [ref["name"] for ref in listed["branches"]] == ["main", "feature/x"]
    assert listed["tags"][0]["ref"] == "refs/tags/v1"
    assert re.fullmatch("[0-9a-f]{40}", listed["tags"][0]["targetCommit"])
    assert listed["converts"] == listed["pullRequests"] == []
    assert "pullRequests" not in (await client.get(f"{API}/refs")).json()
    main = await client.delete(f"{API}/branch/main")
    assert (main.status_code, main.json()["error"]) == (400, "Cannot delete refs/heads/main")
    wrong = await client.delete(f"{API}/branch/v1")
    assert (wrong.status_code, wrong.headers["x-error-code"]) == (404, "RevisionNotFound")
    assert (await client.delete(f"{API}/branch/feature%2Fx")).status_code == 200
    assert (await client.delete(f"{API}/tag/v1")).status_code == 200
    assert (await client.delete(f"{API}/tag/v1")).status_code == 404


async def test_who_may_not_write_is_told_so(clients: Clients) -> None:
    for client, status in ((clients.stranger, 403), (clients.reading, 403), (clients.nobody, 401)):
        for method, path in (
            ("POST", "/branch/x"), ("DELETE", "/branch/main"), ("POST", "/tag/main"),
            ("POST", "/super-squash/main"), ("POST", "/preupload/main"), ("POST", "/commit/main"),
        ):  # fmt: skip
            answer = await client.request(method, f"{API}{path}", json={"tag": "x", "files": []})
            assert answer.status_code == status, path
            assert answer.headers["x-error-message"]
            assert "x-error-code" not in answer.headers


async def test_compare_and_squash(hub: Hub, owner: Actor, repo: Repo, clients: Clients) -> None:
    first = at(hub, owner, repo).commit
    uploaded(hub, owner, repo, {"a.txt": b"changed"})
    text = await clients.nobody.get(f"{API}/compare/{first}..main")
    assert text.headers["content-type"].startswith("text/plain")
    assert "+changed" in text.text
    raw = await clients.nobody.get(f"{API}/compare/{first}..refs%2Fheads%2Fmain?raw=true")
    assert re.fullmatch(r"T 7\t:100644 100644 [0-9a-f]{40} [0-9a-f]{40} M\ta\.txt\n", raw.text)
    assert (await clients.nobody.get(f"{API}/compare/main")).status_code == 400
    squashed = await clients.owner.post(f"{API}/super-squash/main", json={"message": "One"})
    assert squashed.status_code == 200
    log = (await clients.nobody.get(f"{API}/commits/main")).json()
    assert [item["title"] for item in log] == ["One"]


async def test_cards_are_judged(clients: Clients) -> None:
    url = "/api/validate-yaml"
    empty = await clients.nobody.post(url, json={"content": "# x", "repoType": "model"})
    assert empty.status_code == 200
    assert empty.json() == {
        "errors": [],
        "warnings": [{"message": "empty or missing yaml metadata in repo card"}],
    }
    wrong = await clients.nobody.post(
        url, json={"content": "---\nmodel-index: foo\n---\n", "repoType": "model"}
    )
    assert wrong.status_code == 400
    assert wrong.json()["errors"][0]["message"].startswith('"model-index" must be')
    right = await clients.nobody.post(url, json={"content": "---\nlicense: mit\n---\n"})
    assert (right.status_code, right.json()) == (200, {"errors": [], "warnings": []})
    for body in (b"nonsense", b'{"repoType": "what"}', b'"text"'):
        answer = await clients.nobody.post(url, content=body)
        assert answer.status_code == 400
        assert isinstance(answer.json(), dict)
