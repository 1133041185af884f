"""How long after a commit its webhook is called, on a server with nothing else to do."""

import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.outcome import Outcome
from clients.api import Repo, commit_lines
from fixtures.receivers import Receiver, receiving

ROUNDS = 20
IDLE_S = 0.3  # between two commits: the runners are asleep again
SETTINGS = {"STRATA_WEBHOOKS_ALLOW": "127.0.0.1", "STRATA_WEBHOOKS_ALLOW_HTTP": "1"}


def measured(folder: Path) -> Iterator[Outcome]:
    """Commit again and again and wait for the call, from the answer of the commit on."""
    with served(folder / "hub", SETTINGS) as bench, receiving() as receiver:
        repo = Repo("model", "bench/told")
        bench.api.create(repo)
        body = {"url": receiver.url(), "watched": [{"type": "user", "name": "bench"}]}
        assert bench.api.web.post("/api/settings/webhooks", json=body).status_code == 200
        times = [_told(bench, repo, receiver, turn) for turn in range(ROUNDS)]
    note = f"worst of {ROUNDS}, after the answer; median {median(times) * 1000:.0f} ms"
    yield Outcome("webhook called after a commit", max(times), 1, "s", note=note)


def _told(bench: Bench, repo: Repo, receiver: Receiver, turn: int) -> float:
    time.sleep(IDLE_S)
    answer = bench.api.web.post(
        f"{repo.api}/commit/main",
        content=commit_lines(f"Round {turn}", {"a.txt": f"{turn}".encode()}),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert answer.status_code == 200, answer.text
    began = time.perf_counter()
    receiver.wait(turn + 1)
    return time.perf_counter() - began
