"""How many requests a run sends."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requests", type=int, default=1_500, help="how many odd requests tests/fuzz sends"
    )
