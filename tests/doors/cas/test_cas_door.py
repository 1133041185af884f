"""The chunk store over HTTP: the routes of hf_xet of all ages, and what attackers try on them."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.buckets import bucket_of
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import (
    BASE_URL,
    MadeFile,
    access_token,
    calling,
    chunked,
    file_of,
    left_in_staging,
    noise,
    person,
    repository,
    web_client,
    with_local_store,
    working_as,
    xorb_of,
)
from strata.blobs.inventory.holdings import give_up
from strata.blobs.present import large_files
from strata.core.actor import Actor, Role, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.lib.xet.crc import crc64
from strata.lib.xet.hash import file_hash, to_hex
from strata.lib.xet.shard import ShardFile, parse
from strata.lib.xet.shard_write import build as build_shard
from strata.lib.xet.table import Terms
from strata.lib.xet.xorb import decode_chunks
from strata.repos.collaborating import queries as collaborating
from strata.repos.record import Repo

CONTENT = noise("cas", 900_000) + b"text, " * 60_000
CAS = f"{BASE_URL}/xet/e1-0a1b2c3d"


@pytest.fixture(params=["memory", "local"])
def hub(tmp_path: Path, clock: FrozenClock, request: pytest.FixtureRequest) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield with_local_store(built) if request.param == "local" else built
    built.database.close()


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return person(hub, "alice")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def repo(hub: Hub, alice: Actor) -> Repo:
    return repository(hub, alice, "model")


async def cas_token(hub: Hub, actor: Actor, repo: str, scope: str = "write", tail: str = "") -> str:
    async with web_client(hub, access_token(hub, actor)) as api:
        answer = await api.get(f"/api/models/{repo}/xet-{scope}-token/main{tail}")
    assert answer.status_code == 200, answer.text
    token: str = answer.json()["accessToken"]
    return token


async def cas_client(
    hub: Hub, actor: Actor, repo: str = "alice/model", scope: str = "write"
) -> httpx.AsyncClient:
    tail = "?create_pr=1" if scope == "write" else ""
    client = web_client(hub, await cas_token(hub, actor, repo, scope, tail))
    client.base_url = httpx.URL(CAS)
    return client


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines()]


async def send(cas: httpx.AsyncClient, made: MadeFile) -> None:
    for xorb in made.xorbs:
        answer = await cas.post(f"/v1/xorbs/default/{xorb.url_name}", content=xorb.body)
        assert answer.status_code == 200, answer.text
    answer = await cas.post("/v2/shards", content=made.shard())
    assert lines(answer)[-1]["type"] == "result", answer.text


async def fetched_v2(cas: httpx.AsyncClient, name: str, wanted: str, *, together: bool) -> bytes:
    """Download as clients do; one GET a range, or all ranges of a URL at once."""
    plan = (await cas.get(f"/v2/reconstructions/{name}", headers={"Range": wanted})).json()
    chunks: dict[tuple[str, int], bytes] = {}
    for xorb, fetches in plan["xorbs"].items():
        for fetch in fetches:
            spans = [(p["bytes"]["start"], p["bytes"]["end"]) for p in fetch["ranges"]]
            for pair, stored in zip(
                fetch["ranges"],
                await _stored(fetch["url"], cas, spans, together=together),
                strict=True,
            ):
                for offset, chunk in enumerate(decode_chunks(stored)):
                    chunks[xorb, pair["chunks"]["start"] + offset] = bytes(chunk)
    return b"".join(
        chunks[term["hash"], index]
        for term in plan["terms"]
        for index in range(term["range"]["start"], term["range"]["end"])
    )[plan["offset_into_first_range"] :]


async def _stored(
    url: str, cas: httpx.AsyncClient, spans: list[tuple[int, int]], *, together: bool
) -> list[bytes]:
    if not together or len(spans) == 1:
        answers = [
            await cas.get(url, headers={"Range": f"bytes={a}-{b}", "Authorization": ""})
            for a, b in spans
        ]
        assert {answer.status_code for answer in answers} == {206}
        return [answer.content for answer in answers]
    header = "bytes=" + ",".join(f"{a}-{b}" for a, b in spans)
    answer = await cas.get(url, headers={"Range": header, "Authorization": ""})
    assert answer.status_code == 206
    boundary = answer.headers["content-type"].partition("boundary=")[2].encode()
    parts = answer.content.split(b"--" + boundary)[1:-1]
    return [part.partition(b"\r\n\r\n")[2][:-2] for part in parts]


@pytest.mark.anyio
async def test_tokens_come_in_json_and_in_headers(hub: Hub, alice: Actor, repo: Repo) -> None:
    async with web_client(hub, access_token(hub, alice)) as api:
        for scope in ("read", "write"):
            for revision in ("main", "None", "refs%2Fpr%2F1", "refs/pr/1", "a" * 40):
                answer = await api.get(f"/api/models/alice/model/xet-{scope}-token/{revision}")
                body = answer.json()
                assert body["casUrl"] == answer.headers["x-xet-cas-url"] == CAS
                assert body["accessToken"] == answer.headers["x-xet-access-token"]
                assert str(body["exp"]) == answer.headers["x-xet-token-expiration"]
                assert body["exp"] == hub.clock().timestamp() + 3600
    assert repo.name == "model"


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_who_gets_which_token(hub: Hub, alice: Actor, bob: Actor) -> None:
    repository(hub, alice, "private", private=True)
    api = "/api/models/alice"
    async with web_client(hub) as anonymous:
        assert (await anonymous.get(f"{api}/model/xet-read-token/main")).status_code == 200
        assert (await anonymous.get(f"{api}/model/xet-write-token/main")).status_code == 401
        hidden = await anonymous.get(f"{api}/private/xet-read-token/main")
        assert (hidden.status_code, hidden.headers["x-error-code"]) == (401, "RepoNotFound")
    async with web_client(hub, access_token(hub, bob)) as stranger:
        assert (await stranger.get(f"{api}/model/xet-write-token/main")).status_code == 403
        proposal = await stranger.get(f"{api}/model/xet-write-token/main?create_pr=1")
        assert proposal.status_code == 200
        for scope in ("read", "write"):
            answer = await stranger.get(f"{api}/private/xet-{scope}-token/main?create_pr=1")
            assert answer.status_code == 404
    async with web_client(hub, access_token(hub, alice, TokenRole.READ)) as reader:
        assert (await reader.get(f"{api}/model/xet-write-token/main")).status_code == 403


@pytest.mark.anyio
async def test_a_file_goes_up_and_comes_down(hub: Hub, alice: Actor, repo: Repo) -> None:
    made = file_of(CONTENT, chunks_a_xorb=4)
    async with await cas_client(hub, alice) as cas:
        await send(cas, made)
        for together in (False, True):
            for start, stop in [(0, len(CONTENT)), (5, 6), (100_000, 1_000_000)]:
                got = await fetched_v2(
                    cas, made.name, f"bytes={start}-{stop - 1}", together=together
                )
                assert got[: stop - start] == CONTENT[start:stop]
        sizes = await cas.head(f"/v1/files/{made.name}")
        xorb = await cas.head(f"/v1/xorbs/default/{made.xorbs[0].url_name}")
        many = await cas.get(f"/v1/reconstructions?file_id={made.name}&file_id={made.name}")
    assert sizes.headers["content-length"] == str(len(CONTENT))
    assert xorb.headers["content-length"] == str(len(made.xorbs[0].body))
    assert list(many.json()["files"]) == [made.name]
    with calling(hub, alice) as call:
        assert large_files(call, repo, [made.oid])[made.oid].xet_hash == made.name
    assert left_in_staging(hub) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_scattered_ranges_come_in_one_multipart_answer(hub: Hub, alice: Actor) -> None:
    chunks = chunked(CONTENT)
    whole = xorb_of(*chunks)
    terms = [whole.term(start, start + 1) for start in range(0, len(chunks), 2)]
    content = b"".join(chunks[::2])
    leaves = whole.xorb.chunks.leaves()[::2]
    proofs = [whole.proof(start, start + 1) for start in range(0, len(chunks), 2)]
    entry = ShardFile(file_hash(leaves), Terms.of(terms), b"".join(proofs), None)
    name = to_hex(entry.hash)
    async with await cas_client(hub, alice) as cas:
        await cas.post(f"/v1/xorbs/default/{whole.url_name}", content=whole.body)
        shard = build_shard([entry], [])
        assert (await cas.post("/v1/shards", content=shard)).json() == {"result": 1}
        plan = (await cas.get(f"/v2/reconstructions/{name}")).json()
        ((fetch,),) = plan["xorbs"].values()
        assert len(fetch["ranges"]) > 3
        got = await fetched_v2(cas, name, f"bytes=0-{len(content) - 1}", together=True)
    assert got == content


OLD_SPELLINGS = [
    ("/xorb/default/", f"/shard/default-merkledb/{'0' * 64}", "", "/chunk/default-merkledb/"),
    ("/xorb/default/", f"/shard/default/{'0' * 64}", "", "/chunk/default/"),
    ("/xorbs/default/", "/shards", "s", "/chunks/default/"),
    ("/v1/xorbs/default/", "/shards", "s", "/v1/chunks/default/"),
    ("/v1/xorbs/default-merkledb/", "/v1/shards", "s", "/v1/chunks/default-merkledb/"),
]


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize("spelling", OLD_SPELLINGS)
async def test_older_clients_find_their_urls(
    hub: Hub, alice: Actor, spelling: tuple[str, str, str, str]
) -> None:
    xorb_url, shard_url, plural, chunk_url = spelling
    version = "/v1" if chunk_url.startswith("/v1") else ""
    reconstruction_url = f"{version}/reconstruction{plural}/"
    made = file_of(CONTENT)
    async with await cas_client(hub, alice) as cas:
        for xorb in made.xorbs:
            sent = await cas.post(xorb_url + xorb.url_name, content=xorb.body)
            assert sent.json() == {"was_inserted": True}
        assert (await cas.post(shard_url, content=made.shard())).json() == {"result": 1}
        assert (await cas.post(shard_url, content=made.shard())).json() == {"result": 0}
        plan = (await cas.get(reconstruction_url + made.name)).json()
        past = await cas.get(
            reconstruction_url + made.name, headers={"Range": f"bytes={len(CONTENT)}-"}
        )
        known = await cas.get(chunk_url + to_hex(made.xorbs[0].xorb.chunks.hash_at(0)))
        new = await cas.get(chunk_url + "1" * 64)
    assert sum(term["unpacked_length"] for term in plan["terms"]) == len(CONTENT)
    assert past.status_code == 416
    assert len(parse(known.content).xorbs) == len(made.xorbs)
    assert new.status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_a_grant_spares_known_bytes_and_takes_new_ones(hub: Hub, alice: Actor) -> None:
    (xorb,) = file_of(b"granted " * 20_000).xorbs
    asked = {
        "length": len(xorb.body),
        "checksum": {"algo": "crc64nvme", "value": str(crc64(xorb.body))},
    }
    url = f"/v1/xorb-grants/default/{xorb.url_name}"
    async with await cas_client(hub, alice) as cas, web_client(hub) as bare:
        offer = await cas.post(url, json=asked)
        assert offer.status_code == 201
        grant = offer.json()
        commit = f"/v1/xorb-commits/default/{xorb.url_name}/grant/{grant['id']}"
        assert (await cas.post(commit)).status_code == 404  # nothing was sent yet
        put = await bare.request(grant["method"], grant["url"], content=xorb.body)
        assert put.status_code == 200
        assert (await cas.post(commit)).status_code == 200
        assert (await cas.post(commit)).status_code == 404  # used up
        assert (await cas.post(url, json=asked)).status_code == 200  # here already
        other = asked | {"checksum": {"algo": "md5", "value": "1"}}
        assert (await cas.post(url, json=other)).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_a_grant_takes_only_what_was_announced(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    (xorb,) = file_of(b"granted " * 20_000).xorbs
    checksum = {"algo": "crc64nvme", "value": str(crc64(xorb.body))}
    url = f"/v1/xorb-grants/default/{xorb.url_name}"
    async with await cas_client(hub, alice) as cas, web_client(hub) as bare:
        grant = (await cas.post(url, json={"length": len(xorb.body), "checksum": checksum})).json()
        flipped = xorb.body[:-1] + bytes([xorb.body[-1] ^ 1])
        for body in (b"", xorb.body[:-1], xorb.body + b"x", flipped):
            assert (await bare.put(grant["url"], content=body)).status_code == 400
        for huge in (0, -1, 2**63, 70 * 2**20):
            answer = await cas.post(url, json={"length": huge, "checksum": checksum})
            assert answer.status_code in (400, 413)
        forged = re.sub(r".{4}$", "AAAA", grant["url"])
        assert (await bare.put(forged, content=xorb.body)).status_code == 403
        clock.advance(timedelta(hours=1))
        assert (await bare.put(grant["url"], content=xorb.body)).status_code == 403
    assert list(hub.objects.keys("xorbs")) == []
    assert left_in_staging(hub) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_a_refused_shard_says_why_to_the_user(hub: Hub, alice: Actor) -> None:
    made = file_of(CONTENT)
    async with await cas_client(hub, alice) as cas:
        new = await cas.post("/v2/shards", content=made.shard())
        old = await cas.post("/v1/shards", content=made.shard())
    assert new.headers["content-type"] == "application/x-ndjson"
    last = lines(new)[-1]
    assert last["type"] == "error"
    assert last["retryable"] is False
    assert "unknown xorb" in last["message"]
    assert (old.status_code, old.json()["error"]) == (400, last["message"])
    assert left_in_staging(hub) == []


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_bodies_are_read_before_they_are_refused(hub: Hub, alice: Actor) -> None:
    taken = 0

    async def body() -> Any:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield bytes(64 * 1024)

    async with web_client(hub) as nobody:
        answer = await nobody.post(f"{CAS}/v1/xorbs/default/{'0' * 64}", content=body())
    assert answer.status_code == 401
    assert taken == 100
    async with await cas_client(hub, alice) as cas:
        huge = await cas.post(f"/v1/xorbs/default/{'0' * 64}", content=bytes(67 * 2**20))
    assert huge.status_code == 413
    assert left_in_staging(hub) == []


@pytest.mark.anyio
async def test_a_token_of_one_repo_does_not_read_another(
    hub: Hub, alice: Actor, bob: Actor, repo: Repo
) -> None:
    repository(hub, alice, "private", private=True)
    repository(hub, bob, "loot")
    made = file_of(CONTENT)
    async with await cas_client(hub, alice, "alice/private") as cas:
        await send(cas, made)
    for actor, name in [(bob, "bob/loot"), (bob, "alice/model"), (alice, repo.full_name)]:
        async with await cas_client(hub, actor, name, "read") as cas:
            for url in (
                f"/v2/reconstructions/{made.name}",
                f"/v1/reconstructions/{made.name}",
                f"/v1/reconstructions?file_id={made.name}",
            ):
                assert (await cas.get(url)).status_code == 404
            assert (await cas.head(f"/v1/files/{made.name}")).status_code == 404


@pytest.mark.anyio
async def test_a_shard_cannot_claim_a_foreign_file(
    hub: Hub, alice: Actor, bob: Actor, repo: Repo
) -> None:
    loot = repository(hub, bob, "loot")
    secret, mine = file_of(CONTENT), file_of(b"mine " * 50_000)
    async with await cas_client(hub, alice) as cas:
        await send(cas, secret)
    async with await cas_client(hub, bob, "bob/loot") as cas:
        for xorb in mine.xorbs:
            await cas.post(f"/v1/xorbs/default/{xorb.url_name}", content=xorb.body)
        forged = secret.altered(range_hashes=bytes(32 * len(secret.entry.terms)))
        without = secret.altered(range_hashes=None)
        renamed = mine.altered(sha256=secret.oid)
        for shard in (forged, without, renamed):
            assert lines(await cas.post("/v2/shards", content=shard))[-1]["type"] == "error"
    with calling(hub, bob) as call:
        assert large_files(call, loot, [secret.oid, mine.oid]) == {}
    del repo


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_scopes_and_lifetimes_hold(hub: Hub, alice: Actor, clock: FrozenClock) -> None:
    made = file_of(CONTENT)
    async with await cas_client(hub, alice) as cas:
        await send(cas, made)
    async with await cas_client(hub, alice, scope="read") as cas:
        xorb = made.xorbs[0]
        url = f"/v1/xorbs/default/{xorb.url_name}"
        assert (await cas.post(url, content=xorb.body)).status_code == 403
        assert (await cas.post("/v2/shards", content=made.shard())).status_code == 403
        plan = (await cas.get(f"/v1/reconstructions/{made.name}")).json()
        clock.advance(timedelta(hours=2))
        assert (await cas.get(f"/v1/reconstructions/{made.name}")).status_code == 401
        fetch = next(iter(plan["fetch_info"].values()))[0]
        old = await cas.get(fetch["url"], headers={"Range": "bytes=0-9"})
        assert old.status_code == 403
    async with web_client(hub, access_token(hub, alice)) as api:  # a hub token is no CAS token
        assert (await api.get(f"{CAS}/v1/reconstructions/{made.name}")).status_code == 401


@pytest.mark.anyio
async def test_a_write_token_ends_with_the_right_to_upload(
    hub: Hub, alice: Actor, bob: Actor
) -> None:
    bucket = bucket_of(hub, alice, "store")
    with working_as(hub, alice) as work:
        collaborating.put(work, bucket.id, bob.user_id or 0, Role.WRITE, alice.user_id or 0)
    async with web_client(hub, access_token(hub, bob)) as api:
        given = await api.get("/api/buckets/alice/store/xet-write-token")
    made, more = file_of(CONTENT), xorb_of(noise("more", 9_000))
    async with web_client(hub, given.json()["accessToken"]) as cas:
        cas.base_url = httpx.URL(CAS)
        await send(cas, made)
        with working_as(hub, alice) as work:
            collaborating.remove(work, bucket.id, bob.user_id or 0)
        answer = await cas.post(f"/v1/xorbs/default/{more.url_name}", content=more.body)
        assert answer.status_code == 403, answer.text
        assert (await cas.post("/v2/shards", content=made.shard())).status_code == 403


@pytest.mark.anyio
async def test_a_fetch_url_closes_when_the_repo_gives_its_file_up(
    hub: Hub, alice: Actor, repo: Repo
) -> None:
    made = file_of(noise("given up", 300_000))
    async with await cas_client(hub, alice) as cas:
        await send(cas, made)
        plan = (await cas.get(f"/v1/reconstructions/{made.name}")).json()
        fetch = next(iter(plan["fetch_info"].values()))[0]
        wanted = {"Range": "bytes={start}-{end}".format(**fetch["url_range"])}
        assert (await cas.get(fetch["url"], headers=wanted)).status_code == 206
        with calling(hub, alice) as call, working(call) as work:
            give_up(work, repo, [made.oid])
        assert (await cas.get(fetch["url"], headers=wanted)).status_code == 403
        assert (await cas.get(f"/v1/reconstructions/{made.name}")).status_code == 404


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_a_fetch_url_opens_only_its_ranges(hub: Hub, alice: Actor) -> None:
    made = file_of(noise("fetch", 900_000), chunks_a_xorb=20)
    async with await cas_client(hub, alice) as cas:
        await send(cas, made)
        answer = await cas.get(
            f"/v1/reconstructions/{made.name}", headers={"Range": "bytes=400000-400001"}
        )
        ((fetch,),) = answer.json()["fetch_info"].values()
        start, end = fetch["url_range"]["start"], fetch["url_range"]["end"]
        for wanted, status in [
            (f"bytes={start}-{end}", 206),
            (f"bytes={start - 1}-{end}", 403),
            (f"bytes={start}-{end + 1}", 403),
            (f"bytes={start}-{end},0-0", 403),
            ("bytes=0-0", 403),
            ("bytes=-1", 403),
            ("bytes=99999999-", 416),
            ("", 400),
            ("lines=1-2", 400),
        ]:
            got = await cas.get(fetch["url"], headers={"Range": wanted} if wanted else {})
            assert got.status_code == status, wanted
        bent = fetch["url"][:-6] + "AAAAAA"
        got = await cas.get(bent, headers={"Range": f"bytes={start}-{end}"})
        assert got.status_code == 403


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/xorbs/default/..%2f..%2fsecret.key", 400),
        ("/v1/xorbs/default/" + "0" * 63, 400),
        ("/v1/xorbs/other/" + "0" * 64, 404),
        ("/v1/xorbs/..%2f/" + "0" * 64, 404),
        ("/v1/xorbs/default/" + "é" * 64, 400),
    ],
)
async def test_path_tricks_lead_nowhere(hub: Hub, alice: Actor, path: str, status: int) -> None:
    async with await cas_client(hub, alice) as cas:
        assert (await cas.head(path)).status_code == status
        assert (await cas.post(path, content=b"x")).status_code == status


@pytest.mark.anyio
async def test_telemetry_is_taken_and_forgotten(hub: Hub) -> None:
    async with web_client(hub) as anonymous:
        answer = await anonymous.post("/v1/telemetry", content=b"{}")
    assert answer.status_code == 204
