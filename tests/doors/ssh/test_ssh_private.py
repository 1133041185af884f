"""A private hub is for its members over SSH too (product S-001)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.ssh_server import SshMachine, SshOrigin, key_of
from strata.accounts.tables import users
from strata.core.actor import Actor
from strata.core.hub import Hub

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, private=True)
    yield built
    built.database.close()


def test_strangers_and_the_unconfirmed_read_nothing_and_members_do(
    hub: Hub, origin: SshOrigin, machine: SshMachine, alice: Actor, mallory: Actor
) -> None:
    repo = created(hub, alice, "thing")
    address = origin.ssh_address(repo)
    stranger = machine.refused("ls-remote", address, **machine.over())
    assert "None of your SSH keys is known here." in stranger
    assert "welcome" not in machine.ssh("-T").said
    foreign = machine.key("mallory")
    key_of(hub, mallory, foreign)
    assert machine.ok("ls-remote", address, **machine.over(foreign))
    with hub.database.writing() as db:  # an operator may have added a key for them
        db.execute(sa.update(users).where(users.c.id == mallory.user_id).values(verified_at=None))
    told = machine.refused("ls-remote", address, **machine.over(foreign))
    assert "confirm your email address" in told
    lfs = machine.ssh("git-lfs-authenticate", "alice/thing.git", "download", keys=(foreign,))
    assert lfs.status == 1
