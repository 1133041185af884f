"""A hub on each database, with an owner, people who want in, and a gated repo."""

import pytest

from fixtures.accounts import made
from fixtures.contents import created, uploaded
from fixtures.gated import gate
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.change import Settings
from strata.repos.record import Repo


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


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
