"""A hub with two people and a repo, and a client for each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.clients import Clients
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import person, with_local_store
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(params=["memory", "local"])
def hub(tmp_path: Path, clock: FrozenClock, request: pytest.FixtureRequest) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield with_local_store(built) if request.param == "local" else built
    built.database.close()


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def stranger(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    made = created(hub, owner, "one")
    uploaded(hub, owner, made, {"a.txt": b"hello", "dir/b c#%.txt": b"world", "page.html": b"<b>"})
    return made


@pytest.fixture
def clients(hub: Hub, owner: Actor, stranger: Actor) -> Clients:
    return Clients(hub, owner, stranger)
