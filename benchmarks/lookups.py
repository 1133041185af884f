"""HEAD of a file and facts of a repo: what every client asks first, and most often."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Self

from benchmarks.hub import Bench, served
from benchmarks.load import Load, loaded, request
from benchmarks.outcome import Outcome
from benchmarks.process import spending
from clients.api import Repo

SIBLINGS = 200
SECONDS = 5.0
POLL_S = 0.005
FLUSHES_A_MINUTE = 2  # uses and download counts, each in bulk
REPO = Repo("model", "bench/private")


def measured(folder: Path) -> Iterator[Outcome]:
    """Ask a private repo with a token, one connection and sixteen."""
    with served(folder / "hub") as bench:
        bench.api.create(REPO, private=True)
        bench.api.commit(REPO, _files())
        head = request("HEAD", f"{REPO.page}/resolve/main/config.json", bench.port, bench.token)
        facts = request("GET", REPO.api, bench.port, bench.token)
        for warm in (head, facts):
            loaded(bench.port, warm, connections=16, seconds=1.0)
        with Commits(bench.hub.data / "strata.db") as commits:
            yield _sequential("HEAD resolve, one connection, p50", _run(bench, head, 1), 2.0)
            yield _throughput("HEAD resolve, 16 connections", _run(bench, head, 16), 1200)
            yield _sequential(
                "model_info (200 files), one connection, p50", _run(bench, facts, 1), 5.0
            )
            yield _throughput(
                "model_info (200 files), 16 connections", _run(bench, facts, 16), 1000
            )
        yield Outcome(
            "database commits during all of these",
            commits.seen,
            FLUSHES_A_MINUTE,
            "commits",
            note="allowed: the bulk flush once a minute of last-used times and download counts",
        )


def _files() -> dict[str, bytes]:
    card = b"---\nlicense: apache-2.0\ntags: [text-generation]\n---\n# Model\n"
    config = b'{"architectures": ["BertModel"], "model_type": "bert"}\n'
    others = {f"part-{number:03}.txt": b"%d\n" % number for number in range(SIBLINGS - 3)}
    return {"README.md": card, "config.json": config, **others}  # and .gitattributes


def _run(bench: Bench, sent: bytes, connections: int) -> tuple[Load, float]:
    """Load the server; with the CPU that one request cost it, in milliseconds."""
    with spending(bench.pid) as spent:
        load = loaded(bench.port, sent, connections=connections, seconds=SECONDS)
    return load, spent.seconds * 1000 / load.requests


def _sequential(name: str, found: tuple[Load, float], target_ms: float) -> Outcome:
    load, cpu_ms = found
    note = f"p99 {load.p99_ms:.1f} ms, {cpu_ms:.2f} ms of CPU each"
    return Outcome(name, load.p50_ms, target_ms, "ms", note=note)


def _throughput(name: str, found: tuple[Load, float], target: float) -> Outcome:
    load, cpu_ms = found
    note = (
        f"p99 {load.p99_ms:.0f} ms, {cpu_ms:.2f} ms of CPU each,"
        f" generator {load.own_share:.0%} of a core"
    )
    return Outcome(name, load.per_second, target, "requests/s", at_least=True, note=note)


class Commits:
    """Counts commits of other connections: SQLite's `data_version` moves with each.

    Polled, so that two commits within one interval count once; a write per request would show as
    hundreds.
    """

    def __init__(self, database: Path) -> None:
        self.seen = 0
        self._database = database
        self._done = threading.Event()
        self._watching = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._watching.start()
        return self

    def __exit__(self, *_failure: object) -> None:
        self._done.set()
        self._watching.join()

    def _watch(self) -> None:
        with closing(sqlite3.connect(self._database)) as connection:
            last = self._version(connection)
            while not self._done.wait(POLL_S):
                version = self._version(connection)
                self.seen += version != last
                last = version

    def _version(self, connection: sqlite3.Connection) -> int:
        version: int = connection.execute("PRAGMA data_version").fetchone()[0]
        return version
