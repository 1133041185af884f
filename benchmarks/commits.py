"""Commits of many small files, from the request's first byte to the answer's last."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.outcome import Outcome
from clients.api import Repo, commit_lines

ROUNDS = 5
FILE_BYTES = 1000


def measured(folder: Path) -> Iterator[Outcome]:
    """Commit a hundred files, then a thousand."""
    with served(folder / "hub") as bench:
        yield _commit_of(bench, 100, target_s=0.1)
        yield _commit_of(bench, 1000, target_s=0.5)


def _commit_of(bench: Bench, count: int, *, target_s: float) -> Outcome:
    repo = Repo("model", f"bench/of-{count}")
    bench.api.create(repo)
    times = []
    for turn in range(ROUNDS + 1):
        body = commit_lines(f"Round {turn}", _files(turn, count))
        began = time.perf_counter()
        answer = bench.api.web.post(
            f"{repo.api}/commit/main",
            content=body,
            headers={"Content-Type": "application/x-ndjson"},
        )
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
    note = f"median of {ROUNDS}, fsync included; worst {max(times[1:]):.3f} s"
    return Outcome(f"commit of {count:,} small files", median(times[1:]), target_s, "s", note=note)


def _files(turn: int, count: int) -> dict[str, bytes]:
    return {
        f"folder-{number % 10}/file-{number:04}.txt": f"{turn} {number}\n".encode().ljust(
            FILE_BYTES, b"."
        )
        for number in range(count)
    }
