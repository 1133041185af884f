"""What a stranger may not learn or reach: private repos, deleted ones, bytes known by hash."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx
import pytest

from fixtures.buckets import bucket_of, filled
from fixtures.contents import created, given, uploaded
from fixtures.counting import counted, differing
from fixtures.hidden import OF_A_REPO, seen
from fixtures.large_files import MadeFile, access_token, file_of, noise, person, web_client
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo
from strata.web.paths import Route

pytestmark = pytest.mark.anyio

CONTENT = noise("hidden", 200_000)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True, slots=True)
class People:
    """Who asks."""

    ana: httpx.AsyncClient  # owns everything
    bob: httpx.AsyncClient  # a stranger
    nobody: httpx.AsyncClient


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def hidden(hub: Hub, ana: Actor) -> Repo:
    made = created(hub, ana, "vault", private=True)
    uploaded(hub, ana, made, {"a.txt": b"secret"})
    filled(hub, ana, bucket_of(hub, ana, "vault", private=True), {"a.txt": noise("bucket", 9_000)})
    return made


@pytest.fixture
async def people(hub: Hub, ana: Actor, bob: Actor) -> AsyncIterator[People]:
    async with (
        web_client(hub, access_token(hub, ana)) as hers,
        web_client(hub, access_token(hub, bob)) as his,
        web_client(hub) as nobody,
    ):
        yield People(hers, his, nobody)


async def are_alike(
    client: httpx.AsyncClient, route: Route, names: tuple[str, ...], watch: pytest.MonkeyPatch
) -> None:
    """Neither an answer nor the statements that it takes tell these repos from one that is not."""
    for method in route.methods:
        missing = await seen(client, method, route, "absent")
        with counted(watch) as usual:
            await seen(client, method, route, "absent")
        for name in names:
            with counted(watch) as work:
                assert await seen(client, method, route, name) == missing
            assert differing(work, usual) == {}, (method, name)


@pytest.mark.parametrize("route", OF_A_REPO, ids=lambda route: f"{route.methods} {route.template}")
async def test_private_moved_and_missing_repos_look_and_cost_the_same(
    people: People, hidden: Repo, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = "bucket" if "/buckets/" in route.template else "model"
    moved = {"fromRepo": hidden.full_name, "toRepo": "ana/crypt", "type": kind}
    for client in (people.bob, people.nobody):
        await are_alike(client, route, ("vault",), monkeypatch)
    assert (await people.ana.post("/api/repos/move", json=moved)).status_code == 200
    for client in (people.bob, people.nobody):
        await are_alike(client, route, ("vault", "crypt"), monkeypatch)


@pytest.mark.usefixtures("hidden")
async def test_creating_in_a_foreign_namespace_tells_nothing(people: People) -> None:
    answers = [
        await people.bob.post("/api/repos/create", json={"name": name, "organization": "ana"})
        for name in ("vault", "absent")
    ]
    assert answers[0].status_code == 403
    assert answers[0].text == answers[1].text


async def chunk_store(client: httpx.AsyncClient, repo: str, kind: str) -> dict[str, str]:
    """The address of the chunk store and the header that opens it."""
    answer = await client.get(f"/api/models/{repo}/xet-{kind}-token/main")
    issued = answer.json()
    path = httpx.URL(issued["casUrl"]).path
    return {"path": path, "Authorization": f"Bearer {issued['accessToken']}"}


async def sent(people: People, repo: str) -> tuple[MadeFile, dict[str, str]]:
    """Have ana upload a file to a repo of hers by Xet."""
    made = file_of(CONTENT)
    store = await chunk_store(people.ana, repo, "write")
    path = store["path"]
    for xorb in made.xorbs:
        await people.ana.post(
            f"{path}/v1/xorbs/default/{xorb.url_name}", content=xorb.body, headers=store
        )
    done = await people.ana.post(f"{path}/v1/shards", content=made.shard(), headers=store)
    assert done.json() == {"result": 1}
    return made, store


@pytest.mark.usefixtures("hidden")
async def test_a_foreign_xorb_is_as_unknown_as_none(hub: Hub, ana: Actor, people: People) -> None:
    created(hub, ana, "open")
    made, hers = await sent(people, "ana/vault")
    his = await chunk_store(people.bob, "ana/open", "read")
    xorb = f"/v1/xorbs/default/{made.xorbs[0].url_name}"
    foreign = await people.bob.head(his["path"] + xorb, headers=his)
    unknown = await people.bob.head(f"{his['path']}/v1/xorbs/default/{'1' * 64}", headers=his)
    own = await people.ana.head(hers["path"] + xorb, headers=hers)
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.headers.get("content-length") == unknown.headers.get("content-length")
    assert own.headers["content-length"] == str(len(made.xorbs[0].body))


@pytest.mark.usefixtures("hidden")
async def test_old_links_and_tokens_end_with_the_repo(hub: Hub, ana: Actor, people: People) -> None:
    made, store = await sent(people, "ana/vault")
    path = f"{store['path']}/v2/reconstructions/{made.name}"
    plan = await people.ana.get(path, headers=store)
    (((fetch,),),) = (plan.json()["xorbs"].values(),)
    data, first = fetch["url"], {"Range": "bytes=0-10"}
    assert (await people.nobody.get(data, headers=first)).status_code == 206
    name = {"name": "vault", "organization": "ana"}
    assert (await people.ana.request("DELETE", "/api/repos/delete", json=name)).status_code == 200
    for _ in ("gone", "made anew under the same name"):
        assert (await people.nobody.get(data, headers=first)).status_code == 401
        assert (await people.ana.get(path, headers=store)).status_code == 404
        if _ == "gone":
            created(hub, ana, "vault", RepoType.MODEL)


async def test_knowing_a_sha256_opens_nothing(
    hub: Hub, ana: Actor, bob: Actor, hidden: Repo, people: People
) -> None:
    created(hub, bob, "mine")
    large = given(hub, ana, hidden, "big.bin", b"L" * 5000)
    asked = {"objects": [{"oid": large.oid, "size": 5000}]}
    batch = "/bob/mine.git/info/lfs/objects/batch"
    up = await people.bob.post(batch, json={"operation": "upload", **asked})
    down = await people.bob.post(batch, json={"operation": "download", **asked})
    assert "upload" in up.json()["objects"][0]["actions"]  # as if nobody had it
    assert down.json()["objects"][0]["error"]["code"] == 404
    verify = up.json()["objects"][0]["actions"]["verify"]["href"]
    assert (await people.bob.post(verify)).status_code == 404
    header = '{"key":"header","value":{"summary":"s"}}\n'
    pointer = f"version https://git-lfs.github.com/spec/v1\\noid sha256:{large.oid}\\nsize 5000\\n"
    for line in (
        f'{{"key":"lfsFile","value":{{"path":"x","oid":"{large.oid}"}}}}',
        f'{{"key":"lfsFile","value":{{"path":"x","oid":"{large.oid}","size":5000}}}}',
        f'{{"key":"file","value":{{"path":"x","content":"{pointer}","encoding":"utf-8"}}}}',
    ):
        claim = await people.bob.post("/api/models/bob/mine/commit/main", content=header + line)
        assert claim.status_code == 422
