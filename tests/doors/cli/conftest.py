"""The command as operators run it: a process, a data folder, nothing of ours in the environment."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures import parts

Strata = Callable[..., "subprocess.CompletedProcess[str]"]
SOURCE = Path(__file__).parents[3] / "src"


@pytest.fixture
def strata(tmp_path: Path) -> Strata:
    """Give a function that runs `strata` with arguments, and settings as keywords."""

    def run(
        *arguments: str, typed: str = "", **settings: str
    ) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": parts.search_path(),
            "HOME": str(tmp_path),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(SOURCE),
            "STRATA_DATA": str(tmp_path / "data"),
            **settings,
        }
        return subprocess.run(
            [sys.executable, "-m", "strata", *arguments],
            env=environment,
            check=False,
            text=True,
            capture_output=True,
            input=typed,
            cwd=tmp_path,
            timeout=120,
        )

    return run
