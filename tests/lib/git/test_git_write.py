"""Commits hold exactly what the edits say, in packs that git itself finds nothing wrong with."""

import os
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from strata.lib.git import read, write
from strata.lib.git.write import Batch, Delete, DeleteFolder, Edit, Note, Put, PutBlob, Signature

Git = Callable[..., str]

names = st.sampled_from(["a", "b", "a.txt", "a-b", "ä", "a0", "z z"])
paths = st.lists(names, min_size=1, max_size=3).map("/".join)
edits = st.lists(
    st.one_of(
        st.builds(Put, paths, st.binary(max_size=20)),
        st.builds(Delete, paths),
        st.builds(DeleteFolder, paths),
    ),
    max_size=12,
)
Files = dict[str, bytes]
WHEN = Note(Signature("Ann", "ann@example.org"), datetime(2026, 1, 2, tzinfo=UTC), "A change")


def files_of(store: Path, commit: str) -> Files:
    listed = read.list_tree(store, commit, recursive=True)
    return {one.path: read.read_blob(store, one.oid) for one in listed if one.kind == "file"}


def apply(files: Files, edit: Edit) -> Files | None:
    """Apply one edit to a plain mapping of files; None when it must be refused."""
    below = {path for path in files if path.startswith(f"{edit.path}/")}
    match edit:
        case Put():
            parts = edit.path.split("/")
            above = {"/".join(parts[:count]) for count in range(1, len(parts))}
            kept = {path: files[path] for path in files if path not in above | below}
            return {**kept, edit.path: edit.content}
        case Delete() if edit.path in files:
            return {path: files[path] for path in files if path != edit.path}
        case DeleteFolder() if below:
            return {path: files[path] for path in files if path not in below}
    return None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(edits, min_size=1, max_size=3))
def test_edits_end_in_the_same_files_as_on_a_plain_mapping(rounds: list[list[Edit]]) -> None:
    with TemporaryDirectory() as folder:
        store = Path(folder) / "x.git"
        read.init(store)
        files: Files = {}
        head: str | None = None
        for wanted in rounds:
            accepted: list[Edit] = []
            for edit in wanted:
                after = apply(files, edit)
                if after is not None:
                    files = after
                    accepted.append(edit)
            head = write.write_commit(store, head, accepted, [head] if head else [], WHEN)
            assert files_of(store, head) == files
        said = subprocess.run(
            ["git", "--git-dir", str(store), "fsck", "--strict", "--full", "--no-dangling"],
            capture_output=True,
            check=False,
        )
        assert said.returncode == 0, said.stderr


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(names, st.binary(max_size=20), min_size=1), edits)
def test_a_refused_edit_leaves_no_pack(start: Files, wanted: list[Edit]) -> None:
    refused = [edit for edit in wanted if not isinstance(edit, Put) and apply(start, edit) is None]
    with TemporaryDirectory() as folder:
        store = Path(folder) / "x.git"
        read.init(store)
        base = write.write_commit(store, None, [Put(*one) for one in start.items()], [], WHEN)
        packs = sorted((store / "objects" / "pack").iterdir())
        for edit in refused:
            with pytest.raises(write.PathMissing):
                write.write_commit(store, base, [Put("new", b"new"), edit], [base], WHEN)
        assert sorted((store / "objects" / "pack").iterdir()) == packs


def test_a_commit_has_the_id_real_git_gives_it(store: Path, git: Git, tmp_path: Path) -> None:
    author = Signature("Änn", "ann@example.org")
    note = Note(author, datetime.fromtimestamp(1_700_000_000, UTC), "Title\n\nBody ü\n")
    content = [("a/b/c.txt", b"one\n"), ("a.txt", b""), ("a-b", b"\0\xff"), ("d/x", b"x" * 70000)]
    ours = write.write_commit(store, None, [Put(*one) for one in content], [], note)

    git("init", "-q", "--bare", "other.git", at=tmp_path)
    who = "Änn <ann@example.org> 1700000000 +0000".encode()
    message = b"Title\n\nBody \xc3\xbc\n"
    stream = b"commit refs/heads/main\nauthor %s\ncommitter %s\ndata %d\n%s\n" % (
        who,
        who,
        len(message),
        message,
    )
    for path, raw in content:
        stream += b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(raw), raw)
    git("fast-import", "--quiet", at=tmp_path / "other.git", stdin=stream)
    assert git("rev-parse", "main", at=tmp_path / "other.git") == ours


