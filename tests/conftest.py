"""Fixtures that every test may use, and which tests the inner loop leaves to `make test`."""

import gc
import re
import shutil
import tempfile
from pathlib import Path

import pytest
from xdist.remote import Producer  # type: ignore[import-untyped]  # ships no types
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]  # the same

pytest_plugins = ["fixtures.hubs", "fixtures.postgres", "fixtures.recycled", "fixtures.radosgw"]

TESTS = Path(__file__).parent
# Whole programs at work: git, nginx-sized downloads, an S3 server, browsers, thousands of examples.
SLOW_FOLDERS = (
    "clients",
    "conformance",
    "doors/cli",
    "doors/git",
    "doors/pages",
    "fuzz",
    "lib/git",
    "lib/http",
    "lib/objects",
    "lib/pictures",
    "lib/xet",
    "official",
    "rooms/blobs",
    "stories",
)
SLOW_FILES = frozenset({"test_rules.py", "test_tree_model.py", "test_markdown_safety.py"})
SLOW_FIXTURES = frozenset({"postgres_cluster", "postgres_when_asked", "radosgw"})

# What one worker does, because it prepares for minutes or seconds what the others would as well.
TOGETHER = (
    re.compile(r"test_official\.py::.*\[(?P<group>[0-9.]+)-"),  # one release's suite of the client
    re.compile(r"(?P<group>test_real_model)\.py::test_(another|transformers)"),
    re.compile(r"(?P<group>conformance)/test_objects\.py::.*\[s3"),
)

MEMORY = Path("/dev/shm")
ROOM = 8 * 1024**3  # bytes; a whole run with its databases takes half of it


def pytest_configure() -> None:
    """Spare a run what shows nothing: waiting for a disk, and looking for garbage.

    Servers that are killed at a step lose nothing that they handed to the system, wherever it is.
    """
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM:
        tempfile.tempdir = str(MEMORY)
    # Looking through everything that thousands of tests keep alive was a tenth of a run.
    gc.set_threshold(100_000, 50, 100)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read the folders that the inner loop leaves out: it takes as long as the rest."""
    if config.option.markexpr != "not slow" or not collection_path.is_relative_to(TESTS):
        return None
    return collection_path.relative_to(TESTS).as_posix() in SLOW_FOLDERS or None


class Together(LoadScopeScheduling):  # type: ignore[misc]  # ships no types
    """Give each worker one test after the other, and those of a group to the same one, first."""

    def _split_scope(self, nodeid: str) -> str:
        found = (pattern.search(nodeid) for pattern in TOGETHER)
        return next((one["group"] for one in found if one), nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together | None:
    """Group by name where groups are asked for: of marks, xdist 3.8 loses them with pytest 9.2."""
    return Together(config, log) if config.getvalue("dist") == "loadgroup" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark as slow what needs a program or many seconds."""
    for item in items:
        place = item.path.relative_to(TESTS).as_posix()
        fixtures = frozenset(getattr(item, "fixturenames", ()))
        if (
            place.startswith(SLOW_FOLDERS)
            or item.path.name in SLOW_FILES
            or fixtures & SLOW_FIXTURES
            or "postgresql" in item.nodeid
            or _over_local_disk(item)
        ):
            item.add_marker("slow")


def _over_local_disk(item: pytest.Item) -> bool:
    """Whether the test runs over objects in memory as well; the inner loop asks once."""
    callspec = getattr(item, "callspec", None)
    return callspec is not None and "local" in callspec.params.values()
