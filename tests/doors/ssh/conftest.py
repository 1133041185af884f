"""A hub served over SSH, its people, and their machines."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.ssh_server import SshMachine, SshOrigin, ssh_served
from strata.core.actor import Actor
from strata.core.hub import Hub


@pytest.fixture
def origin(hub: Hub) -> Iterator[SshOrigin]:
    with ssh_served(hub) as served:
        yield served


@pytest.fixture
def machine(tmp_path: Path, origin: SshOrigin) -> SshMachine:
    home = tmp_path / "machine"
    home.mkdir()
    return SshMachine(home, origin)


@pytest.fixture
def alice(hub: Hub) -> Actor:
    """Owns the repos of these tests."""
    return made(hub, "alice")


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    """Owns nothing here."""
    return made(hub, "mallory")
