"""A file of 1 GiB that lies in the page cache, from the hub and from nginx."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.large import make, put_over_lfs, seconds_to_fetch
from benchmarks.nginx import Front, files_served, require
from benchmarks.outcome import Outcome
from benchmarks.process import spending
from clients.api import Repo

SIZE = 1 << 30
ROUNDS = {1: 9, 8: 3}  # by turns, for each number of readers
RATIO = 0.9
REPO = Repo("model", "bench/large")
NAME = "model.bin"


def measured(folder: Path) -> Iterator[Outcome]:
    """Read the file by turns from both, with one reader and with eight."""
    require("nginx")
    with served(folder / "hub") as bench:
        bench.api.create(REPO, private=True)
        put_over_lfs(bench, REPO, NAME, make(folder / NAME, SIZE))
        stored = next(p for p in bench.hub.data.rglob("*") if p.is_file() and _is_it(p))
        with files_served(folder / "nginx", stored.parent) as front:
            for readers in (1, 8):
                yield _compared(bench, front, f"/files/{stored.name}", readers)


def _is_it(path: Path) -> bool:
    return path.stat().st_size == SIZE


def _compared(bench: Bench, front: Front, nginx_path: str, readers: int) -> Outcome:
    path = f"{REPO.page}/resolve/main/{NAME}"
    ours, theirs, cpu = [], [], {bench.pid: 0.0, front.pid: 0.0}
    rounds = ROUNDS[readers]
    for _ in range(rounds):
        with spending(front.pid) as spent:
            theirs.append(seconds_to_fetch(readers, front.port, nginx_path))
        cpu[front.pid] += spent.seconds
        with spending(bench.pid) as spent:
            ours.append(seconds_to_fetch(readers, bench.port, path, bench.token))
        cpu[bench.pid] += spent.seconds
    moved = readers * SIZE / 1e9
    hub, nginx = moved / median(ours), moved / median(theirs)
    note = (
        f"hub {hub:.2f} GB/s and {cpu[bench.pid] / rounds / moved:.3f} s of CPU a GB,"
        f" nginx {nginx:.2f} and {cpu[front.pid] / rounds / moved:.3f}, medians of {rounds}"
    )
    name = f"1 GiB to {readers} reader{'s' if readers > 1 else ''}, of nginx's rate"
    return Outcome(name, hub / nginx, RATIO, "x", at_least=True, note=note)
