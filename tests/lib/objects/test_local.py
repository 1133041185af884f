"""What only the local store promises: durability in place, permissions, no leftovers."""

import os
import stat
from pathlib import Path

import pytest

from strata.lib.objects.local import LocalStore
from strata.lib.objects.store import StoreFailed

KEY = "lfs/ab/cd/object"


def test_a_staged_file_is_moved_not_copied(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    source = store.staging() / "incoming"
    source.write_bytes(b"bytes")
    inode = source.stat().st_ino
    store.put(KEY, source)
    path = store.local_path(KEY)
    assert path is not None
    assert path.stat().st_ino == inode
    assert path.stat().st_nlink == 1


def test_a_file_from_another_filesystem_is_copied(tmp_path: Path) -> None:
    here = tmp_path.stat().st_dev
    others = (Path(place) for place in ("/dev/shm", "/var/tmp", "/tmp"))
    elsewhere = next((place for place in others if place.stat().st_dev != here), None)
    assert elsewhere is not None, "this test needs a second filesystem"
    source = elsewhere / f"strata-{os.getpid()}"
    source.write_bytes(b"bytes")
    store = LocalStore(tmp_path)
    assert store.put(KEY, source)
    assert store.read(KEY) == b"bytes"
    assert not source.exists()
    assert list(store.staging().iterdir()) == []


def test_objects_have_the_mode_asked_for(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, file_mode=0o600)
    store.put(KEY, b"bytes")
    path = store.local_path(KEY)
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_failed_put_leaves_source_and_store_as_they_were(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put("lfs/ab", b"a file where a directory is needed")
    source = store.staging() / "incoming"
    source.write_bytes(b"bytes")
    with pytest.raises(StoreFailed, match="in the way"):
        store.put(KEY, source)
    with pytest.raises(StoreFailed, match="in the way"):
        store.put(KEY, b"bytes")
    assert source.read_bytes() == b"bytes"
    assert list(store.staging().iterdir()) == [source]
    assert store.facts(KEY) is None
