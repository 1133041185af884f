"""A folder of small files up and down with the newest client, and the same against a stub."""

from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

from benchmarks.hub import Bench, served
from benchmarks.outcome import Outcome
from benchmarks.stub import Stub, stubbed
from clients.api import Repo
from clients.client import Client
from clients.environments import NEWEST, environment, of_release

FILES = 1000
ROUNDS = 3
ATTEMPTS = 8
RATIO = 1.2

UPLOAD = """
    import json, sys, time
    from huggingface_hub import HfApi
    api = HfApi()
    began = time.perf_counter()
    api.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2], commit_message="Add files")
    print(json.dumps(time.perf_counter() - began))
"""
DOWNLOAD = """
    import json, pathlib, sys, time
    from huggingface_hub import snapshot_download
    began = time.perf_counter()
    folder = pathlib.Path(snapshot_download(sys.argv[1]))
    took = time.perf_counter() - began
    assert sum(1 for path in folder.rglob("*") if path.is_file()) > int(sys.argv[2])
    print(json.dumps(took))
"""

Timed = Callable[[str, str, str], float]  # endpoint, repo, label → seconds


def measured(folder: Path) -> Iterator[Outcome]:
    """Upload the folder and download it, by turns from the hub and from the stub."""
    files = folder / "files"
    _make(files)
    with served(folder / "hub") as bench, stubbed(bench.port) as stub:
        runner = _Runner(folder, files, bench)
        for number in range(ROUNDS + 1):
            bench.api.create(Repo("model", f"bench/folder-{number}"))
        yield _compared("upload_folder of 1,000 small files", runner.upload, bench, stub)
        yield _compared("snapshot_download of 1,000 small files", runner.download, bench, stub)


def _make(files: Path) -> None:
    for number in range(FILES):
        path = files / f"folder-{number % 10}" / f"file-{number:04}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"line {number}\n".encode() * 100)


def _compared(name: str, timed: Timed, bench: Bench, stub: Stub) -> Outcome:
    timed(stub.url, "bench/folder-0", "teach")
    ours, theirs = [], []
    for number in range(1, ROUNDS + 1):
        ours.append(timed(bench.hub.url, f"bench/folder-{number}", f"hub-{number}"))
        theirs.append(_unaided(timed, stub, f"stub-{number}"))
    note = f"hub {median(ours):.2f} s, stub {median(theirs):.2f} s, medians of {ROUNDS}"
    return Outcome(name, median(ours) / median(theirs), RATIO, "x", note=note)


def _unaided(timed: Timed, stub: Stub, label: str) -> float:
    """Time a run in which the stub knew everything; the client may cut its batches anew."""
    for attempt in range(ATTEMPTS):
        before = stub.forwarded
        seconds = timed(stub.url, "bench/folder-0", f"{label}-{attempt}")
        if stub.forwarded == before:
            return seconds
    raise AssertionError(f"the client asked something new in each of {ATTEMPTS} runs")


class _Runner:
    """Runs the client on a fresh machine each time."""

    def __init__(self, folder: Path, files: Path, bench: Bench) -> None:
        self._environment = environment(of_release(NEWEST))
        self._folder = folder
        self._files = files
        self._token = bench.token

    def upload(self, endpoint: str, repo: str, label: str) -> float:
        return self._timed(endpoint, f"up-{label}", UPLOAD, repo, str(self._files))

    def download(self, endpoint: str, repo: str, label: str) -> float:
        return self._timed(endpoint, f"down-{label}", DOWNLOAD, repo, str(FILES))

    def _timed(self, endpoint: str, label: str, snippet: str, *arguments: str) -> float:
        home = self._folder / label
        home.mkdir()
        client = Client(self._environment, home, endpoint, self._token)
        seconds = client.value(snippet, *arguments)
        assert isinstance(seconds, float)
        return seconds
