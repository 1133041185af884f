"""Git LFS over HTTP, as git-lfs and huggingface_hub of all ages speak it."""

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import (
    BASE_URL,
    access_token,
    calling,
    left_in_staging,
    noise,
    oid_of,
    person,
    repository,
    web_client,
    with_local_store,
)
from strata.blobs.present import large_files
from strata.core.actor import Actor, TokenRole
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.repos.record import Repo

LFS = "application/vnd.git-lfs+json"
BATCH = "/alice/model.git/info/lfs/objects/batch"
PART = 100_000
SETTINGS: Any = {
    "lfs.part_bytes": PART,
    "lfs.multipart_threshold_bytes": 200_000,
    "quotas.public_bytes": 0,
    "quotas.file_bytes": 0,
}
CONTENT = noise("door", 250_001)


@pytest.fixture(params=["memory", "local"])
def hub(tmp_path: Path, clock: FrozenClock, request: pytest.FixtureRequest) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, **SETTINGS)
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


def asked(operation: str, *contents: bytes, transfers: tuple[str, ...] = ("basic",)) -> Any:
    objects = [{"oid": oid_of(one), "size": len(one)} for one in contents]
    return {
        "operation": operation,
        "transfers": list(transfers),
        "objects": objects,
        "hash_algo": "sha256",
        "ref": {"name": "refs/heads/main"},
    }


def has(hub: Hub, actor: Actor, repo: Repo, oid: Oid) -> bool:
    with calling(hub, actor) as call:
        return oid in large_files(call, repo, [oid])


async def uploaded(hub: Hub, actor: Actor, content: bytes) -> httpx.Response:
    async with web_client(hub, access_token(hub, actor)) as api:
        (one,) = (await api.post(BATCH, json=asked("upload", content))).json()["objects"]
    async with web_client(hub) as anonymous:  # huggingface_hub sends no credentials here
        return await anonymous.put(one["actions"]["upload"]["href"], content=content)


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_a_basic_upload_round_trip(hub: Hub, alice: Actor) -> None:
    async with web_client(hub, access_token(hub, alice)) as api:
        answer = await api.post(BATCH, json=asked("upload", CONTENT), headers={"Accept": LFS})
        assert answer.headers["content-type"] == LFS
        assert answer.json()["transfer"] == "basic"
        (one,) = answer.json()["objects"]
        actions = one["actions"]
        assert actions["upload"]["href"].startswith(f"{BASE_URL}/alice/model.git/info/lfs/")
    async with web_client(hub) as anonymous:
        early = await anonymous.post(actions["verify"]["href"], json=one)
        sent = await anonymous.put(actions["upload"]["href"], content=CONTENT)
        verified = await anonymous.post(actions["verify"]["href"], json=one)
        assert (early.status_code, sent.status_code, verified.status_code) == (404, 200, 200)
        again = await anonymous.post(BATCH, json=asked("download", CONTENT))
        (one,) = again.json()["objects"]
        href = one["actions"]["download"]["href"]
        whole = await anonymous.get(href)
        part = await anonymous.get(href, headers={"Range": "bytes=1000-1999"})
        head = await anonymous.head(href)
        beyond = await anonymous.get(href, headers={"Range": "bytes=250001-"})
    assert whole.content == CONTENT
    assert whole.headers["etag"] == f'"{oid_of(CONTENT)}"'
    assert (part.status_code, part.content) == (206, CONTENT[1000:2000])
    assert part.headers["content-range"] == "bytes 1000-1999/250001"
    assert (head.headers["content-length"], head.content) == ("250001", b"")
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, "bytes */250001")
    assert left_in_staging(hub) == []


@pytest.mark.anyio
async def test_what_is_there_needs_no_actions(hub: Hub, alice: Actor, repo: Repo) -> None:
    await uploaded(hub, alice, CONTENT)
    async with web_client(hub, access_token(hub, alice)) as api:
        (one,) = (await api.post(BATCH, json=asked("upload", CONTENT))).json()["objects"]
    assert one == {"oid": oid_of(CONTENT), "size": len(CONTENT)}
    assert has(hub, alice, repo, oid_of(CONTENT))


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_an_empty_batch_is_answered(hub: Hub, alice: Actor) -> None:
    credentials = base64.b64encode(f"access_token:{access_token(hub, alice)}".encode()).decode()
    async with web_client(hub) as api:
        answer = await api.post(
            "/alice/model.git/info/lfs/objects/batch",
            json={"operation": "upload", "transfers": ["basic", "multipart"], "objects": []},
            headers={"Authorization": f"Basic {credentials}"},
        )
    assert answer.status_code == 200
    assert answer.json()["objects"] == []


