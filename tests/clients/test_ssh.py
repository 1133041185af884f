"""Git over SSH of a real `strata serve` with several workers: restarts, and a graceful end."""

import subprocess
from pathlib import Path

import pytest

from clients.api import Repo, speaking_as
from clients.conftest import StartHub
from clients.hub import free_port
from clients.ssh_hubs import options, ssh_hub, trust, with_key
from fixtures.keys import ran, ssh_pair

pytestmark = pytest.mark.slow


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
