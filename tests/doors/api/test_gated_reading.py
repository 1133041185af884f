"""What a gate keeps back, what stays open, and with which words (conventions §5.3)."""

from typing import Any

import httpx
import pytest

from fixtures.clients import Clients
from fixtures.contents import changed, created, given, uploaded
from fixtures.large_files import BASE_URL, noise
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

API, WEB = "/api/models/ana/one", "/ana/one"
CONTENT = noise("gated", 5000)
STRANGER_TEXT = (
    "Access to model ana/one is restricted and you are not in the authorized list. "
    f"Visit {BASE_URL}/ana/one to ask for access."
)
NOBODY_TEXT = (
    "Access to model ana/one is restricted. You must have access to it and be authenticated "
    "to access it. Please log in."
)


@pytest.fixture
async def gate(hub: Hub, owner: Actor, repo: Repo, clients: Clients) -> str:
    """Put a gate before ana/one, which has a card and a large file; the file's sha256."""
    large = given(hub, owner, repo, "m.bin", CONTENT)
    changed(hub, owner, repo, [large])
    uploaded(hub, owner, repo, {"README.md": b"# Card\n", "docs/README.md": b"# Inside\n"})
    answer = await clients.owner.put(f"{API}/settings", json={"gated": "manual"})
    assert (answer.status_code, answer.json()["gated"]) == (200, "manual")
    return large.oid


KEPT_BACK = [
    f"{WEB}/resolve/main/a.txt",
    f"{WEB}/resolve/main/docs/README.md",
    f"{WEB}/resolve/main/.gitattributes",
    f"{WEB}/resolve/main/readme.md",
    f"{WEB}/resolve/main/m.bin",
    f"{WEB}/resolve/no-such-branch/a.txt",
    f"{WEB}/resolve/main/no-such-file",
    f"{WEB}/raw/main/README.md",
    "/api/resolve-cache/models/ana/one/main/a.txt",
    f"{API}/auth-check",
    f"{API}/auth-check/write",
    f"{API}/xet-read-token/main",
    f"{API}/compare/HEAD..main",
    f"{WEB}.git/info/refs?service=git-upload-pack",
    f"{WEB}.git/info/refs?service=git-receive-pack",
]


@pytest.mark.usefixtures("gate")
@pytest.mark.parametrize("path", KEPT_BACK)
async def test_files_are_kept_back_with_the_words_that_clients_know(
    clients: Clients, path: str
) -> None:
    for client, status, text in (
        (clients.stranger, 403, STRANGER_TEXT),
        (clients.nobody, 401, NOBODY_TEXT),
    ):
        answer = await client.get(path)
        assert answer.status_code == status
        assert answer.headers["X-Error-Code"] == "GatedRepo"
        assert answer.headers["X-Error-Message"] == text
        assert ("www-authenticate" in answer.headers) is (status == 401)
    for client in (clients.owner, clients.reading):
        answer = await client.get(path)
        assert answer.headers.get("X-Error-Code") != "GatedRepo"


@pytest.mark.usefixtures("gate")
async def test_the_owner_passes_with_either_token(clients: Clients) -> None:
    for client in (clients.owner, clients.reading):
        assert (await client.get(f"{WEB}/resolve/main/a.txt")).content == b"hello"
        assert (await client.get(f"{API}/auth-check")).status_code == 200


@pytest.mark.usefixtures("gate")
async def test_what_a_repo_says_of_itself_stays_open(clients: Clients) -> None:
    for client in (clients.stranger, clients.nobody):
        info = (await client.get(API)).json()
        assert info["gated"] == "manual"
        assert {"rfilename": "m.bin"} in info["siblings"]
        for path in ("tree/main", "refs", "commits/main", "treesize/main", "discussions"):
            assert (await client.get(f"{API}/{path}")).status_code == 200
        assert (await client.get(f"{WEB}/resolve/main/README.md")).content == b"# Card\n"
        missing = await client.get(f"{WEB}/resolve/main/LICENSE")
        assert missing.headers["X-Error-Code"] == "EntryNotFound"
        assert missing.headers["X-Repo-Commit"] == info["sha"]


