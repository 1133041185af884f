"""The command as operators run it: a process, a data folder, nothing of ours in the environment."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures import parts, prepared

Strata = Callable[..., "subprocess.CompletedProcess[str]"]
SOURCE = Path(__file__).parents[3] / "src"


def surroundings(home: Path) -> dict[str, str]:
    return {
        "PATH": parts.search_path(),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(SOURCE),
        "STRATA_DATA": str(home / "data"),
    }


@pytest.fixture
def strata(tmp_path: Path) -> Strata:
    """Give a function that runs `strata` with arguments, and settings as keywords."""

    def run(
        *arguments: str, typed: str = "", **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        environment = surroundings(tmp_path) | settings
        return prepared.run(
            ("-m", "strata", *arguments), env=environment, cwd=tmp_path, typed=typed
        )

    return run


@pytest.fixture
def started_strata(tmp_path: Path) -> Strata:
    """The same for a program that is loaded anew: in the order in which the command asks."""

    def run(
        *arguments: str, typed: str = "", **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "strata", *arguments],
            env=surroundings(tmp_path) | settings,
            check=False,
            text=True,
            capture_output=True,
            input=typed,
            cwd=tmp_path,
            timeout=120,
        )

    return run
