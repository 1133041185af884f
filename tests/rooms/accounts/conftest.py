"""A hub on each database, and what the tests of this room say again and again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from strata.core.hub import Hub


@pytest.fixture(params=["sqlite", "postgresql"])
def hub(request: pytest.FixtureRequest, tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give an empty hub on the database that the parameter names."""
    url = (
        request.getfixturevalue("postgres_hub_database") if request.param == "postgresql" else None
    )
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=url)
    yield built
    built.database.close()
