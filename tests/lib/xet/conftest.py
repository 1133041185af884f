"""What several Xet tests share."""

import struct
from importlib import resources

import pytest


@pytest.fixture(scope="session")
def gear() -> list[int]:
    """The Gearhash table, checked by the ends the specification gives."""
    raw = resources.files("strata.lib.xet").joinpath("gear.bin").read_bytes()
    table = list(struct.unpack("<256Q", raw))
    assert table[0] == 0xB088D3A9E840F559
    assert table[-1] == 0x63C7A906C1DD187B
    return table
