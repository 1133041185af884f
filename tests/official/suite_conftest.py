"""The conftest of the client's test-suite, written by us: the source distribution ships none.

`suite.py` copies this file into the suite's `tests/` folder. It holds the fixtures and markers
that the tests name, and writes down how every test ended, one line of JSON each.
"""

import json
import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol

import pytest
from huggingface_hub import HfApi, RepoUrl

from .testing_constants import ENDPOINT_STAGING, TOKEN, USER
from .testing_utils import repo_name


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, help="file to append one line of JSON per phase to")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Append the outcome of a test's phase to the file of `--outcomes`."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    file: Path | None = item.config.getoption("--outcomes")
    if file is not None:
        line = {"test": item.nodeid, "outcome": report.outcome, "report": report.longreprtext}
        with file.open("a") as outcomes:
            outcomes.write(json.dumps(line) + "\n")
    return report  # type: ignore[return-value]


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[None]:
    """Have a test marked `deprecated(name, …)` warn of every name."""
    marker = pyfuncitem.get_closest_marker("deprecated")
    if marker is None:
        return (yield)
    with pytest.warns(FutureWarning) as warned:
        result = yield
    messages = [str(warning.message) for warning in warned]
    for name in marker.args:
        assert any(re.search(name, message) for message in messages), messages
    return result


@pytest.fixture(autouse=True)
def _xet_as_marked(request: pytest.FixtureRequest) -> None:
    """Skip what the presence of hf_xet rules out."""
    installed = find_spec("hf_xet") is not None
    if request.node.get_closest_marker("no_xet") and installed:
        pytest.skip("must run without hf_xet")
    if request.node.get_closest_marker("xet") and not installed:
        pytest.skip("must run with hf_xet")
    if request.node.get_closest_marker("git_lfs"):
        pytest.skip("downloads its files from huggingface.co")


@pytest.fixture(scope="session")
def api() -> HfApi:
    """Speak for the suite's main user."""
    return HfApi(endpoint=ENDPOINT_STAGING, token=TOKEN)


class RepoFactory(Protocol):
    """Creates a repository that is deleted after the test."""

    def __call__(
        self, repo_type: str = "model", repo_id: str | None = None, **options: Any
    ) -> RepoUrl: ...


@pytest.fixture
def repo_factory(api: HfApi) -> Iterator[RepoFactory]:
    """Create repositories; `options` are those of `HfApi.create_repo`."""
    made: list[tuple[RepoUrl, str | None]] = []

    def create(repo_type: str = "model", repo_id: str | None = None, **options: Any) -> RepoUrl:
        url = api.create_repo(
            repo_id or repo_name(prefix=repo_type), repo_type=repo_type, **options
        )
        made.append((url, options.get("token")))
        return url

    yield create
    for url, token in made:
        api.delete_repo(url.repo_id, repo_type=url.repo_type, token=token, missing_ok=True)


@pytest.fixture
def new_repo_id(api: HfApi) -> Iterator[str]:
    """Name a model that is not there yet, deleted after the test."""
    repo_id = f"{USER}/{repo_name()}"
    yield repo_id
    api.delete_repo(repo_id, missing_ok=True)
