"""Merges of pull requests that change a thousand files, from the request to the answer."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.outcome import Outcome
from clients.api import Repo, commit_lines

ROUNDS = 5
FILES = 1000
FILE_BYTES = 1000
TARGET_S = 0.5


def measured(folder: Path) -> Iterator[Outcome]:
    """Merge while the base stands still, then while it went on."""
    with served(folder / "hub") as bench:
        yield _merges(bench, "still", moves=False)
        yield _merges(bench, "moved", moves=True)


def _merges(bench: Bench, name: str, *, moves: bool) -> Outcome:
    repo = Repo("model", f"bench/base-{name}")
    bench.api.create(repo)
    _commit(bench, repo, "Begin", _files(0))
    times = []
    for turn in range(1, ROUNDS + 2):
        _commit(bench, repo, f"Round {turn}", _files(turn), query="?create_pr=1")
        if moves:
            beside = {f"folder-{number}/beside-{turn}.txt": b"x\n" for number in range(10)}
            _commit(bench, repo, "Meanwhile", beside)  # a new file in every folder
        began = time.perf_counter()
        answer = bench.api.web.post(f"{repo.api}/discussions/{turn}/merge")
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
    note = f"median of {ROUNDS}, fsync included; worst {max(times[1:]):.3f} s"
    what = f"merge of a pull request of {FILES:,} files, base {name}"
    return Outcome(what, median(times[1:]), TARGET_S, "s", note=note)


def _commit(
    bench: Bench, repo: Repo, title: str, files: dict[str, bytes], *, query: str = ""
) -> None:
    answer = bench.api.web.post(
        f"{repo.api}/commit/main{query}",
        content=commit_lines(title, files),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text


def _files(turn: int) -> dict[str, bytes]:
    return {
        f"folder-{number % 10}/file-{number:04}.txt": f"{turn} {number}\n".encode().ljust(
            FILE_BYTES, b"."
        )
        for number in range(FILES)
    }
