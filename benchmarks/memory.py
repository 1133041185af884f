"""Resident memory of the server while a file of 4 GB goes up and comes down."""

from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.hub import Bench, served
from benchmarks.large import MB, fetched, make
from benchmarks.outcome import Outcome
from benchmarks.process import forget_peak, peak_memory
from benchmarks.xet import DOWNLOAD, UPLOAD
from clients.api import Repo
from clients.client import Client
from clients.environments import NEWEST, environment, of_release

SIZE = 4000 * MB
LIMIT_MB = 300
LFS_RELEASE = "1.19.0"  # the last one that can upload without Xet
WITHOUT_XET = {"HF_HUB_DISABLE_XET": "1"}


def measured(folder: Path) -> Iterator[Outcome]:
    """Send one file by Xet, one by LFS; fetch each as chunks or whole."""
    with served(folder / "hub") as bench:
        yield from _by_xet(bench, folder)
        yield from _by_lfs(bench, folder)


def _by_xet(bench: Bench, folder: Path) -> Iterator[Outcome]:
    repo, path = Repo("model", "bench/by-xet"), make(folder / "xet.bin", SIZE)
    bench.api.create(repo)
    client = _client(bench, folder / "xet-home", NEWEST, {})
    yield _peak(bench, "Xet upload", lambda: client.run(UPLOAD, repo.name, str(path), path.name))
    path.unlink()
    yield _peak(
        bench, "Xet download", lambda: client.run(DOWNLOAD, repo.name, path.name, str(SIZE))
    )
    address = f"{repo.page}/resolve/main/{path.name}"
    yield _peak(bench, "plain GET of a Xet file", lambda: fetched(bench.port, address, bench.token))


def _by_lfs(bench: Bench, folder: Path) -> Iterator[Outcome]:
    repo, path = Repo("model", "bench/by-lfs"), make(folder / "lfs.bin", SIZE, seed=2)
    bench.api.create(repo)
    client = _client(bench, folder / "lfs-home", LFS_RELEASE, WITHOUT_XET)
    yield _peak(bench, "LFS upload", lambda: client.run(UPLOAD, repo.name, str(path), path.name))
    path.unlink()
    yield _peak(
        bench, "LFS download", lambda: client.run(DOWNLOAD, repo.name, path.name, str(SIZE))
    )


def _client(bench: Bench, home: Path, release: str, variables: dict[str, str]) -> Client:
    home.mkdir()
    return Client(environment(of_release(release)), home, bench.hub.url, bench.token, variables)


def _peak(bench: Bench, what: str, act: Callable[[], object]) -> Outcome:
    forget_peak(bench.pid)
    act()
    peak = peak_memory(bench.pid) / MB
    return Outcome(f"peak memory, {what} of {SIZE // MB} MB", peak, LIMIT_MB, "MB")
