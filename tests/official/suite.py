"""The client's own test-suite: fetched, kept beside the other environments, pointed at a hub.

pip downloads the source distribution that the requirements name by hash. A copy of it for one hub
carries that hub's address where the client and its tests say `hub-ci.huggingface.co`, and our
conftest. Nothing of the client's code is in this repository.
"""

import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from clients.environments import Environment, built, run
from fixtures import parts
from official.cards import CARDS

HERE: Final = Path(__file__).resolve().parent
RELEASES: Final = ("2.4.0", "1.29.0")
STAGING: Final = "https://hub-ci.huggingface.co"
PRODUCTION_VALIDATION: Final = "https://huggingface.co/api/validate-yaml"  # in 1.29 and before
CANNOT_BE_IMPORTED: Final = "tests/test_generate_cli_reference.py"  # its subject is not shipped
NOTHING_LISTENS: Final = "http://localhost:9"  # the discard port
OF_THE_MACHINE: Final = (
    "test_auth.py",
    "test_cli_output.py",
    "test_utils_cache.py",
    "test_utils_errors.py",
    "test_utils_headers.py",
    "test_utils_pagination.py",
    "test_utils_telemetry.py",
)
"""Files whose tests say nothing about a hub and fail for want of torch or a terminal."""
ITS_COOKIE: Final = "token=huggingface-hub.js-cookie"  # of a browser that is logged in there
ITS_SUB: Final = "62f264b9f3c90f4b6514a269"  # whose it is
TIMEOUT: Final = 900.0  # seconds
ITS_ENVIRONMENT: Final = {
    "HUGGINGFACE_CO_STAGING": "1",
    "HF_TOKEN": "",
    "HUGGING_FACE_HUB_TOKEN": "",
    "LANG": "C.UTF-8",
}


class End(StrEnum):
    """How a test ended; of its phases (set-up, call, tear-down) the worst counts."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test of the suite ended; `report` is what pytest shows of it."""

    end: End
    report: str


@dataclass(frozen=True, slots=True)
class Suite:
    """One release's tests in a folder of their own, pointed at one hub."""

    release: str
    folder: Path
    environment: Environment

    def run(self, arguments: Iterable[str]) -> subprocess.CompletedProcess[str]:
        """Run pytest with `arguments` and return when it ended."""
        return subprocess.run(
            self._command(arguments),
            env=self._surroundings(),
            cwd=self.folder,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
        )

    def show(self, arguments: Iterable[str]) -> int:
        """Run pytest with `arguments` on this terminal; return its exit status."""
        return subprocess.run(
            self._command(arguments), env=self._surroundings(), cwd=self.folder, check=False
        ).returncode

    def outcomes(self, tests: Iterable[str]) -> dict[str, Outcome]:
        """Run `tests` (`test_file.py::…`) and return the outcome of every test that ran.

        Raises:
            AssertionError: pytest could not run them; the message holds what it printed.
        """
        written = self.folder / "outcomes.jsonl"
        asked = self.folder / "asked.txt"
        written.write_text("")
        asked.write_text("\n".join(f"tests/{test}" for test in tests))
        finished = self.run(["-q", "--tb=short", f"--outcomes={written}", f"@{asked}"])
        assert finished.returncode in {0, 1}, finished.stdout[-8000:]
        return _gathered(written.read_text().splitlines())

    def _command(self, arguments: Iterable[str]) -> list[str]:
        options = ("-o", "addopts=--strict-markers -Werror::FutureWarning", "-o", "log_cli=false")
        unwanted = ("-p", "no:cacheprovider", f"--ignore={CANNOT_BE_IMPORTED}")
        marked = ("-m", "not production and not inference")
        return [
            str(self.environment.python), "-m", "pytest", *options, *unwanted, *marked, *arguments,
        ]  # fmt: skip

    def _surroundings(self) -> Mapping[str, str]:
        return ITS_ENVIRONMENT | {
            "PATH": f"{self.environment.programs}:{parts.search_path()}",
            "HOME": str(self.folder / "home"),
            "HF_HOME": str(self.folder / "home" / "huggingface"),
            "PYTHONPATH": str(self.folder / "src"),
        }


def _gathered(lines: Iterable[str]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for line in lines:
        phase = json.loads(line)
        test = phase["test"].removeprefix("tests/")
        before = found.get(test, Outcome(End.PASSED, ""))
        found[test] = Outcome(
            max(before.end, End(phase["outcome"]), key=list(End).index),
            before.report + phase["report"],
        )
    return found


def suite(
    release: str, folder: Path, hub_url: str, literals: Mapping[str, str] | None = None
) -> Suite:
    """Copy the suite of `release` into `folder` and point it at `hub_url`.

    Args:
        literals: what else of the client's own hub stands in its tests → what this hub has instead.
    """
    requirements = HERE / "requirements" / f"{release}.txt"
    environment = built(
        f"official-{release}", requirements, lambda python: _add_source(python, release)
    )
    shutil.copytree(environment.folder / "source", folder)
    (folder / "home").mkdir()
    client = folder / "src" / "huggingface_hub"
    for file in (client / "constants.py", *(folder / "tests").glob("*.py")):
        _replace(STAGING, hub_url, file)
        for old, new in (literals or {}).items():
            _replace(old, new, file)
    _replace(PRODUCTION_VALIDATION, f"{hub_url}/api/validate-yaml", client / "repocard.py")
    _furnish(folder / "tests")
    return Suite(release, folder, environment)


def _replace(old: str, new: str, file: Path) -> None:
    text = file.read_text()
    if old in text:
        file.write_text(text.replace(old, new))


def _furnish(tests: Path) -> None:
    """Add what the tests need and the distribution does not ship."""
    shutil.copy(HERE / "suite_conftest.py", tests / "conftest.py")
    (tests / "__init__.py").touch()
    cards = tests / "fixtures" / "cards"
    cards.mkdir(parents=True)
    for name, text in CARDS.items():
        (cards / name).write_bytes(text.encode())


def _add_source(python: Path, release: str) -> None:
    """Unpack the source distribution into the environment of `python`, as `source/`."""
    folder = python.parent.parent
    pins = folder / "source.txt"
    pins.write_text(_pin_of_the_client(HERE / "requirements" / f"{release}.txt"))
    run(
        str(python), "-m", "pip", "download", "--quiet", "--no-deps", "--no-build-isolation",
        "--no-binary", ":all:", "--require-hashes", "--dest", str(folder), "-r", str(pins),
    )  # fmt: skip
    (archive,) = folder.glob("huggingface_hub-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    unpacked.rename(folder / "source")


def _pin_of_the_client(requirements: Path) -> str:
    """Return the lines which pin huggingface_hub, with its hashes."""
    text = requirements.read_text()
    start = text.index("huggingface-hub==")
    end = text.find("\n", text.rindex("--hash", start, text.index("==", start + 20)))
    return text[start:end] + "\n"
