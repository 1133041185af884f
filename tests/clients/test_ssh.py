"""Git over SSH of a real `strata serve` with several workers: restarts, and a graceful end."""

import dataclasses
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from clients.api import Repo, speaking_as
from clients.conftest import StartHub
from clients.hub import Hub, free_port
from fixtures.keys import SshPair, ran, ssh_pair
from strata.accounts import people
from strata.app.hub import load_hub
from strata.core.actor import Actor
from strata.core.call import reading, working
from strata.core.settings.loading import load
from strata.credentials.keys import ssh

pytestmark = pytest.mark.slow


def ssh_hub(start_hub: StartHub) -> tuple[Hub, int]:
    port = free_port()
    settings = {
        "STRATA_SSH_ENABLED": "1",
        "STRATA_SSH_PORT": str(port),
        "STRATA_SERVER_WORKERS": "2",
    }
    return start_hub(settings, database="sqlite"), port


def with_key(hub: Hub, name: str, pair: SshPair) -> None:
    """Add a key as its owner does at the browser; the page has tests of its own."""
    hub.user(name)
    beside = load_hub(load(environment={"STRATA_DATA": str(hub.data)}).settings)
    with reading(beside) as call, working(call) as work:
        person = people.by_name(work, name)
        assert person is not None
        proved = work.now + timedelta(minutes=1)
        session = Actor(user_id=person.id, name=name, session_id=1, proved_until=proved)
        ssh.add(dataclasses.replace(work, actor=session), "", pair.public)
    beside.database.close()


def options(pair: SshPair, known: Path, port: int) -> list[str]:
    return [
        "-F", "none", "-p", str(port), "-i", str(pair.private), "-o", "IdentitiesOnly=yes",
        "-o", f"UserKnownHostsFile={known}", "-o", "StrictHostKeyChecking=yes",
        "-o", "IdentityAgent=none",
    ]  # fmt: skip


def trust(known: Path, port: int) -> str:
    """Note the keys that the server shows."""
    known.write_text(ran("ssh-keyscan", "-p", str(port), "127.0.0.1"))
    return "".join(sorted(known.read_text().splitlines(keepends=True)))


def test_the_server_stays_the_same_over_a_restart(start_hub: StartHub, tmp_path: Path) -> None:
    hub, port = ssh_hub(start_hub)
    pair, known = ssh_pair(tmp_path / "keys"), tmp_path / "known_hosts"
    with_key(hub, "alice", pair)
    first = trust(known, port)
    assert "ssh-ed25519" in first
    hub.stop()
    hub.start()
    greeted = ran("ssh", *options(pair, known, port), "-T", "git@127.0.0.1")
    assert greeted == "Hi alice, welcome to Strata.\n"
    assert trust(known, port) == first


def test_every_worker_serves_and_a_push_is_seen_by_all(start_hub: StartHub, tmp_path: Path) -> None:
    hub, port = ssh_hub(start_hub)
    pair, known = ssh_pair(tmp_path / "keys"), tmp_path / "known_hosts"
    with_key(hub, "alice", pair)
    trust(known, port)
    with speaking_as(hub.url, hub.user("alice")) as api:
        api.create(Repo("dataset", "alice/rows"), private=True)
    command = " ".join(["ssh", *options(pair, known, port)])
    clone = tmp_path / "clone"
    git = ["git", "-c", f"core.sshCommand={command}", "-c", "user.name=a", "-c", "user.email=a@b.c"]
    ran(*git, "clone", "-q", "git@127.0.0.1:datasets/alice/rows", str(clone))
    shas = set()
    for number in range(6):
        (clone / "n.txt").write_text(str(number))
        ran(*git, "-C", str(clone), "add", "n.txt")
        ran(*git, "-C", str(clone), "commit", "-q", "-m", f"change {number}")
        ran(*git, "-C", str(clone), "push", "-q", "origin", "HEAD:main")
        listed = ran(*git, "-C", str(clone), "ls-remote", "origin", "refs/heads/main")
        assert listed.split()[0] == ran("git", "-C", str(clone), "rev-parse", "HEAD").strip()
        shas.add(listed.split()[0])
    assert len(shas) == 6


def test_who_only_sits_there_does_not_keep_the_server_from_ending(
    start_hub: StartHub, tmp_path: Path
) -> None:
    hub, port = ssh_hub(start_hub)
    pair, known = ssh_pair(tmp_path / "keys"), tmp_path / "known_hosts"
    with_key(hub, "alice", pair)
    trust(known, port)
    master = tmp_path / "m"
    sitting = subprocess.Popen(
        ["ssh", *options(pair, known, port), "-M", "-S", str(master), "-N", "git@127.0.0.1"]
    )
    through = ("ssh", "-S", str(master), "-T", "git@127.0.0.1")
    while subprocess.run(through, capture_output=True, check=False).returncode:
        assert sitting.poll() is None
    hub.stop()
    assert sitting.wait(20) == 255
    hub.start()


def test_a_taken_port_and_a_bad_key_are_told_at_the_start(
    start_hub: StartHub, tmp_path: Path
) -> None:
    hub, _ = ssh_hub(start_hub)
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "ssh_host_ed25519_key").write_text("this is no key")
    serve = ("serve", "--data", str(tmp_path / "data"), "--port", str(free_port()))
    for variables in (
        {"STRATA_SSH_PORT": str(hub.port)},
        {"STRATA_SSH_HOST_KEYS": str(folder), "STRATA_SSH_PORT": "0"},
    ):
        started = hub.strata(*serve, **variables)
        assert started.returncode != 0
        assert "Traceback" not in started.stderr, started.stderr
        assert "SSH" in started.stderr