def test_each_commit_is_one_self_contained_pack(store: Path, note: Note, git: Git) -> None:
    first = write.write_commit(store, None, [Put("a", b"1"), Put("b/c", b"2")], [], note)
    write.write_commit(store, first, [Put("b/c", b"3")], [first], note)
    packs = list((store / "objects" / "pack").glob("*.idx"))
    assert len(packs) == 2
    for pack in packs:
        git("verify-pack", str(pack), at=store)
    loose = [one for one in (store / "objects").iterdir() if len(one.name) == 2]
    assert loose == []


def test_a_put_keeps_the_executable_bit(store: Path, note: Note) -> None:
    first = write.write_commit(store, None, [Put("run", b"1", 0o100755)], [], note)
    second = write.write_commit(store, first, [Put("run", b"2"), Put("new", b"2")], [first], note)
    modes = {one.path: one.mode for one in read.list_tree(store, second)}
    assert modes == {"new": 0o100644, "run": 0o100755}


def test_a_blob_can_be_put_again_elsewhere(store: Path, note: Note) -> None:
    first = write.write_commit(store, None, [Put("a", b"same")], [], note)
    entry = read.entry_at(store, first, "a")
    assert entry is not None
    second = write.write_commit(store, first, [PutBlob("d/b", entry.oid)], [first], note)
    assert files_of(store, second) == {"a": b"same", "d/b": b"same"}


def test_a_blob_that_is_nowhere_cannot_be_put(store: Path, note: Note) -> None:
    with pytest.raises(write.ObjectMissing):
        write.write_commit(store, None, [PutBlob("a", "1" * 40)], [], note)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "..",
        "a/../b",
        "./a",
        ".git/config",
        "a/.GIT/x",
        ".g\u200cit",
        "git~1/x",
        ".git ",
        ".git::$DATA",
        "a\\b",
        "a\nb",
        "a\0b",
        "x" * 256,
        "a/" * 2100 + "a",
        "\ud800",
    ],
)
def test_paths_no_checkout_can_hold_are_refused(store: Path, note: Note, path: str) -> None:
    with pytest.raises(write.PathRefused):
        write.write_commit(store, None, [Put(path, b"x")], [], note)


@pytest.mark.parametrize("path", [".gitignore", ".gitattributes", "a/..b", "...", "git", "x" * 255])
def test_paths_that_only_look_odd_are_accepted(path: str) -> None:
    assert write.path_problem(path) is None


def test_a_lost_race_does_not_write_the_blobs_again(store: Path, note: Note) -> None:
    base = write.write_commit(store, None, [Put("a", b"1")], [], note)
    rival = write.write_commit(store, base, [Put("rival", b"2")], [base], note)
    content = os.urandom(100_000)
    with Batch(store) as batch:
        change = PutBlob("big", batch.add(content))
        batch.commit(base, [change], [base], note)
        before = pack_bytes(store)
        second = batch.commit(rival, [change], [rival], note)
    assert pack_bytes(store) - before < 1000
    assert files_of(store, second) == {"a": b"1", "rival": b"2", "big": content}


def pack_bytes(store: Path) -> int:
    return sum(pack.stat().st_size for pack in (store / "objects" / "pack").glob("*.pack"))


def test_an_abandoned_batch_is_invisible_and_leaves_nothing(store: Path) -> None:
    with Batch(store) as batch:
        oid = batch.add(b"never committed")
        with pytest.raises(read.ObjectMissing):
            read.read_blob(store, oid)
    assert list((store / "objects" / "pack").iterdir()) == []


