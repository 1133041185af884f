"""Who somebody is over SSH, and what the server refuses to everybody."""

import socket
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling
from fixtures.ssh_server import SshMachine, SshOrigin, key_of
from strata.accounts.plans.rates import Bucket
from strata.accounts.tables import users
from strata.core import maintenance
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.keys import ssh

pytestmark = pytest.mark.slow


def test_a_known_key_is_greeted_by_name(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    key = machine.key()
    key_of(origin.hub, alice, key)
    greeted = machine.ssh("-T", keys=(key,))
    assert (greeted.status, greeted.said) == (0, "Hi alice, welcome to Strata.\n")
    origin.uses.flush(origin.hub)
    with calling(origin.hub) as call:
        assert ssh.of(call, alice.user_id or 0)[0].last_used_at == origin.hub.clock()


def test_unknown_keys_and_no_keys_are_anonymous(machine: SshMachine) -> None:
    for keys in ((machine.key(),), ()):
        greeted = machine.ssh("-T", keys=keys)
        assert (greeted.status, greeted.said) == (0, "Hi anonymous, welcome to Strata.\n")


def test_the_known_key_may_be_the_last_of_many(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    keys = tuple(machine.key(f"id{number}") for number in range(3))
    key_of(origin.hub, alice, keys[-1])
    assert "Hi alice" in machine.ssh("-T", keys=keys).said


def test_whoever_has_only_the_public_half_is_anonymous(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    key = machine.key()
    key_of(origin.hub, alice, key)
    stolen = machine.home / "stolen.pub"
    stolen.write_text(key.public)
    key.private.unlink()
    greeted = machine.ssh("-T", extra=("-i", str(stolen)))
    assert greeted.said.endswith("Hi anonymous, welcome to Strata.\n")


def test_a_removed_key_is_nobody(origin: SshOrigin, machine: SshMachine, alice: Actor) -> None:
    key = machine.key()
    added = key_of(origin.hub, alice, key)
    with calling(origin.hub, alice) as call, working(call) as work:
        ssh.remove(work, added.id)
    assert "Hi anonymous" in machine.ssh("-T", keys=(key,)).said


def test_a_suspended_owner_is_told_so(origin: SshOrigin, machine: SshMachine, alice: Actor) -> None:
    key = machine.key()
    key_of(origin.hub, alice, key)
    with calling(origin.hub) as call, working(call) as work:
        work.db.execute(sa.update(users).values(standing="suspended"))
    greeted = machine.ssh("-T", keys=(key,))
    assert greeted.status == 1
    assert "suspended" in greeted.said
    assert "alice" not in greeted.said


def test_only_the_user_git_may_connect(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    key = machine.key()
    key_of(origin.hub, alice, key)
    refused = machine.ssh("-T", keys=(key,), extra=("-l", "root"))
    assert refused.status == 255
    assert "Permission denied (publickey,keyboard-interactive)" in refused.said
    assert "Hi " not in refused.said


NO_GIT: tuple[tuple[str, ...], ...] = (
    ("sh",),
    ("ls", "-la", "/"),
    ("git-upload-pack",),
    ("git-upload-pack", "a/b", "c/d"),
    ("git-upload-pack 'alice/tiny'; touch /tmp/owned",),
    ("git-upload-pack $(touch /tmp/owned)",),
    ("git-upload-pack `touch /tmp/owned`",),
    ("git-upload-pack 'alice/tiny",),
    ("git-upload-archive", "'alice/tiny'"),
    ("git-shell",),
    ("git-receive-pack", "--reject-thin-pack-for-testing", "alice/tiny"),
    ("git-upload-pack", "--help"),
    ("git-upload-pack", "../../../../etc"),
    ("git-upload-pack", "/etc/passwd"),
    ("git-upload-pack", "alice/../alice/tiny"),
    ("git-upload-pack", "'alice/tiny\x01'"),
    ("git-upload-pack", "'models/alice/tiny/extra'"),
    ("git-upload-pack", "buckets/alice/tiny"),
    ("git-lfs-authenticate", "alice/tiny", "delete"),
    ("git-lfs-authenticate", "alice/tiny"),
    ("git-lfs-transfer", "alice/tiny", "upload"),
    ("scp", "-t", "/tmp"),
    ("git-upload-pack " + "a" * 5000,),
)


def test_nothing_but_git_runs(origin: SshOrigin, machine: SshMachine, alice: Actor) -> None:
    origin.repo(alice, "tiny")
    key = machine.key()
    key_of(origin.hub, alice, key)
    for words in NO_GIT:
        refused = machine.ssh(*words, keys=(key,))
        assert refused.status == 1, (words, refused.said)
        assert len(refused.said.strip().splitlines()) == 1, (words, refused.said)
        assert "went wrong" not in refused.said, words


def test_there_is_no_terminal_and_no_sftp(machine: SshMachine) -> None:
    assert "PTY allocation request failed" in machine.ssh("-tt").said
    assert machine.ssh("-s", "sftp").status != 0


@pytest.mark.parametrize(
    "forwarding",
    [
        ("-W", "127.0.0.1:22"),
        ("-N", "-o", "ExitOnForwardFailure=yes", "-R", "0:127.0.0.1:22"),
    ],
)
def test_nothing_is_forwarded(
    origin: SshOrigin, machine: SshMachine, alice: Actor, forwarding: tuple[str, ...]
) -> None:
    key = machine.key()
    key_of(origin.hub, alice, key)
    refused = machine.ssh(keys=(key,), extra=forwarding)
    assert refused.status == 255, refused.said


def test_commands_are_counted_and_refused_in_words(
    hub: Hub, machine: SshMachine, origin: SshOrigin, alice: Actor
) -> None:
    key = machine.key()
    key_of(hub, alice, key)
    for _ in range(hub.settings.rates.ssh):
        origin.rates.take(Bucket.SSH, alice.user_id or 0, hub.clock())
    refused = machine.ssh("-T", keys=(key,))
    assert refused.status == 1
    assert "Too many requests" in refused.said
    assert machine.ssh("-T").status == 0  # somebody else


def test_during_maintenance_nobody_comes_in(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    key = machine.key()
    key_of(origin.hub, alice, key)
    maintenance.begin(origin.hub.settings.data, origin.hub.clock() + timedelta(minutes=5))
    told = machine.ssh("-T", keys=(key,))
    assert (told.status, told.said) == (
        1, "This site is being maintained. Try again in 300 seconds.\n"
    )  # fmt: skip
    maintenance.end(origin.hub.settings.data)
    assert "Hi alice" in machine.ssh("-T", keys=(key,)).said


def offered(origin: SshOrigin) -> list[set[str]]:
    """What the server offers before anybody has said who they are (RFC 4253, 7.1)."""
    with socket.create_connection(("127.0.0.1", origin.port), timeout=10) as plug:
        plug.sendall(b"SSH-2.0-curious\r\n")
        received = b""
        while b"\r\n" not in received or len(received.partition(b"\r\n")[2]) < 4:
            received += plug.recv(65536)
        packet = received.partition(b"\r\n")[2]
        length = 4 + int.from_bytes(packet[:4])
        while len(packet) < length:
            packet += plug.recv(65536)
    place, lists = 4 + 1 + 1 + 16, []
    for _ in range(8):
        end = place + 4 + int.from_bytes(packet[place : place + 4])
        lists.append(set(packet[place + 4 : end].decode().split(",")))
        place = end
    return lists


def test_nothing_weak_is_offered(origin: SshOrigin) -> None:
    exchanges, host_keys, ciphers, _, macs, *_ = offered(origin)
    assert "curve25519-sha256" in exchanges
    assert {one for one in exchanges if "sha1" in one or "group14" in one or "rsa" in one} == set()
    assert host_keys <= {"ssh-ed25519", "ecdsa-sha2-nistp256"}
    assert {one for one in ciphers if "gcm" not in one and "poly1305" not in one} == {
        "aes256-ctr", "aes128-ctr",
    }  # fmt: skip
    assert {one for one in macs if "-etm@" not in one or "sha1" in one or "64" in one} == set()