@pytest.mark.anyio
async def test_a_large_file_goes_in_parts_when_the_client_can(
    hub: Hub, alice: Actor, repo: Repo
) -> None:
    token = access_token(hub, alice)
    question = asked("upload", CONTENT, transfers=("basic", "multipart"))
    async with web_client(hub, token) as api:
        answer = (await api.post(BATCH, json=question)).json()
    assert answer["transfer"] == "multipart"
    upload = answer["objects"][0]["actions"]["upload"]
    assert list(upload["header"]) == ["chunk_size", "00001", "00002", "00003"]
    assert upload["header"]["chunk_size"] == str(PART)
    oid = oid_of(CONTENT)
    parts = []
    async with web_client(hub) as anonymous:
        for number in (1, 2, 3):
            piece = CONTENT[PART * (number - 1) : PART * number]
            sent = await anonymous.put(upload["header"][f"{number:05d}"], content=piece)
            parts.append({"partNumber": number, "etag": sent.headers["etag"]})
        foreign = await anonymous.post(upload["href"], json={"oid": "0" * 64, "parts": parts})
        done = await anonymous.post(upload["href"], json={"oid": oid, "parts": parts})
        assert foreign.status_code == 422
        assert done.status_code == 200
    assert has(hub, alice, repo, oid)


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_xet_is_chosen_only_by_clients_that_offer_it(hub: Hub, alice: Actor) -> None:
    async with web_client(hub, access_token(hub, alice)) as api:
        question = asked("upload", CONTENT, transfers=("basic", "multipart", "xet"))
        answer = (await api.post(BATCH, json=question)).json()
        upload = answer["objects"][0]["actions"]["upload"]
        assert answer["transfer"] == "xet"
        assert upload["header"]["X-Xet-Cas-Url"] == f"{BASE_URL}/xet/e1-0a1b2c3d"
        refreshed = await api.get(upload["href"])
    assert refreshed.status_code == 200
    assert refreshed.json()["casUrl"] == upload["header"]["X-Xet-Cas-Url"]


@pytest.mark.anyio
@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT[:-1] + b"?", CONTENT + b"?"])
async def test_other_bytes_than_promised_are_refused(
    hub: Hub, alice: Actor, repo: Repo, sent: bytes
) -> None:
    async with web_client(hub, access_token(hub, alice)) as api:
        (one,) = (await api.post(BATCH, json=asked("upload", CONTENT))).json()["objects"]
        answer = await api.put(one["actions"]["upload"]["href"], content=sent)
    assert answer.status_code in (400, 413)
    assert answer.json()["message"]
    assert not has(hub, alice, repo, oid_of(CONTENT))
    assert left_in_staging(hub) == []


