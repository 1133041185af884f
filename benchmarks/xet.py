"""CPU that the server spends for each megabyte of a file kept as chunks."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.hub import Bench, served
from benchmarks.large import (
    MB,
    Maker,
    fetched,
    float_bytes,
    make,
    random_bytes,
    text_bytes,
)
from benchmarks.outcome import Outcome
from benchmarks.process import spending
from clients.api import Repo
from clients.client import Client
from clients.environments import NEWEST, environment, of_release

SIZE = 256 * MB
UPLOAD_MS, DOWNLOAD_MS, PLAIN_MS = 6.0, 1.0, 2.5  # targets, of CPU for each MB
KINDS: Mapping[str, Maker] = {"random": random_bytes, "text": text_bytes, "float": float_bytes}
REPO = Repo("model", "bench/chunks")

UPLOAD = """
    import sys
    from huggingface_hub import HfApi
    HfApi().upload_file(repo_id=sys.argv[1], path_or_fileobj=sys.argv[2], path_in_repo=sys.argv[3])
"""
DOWNLOAD = """
    import os, sys
    from huggingface_hub import hf_hub_download
    assert os.path.getsize(hf_hub_download(sys.argv[1], sys.argv[2])) == int(sys.argv[3])
"""


def measured(folder: Path) -> Iterator[Outcome]:
    """Upload, download and plainly GET one file of each kind."""
    with served(folder / "hub") as bench:
        bench.api.create(REPO)
        for kind, maker in KINDS.items():
            path = make(folder / f"{kind}.bin", SIZE, maker)
            yield from _of_kind(bench, folder, kind, path)


def _of_kind(bench: Bench, folder: Path, kind: str, path: Path) -> Iterator[Outcome]:
    home = folder / f"home-{kind}"
    home.mkdir()
    client = Client(environment(of_release(NEWEST)), home, bench.hub.url, bench.token)
    with spending(bench.pid) as up:
        client.run(UPLOAD, REPO.name, str(path), path.name)
    yield _outcome(f"Xet upload, {kind}", up.seconds, UPLOAD_MS)
    with spending(bench.pid) as down:
        client.run(DOWNLOAD, REPO.name, path.name, str(SIZE))
    yield _outcome(f"Xet download, {kind}", down.seconds, DOWNLOAD_MS)
    with spending(bench.pid) as plain:
        assert fetched(bench.port, f"{REPO.page}/resolve/main/{path.name}", bench.token) == SIZE
    yield _outcome(f"plain GET of a Xet file, {kind}", plain.seconds, PLAIN_MS)


def _outcome(name: str, seconds: float, target_ms: float) -> Outcome:
    note = f"{seconds:.2f} s of CPU for {SIZE // MB} MB"
    return Outcome(name, seconds * 1000 / (SIZE / MB), target_ms, "ms/MB", note=note)
