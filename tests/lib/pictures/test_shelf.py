"""What is kept has the address of its content, and its bytes to itself."""

import hashlib
from pathlib import Path

import pytest

from fixtures.hubs import FrozenClock
from strata.lib.objects.memory import MemoryStore
from strata.lib.pictures.shelf import Shelf, address_of
from strata.lib.pictures.worker import NAMES

RED = {name: f"red {name}".encode() for name in NAMES}
BLUE = {name: f"blue {name}".encode() for name in NAMES}


@pytest.fixture
def shelf(tmp_path: Path, clock: FrozenClock) -> Shelf:
    return Shelf(MemoryStore(tmp_path, clock), "pictures")


def test_the_address_is_the_owner_and_the_hash_of_the_squares(shelf: Shelf) -> None:
    upload = shelf.keep("alice", RED)
    content = b"".join(shelf.read(upload, name) or b"" for name in NAMES)
    assert content == b"".join(RED.values())
    assert address_of(upload) == f"alice-{hashlib.sha256(content).hexdigest()[:32]}"
    one_differs = RED | {"64.png": b"other"}
    others = [shelf.keep("bob", RED), shelf.keep("alice", BLUE), shelf.keep("alice", one_differs)]
    assert len({address_of(one) for one in (upload, *others)}) == 4


def test_who_drops_an_upload_drops_no_other_one_of_the_same_picture(shelf: Shelf) -> None:
    first, second = shelf.keep("alice", RED), shelf.keep("alice", RED)
    assert address_of(first) == address_of(second)
    shelf.drop(first)
    assert shelf.read(first, "256.webp") is None
    assert shelf.read(second, "256.webp") == RED["256.webp"]
    assert shelf.read(second, "128.webp") is None
    shelf.drop(second)
    assert list(shelf.objects.keys()) == []


def test_what_was_kept_before_has_the_address_that_it_had() -> None:
    for upload in (f"{'a' * 24}-{'b' * 16}", "c" * 32):
        assert address_of(upload) == upload
