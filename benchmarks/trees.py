"""A tree of 10,000 files read to the end, and what an upload of 1,300 large files asks first."""

import base64
import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.outcome import Outcome
from benchmarks.process import spending
from clients.api import Repo

FILES = 10_000
LARGE = 1_300
BATCH = 256  # files that huggingface_hub asks about at once
ROUNDS = 5
TREE = Repo("model", "bench/many-files")
LFS = "application/vnd.git-lfs+json"


def measured(folder: Path) -> Iterator[Outcome]:
    """List a large repo recursively; then prepare an upload, twice: new files, and known ones."""
    with served(folder / "hub") as bench:
        bench.api.create(TREE)
        for part in range(10):
            bench.api.commit(TREE, _files(part))
        yield _listed(bench)
        yield _prepared(bench)


def _files(part: int) -> dict[str, bytes]:
    return {
        f"part-{part}/folder-{number % 20}/file-{number:04}.txt": b"%d\n" % number
        for number in range(FILES // 10)
    }


def _listed(bench: Bench) -> Outcome:
    taken = []
    with spending(bench.pid) as spent:
        for _ in range(ROUNDS):
            began = time.perf_counter()
            entries = sum(1 for _ in bench.api.pages(f"{TREE.api}/tree/main?recursive=true"))
            taken.append(time.perf_counter() - began)
            assert entries > FILES, entries
    note = f"{spent.seconds / ROUNDS:.2f} s of CPU in the server, {FILES // 1000} pages and more"
    return Outcome("list_repo_tree of 10,000 files, all pages", median(taken), 0.5, "s", note=note)


def _prepared(bench: Bench) -> Outcome:
    repo = Repo("model", "bench/large")
    bench.api.create(repo)
    names = [f"shard-{number:04}.safetensors" for number in range(LARGE)]
    began = time.perf_counter()
    with spending(bench.pid) as spent:
        for start in range(0, LARGE, BATCH):
            _ask(bench, repo, names[start : start + BATCH])
    wall = time.perf_counter() - began
    note = f"preupload and LFS batch, {BATCH} files at a time; {wall:.2f} s until answered"
    return Outcome("preflight of 1,300 large files, CPU", spent.seconds, 1.0, "s", note=note)


def _ask(bench: Bench, repo: Repo, names: list[str]) -> None:
    sample = base64.b64encode(bytes(512)).decode()
    files = [{"path": name, "sample": sample, "size": 10**7} for name in names]
    modes = bench.api.web.post(f"{repo.api}/preupload/main", json={"files": files})
    assert {file["uploadMode"] for file in modes.json()["files"]} == {"lfs"}, modes.text
    oids = [hashlib.sha256(name.encode()).hexdigest() for name in names]
    body = {
        "operation": "upload",
        "transfers": ["basic", "multipart"],
        "objects": [{"oid": oid, "size": 10**7} for oid in oids],
        "hash_algo": "sha256",
    }
    answer = bench.api.web.post(
        f"{repo.git}/info/lfs/objects/batch", json=body, headers={"Accept": LFS}
    )
    assert len(answer.json()["objects"]) == len(names), answer.text