def test_the_temporary_pack_of_a_killed_process_is_invisible_until_swept(
    store: Path, note: Note, git: Git
) -> None:
    head = write.write_commit(store, None, [Put("a", b"1")], [], note)
    (store / "objects" / "pack" / "tmp_pack_dead").write_bytes(b"PACK half")
    assert files_of(store, head) == {"a": b"1"}
    git("fsck", "--strict", "--no-dangling", at=store)
    now = (store / "objects" / "pack" / "tmp_pack_dead").stat().st_mtime
    assert write.sweep(store, now + 10, grace=60) == 0
    assert write.sweep(store, now + 100, grace=60) == 1
    assert files_of(store, head) == {"a": b"1"}


def test_a_commit_of_nothing_is_an_empty_tree(store: Path, note: Note, git: Git) -> None:
    head = write.write_commit(store, None, [], [], note)
    assert read.list_tree(store, head) == []
    full = write.write_commit(store, head, [Put("a/b", b"1")], [head], note)
    bare = write.write_commit(store, full, [Delete("a/b")], [full], note)
    assert read.commit_facts(store, bare).tree == read.commit_facts(store, head).tree
    git("fsck", "--strict", "--no-dangling", at=store)


def test_names_cannot_break_out_of_the_commit_header(store: Path, note: Note, git: Git) -> None:
    forged = replace(note, author=Signature("A\n> <x@y> 0\nparent 1", "e>\nx"), message="a\0b")
    head = write.write_commit(store, None, [], [], forged)
    facts = read.commit_facts(store, head)
    assert facts.parents == ()
    assert facts.author_name == "A x@y 0parent 1"
    assert facts.message == "ab\n"
    git("fsck", "--strict", "--no-dangling", at=store)


def test_a_naive_time_is_refused(store: Path, note: Note) -> None:
    naive = replace(note, when=datetime(2026, 1, 2))  # noqa: DTZ001 - what must be refused
    with pytest.raises(ValueError, match="aware"):
        write.write_commit(store, None, [], [], naive)


def test_an_annotated_tag_peels_to_its_commit(store: Path, note: Note, git: Git) -> None:
    head = write.write_commit(store, None, [Put("a", b"1")], [], note)
    tag = write.write_tag(store, head, "v1", note)
    assert read.peel(store, tag) == head
    assert read.peel(store, head) is None
    assert read.expand_sha(store, tag) == head
    assert git("cat-file", "-t", tag, at=store) == "tag"
    git("fsck", "--strict", "--no-dangling", at=store)
    with pytest.raises(ValueError, match="name of a tag"):
        write.write_tag(store, head, "a b", note)


def test_squashing_keeps_the_tree_and_drops_history(store: Path, note: Note) -> None:
    first = write.write_commit(store, None, [Put("a", b"1")], [], note)
    second = write.write_commit(store, first, [Put("b", b"2")], [first], note)
    squashed = write.commit_tree(store, read.commit_facts(store, second).tree, [], note)
    assert read.count_commits(store, squashed) == 1
    assert files_of(store, squashed) == {"a": b"1", "b": b"2"}


def test_a_clean_merge_is_durable(store: Path, note: Note, git: Git) -> None:
    lines = b"".join(b"%d\n" % number for number in range(20))
    base = write.write_commit(store, None, [Put("a", lines)], [], note)
    ours = write.write_commit(store, base, [Put("a", b"x" + lines), Put("o", b"1")], [base], note)
    theirs = write.write_commit(store, base, [Put("a", lines + b"y")], [base], note)
    merged = write.merge(store, base, ours, theirs)
    assert merged.conflicts == ()
    assert merged.tree is not None
    head = write.commit_tree(store, merged.tree, [ours, theirs], note)
    assert files_of(store, head) == {"a": b"x" + lines + b"y", "o": b"1"}
    assert read.merge_base(store, ours, theirs) == base
    git("fsck", "--strict", "--no-dangling", at=store)


