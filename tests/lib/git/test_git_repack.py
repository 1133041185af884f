"""A repack loses nothing that a ref reaches, nor what a commit has just written."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from strata.lib.git import read, write
from strata.lib.git.write import Batch, Note, Put

Git = Callable[..., str]
HOUR = 3600.0


def grow(store: Path, note: Note, count: int, head: str | None = None) -> str:
    for number in range(count):
        change = [Put(f"d{number % 4}/{number}", os.urandom(50))]
        head = write.write_commit(store, head, change, [head] if head else [], note)
    assert head is not None
    return head


def packs(store: Path) -> int:
    return len(list((store / "objects" / "pack").glob("*.pack")))


def age(store: Path, seconds: float) -> None:
    moment = time.time() - seconds
    for part in (store / "objects" / "pack").iterdir():
        os.utime(part, (moment, moment))


def test_it_is_due_above_fifty_packs(store: Path, note: Note) -> None:
    head = grow(store, note, 50)
    assert not write.repack_needed(store)
    grow(store, note, 1, head)
    assert write.repack_needed(store)


def test_everything_reachable_ends_in_one_sound_pack(store: Path, note: Note, git: Git) -> None:
    head = grow(store, note, 20)
    side = grow(store, note, 3, head)
    tag = write.write_tag(store, side, "v1", note)
    before = read.list_tree(store, head, recursive=True)
    assert write.repack(store, lambda: [head, tag], time.time())
    assert packs(store) == 1
    assert read.list_tree(store, head, recursive=True) == before
    assert read.count_commits(store, side) == 23
    git("fsck", "--strict", "--full", "--no-dangling", at=store)
    assert not write.repack(store, lambda: [head, tag], time.time())


def test_what_a_repack_dropped_is_gone_for_warm_handles_too(store: Path, note: Note) -> None:
    dropped = grow(store, note, 1)
    head = grow(store, note, 2)
    assert read.expand_sha(store, dropped) == dropped
    assert write.repack(store, lambda: [head], time.time() + 2 * 24 * HOUR)
    assert read.expand_sha(store, dropped) is None
    assert read.count_commits(store, head) == 2


def test_young_unreachable_packs_stay_and_old_ones_go(store: Path, note: Note) -> None:
    head = grow(store, note, 3)
    dropped = grow(store, note, 2)
    age(store, 2 * HOUR)
    young = grow(store, note, 2)
    assert write.repack(store, lambda: [head], time.time(), grace=HOUR)
    assert read.count_commits(store, young) == 2
    assert read.commit_facts(store, head).sha == head
    with pytest.raises(read.ObjectMissing):
        read.commit_facts(store, dropped)


def test_a_ref_that_moves_meanwhile_keeps_the_old_packs(store: Path, note: Note) -> None:
    head = grow(store, note, 3)
    revived = grow(store, note, 2)
    age(store, 2 * HOUR)
    answers = iter([[head], [head, revived]])
    write.repack(store, lambda: next(answers), time.time(), grace=HOUR)
    assert read.commit_facts(store, revived).sha == revived


def test_a_hole_in_history_removes_nothing(store: Path, note: Note) -> None:
    grow(store, note, 3)
    age(store, 2 * HOUR)
    before = packs(store)
    with pytest.raises(read.GitFailed):
        write.repack(store, lambda: ["1" * 40], time.time(), grace=HOUR)
    assert packs(store) == before
    assert list((store / "objects" / "pack").glob("tmp_*")) == []


def test_without_tips_only_what_is_old_goes(store: Path, note: Note) -> None:
    head = grow(store, note, 2)
    write.repack(store, list, time.time(), grace=HOUR)
    assert read.commit_facts(store, head).sha == head


def read_all(store: Path, heads: list[str]) -> int:
    files = [one for one in read.list_tree(store, heads[-1], recursive=True) if one.kind == "file"]
    return sum(len(read.read_blob(store, one.oid)) for one in files)


def test_readers_and_committers_go_on_during_repacks(store: Path, note: Note, git: Git) -> None:
    heads = [grow(store, note, 10)]
    repacked_often = threading.Event()

    def commit() -> None:
        while len(heads) <= 40 or not repacked_often.is_set():
            heads.append(grow(store, note, 1, heads[-1]))

    with ThreadPoolExecutor(5) as pool:
        writing = pool.submit(commit)
        reading: list[Future[int]] = []
        while not writing.done():
            reading += [pool.submit(read_all, store, heads) for _ in range(8)]
            write.repack(store, lambda: [heads[-1]], time.time(), grace=HOUR)
            if len(reading) >= 16:
                repacked_often.set()
    writing.result()
    assert all(one.result() >= 500 for one in reading)
    assert len(reading) >= 16
    assert read.count_commits(store, heads[-1]) == 9 + len(heads)
    git("fsck", "--strict", "--full", "--no-dangling", at=store)


def test_a_batch_under_way_survives_a_repack_and_a_sweep(store: Path, note: Note) -> None:
    head = grow(store, note, 3)
    with Batch(store) as batch:
        oid = batch.add(b"under way")
        write.repack(store, lambda: [head], time.time(), grace=HOUR)
        write.sweep(store, time.time(), grace=HOUR)
        made = batch.commit(head, [write.PutBlob("x", oid)], [head], note)
    assert read.read_blob(store, oid) == b"under way"
    assert read.commit_facts(store, made).parents == (head,)


def test_a_copied_tree_stands_alone_and_brings_no_history(
    store: Path, note: Note, tmp_path: Path, git: Git
) -> None:
    head = grow(store, note, 5)
    tree = read.commit_facts(store, head).tree
    copy = tmp_path / "copy.git"
    write.copy_reachable(store, copy, [tree])
    write.copy_reachable(store, copy, [tree])
    write.repack(store, list, time.time() + 10 * HOUR, grace=0)
    made = write.commit_tree(copy, tree, (), note)
    assert read.list_tree(copy, made)
    assert read.expand_sha(copy, head) is None
    git("fsck", "--strict", "--full", "--no-dangling", at=copy)
    with pytest.raises(read.GitFailed):
        write.copy_reachable(store, tmp_path / "other.git", ["ab" * 20])
