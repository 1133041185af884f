"""Give each test a fresh bare store, and the real git program to compare with."""

import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from strata.lib.git import read
from strata.lib.git.write import Note, Signature

Git = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return a fresh, empty bare repository."""
    path = tmp_path / "store.git"
    read.init(path)
    return path


@pytest.fixture
def note() -> Note:
    return Note(Signature("Ann", "ann@example.org"), datetime(2026, 1, 2, tzinfo=UTC), "A change")


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """Return a function that runs real git: `git("log", at=folder)`; it fails when git does."""
    home = tmp_path / "home"
    home.mkdir()
    surroundings = {
        "PATH": os.environ["PATH"],  # noqa: TID251 - tests have no settings to read it from
        "HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
    for role in ("AUTHOR", "COMMITTER"):
        surroundings |= {f"GIT_{role}_NAME": "Bob", f"GIT_{role}_EMAIL": "bob@example.org"}

    def run(*words: str, at: Path, stdin: str | bytes = b"", refused: bool = False) -> str:
        fed = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            ["git", "-c", "init.defaultBranch=main", *words],
            cwd=at,
            env=surroundings,
            input=fed,
            capture_output=True,
            check=False,
            timeout=60,
        )
        said = done.stdout.decode() + (done.stderr.decode() if refused else "")
        assert (done.returncode != 0) is refused, done.stderr.decode() + said
        return said.strip()

    return run