@pytest.mark.anyio
async def test_links_die_and_cannot_be_bent(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    await uploaded(hub, alice, CONTENT)
    other = b"other" * 1000
    async with web_client(hub, access_token(hub, alice)) as api:
        (up,) = (await api.post(BATCH, json=asked("upload", other))).json()["objects"]
        (down,) = (await api.post(BATCH, json=asked("download", CONTENT))).json()["objects"]
    put, get = up["actions"]["upload"]["href"], down["actions"]["download"]["href"]
    path, _, ticket = get.partition("?ticket=")
    async with web_client(hub) as mallory:
        for url in (put, path, f"{path}?ticket={ticket[:-4]}AAAA", f"{path}?ticket="):
            assert (await mallory.get(url)).status_code == 403
        assert (await mallory.put(get, content=CONTENT)).status_code == 403
        elsewhere = get.replace("/alice/model.git", "/bob/thing.git")
        assert (await mallory.get(elsewhere)).content == CONTENT  # the ticket names the file
        clock.advance(timedelta(hours=7))
        assert (await mallory.get(get)).status_code == 403
        assert (await mallory.put(put, content=other)).status_code == 403
    assert not has(hub, alice, repo, oid_of(other))


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_an_upload_link_ends_with_the_repo(hub: Hub, alice: Actor, bob: Actor) -> None:
    repository(hub, alice, "private", private=True)
    token = access_token(hub, bob)
    async with web_client(hub, token) as api:
        (up,) = (await api.post(BATCH, json=asked("upload", CONTENT))).json()["objects"]
        assert up["actions"]["upload"]  # bob may upload for a pull request
        hidden = await api.post(
            "/alice/private.git/info/lfs/objects/batch", json=asked("upload", CONTENT)
        )
    assert hidden.status_code == 404
    assert hidden.json()["message"] == "Repository not found"


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_a_foreign_sha256_gives_nothing(hub: Hub, alice: Actor, bob: Actor) -> None:
    loot = repository(hub, bob, "loot")
    await uploaded(hub, alice, CONTENT)
    url = "/bob/loot.git/info/lfs/objects/batch"
    async with web_client(hub, access_token(hub, bob)) as api:
        (up,) = (await api.post(url, json=asked("upload", CONTENT))).json()["objects"]
        (down,) = (await api.post(url, json=asked("download", CONTENT))).json()["objects"]
    assert "upload" in up["actions"]
    assert down["error"]["code"] == 404
    assert "actions" not in down
    assert not has(hub, bob, loot, oid_of(CONTENT))


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_strangers_are_asked_for_credentials(hub: Hub, alice: Actor) -> None:
    repository(hub, alice, "private", private=True)
    async with web_client(hub) as anonymous:
        upload = await anonymous.post(BATCH, json=asked("upload", CONTENT))
        private = "/alice/private.git/info/lfs/objects/batch"
        hidden = await anonymous.post(private, json=asked("download", CONTENT))
        missing = await anonymous.post(
            private.replace("private", "nothing"), json=asked("download")
        )
    for answer in (upload, hidden, missing):
        assert answer.status_code == 401
        assert answer.headers["content-type"] == LFS
        assert answer.headers["lfs-authenticate"].startswith("Basic ")
        assert answer.headers["www-authenticate"].startswith("Basic ")
    assert hidden.json()["message"] == missing.json()["message"]
    async with web_client(hub, access_token(hub, alice, TokenRole.READ)) as reader:
        assert (await reader.post(BATCH, json=asked("upload", CONTENT))).status_code == 403


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"not json", 400),
        (b"{}", 400),
        (b'{"operation":"steal"}', 400),
        (b'{"operation":"upload","objects":[{"oid":"x","size":"1"}]}', 400),
        (b'{"operation":"upload","hash_algo":"md5"}', 422),
    ],
)
async def test_nonsense_is_answered_in_lfs(
    hub: Hub, alice: Actor, body: bytes, status: int
) -> None:
    async with web_client(hub, access_token(hub, alice)) as api:
        answer = await api.post(BATCH, content=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == LFS
    assert answer.json()["message"]


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_locks_are_not_offered(hub: Hub, alice: Actor) -> None:
    async with web_client(hub, access_token(hub, alice)) as api:
        for method, tail in [("GET", ""), ("POST", ""), ("POST", "/verify"), ("POST", "/1/unlock")]:
            answer = await api.request(method, f"/alice/model.git/info/lfs/locks{tail}")
            assert (answer.status_code, answer.headers["content-type"]) == (501, LFS)


@pytest.mark.anyio
@pytest.mark.usefixtures("repo")
async def test_huge_questions_are_refused_before_they_cost_anything(hub: Hub, alice: Actor) -> None:
    def question(count: int, size: int) -> Any:
        objects = [{"oid": f"{number:064x}", "size": size} for number in range(count)]
        return {"operation": "upload", "transfers": ["multipart"], "objects": objects}

    async with web_client(hub, access_token(hub, alice)) as api:
        assert (await api.post(BATCH, json=question(1_001, 1))).status_code == 413
        assert (await api.post(BATCH, json=question(900, 2**38))).status_code == 413
        largest = (await api.post(BATCH, json=question(1, 2**38))).json()["objects"][0]
    assert len(largest["actions"]["upload"]["header"]) == 1_001
