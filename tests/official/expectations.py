"""What `expected.toml` and `server_tests/` say about the tests of a release."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from official.suite import HERE, RELEASES


@dataclass(frozen=True, slots=True)
class Exceptions:
    """Names of tests, classes or files, each with the reason why it is an exception."""

    reasons: dict[str, str]

    def reason(self, test: str) -> str | None:
        """Return why `test` is an exception, or None."""
        found = (self.reasons.get(name) for name in _names(test))
        return next(filter(None, found), None)


def exceptions(kind: str, release: str) -> Exceptions:
    """Read those of `kind`: `elsewhere`, `failing` or `hurried`."""
    entries = tomllib.loads((HERE / "expected.toml").read_text()).get(kind, [])
    return Exceptions(
        {
            name: entry["reason"]
            for entry in entries
            if release in entry.get("releases", RELEASES)
            for name in entry["tests"]
        }
    )


def server_tests(release: str) -> list[str]:
    """Return the tests that `run.py RELEASE --server-tests` found to need a server."""
    return (HERE / "server_tests" / f"{release}.txt").read_text().splitlines()


def names_without_a_test() -> Iterator[str]:
    """Find the lines of `expected.toml` that match nothing."""
    known = {
        name for release in RELEASES for test in server_tests(release) for name in _names(test)
    }
    for kind in ("elsewhere", "failing", "hurried"):
        for release in RELEASES:
            yield from exceptions(kind, release).reasons.keys() - known


def _names(test: str) -> list[str]:
    """Return how a test may be named: itself, without its parameters, its class, its file."""
    parts = test.partition("[")[0].split("::")
    return [test, *("::".join(parts[:depth]) for depth in range(len(parts), 0, -1))]
