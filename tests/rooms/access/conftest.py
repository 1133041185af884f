"""A hub on each database, with an owner, people who want in, and a gated repo."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.contents import created, uploaded
from fixtures.gated import gate
from fixtures.hubs import FrozenClock, build_test_hub
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.change import Settings
from strata.repos.record import Repo


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(tmp_path: Path, clock: FrozenClock, request: pytest.FixtureRequest) -> Iterator[Hub]:
    url = (
        request.getfixturevalue("postgres_hub_database") if request.param == "postgresql" else None
    )
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=url)
    yield built
    built.database.close()


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return made(hub, "bob")


@pytest.fixture
def eve(hub: Hub) -> Actor:
    return made(hub, "eve")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    """Give a repo of ana's whose gate waits for her."""
    plain = created(hub, ana, "one")
    uploaded(hub, ana, plain, {"a.txt": b"one\n"})
    return gate(hub, ana, plain, Settings(gated="manual"))
