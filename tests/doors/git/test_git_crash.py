"""The server dies at each step of a push; what was acknowledged is there, nothing is half there."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from clients.api import Repo, speaking_as
from clients.git import GitMachine, address, machine
from clients.hub import Hub, Person
from fixtures import parts

CRASHED: Final = 70  # the exit status of a crash point
POINTS: Final = ("after-pack", "before-commit", "after-commit")


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[Hub]:
    """Give a hub in a process of its own, not started."""
    hub = Hub(tmp_path / "crashing", {"STRATA_TESTING": "1"})
    yield hub
    hub.kill()


@pytest.fixture
def repo() -> Repo:
    return Repo("model", "pusher/survivor")


def prepared(hub: Hub, repo: Repo, home: Path) -> tuple[Person, GitMachine, Path]:
    """Start the hub, create the repo and push to it once."""
    hub.start()
    owner = hub.user("pusher")
    with speaking_as(hub.url, owner) as api:
        api.create(repo)
    git = machine(home, owner, lfs=False)
    clone = git.clone(address(hub, repo, owner))
    (clone / "first.txt").write_text("acknowledged")
    git.commit(clone, "First")
    git.git("push", "origin", "main", within=clone)
    return owner, git, clone


def require_sound(hub: Hub, repo: Repo, owner: Person, git: GitMachine) -> str:
    """Have git check the repo at both ends; the head of main."""
    again = git.clone(address(hub, repo, owner))
    git.git("fsck", "--full", "--strict", within=again)
    for store in (hub.data / "git").glob("*/*.git"):
        git.git("-c", "safe.directory=*", "fsck", "--full", "--strict", within=store)
    return git.head(again)


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_inside_a_push_loses_and_shows_nothing(
    crashing: Hub, repo: Repo, tmp_path: Path, point: str
) -> None:
    owner, git, clone = prepared(crashing, repo, tmp_path / "machine")
    acknowledged = git.head(clone)
    crashing.kill()

    crashing.start({"STRATA_CRASH_AT": point})
    (clone / "second.bin").write_bytes(os.urandom(300_000))
    pushed = git.commit(clone, "Second")
    git.git("push", "origin", "main", within=clone, fails=True)
    assert crashing.wait_for_crash() == CRASHED

    crashing.start()
    head = require_sound(crashing, repo, owner, git)
    assert head == (pushed if point == "after-commit" else acknowledged)
    said = git.git("push", "origin", "main", within=clone)
    assert ("up-to-date" in said) is (point == "after-commit")
    assert require_sound(crashing, repo, owner, git) == pushed
    crashing.stop()
    crashing.require_clean_log()


def test_a_kill_between_pushes_keeps_every_acknowledged_one(
    crashing: Hub, repo: Repo, tmp_path: Path
) -> None:
    owner, git, clone = prepared(crashing, repo, tmp_path / "machine")
    for number in range(3):
        (clone / f"{number}.txt").write_text("kept")
        pushed = git.commit(clone, f"Number {number}")
        git.git("push", "origin", "main", within=clone)
        crashing.kill()
        crashing.start()
        assert require_sound(crashing, repo, owner, git) == pushed
    crashing.stop()


def test_a_kill_while_a_pack_comes_in_leaves_the_repo_as_it_was(
    crashing: Hub, repo: Repo, tmp_path: Path
) -> None:
    owner, git, clone = prepared(crashing, repo, tmp_path / "machine")
    acknowledged = git.head(clone)
    for setting in ("core.compression", "pack.window"):
        git.git("config", setting, "0", within=clone)
    for number in range(20):
        (clone / f"{number}.bin").write_bytes(os.urandom(2_000_000))
    git.commit(clone, "Forty megabytes")
    pushing = subprocess.Popen(
        ["git", "push", "--quiet", "origin", "main"],
        cwd=clone,
        env={"HOME": str(git.home), "PATH": parts.search_path(), "GIT_CONFIG_NOSYSTEM": "1"},
        stderr=subprocess.DEVNULL,
    )
    quarantine = next((crashing.data / "git").glob("*/*.git")) / "quarantine"
    while not any(quarantine.glob("push-*/objects/pack/*")):
        assert pushing.poll() is None, "the push was over before we could interrupt it"
    crashing.kill()
    assert pushing.wait(60) != 0
    crashing.start()
    assert require_sound(crashing, repo, owner, git) == acknowledged
    git.git("push", "origin", "main", within=clone)
    assert require_sound(crashing, repo, owner, git) == git.head(clone)
    crashing.stop()
