"""Kernels are repos: every door knows the kind."""

import base64
import json

import pytest

from fixtures.clients import Clients
from fixtures.contents import created, uploaded
from fixtures.large_files import BASE_URL
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

API = "/api/kernels/ana/relu"


@pytest.fixture
def kernel(hub: Hub, owner: Actor) -> Repo:
    made = created(hub, owner, "relu", RepoType.KERNEL)
    uploaded(hub, owner, made, {"build/relu.py": b"def relu(x): ...", "README.md": b"# relu"})
    return made


def lines(*steps: dict[str, object]) -> bytes:
    return b"\n".join([json.dumps(step).encode() for step in steps])


async def test_a_kernel_is_created_under_its_own_address(clients: Clients) -> None:
    answer = await clients.owner.post("/api/repos/create", json={"name": "relu", "type": "kernel"})
    again = await clients.owner.post("/api/repos/create", json={"name": "relu", "type": "kernel"})

    assert answer.json()["url"] == f"{BASE_URL}/kernels/ana/relu"
    assert (again.status_code, again.json()["url"]) == (409, f"{BASE_URL}/kernels/ana/relu")


async def test_a_kernel_of_a_name_is_not_the_model_of_that_name(
    hub: Hub, owner: Actor, clients: Clients, kernel: Repo
) -> None:
    created(hub, owner, "relu", RepoType.MODEL)

    found = (await clients.nobody.get(API)).json()

    assert found["_id"] == kernel.key
    assert found["_id"] != (await clients.nobody.get("/api/models/ana/relu")).json()["_id"]


async def test_info_and_lists_show_what_clients_read(clients: Clients, kernel: Repo) -> None:
    info = (await clients.nobody.get(API)).json()
    listed = (await clients.nobody.get("/api/kernels", params={"search": "relu"})).json()

    assert info["id"] == kernel.full_name
    assert info["author"] == "ana"
    assert {"downloads", "gated", "lastModified", "likes", "private", "sha"} <= info.keys()
    assert [item["id"] for item in listed] == ["ana/relu"]


async def test_commits_and_versions_of_a_kernel(clients: Clients, kernel: Repo) -> None:  # noqa: ARG001 — the kernel must be there
    content = base64.b64encode(b"x = 2").decode()
    steps = lines(
        {"key": "header", "value": {"summary": "Second"}},
        {"key": "file", "value": {"path": "b.py", "content": content, "encoding": "base64"}},
    )
    ndjson = {"Content-Type": "application/x-ndjson"}

    branched = await clients.owner.post(f"{API}/branch/v1", json={})
    made = await clients.owner.post(f"{API}/commit/main", content=steps, headers=ndjson)
    refused = await clients.stranger.post(f"{API}/commit/main", content=steps, headers=ndjson)
    trees = [
        {entry["path"] for entry in (await clients.nobody.get(f"{API}/tree/{name}")).json()}
        for name in ("main", "v1")
    ]

    assert branched.status_code == 200
    assert made.json()["commitUrl"].startswith(f"{BASE_URL}/kernels/ana/relu/commit/")
    assert refused.status_code == 403
    assert trees[0] - trees[1] == {"b.py"}


@pytest.mark.parametrize(
    "address",
    [
        "/kernels/ana/relu/resolve/main/build/relu.py",
        "/kernels/ana/relu/resolve/v1/build/relu.py",
        "/api/resolve-cache/kernels/ana/relu/main/build/relu.py",
        "/kernels/ana/relu/raw/main/build/relu.py",
    ],
)
async def test_files_of_a_kernel(clients: Clients, kernel: Repo, address: str) -> None:  # noqa: ARG001 — the kernel must be there
    await clients.owner.post(f"{API}/branch/v1", json={})

    answer = await clients.nobody.get(address)

    assert answer.content == b"def relu(x): ..."


async def test_git_lfs_and_xet_know_kernels(clients: Clients, kernel: Repo) -> None:  # noqa: ARG001 — the kernel must be there
    advert = await clients.nobody.get(
        "/kernels/ana/relu/info/refs", params={"service": "git-upload-pack"}
    )
    batch = {"operation": "upload", "transfers": ["basic"], "objects": []}
    lfs = await clients.owner.post("/kernels/ana/relu.git/info/lfs/objects/batch", json=batch)
    token = await clients.owner.get(f"{API}/xet-write-token/main")

    assert advert.headers["content-type"] == "application/x-git-upload-pack-advertisement"
    assert lfs.json()["objects"] == []
    assert "X-Xet-Access-Token" in token.headers


async def test_moved_and_deleted_kernels(clients: Clients, kernel: Repo) -> None:  # noqa: ARG001 — the kernel must be there
    move = {"fromRepo": "ana/relu", "toRepo": "ana/gelu", "type": "kernel"}
    moved = await clients.owner.post("/api/repos/move", json=move)
    old = await clients.nobody.get(f"{API}/refs")
    gone = await clients.owner.request(
        "DELETE", "/api/repos/delete", json={"name": "gelu", "type": "kernel"}
    )
    after = await clients.owner.get("/api/kernels/ana/gelu")

    assert moved.status_code == 200
    assert (old.status_code, old.headers["location"]) == (307, "/api/kernels/ana/gelu/refs")
    assert gone.status_code == 200
    assert (after.status_code, after.headers["X-Error-Code"]) == (404, "RepoNotFound")


@pytest.mark.slow
async def test_people_see_kernels_among_the_rest(clients: Clients, kernel: Repo) -> None:  # noqa: ARG001 — the kernel must be there
    pages = ["/", "/kernels", "/ana", "/kernels/ana/relu", "/search/full-text?q=relu"]

    shown = [await clients.nobody.get(page) for page in pages]

    assert [page.status_code for page in shown] == [200] * len(pages)
    assert all("/kernels/ana/relu" in page.text for page in shown)
