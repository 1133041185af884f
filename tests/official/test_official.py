"""The client's own server tests, run against a hub: all pass but those in `expected.toml`."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import pytest

from clients.hub import running
from official.accounts import logged_in, make_accounts
from official.expectations import Exceptions, exceptions, names_without_a_test, server_tests
from official.suite import ITS_COOKIE, ITS_SUB, RELEASES, End, Outcome, Suite, suite

SHOWN = 1_500  # characters of each surprise


@dataclass(frozen=True, slots=True)
class Share:
    """The tests of one file of one release."""

    release: str
    file: str
    tests: tuple[str, ...]


def shares() -> list[Share]:
    """Share out the tests that concern a hub by release and file, the longest first."""
    found = [
        Share(release, file, tuple(tests))
        for release in RELEASES
        for file, tests in groupby(_ours(release), lambda test: test.partition("::")[0])
    ]
    return sorted(found, key=lambda share: -len(share.tests))


def _ours(release: str) -> list[str]:
    elsewhere = exceptions("elsewhere", release)
    return [test for test in server_tests(release) if elsewhere.reason(test) is None]


@pytest.fixture(scope="session")
def suites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Suite]]:
    """Point each release's suite at a hub of its own for this worker, when first asked for."""
    ready: dict[str, Suite] = {}
    with ExitStack() as open_hubs:

        def of_release(release: str) -> Suite:
            if release not in ready:
                folder: Path = tmp_path_factory.mktemp(f"official-{release}")
                hub = open_hubs.enter_context(running(folder / "hub", {}))
                make_accounts(hub)
                person = logged_in(hub)
                literals = {ITS_COOKIE: person.cookie, ITS_SUB: person.sub}
                ready[release] = suite(release, folder / "suite", hub.url, literals)
            return ready[release]

        yield of_release


@pytest.mark.parametrize(
    "share", [pytest.param(share, id=f"{share.release}-{share.file}") for share in shares()]
)
def test_tests_of_the_client_pass(share: Share, suites: Callable[[str], Suite]) -> None:
    outcomes = suites(share.release).outcomes(share.tests)

    assert sorted(outcomes) == sorted(share.tests)
    found = "\n\n".join(surprises(outcomes, exceptions("failing", share.release)))
    assert not found, found


def test_every_expectation_names_a_test_of_the_client() -> None:
    assert not list(names_without_a_test())


def surprises(outcomes: dict[str, Outcome], failing: Exceptions) -> Iterator[str]:
    """Say which tests ended otherwise than expected."""
    for test, outcome in outcomes.items():
        reason = failing.reason(test)
        if reason is None and outcome.end is not End.PASSED:
            yield f"{test} {outcome.end}:\n{outcome.report[-SHOWN:]}"
        if reason is not None and outcome.end is End.PASSED:
            yield f"{test} passed, but expected.toml says: {reason}"
