"""Large files given to another repo, before a commit there names them."""

from collections.abc import Mapping

import pytest

from fixtures.clients import Clients
from fixtures.contents import created, given
from fixtures.large_files import calling, noise
from strata.blobs.present import large_files
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import Oid, RepoType
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

CONTENT = noise("duplicate", 40_000)
ABSENT = Oid("cd" * 32)
GIVE = "/api/models/ana/one/lfs-files/duplicate"


@pytest.fixture
def oid(hub: Hub, owner: Actor, repo: Repo) -> Oid:
    """Return the name of a large file that the source has."""
    return given(hub, owner, repo, "w.bin", CONTENT).oid


@pytest.fixture
def target(hub: Hub, owner: Actor) -> Repo:
    return created(hub, owner, "two", RepoType.DATASET)


def asked(*files: Mapping[str, str], name: str = "ana/two") -> dict[str, object]:
    return {"target": {"type": "dataset", "name": name}, "files": list(files)}


def held(hub: Hub, owner: Actor, repo: Repo, oid: Oid) -> bool:
    with calling(hub, owner) as call:
        return oid in large_files(call, repo, [oid])


async def test_the_target_has_the_file_and_the_rest_is_named(
    hub: Hub, owner: Actor, clients: Clients, target: Repo, oid: Oid
) -> None:
    wanted = asked({"sha256": oid, "filename": "w.bin"}, {"sha256": ABSENT, "xetHash": "0" * 64})
    answer = await clients.owner.post(GIVE, json=wanted)

    assert answer.status_code == 200
    assert [failed["sha256"] for failed in answer.json()["failed"]] == [ABSENT]
    assert held(hub, owner, target, oid)
    assert not held(hub, owner, target, ABSENT)


async def test_hashes_of_two_files_are_no_file(
    hub: Hub, owner: Actor, clients: Clients, target: Repo, oid: Oid
) -> None:
    answer = await clients.owner.post(GIVE, json=asked({"sha256": oid, "xetHash": "0" * 64}))

    assert [failed["sha256"] for failed in answer.json()["failed"]] == [oid]
    assert not held(hub, owner, target, oid)


async def test_a_gift_needs_a_right_on_the_target(
    hub: Hub, owner: Actor, clients: Clients, target: Repo, oid: Oid
) -> None:
    wanted = asked({"sha256": oid})

    refused = [await web.post(GIVE, json=wanted) for web in (clients.nobody, clients.reading)]

    assert [answer.status_code for answer in refused] == [401, 403]
    assert not held(hub, owner, target, oid)


async def test_a_hidden_source_looks_missing(
    hub: Hub, owner: Actor, stranger: Actor, clients: Clients
) -> None:
    secret = created(hub, owner, "secret", private=True)
    inside = given(hub, owner, secret, "w.bin", CONTENT).oid
    own = created(hub, stranger, "own", RepoType.DATASET)
    address = "/api/models/ana/{}/lfs-files/duplicate"

    hidden, missing = [
        await clients.stranger.post(
            address.format(name), json=asked({"sha256": inside}, name="bob/own")
        )
        for name in ("secret", "never-there")
    ]

    assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
    assert hidden.headers["X-Error-Code"] == missing.headers["X-Error-Code"] == "RepoNotFound"
    assert not held(hub, stranger, own, inside)


@pytest.mark.usefixtures("target")
async def test_five_hundred_files_are_the_most(clients: Clients, oid: Oid) -> None:
    files = [{"sha256": oid}] * 501

    assert (await clients.owner.post(GIVE, json=asked(*files[:500]))).status_code == 200
    assert (await clients.owner.post(GIVE, json=asked(*files))).status_code == 413
