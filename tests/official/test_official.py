"""The client's own server tests, run against a hub: all pass but those in `expected.toml`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path

import pytest

from clients.hub import running
from official.accounts import logged_in, make_accounts
from official.expectations import Exceptions, exceptions, names_without_a_test, server_tests
from official.suite import ITS_COOKIE, ITS_SUB, RELEASES, End, Outcome, Suite, suite

SHOWN = 1_500  # characters of each surprise
MORE_TRIES = 4


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
def outcomes_of(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[[str], dict[str, Outcome]]:
    """Run a release's suite, when first asked for, in one process and against a hub of its own.

    Of the suite run those tests whose shares were chosen.
    """
    chosen = [
        share
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
        if isinstance(share := item.callspec.params.get("share"), Share)
    ]

    @cache
    def of_release(release: str) -> dict[str, Outcome]:
        folder: Path = tmp_path_factory.mktemp(f"official-{release}")
        tests = [test for share in chosen if share.release == release for test in share.tests]
        with running(folder / "hub", {}) as hub:
            make_accounts(hub)
            person = logged_in(hub)
            literals = {ITS_COOKIE: person.cookie, ITS_SUB: person.sub}
            return _ended(suite(release, folder / "suite", hub.url, literals), tests)

    return of_release


def _ended(theirs: Suite, tests: list[str]) -> dict[str, Outcome]:
    """How the tests ended; those that race the machine have more than one try."""
    hurried = exceptions("hurried", theirs.release)
    ended = theirs.outcomes(tests)
    for _ in range(MORE_TRIES):
        failed = [test for test, outcome in ended.items() if outcome.end is End.FAILED]
        again = [test for test in failed if hurried.reason(test)]
        if again:
            ended |= theirs.outcomes(again)
    return ended


@pytest.mark.parametrize(
    "share",
    [pytest.param(share, id=f"{share.release}-{share.file}") for share in shares()],
)
def test_tests_of_the_client_pass(
    share: Share, outcomes_of: Callable[[str], dict[str, Outcome]]
) -> None:
    outcomes = {
        test: outcome
        for test, outcome in outcomes_of(share.release).items()
        if test.partition("::")[0] == share.file
    }

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
