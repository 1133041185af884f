"""Files over HTTP: headers, ranges, conditions, and what a browser may do with them."""

import json
from urllib.parse import quote

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import at, changed, created, given, uploaded
from fixtures.large_files import BASE_URL, calling, file_of, noise, oid_of, web_client
from strata.app.serving import build_app
from strata.content import refs
from strata.content.writing.operations import AddLarge
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("repo")]

FILE = "/ana/one/resolve/main"
SMALL_ETAG = '"b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"'
CONTENT = noise("download", 300_000)
BASES = (
    "/ana/one/resolve/main",
    "/ana/one/resolve/refs%2Fheads%2Fmain",
    "/ANA/One/resolve/HEAD",
    "/ana/one/raw/main",
    "/api/resolve-cache/models/ana/one/main",
)

CAS = "/xet/e1-0a1b2c3d"


@pytest.fixture
def large(hub: Hub, owner: Actor, repo: Repo) -> str:
    changed(hub, owner, repo, [given(hub, owner, repo, "m.safetensors", CONTENT)])
    return f"{FILE}/m.safetensors"


async def test_a_small_file_comes_with_what_clients_cache_it_under(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    head = at(hub, owner, repo).commit
    get = await clients.nobody.get(f"{FILE}/a.txt", headers={"Accept-Encoding": "gzip"})
    look = await clients.nobody.head(f"{FILE}/a.txt")
    for answer in (get, look):
        assert answer.status_code == 200
        assert answer.headers["x-repo-commit"] == head
        assert answer.headers["etag"] == SMALL_ETAG
        assert answer.headers["content-length"] == "5"
        assert answer.headers["accept-ranges"] == "bytes"
        for absent in ("x-linked-etag", "x-linked-size", "x-xet-hash", "link", "content-encoding"):
            assert absent not in answer.headers
    assert (get.content, look.content) == (b"hello", b"")
    assert {k: v for k, v in get.headers.items() if k not in ("x-request-id", "ratelimit")} == {
        k: v for k, v in look.headers.items() if k not in ("x-request-id", "ratelimit")
    }


async def test_a_large_file_says_its_size_and_sha256(large: str, clients: Clients) -> None:
    for answer in (await clients.nobody.head(large), await clients.nobody.get(large)):
        assert answer.status_code == 200
        assert answer.headers["etag"] == answer.headers["x-linked-etag"] == f'"{oid_of(CONTENT)}"'
        assert answer.headers["content-length"] == answer.headers["x-linked-size"] == "300000"
        assert answer.content in (b"", CONTENT)
    raw = await clients.nobody.get("/ana/one/raw/main/m.safetensors")
    assert raw.text.startswith("version https://git-lfs.github.com/spec/v1\n")
    assert "x-linked-etag" not in raw.headers


@pytest.mark.parametrize(
    ("asked", "status", "start", "stop"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=100-", 206, 100, 300_000),
        ("bytes=-7", 206, 299_993, 300_000),
        ("bytes=5-999999999", 206, 5, 300_000),
        ("bytes=299999-", 206, 299_999, 300_000),
        ("bytes=9-3", 200, 0, 300_000),
        ("lines=1-2", 200, 0, 300_000),
        ("bytes=0-1,5-6", 200, 0, 300_000),
    ],
)
async def test_a_range_of_a_large_file(
    large: str, clients: Clients, asked: str, status: int, start: int, stop: int
) -> None:
    answer = await clients.nobody.get(large, headers={"Range": asked})
    assert answer.status_code == status
    assert answer.content == CONTENT[start:stop]
    assert answer.headers["content-length"] == str(stop - start)
    if status == 206:
        assert answer.headers["content-range"] == f"bytes {start}-{stop - 1}/300000"
    assert answer.headers["x-repo-commit"]


async def test_a_range_behind_the_end_is_refused_with_the_size(
    hub: Hub, owner: Actor, repo: Repo, large: str, clients: Clients
) -> None:
    for url, size in ((large, 300_000), (f"{FILE}/a.txt", 5)):
        answer = await clients.nobody.get(url, headers={"Range": f"bytes={size}-"})
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{size}"
    small = await clients.nobody.get(f"{FILE}/a.txt", headers={"Range": "bytes=1-2"})
    assert (small.status_code, small.content) == (206, b"el")
    uploaded(hub, owner, repo, {"empty": b""})
    empty = await clients.nobody.get(f"{FILE}/empty", headers={"Range": "bytes=0-"})
    assert (empty.status_code, empty.content) == (200, b"")


async def test_conditions_are_obeyed(large: str, clients: Clients) -> None:
    etag = f'"{oid_of(CONTENT)}"'
    for method in ("GET", "HEAD"):
        same = await clients.nobody.request(method, large, headers={"If-None-Match": etag})
        assert same.status_code == 304
        assert (same.headers["etag"], len(same.headers["x-repo-commit"])) == (etag, 40)
        assert same.content == b""
    other = await clients.nobody.get(large, headers={"If-None-Match": '"x"'})
    assert other.status_code == 200
    stale = {"Range": "bytes=0-3", "If-Range": '"x"'}
    assert (await clients.nobody.get(large, headers=stale)).status_code == 200
    fresh = {"Range": "bytes=0-3", "If-Range": etag}
    assert (await clients.nobody.get(large, headers=fresh)).status_code == 206


async def test_a_missing_file_tells_the_commit_so_that_absence_is_cached(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    for method in ("GET", "HEAD"):
        for path in ("missing", "dir", "", "a.txt/x", "dir/..%2Fa.txt", "%FF"):
            answer = await clients.nobody.request(method, f"{FILE}/{path}")
            assert answer.status_code == 404, path
            assert answer.headers["x-error-code"] == "EntryNotFound"
            assert answer.headers["x-repo-commit"] == at(hub, owner, repo).commit


async def test_no_name_holds_a_nul(clients: Clients) -> None:
    for method in ("GET", "HEAD"):
        assert (await clients.nobody.request(method, f"{FILE}/%00")).status_code == 404


async def test_names_are_found_however_they_are_encoded(clients: Clients) -> None:
    for name in (quote("dir/b c#%.txt"), quote("dir/b c#%.txt", safe="")):
        for base in BASES:
            answer = await clients.nobody.get(f"{base}/{name}")
            assert (answer.status_code, answer.content) == (200, b"world"), base
            disposition = answer.headers["content-disposition"]
            assert "filename*=UTF-8''b%20c%23%25.txt; filename=\"b c#%.txt\";" in disposition


async def test_a_disposition_can_be_chosen(clients: Clients) -> None:
    inline = await clients.nobody.get(f"{FILE}/a.txt")
    attached = await clients.nobody.get(f"{FILE}/a.txt?download=true")
    none = await clients.nobody.get(f"{FILE}/a.txt?noContentDisposition=1")
    assert inline.headers["content-disposition"].startswith("inline;")
    assert attached.headers["content-disposition"].startswith("attachment;")
    assert "content-disposition" not in none.headers


async def test_nothing_that_people_upload_runs_as_the_hub(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    names = ["x.html", "x.HTM", "x.svg", "x.xml", "x.xhtml", "x.js", "x.mjs", "x.css", "x.shtml",
             "x.html.gz", "x", "x.mht", "x.swf", "x.wasm2", "x.xsl"]  # fmt: skip
    uploaded(hub, owner, repo, dict.fromkeys(names, b"<script>alert(1)</script>"))
    for name in names:
        for door in ("resolve", "raw"):
            answer = await clients.owner.get(f"/ana/one/{door}/main/{name}")
            kind = answer.headers["content-type"]
            picture = ["image/svg+xml"] if name == "x.svg" else []
            assert kind in ["text/plain; charset=utf-8", "application/octet-stream", *picture], name
            assert answer.headers["x-content-type-options"] == "nosniff"
            policy = answer.headers["content-security-policy"]
            assert policy == "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    assert 'filename="a__.txt"' in await _disposition(hub, owner, repo, clients, 'a"ü.txt')


async def _disposition(hub: Hub, owner: Actor, repo: Repo, clients: Clients, name: str) -> str:
    uploaded(hub, owner, repo, {name: b"x"})
    answer = await clients.owner.get(f"{FILE}/{quote(name)}")
    value: str = answer.headers["content-disposition"]
    return value


async def test_other_revisions_have_their_own_files(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    old = at(hub, owner, repo).commit
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "feature/x")
    uploaded(hub, owner, repo, {"a.txt": b"new"})
    for revision, content in (
        ("main", b"new"), (old, b"hello"), (old[:9], b"hello"), ("feature%2Fx", b"hello"),
        ("feature/x", b"hello"),
    ):  # fmt: skip
        answer = await clients.nobody.get(f"/ana/one/resolve/{revision}/a.txt")
        assert answer.content == content
    fixed = await clients.nobody.get(f"/ana/one/resolve/{old}/a.txt")
    assert "immutable" in fixed.headers["cache-control"]
    assert "immutable" not in (await clients.nobody.get(f"{FILE}/a.txt")).headers["cache-control"]


async def test_datasets_and_spaces_have_their_own_addresses(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    for kind in (RepoType.DATASET, RepoType.SPACE):
        created(hub, owner, "two", kind, sdk="static" if kind is RepoType.SPACE else None)
        for base in (
            f"/{kind.plural}/ana/two/resolve",
            f"/api/resolve-cache/{kind.plural}/ana/two",
        ):
            answer = await clients.nobody.get(f"{base}/main/.gitattributes")
            assert answer.status_code == 200, base


@pytest.mark.usefixtures("large")
async def test_a_pointer_to_bytes_of_another_repo_opens_nothing(
    hub: Hub, owner: Actor, clients: Clients
) -> None:
    other = created(hub, owner, "other")
    body = [
        {"key": "header", "value": {"summary": "x"}},
        {"key": "lfsFile", "value": {"path": "m.bin", "algo": "sha256", "oid": oid_of(CONTENT)}},
    ]
    answer = await clients.owner.post(
        f"/api/models/ana/{other.name}/commit/main", content="\n".join(map(json.dumps, body))
    )
    assert answer.status_code == 422
    assert "Upload it first" in answer.json()["error"]


async def test_a_file_of_chunks_tells_how_to_fetch_them(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    content = noise("xet", 700_000)
    made = file_of(content)
    token = (await clients.owner.get("/api/models/ana/one/xet-write-token/main")).json()
    async with web_client(hub, token["accessToken"]) as cas:
        for xorb in made.xorbs:
            place = f"{CAS}/v1/xorbs/default/{xorb.url_name}"
            sent = await cas.post(place, content=xorb.body)
            assert sent.status_code == 200, sent.text
        assert (await cas.post(f"{CAS}/v1/shards", content=made.shard())).status_code == 200
    changed(hub, owner, repo, [AddLarge("x.bin", oid_of(content), len(content))])
    head = at(hub, owner, repo).commit
    look = await clients.nobody.head(f"{FILE}/x.bin")
    xet_hash = look.headers["x-xet-hash"]
    assert look.headers["link"] == (
        f'<{BASE_URL}/api/models/ana/one/xet-read-token/{head}>; rel="xet-auth", '
        f'<{BASE_URL}/xet/e1-0a1b2c3d/v2/reconstructions/{xet_hash}>; rel="xet-reconstruction-info"'
    )
    assert look.headers["content-length"] == look.headers["x-linked-size"] == "700000"
    assert (await clients.nobody.get(f"{FILE}/x.bin")).content == content
    middle = await clients.nobody.get(f"{FILE}/x.bin", headers={"Range": "bytes=1000-650000"})
    assert (middle.status_code, middle.content) == (206, content[1000:650_001])
    asked = {"Accept": "application/vnd.xet-fileinfo+json, */*", "Range": "bytes=0-0"}
    facts = await clients.nobody.get(f"{FILE}/x.bin", headers=asked)
    assert facts.status_code == 200
    assert "application/vnd.xet-fileinfo+json" in facts.headers["content-type"]
    assert (facts.headers["x-xet-hash"], facts.json()["size"]) == (xet_hash, 700_000)
    assert facts.headers["etag"] == f'"{oid_of(content)}"'
    plain = await clients.nobody.get(f"{FILE}/a.txt", headers=asked)
    assert (plain.status_code, plain.headers["content-range"]) == (206, "bytes 0-0/5")
    entry = (
        await clients.nobody.post("/api/models/ana/one/paths-info/main", json={"paths": ["x.bin"]})
    ).json()
    assert entry[0]["xetHash"] == xet_hash


async def test_a_moved_repo_sends_downloads_on_with_a_relative_redirect(clients: Clients) -> None:
    moved = {"fromRepo": "ana/one", "toRepo": "ana/next", "type": "model"}
    assert (await clients.owner.post("/api/repos/move", json=moved)).status_code == 200
    answer = await clients.nobody.get(f"{FILE}/a.txt?download=true")
    assert (answer.status_code, answer.headers["location"]) == (
        307,
        "/ana/next/resolve/main/a.txt?download=true",
    )


async def test_downloads_are_counted_without_a_write(
    hub: Hub,
) -> None:
    app = build_app(hub)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
        await client.head(f"{FILE}/a.txt")
        await client.get(f"{FILE}/missing")
        app.tallies.downloads.flush(hub)
        assert (await client.get("/api/models/ana/one")).json()["downloads"] == 0
        await client.get(f"{FILE}/a.txt")
        await client.get(f"{FILE}/page.html")
        app.tallies.downloads.flush(hub)
        assert (await client.get("/api/models/ana/one")).json()["downloads"] == 1
