"""Which commit a folder was checked out at."""

import subprocess
from pathlib import Path

from strata.core.build import build
from strata.lib.git.reading.checkout import commit_of

REPOSITORY = Path(__file__).parents[3]


def told(*args: str | Path) -> str:
    return subprocess.run(["git", *args], check=True, capture_output=True, text=True).stdout.strip()


def test_a_checkout_says_its_commit_and_a_folder_within_it_says_none(tmp_path: Path) -> None:
    (tmp_path / "within").mkdir()
    told("-C", tmp_path, "init", "--quiet")
    assert commit_of(tmp_path) is None
    who = ("-c", "user.name=Li", "-c", "user.email=li@example.org")
    told("-C", tmp_path, *who, "commit", "--quiet", "--allow-empty", "--message", "one")
    assert commit_of(tmp_path) == told("-C", tmp_path, "rev-parse", "HEAD")
    assert commit_of(tmp_path / "within") is None


def test_what_runs_from_a_checkout_says_its_commit() -> None:
    assert build().commit == told("-C", REPOSITORY, "rev-parse", "HEAD")
    assert build().shown == f"{build().version} ({(build().commit or '')[:8]})"
