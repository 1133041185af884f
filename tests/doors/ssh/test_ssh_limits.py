"""What strangers can hold of the server, and for how long."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fixtures import parts
from fixtures.accounts import made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.keys import SshPair
from fixtures.ssh_server import SshMachine, SshOrigin, key_of
from strata.core.hub import Hub
from strata.lib.git import wire
from strata.ssh.room import Room

pytestmark = pytest.mark.slow


# Only who waits to be hung up on is in a hurry: a busy machine takes seconds over a log-in.
IMPATIENT = pytest.mark.parametrize("limits", [{"ssh.login_s": 2, "ssh.idle_s": 2}])
FEW = pytest.mark.parametrize("limits", [{"ssh.connections_per_address": 2}])


@pytest.fixture
def limits() -> dict[str, Any]:
    return {}


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, limits: dict[str, Any]) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, **limits)
    yield built
    built.database.close()


@pytest.fixture
def key(hub: Hub, machine: SshMachine) -> SshPair:
    pair = machine.key()
    key_of(hub, made(hub, "owner"), pair)
    return pair


def started(machine: SshMachine, key: SshPair, *words: str) -> "subprocess.Popen[bytes]":
    """Run `ssh` and keep both of its ends."""
    return subprocess.Popen(
        ["ssh", *machine.options(key), *words],
        env={"PATH": parts.search_path(), "HOME": str(machine.home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


class Seat:
    idle = True

    def close(self) -> None: ...


def test_a_room_has_as_many_seats_as_it_has() -> None:
    room = Room(most=3, most_of_one=2)
    first, *more = [Seat() for _ in range(5)]
    assert room.enter(first, "203.0.113.7")
    assert room.enter(more[0], "203.0.113.7")
    assert not room.enter(more[1], "203.0.113.7")
    assert room.enter(more[1], "2001:db8::1")
    assert not room.enter(more[2], "198.51.100.1")
    room.leave(more[3], "203.0.113.7")  # was never let in: takes nothing with it
    assert not room.enter(more[2], "198.51.100.1")
    room.leave(first, "203.0.113.7")
    assert room.enter(more[2], "198.51.100.1")


def test_one_network_of_ipv6_is_one_address() -> None:
    room = Room(most=10, most_of_one=1)
    assert room.enter(Seat(), "2001:db8::1")
    assert not room.enter(Seat(), "2001:db8::ffff")
    assert room.enter(Seat(), "2001:db8:0:1::1")


@FEW
def test_an_address_holds_only_so_many_connections(machine: SshMachine, key: SshPair) -> None:
    masters = [
        started(machine, key, "-M", "-S", str(machine.home / f"m{n}"), "-N", "git@127.0.0.1")
        for n in range(2)
    ]
    try:
        for number in range(2):
            while machine.ssh("-O", "check", extra=("-S", str(machine.home / f"m{number}"))).status:
                assert masters[number].poll() is None
        refused = machine.ssh("-T", keys=(key,))
        assert refused.status == 255
        assert "Hi " not in refused.said
    finally:
        for one in masters:
            one.kill()
            one.communicate()


@IMPATIENT
def test_who_does_nothing_is_hung_up_on(machine: SshMachine, key: SshPair) -> None:
    sitting = started(machine, key, "-N", "git@127.0.0.1")
    said, _ = sitting.communicate(timeout=30)
    assert sitting.returncode == 255, said


@IMPATIENT
def test_who_pushes_nothing_is_hung_up_on(
    origin: SshOrigin, machine: SshMachine, key: SshPair
) -> None:
    repo = origin.repo(made(origin.hub, "other"), "open")
    pushing = started(machine, key, "git@127.0.0.1", f"git-receive-pack '{repo.full_name}'")
    fetching = started(machine, key, "git@127.0.0.1", f"git-upload-pack '{repo.full_name}'")
    for one in (pushing, fetching):
        assert one.wait(timeout=30) != 0
        one.communicate()


@IMPATIENT
def test_who_does_not_log_in_is_hung_up_on(origin: SshOrigin) -> None:
    with socket.create_connection(("127.0.0.1", origin.port), timeout=30) as knocking:
        knocking.sendall(b"SSH-2.0-nobody\r\n")
        while knocking.recv(65536):
            pass


def test_a_client_that_stays_connected_is_told_of_its_push(
    origin: SshOrigin, machine: SshMachine
) -> None:
    """Not every client says that nothing follows its pack (JGit, libgit2)."""
    owner = made(origin.hub, "alice")
    repo = origin.repo(owner, "tiny")
    pair = machine.key("alice")
    key_of(origin.hub, owner, pair)
    clone = machine.clone(origin.ssh_address(repo), **machine.over(pair))
    old = origin.head(repo)
    new = machine.commit(clone, {"a.txt": b"a\n"})
    pack = subprocess.run(
        ["git", "pack-objects", "--stdout", "--revs", "-q"],
        cwd=clone, input=f"{new}\n^{old}\n".encode(), capture_output=True, check=True,
    ).stdout  # fmt: skip
    line = f"{old} {new} refs/heads/main\0report-status\n".encode()
    pushing = started(machine, pair, "git@127.0.0.1", "git-receive-pack 'alice/tiny'")
    assert pushing.stdin is not None
    assert pushing.stdout is not None
    pushing.stdin.write(f"{len(line) + 4:04x}".encode() + line + wire.FLUSH + pack)
    pushing.stdin.flush()  # and is not closed
    said = b""
    deadline = time.monotonic() + 30
    while b"ok refs/heads/main" not in said and time.monotonic() < deadline:
        piece = os.read(pushing.stdout.fileno(), 65536)
        if not piece:
            break
        said += piece
    pushing.stdin.close()
    pushing.wait(30)
    pushing.stdout.close()
    assert b"ok refs/heads/main" in said
    assert origin.head(repo) == new
