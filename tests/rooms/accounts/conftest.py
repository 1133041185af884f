"""A hub on each database, and what the tests of this room say again and again."""

import pytest

from strata.core.hub import Hub


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    """Give an empty hub on the database that the parameter names."""
    return each_hub
