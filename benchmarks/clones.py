"""`git clone` over HTTP, from the hub and from `git http-backend` behind nginx."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.nginx import git_served, require
from benchmarks.outcome import Outcome
from clients.api import Repo

FILES = 300
COMMITS = 10  # the files arrive in so many commits
ROUNDS = 7
RATIO = 1.3
FILE_LINES = 500
REPO = Repo("model", "bench/clone")


def measured(folder: Path) -> Iterator[Outcome]:
    """Clone by turns from both; the same repository on disk."""
    require("nginx", "fcgiwrap", "git")
    with served(folder / "hub") as bench:
        bench.api.create(REPO)
        for part in range(COMMITS):
            bench.api.commit(REPO, _files(part))
        address = f"{bench.hub.url}{REPO.git}"
        _clone(folder, address)  # and the refs on disk are up to date
        bare = _largest_bare(bench)
        with git_served(folder / "front", bare.parent, workers=2) as front:
            yield _compared(folder, address, f"http://localhost:{front.port}/git/{bare.name}")


def _files(part: int) -> dict[str, bytes]:
    numbers = range(part * FILES // COMMITS, (part + 1) * FILES // COMMITS)
    return {
        f"folder-{number % 7}/file-{number:03}.txt": b"".join(
            b"%d %d\n" % (number, number * line) for line in range(FILE_LINES)
        )
        for number in numbers
    }


def _largest_bare(bench: Bench) -> Path:
    """The bare repository of the only repo of this hub."""
    return next((bench.hub.data / "git").glob("*/*.git"))


def _compared(folder: Path, ours: str, theirs: str) -> Outcome:
    times: dict[str, list[float]] = {ours: [], theirs: []}
    for _ in range(ROUNDS):
        for address, taken in times.items():
            taken.append(_clone(folder, address))
    hub, backend = median(times[ours]), median(times[theirs])
    note = f"hub {hub * 1000:.0f} ms, http-backend {backend * 1000:.0f} ms, medians of {ROUNDS}"
    return Outcome(f"clone of {FILES} files, of http-backend", hub / backend, RATIO, "x", note=note)


def _clone(folder: Path, address: str) -> float:
    """Clone and check that all files came; seconds."""
    target = folder / f"clone-{time.monotonic_ns()}"
    surroundings = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
    }
    began = time.perf_counter()
    subprocess.run(  # noqa: S603 -- our own addresses
        ["git", "clone", "--quiet", address, str(target)],  # noqa: S607 -- the git of this machine
        env=surroundings,
        check=True,
        timeout=120,
    )
    taken = time.perf_counter() - began
    files = [path for path in target.rglob("*") if path.is_file() and ".git/" not in str(path)]
    assert len(files) >= FILES, f"{len(files)} files were cloned"
    return taken
