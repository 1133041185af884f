"""A served hub, its people, and git on a machine of their own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.git_server import Git, Origin, served
from strata.core.actor import Actor
from strata.core.hub import Hub


@pytest.fixture
def origin(hub: Hub) -> Iterator[Origin]:
    with served(hub) as url:
        yield Origin(hub, url)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    home = tmp_path / "machine"
    home.mkdir()
    return Git(home)


@pytest.fixture
def alice(hub: Hub) -> Actor:
    """Owns the repos of these tests."""
    return made(hub, "alice")


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    """Owns nothing here."""
    return made(hub, "mallory")