def test_a_conflicting_merge_names_the_paths_and_writes_nothing(store: Path, note: Note) -> None:
    base = write.write_commit(store, None, [Put("d/a", b"1\n"), Put("b", b"1\n")], [], note)
    ours = write.write_commit(store, base, [Put("d/a", b"2\n"), Delete("b")], [base], note)
    theirs = write.write_commit(store, base, [Put("d/a", b"3\n"), Put("b", b"2\n")], [base], note)
    before = pack_bytes(store)
    assert write.merge(store, base, ours, theirs) == write.MergeResult(None, ("b", "d/a"))
    assert write.conflicting(store, base, ours, theirs) == ("b", "d/a")
    assert write.conflicting(store, base, ours, base) == ()
    assert write.conflicting(store, None, ours, theirs) == ("d/a",)
    assert pack_bytes(store) == before


def test_a_merge_of_huge_texts_costs_little(store: Path, note: Note) -> None:
    """Both sides rewrite large files, and one of them brings many that look alike."""
    texts = {
        side: b"".join(b"%d %d\n" % (turn * step, turn) for turn in range(380_000))
        for side, step in (("base", 1), ("ours", 3), ("theirs", 7))
    }
    names = ["f0", "f1", "f2"]
    base = write.write_commit(store, None, [Put(n, texts["base"]) for n in names], [], note)
    ours, theirs = (
        write.write_commit(store, base, [Put(n, texts[side]) for n in names], [base], note)
        for side in ("ours", "theirs")
    )
    alike = [Put(f"new-{number}", texts["ours"] + b"%d" % number) for number in range(16)]
    many = write.write_commit(store, base, [*alike, Delete("f0")], [base], note)
    small = write.write_commit(store, base, [Put("small", b"1\n")], [base], note)
    began = time.perf_counter()
    assert write.conflicting(store, base, ours, theirs) == tuple(sorted(names))
    assert write.conflicting(store, base, many, small) == ()
    assert write.conflicting(store, base, many, ours) == ("f0",)
    assert time.perf_counter() - began < 2


def test_unrelated_histories_merge_over_nothing(store: Path, note: Note) -> None:
    ours = write.write_commit(store, None, [Put("a", b"1")], [], note)
    theirs = write.write_commit(store, None, [Put("b", b"1")], [], note)
    assert read.merge_base(store, ours, theirs) is None
    merged = write.merge(store, None, ours, theirs)
    assert merged.tree is not None
    assert {one.path for one in read.list_tree(store, merged.tree)} == {"a", "b"}


def test_threads_read_what_another_process_commits(store: Path, note: Note, git: Git) -> None:
    """Each reader warms its handle first, so the new packs are found behind its back."""
    head = write.write_commit(store, None, [Put("a", b"0")], [], note)
    failures: list[BaseException] = []
    shas: list[str] = [head]
    done = threading.Event()

    def follow() -> None:
        try:
            while not done.is_set():
                facts = read.commit_facts(store, shas[-1])
                assert files_of(store, facts.sha)["a"]
        except BaseException as failure:
            failures.append(failure)
            raise

    readers = [threading.Thread(target=follow) for _ in range(8)]
    for reader in readers:
        reader.start()
    for number in range(12):
        blob = git("hash-object", "-w", "--stdin", at=store, stdin=f"{number}")
        tree = git("mktree", at=store, stdin=f"100644 blob {blob}\ta\n")
        made = git("commit-tree", tree, "-p", shas[-1], "-m", "x", at=store)
        if number % 3 == 0:
            git("repack", "-q", "-d", at=store)
        shas.append(made)
    done.set()
    for reader in readers:
        reader.join()
    assert failures == []


def test_threads_commit_to_one_store_at_once(store: Path, note: Note, git: Git) -> None:
    heads: list[str] = []

    def commit(number: int) -> None:
        head = None
        for turn in range(10):
            change = Put(f"{number}", b"%d" % turn)
            head = write.write_commit(store, head, [change], [head] if head else [], note)
        heads.append(head or "")

    writers = [threading.Thread(target=commit, args=(number,)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [read.count_commits(store, head) for head in heads] == [10] * 8
    git("fsck", "--strict", "--no-dangling", at=store)
