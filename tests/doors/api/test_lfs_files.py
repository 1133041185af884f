"""The large files of a repo over HTTP: who may list and delete them, and what is left (02 §I)."""

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import changed, created, given
from fixtures.large_files import oid_of
from strata.core.actor import Actor
from strata.core.cursors import cursor_at
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

BIG, OTHER = b"weights " * 300, b"kept " * 400


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    made = created(hub, owner, "big")
    for path, content in (("big.bin", BIG), ("other.bin", OTHER)):
        changed(hub, owner, made, [given(hub, owner, made, path, content)])
    return made


def files(repo: Repo) -> str:
    return f"/api/models/{repo.full_name}/lfs-files"


async def deletes(
    client: httpx.AsyncClient, repo: Repo, *contents: bytes, **options: object
) -> httpx.Response:
    deletions = {"sha": [oid_of(content) for content in contents], **options}
    return await client.post(f"{files(repo)}/batch", json={"deletions": deletions})


async def test_files_are_listed_page_by_page(clients: Clients, repo: Repo) -> None:
    first = await clients.owner.get(files(repo), params={"limit": 1})
    second = await clients.owner.get(first.links["next"]["url"])
    assert "next" not in second.links
    found = {item["filename"]: item for item in [*first.json(), *second.json()]}
    assert found["big.bin"] == {
        "fileOid": oid_of(BIG),
        "filename": "big.bin",
        "oid": oid_of(BIG),
        "pushedAt": "2026-11-23T09:00:00.000Z",
        "ref": "refs/heads/main",
        "size": len(BIG),
    }
    assert found.keys() == {"big.bin", "other.bin"}


async def test_a_deleted_file_is_gone_from_tree_history_and_download(
    clients: Clients, repo: Repo
) -> None:
    address = f"/{repo.full_name}/resolve/main/big.bin"
    ticket = (
        await clients.owner.post(
            f"/{repo.full_name}.git/info/lfs/objects/batch",
            json={
                "operation": "download",
                "objects": [{"oid": oid_of(BIG), "size": len(BIG)}],
            },
        )
    ).json()["objects"][0]["actions"]["download"]["href"]
    old = (await clients.owner.get(f"/api/models/{repo.full_name}")).json()["sha"]
    assert (await clients.nobody.get(ticket)).content == BIG
    assert (await deletes(clients.owner, repo, BIG, rewriteHistory=True)).status_code == 200
    gone = await clients.owner.get(address)
    assert (gone.status_code, gone.headers["X-Error-Code"]) == (404, "EntryNotFound")
    tree = (await clients.owner.get(f"/api/models/{repo.full_name}/tree/main")).json()
    assert {entry["path"] for entry in tree} == {".gitattributes", "other.bin"}
    log = (await clients.owner.get(f"/api/models/{repo.full_name}/commits/main")).json()
    assert len(log) == 3
    assert old not in {commit["id"] for commit in log}
    by_sha = await clients.owner.get(f"/{repo.full_name}/resolve/{old}/big.bin")
    assert by_sha.status_code == 404
    assert (await clients.nobody.get(ticket)).status_code == 404
    assert len((await clients.owner.get(files(repo))).json()) == 1


async def test_one_file_can_be_deleted_by_its_address(clients: Clients, repo: Repo) -> None:
    address = f"{files(repo)}/{oid_of(BIG)}"
    kept = await clients.owner.delete(address)
    assert kept.status_code == 200
    tree = (await clients.owner.get(f"/api/models/{repo.full_name}/tree/main")).json()
    assert "big.bin" in {entry["path"] for entry in tree}
    assert (await clients.owner.delete(address)).status_code == 404
    other = f"{files(repo)}/{oid_of(OTHER)}"
    assert (await clients.owner.delete(other, params={"rewriteHistory": True})).status_code == 200
    tree = (await clients.owner.get(f"/api/models/{repo.full_name}/tree/main")).json()
    assert "other.bin" not in {entry["path"] for entry in tree}


async def test_who_may_not_manage_the_repo_neither_lists_nor_deletes(
    clients: Clients, repo: Repo
) -> None:
    for client, status in ((clients.reading, 403), (clients.stranger, 403), (clients.nobody, 401)):
        assert (await client.get(files(repo))).status_code == status
        assert (await deletes(client, repo, BIG)).status_code == status
        one = await client.delete(f"{files(repo)}/{oid_of(BIG)}")
        assert one.status_code == status
    assert len((await clients.owner.get(files(repo))).json()) == 2


async def test_a_stranger_learns_nothing_of_foreign_bytes(
    clients: Clients, hub: Hub, stranger: Actor, repo: Repo
) -> None:
    """Knowing a sha256 tells nobody whether the hub has it."""
    mine = created(hub, stranger, "mine")
    for content in (BIG, b"nobody has this"):
        answer = await deletes(clients.stranger, mine, content)
        assert answer.status_code == 404
        assert answer.json()["error"] == f"There is no large file {oid_of(content)} in bob/mine."
    assert (await clients.owner.get(f"/{repo.full_name}/resolve/main/big.bin")).content == BIG


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        ({}, 400, "deletions"),
        ({"deletions": {"sha": "x"}}, 400, "sha"),
        ({"deletions": {"sha": [1]}}, 400, "sha"),
        ({"deletions": {"sha": ["main"]}}, 400, "sha"),
        ({"deletions": {"sha": [], "rewriteHistory": "yes"}}, 400, "rewriteHistory"),
        ({"deletions": {"sha": ["0" * 64] * 1001}}, 413, "1000"),
        ({"deletions": {"sha": ["0" * 64]}}, 404, "0" * 64),
    ],
)
async def test_bad_requests_name_what_is_wrong_and_change_nothing(
    clients: Clients, repo: Repo, body: object, status: int, named: str
) -> None:
    answer = await clients.owner.post(f"{files(repo)}/batch", json=body)
    assert answer.status_code == status
    assert named in answer.json()["error"]
    late = cursor_at((2**60, "0" * 64))
    for query in ({"limit": "many"}, {"cursor": "x"}, {"cursor": "x" * 3000}, {"cursor": late}):
        assert (await clients.owner.get(files(repo), params=query)).status_code == 400
    assert len((await clients.owner.get(files(repo))).json()) == 2


async def test_datasets_have_it_too(clients: Clients, hub: Hub, owner: Actor) -> None:
    made = created(hub, owner, "set", RepoType.DATASET)
    changed(hub, owner, made, [given(hub, owner, made, "rows.bin", BIG)])
    listed = await clients.owner.get(f"/api/datasets/{made.full_name}/lfs-files")
    assert [item["size"] for item in listed.json()] == [len(BIG)]