async def test_listings_show_no_hash_of_a_large_file(clients: Clients, gate: str) -> None:
    def listed(answer: httpx.Response) -> dict[str, Any]:
        entries: list[dict[str, Any]] = answer.json()
        return next(entry for entry in entries if entry["path"] == "m.bin")

    for client in (clients.nobody, clients.stranger):
        for entry in (
            listed(await client.get(f"{API}/tree/main")),
            listed(await client.post(f"{API}/paths-info/main", json={"paths": ["m.bin"]})),
        ):
            assert entry["size"] == len(CONTENT)
            assert entry["lfs"]["oid"] == "*" * 64
            assert entry["oid"] == "*" * 40
        blobs = (await client.get(f"{API}?blobs=true")).text
        assert gate not in blobs
        assert '"sha256":"' + "*" * 64 in blobs
    # What the first stranger was shown is not what the owner is shown next.
    assert listed(await clients.owner.get(f"{API}/tree/main"))["lfs"]["oid"] == gate
    assert gate in (await clients.owner.get(f"{API}?blobs=true")).text


@pytest.mark.usefixtures("gate")
async def test_whoever_may_not_read_proposes_nothing(clients: Clients) -> None:
    header = '{"key":"header","value":{"summary":"s"}}\n'
    asked = {"files": [{"path": "x", "size": 1, "sample": ""}]}
    for answer in (
        await clients.stranger.post(f"{API}/preupload/main?create_pr=1", json=asked),
        await clients.stranger.post(f"{API}/commit/main?create_pr=1", content=header),
        await clients.stranger.get(f"{API}/xet-write-token/main?create_pr=1"),
    ):
        assert answer.headers["X-Error-Code"] == "GatedRepo"


@pytest.mark.usefixtures("gate")
async def test_the_gate_is_taken_away_and_shown_in_lists(clients: Clients) -> None:
    listed = (await clients.nobody.get("/api/models?expand=gated&author=ana")).json()
    assert [row["gated"] for row in listed] == ["manual"]
    await clients.owner.put(f"{API}/settings", json={"gated": "auto"})
    assert (await clients.nobody.get(f"{API}?expand=gated")).json()["gated"] == "auto"
    await clients.owner.put(f"{API}/settings", json={"gated": False})
    assert (await clients.nobody.get(f"{API}?expand=gated")).json()["gated"] is False
    assert (await clients.nobody.get(f"{WEB}/resolve/main/a.txt")).content == b"hello"


async def test_a_setting_that_is_no_gate_is_refused_by_name(
    hub: Hub, owner: Actor, repo: Repo, clients: Clients
) -> None:
    del repo
    created(hub, owner, "demo", RepoType.SPACE, sdk="static")
    for path, body in (
        (API, {"gated": True}),
        (API, {"gated": "maybe"}),
        (API, {"gatedNotificationsMode": "never"}),
        (API, {"gated": "auto", "gatedNotificationsEmail": "not an address"}),
        ("/api/spaces/ana/demo", {"gated": "auto"}),
    ):
        answer = await clients.owner.put(f"{path}/settings", json=body)
        assert answer.status_code == 400
        assert "gated" in answer.json()["error"]
    assert (await clients.nobody.get(f"{API}?expand=gated")).json()["gated"] is False
    refused = await clients.stranger.put(f"{API}/settings", json={"gated": "auto"})
    assert refused.status_code == 403


async def test_a_dataset_is_called_a_dataset(hub: Hub, owner: Actor, clients: Clients) -> None:
    uploaded(hub, owner, created(hub, owner, "rows", RepoType.DATASET), {"a.csv": b"1"})
    await clients.owner.put("/api/datasets/ana/rows/settings", json={"gated": "auto"})
    answer = await clients.stranger.get("/datasets/ana/rows/resolve/main/a.csv")
    assert answer.headers["X-Error-Message"] == (
        "Access to dataset ana/rows is restricted and you are not in the authorized list. "
        f"Visit {BASE_URL}/datasets/ana/rows to ask for access."
    )
