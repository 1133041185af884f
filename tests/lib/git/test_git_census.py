"""Counting the files of a tree: right, cheap after a change, safe from trees made to explode."""

from pathlib import Path

import pygit2
import pytest

from strata.lib.git import read
from strata.lib.git.model import FILE, FOLDER, Delete, ObjectMissing, Put
from strata.lib.git.reading import census, tree
from strata.lib.git.write import Batch, Note, write_commit


def committed(store: Path, note: Note, *paths: str, on: str | None = None) -> str:
    puts = [Put(path, path.encode()) for path in paths]
    return write_commit(store, on, puts, [on] if on else [], note)


def test_files_are_counted_through_all_folders(store: Path, note: Note) -> None:
    one = committed(store, note, "a", "b/c", "b/d/e", "b/d/f")
    two = write_commit(store, one, [Delete("b/d/e"), Put("z", b"z")], [one], note)
    assert (read.count_files(store, one), read.count_files(store, two)) == (4, 4)
    with pytest.raises(ObjectMissing):
        read.count_files(store, "0" * 40)


def test_only_what_changed_is_read_again(
    store: Path, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [f"deep/{number}/file" for number in range(50)]
    one = committed(store, note, *folders)
    assert read.count_files(store, one) == 50
    looked: list[object] = []

    def counted(repo: pygit2.Repository, oid: pygit2.Oid) -> bytes:
        looked.append(oid)
        return tree.tree_bytes(repo, oid)

    monkeypatch.setattr(census, "tree_bytes", counted)
    two = committed(store, note, "deep/7/more", on=one)
    assert read.count_files(store, two) == 51
    assert len(looked) == 3  # the root, `deep`, and `deep/7`
    monkeypatch.setattr(census, "MAX_KNOWN", 0)  # what is forgotten is counted again
    three = committed(store, note, "deep/8/more", on=two)
    assert read.count_files(store, three) == 52


def test_a_folder_that_grew_too_full_is_named(store: Path, note: Note) -> None:
    one = committed(store, note, "full/1", "full/2", "full/3", "other/x/1")
    assert read.fullest_folder(store, one, None, 2) == ("full", 3)
    assert read.fullest_folder(store, one, None, 3) is None
    assert read.fullest_folder(store, one, one, 2) is None  # nobody made it fuller
    fewer = write_commit(store, one, [Delete("full/1"), Put("y", b"")], [one], note)
    assert read.fullest_folder(store, fewer, one, 1) == ("", 3)
    deeper = committed(store, note, "other/x/2", "other/x/3", on=one)
    assert read.fullest_folder(store, deeper, one, 2) == ("other/x", 3)


def test_a_tree_that_would_unpack_to_more_than_any_disk_holds(store: Path) -> None:
    with Batch(store) as batch:
        blob = bytes.fromhex(batch.add(b"x"))
        top = batch.store("tree", f"{FILE:o} f\0".encode() + blob)
        for _ in range(20):
            lines = [f"{FOLDER:o} {number}\0".encode() + top for number in range(10)]
            top = batch.store("tree", b"".join(lines))
        batch.flush()
    assert read.count_files(store, top.hex()) == 10**20
    assert read.fullest_folder(store, top.hex(), None, 10) is None
