"""Reading agrees with what git itself says."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from strata.lib.git import read, write
from strata.lib.git.write import Delete, DeleteFolder, Edit, Note, Put
from strata.lib.git.writing.packfile import PackWriter

Git = Callable[..., str]
CONTENT = ["a", "a-b", "a.d/x", "a/b", "a/c/d", "a0", "b/a/a", "b/b", "z"]


@pytest.fixture
def head(store: Path, note: Note) -> str:
    return write.write_commit(
        store, None, [Put(path + "_", b"%d" % at) for at, path in enumerate(CONTENT)], [], note
    )


def test_init_can_be_repeated_and_keeps_what_is_there(store: Path, head: str) -> None:
    read.init(store)
    assert read.commit_facts(store, head).sha == head
    assert not (store / "hooks").exists()


def test_a_listing_is_what_ls_tree_prints(store: Path, head: str, git: Git) -> None:
    printed = git("ls-tree", "-r", "-t", "-l", "--full-tree", head, at=store).splitlines()
    ours = [
        f"{one.mode:06o} {'tree' if one.kind == 'directory' else 'blob'} {one.oid} "
        f"{'-' if one.kind == 'directory' else one.size:>7}\t{one.path}"
        for one in read.list_tree(store, head, recursive=True)
    ]
    assert ours == printed


@pytest.mark.parametrize("folder", ["", "a", "b"])
@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_add_up_to_the_whole(
    store: Path, head: str, folder: str, *, recursive: bool, limit: int
) -> None:
    whole = read.list_tree(store, head, folder, recursive=recursive)
    pages: list[read.Entry] = []
    after = None
    while page := read.list_tree(
        store, head, folder, recursive=recursive, after=after, limit=limit
    ):
        assert len(page) <= limit
        pages += page
        after = page[-1].path
    assert pages == whole


def test_a_cursor_of_nowhere_goes_on_behind_where_it_would_be(store: Path, head: str) -> None:
    listed = read.list_tree(store, head, recursive=True, after="a/bb", limit=1)
    assert [one.path for one in listed] == ["a/c"]


def test_a_missing_folder_differs_from_a_missing_commit(store: Path, head: str) -> None:
    with pytest.raises(read.PathMissing):
        read.list_tree(store, head, "nowhere")
    with pytest.raises(read.PathMissing):
        read.list_tree(store, head, "z_")
    with pytest.raises(read.ObjectMissing) as raised:
        read.list_tree(store, "1" * 40)
    assert not isinstance(raised.value, read.PathMissing)


@pytest.mark.parametrize("path", ["nope", "a/", "/a", "a//b_", "z_/x", "\0", "\ud800", "a/b_/"])
def test_paths_that_are_not_there_give_nothing(store: Path, head: str, path: str) -> None:
    assert read.entry_at(store, head, path) is None


@pytest.mark.parametrize("sha", ["", "main", "1" * 40, "1" * 39, "zz" * 20, "../../etc/passwd"])
def test_shas_that_are_not_there_are_missing(store: Path, head: str, sha: str) -> None:
    assert head
    with pytest.raises(read.ObjectMissing):
        read.entry_at(store, sha, "z_")
    with pytest.raises(read.ObjectMissing):
        read.read_blob(store, sha)
    assert read.expand_sha(store, sha) is None


def test_a_repository_that_is_not_there_is_missing(tmp_path: Path) -> None:
    with pytest.raises(read.ObjectMissing):
        read.entry_at(tmp_path / "no.git", "1" * 40, "a")


def test_a_repository_made_anew_at_the_same_path_has_nothing_of_the_old(
    store: Path, head: str
) -> None:
    assert read.commit_facts(store, head).sha == head
    store.rename(store.with_name("old.git"))
    read.init(store)
    with pytest.raises(read.ObjectMissing):
        read.commit_facts(store, head)


def test_an_entry_tells_kind_size_and_oid(store: Path, head: str, git: Git) -> None:
    entry = read.entry_at(store, head, "a/c/d_")
    assert entry is not None
    assert (entry.kind, entry.size) == ("file", 1)
    assert entry.oid == git("rev-parse", f"{head}:a/c/d_", at=store)
    folder = read.entry_at(store, head, "a/c")
    assert folder is not None
    assert (folder.kind, folder.size) == ("directory", 0)
    assert read.read_blob(store, entry.oid) == b"4"
    assert read.blob_size(store, entry.oid) == 1
    with pytest.raises(read.ObjectMissing):
        read.read_blob(store, folder.oid)


def test_small_blobs_come_together_and_large_ones_stay_out(store: Path, note: Note) -> None:
    head = write.write_commit(store, None, [Put("s", b"small"), Put("l", b"l" * 2000)], [], note)
    oids = [one.oid for one in read.list_tree(store, head)]
    assert list(read.read_blobs(store, [*oids, "1" * 40], 1024).values()) == [b"small"]


def test_a_short_sha_is_expanded(store: Path, head: str) -> None:
    assert read.expand_sha(store, head[:7]) == head
    assert read.expand_sha(store, head[:7].upper()) == head
    assert read.expand_sha(store, head[:6]) is None
    tree = read.commit_facts(store, head).tree
    assert read.expand_sha(store, tree) is None


def test_commit_facts_split_the_message(store: Path, note: Note) -> None:
    head = write.write_commit(store, None, [], [], replace(note, message="T\n\nline 1\nline 2"))
    facts = read.commit_facts(store, head)
    assert (facts.title, facts.body) == ("T", "line 1\nline 2")
    assert facts.authored_at == note.when
    assert (facts.author_name, facts.committer_email) == ("Ann", "ann@example.org")


def history(store: Path, note: Note, count: int) -> list[str]:
    shas: list[str] = []
    for number in range(count):
        later = replace(note, when=note.when + timedelta(seconds=number // 2))
        change = [Put(f"d{number % 3}/{number % 5}", b"%d" % number)]
        head = shas[-1] if shas else None
        shas.append(write.write_commit(store, head, change, shas[-1:], later))
    return shas


def test_log_pages_add_up_and_agree_with_git(store: Path, note: Note, git: Git) -> None:
    shas = history(store, note, 25)
    walked: list[str] = []
    while page := read.log(store, shas[-1], 7, after=walked[-1] if walked else None):
        walked += [facts.sha for facts in page]
    assert walked == git("rev-list", shas[-1], at=store).splitlines() == shas[::-1]
    assert read.count_commits(store, shas[-1]) == 25
    assert read.log(store, shas[-1], 7, after="1" * 40) == []


def test_last_commits_are_those_git_log_names(store: Path, note: Note, git: Git) -> None:
    shas = history(store, note, 25)
    removed = write.write_commit(store, shas[-1], [Delete("d0/0")], shas[-1:], note)
    later = replace(note, when=note.when + timedelta(days=1))
    side = write.write_commit(store, shas[10], [Put("d1/side", b"s")], [shas[10]], later)
    merged = write.merge(store, shas[10], removed, side)
    assert merged.tree is not None
    head = write.commit_tree(store, merged.tree, [removed, side], later)
    paths = [one.path for one in read.list_tree(store, head, recursive=True)]
    found = read.last_commits(store, head, [*paths, "d0/0", "nowhere/x"])
    assert set(found) == set(paths)
    for path in paths:
        assert found[path].sha == git("log", "-1", "--format=%H", head, "--", path, at=store), path


def test_ancestry(store: Path, note: Note) -> None:
    shas = history(store, note, 3)
    assert read.is_ancestor(store, shas[0], shas[2])
    assert read.is_ancestor(store, shas[0], shas[0])
    assert not read.is_ancestor(store, shas[2], shas[0])
    with pytest.raises(read.ObjectMissing):
        read.is_ancestor(store, "1" * 40, shas[0])


def test_commits_beyond_others_are_those_git_names(store: Path, note: Note, git: Git) -> None:
    base = write.write_commit(store, None, [Put("a", b"0")], [], note)
    main = write.write_commit(store, base, [Put("m", b"1")], [base], note)
    side = base
    for turn in range(4):
        side = write.write_commit(store, side, [Put("s", b"%d" % turn)], [side], note)
    top = write.write_commit(store, side, [Put("m", b"1")], [side, main], note)
    for known in ([], [base], [main], [side, main], [top], ["0" * 40, main]):
        hidden = [f"^{sha}" for sha in known if sha != "0" * 40]
        told = git("rev-list", "--topo-order", top, *hidden, at=store).split()
        found = [commit.sha for commit in read.commits_beyond(store, top, known, 100)]
        assert sorted(found) == sorted(told)
        assert found[:1] == told[:1]
    assert len(read.commits_beyond(store, top, [], 2)) == 2
    with pytest.raises(read.ObjectMissing):
        read.commits_beyond(store, "0" * 40, [], 2)


def test_tree_size_sums_blobs(store: Path, note: Note) -> None:
    head = write.write_commit(
        store, None, [Put("a/b", b"12"), Put("a/c/d", b"345"), Put("e", b"6")], [], note
    )
    assert read.tree_size(store, head) == 6
    assert read.tree_size(store, head, "a") == 5
    with pytest.raises(read.PathMissing):
        read.tree_size(store, head, "e")


def test_raw_diff_is_what_git_prints(store: Path, note: Note, git: Git) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(30))
    old = write.write_commit(
        store, None, [Put("m", b"1"), Put("gone", b"2"), Put("from", lines)], [], note
    )
    edits: list[Edit] = [
        Put("m", b"9"),
        Delete("gone"),
        Delete("from"),
        Put("to/x", lines + b"more\n"),
        Put("new", b"n"),
    ]
    new = write.write_commit(store, old, edits, [old], note)
    printed = git("diff-tree", "-r", "-M", "--abbrev=40", old, new, at=store).splitlines()
    printed = [re.sub(r"R\d+", "R", line) for line in printed]  # they estimate a point apart
    ours = []
    for one in read.diff_raw(store, old, new):
        status = f"R\t{one.path}" if one.status == "R" else one.status
        sides = f":{one.old_mode:06o} {one.new_mode:06o} {one.old_oid} {one.new_oid}"
        ours.append(f"{sides} {status}\t{one.new_path}")
    assert sorted(ours) == sorted(printed)
    assert {one.status for one in read.diff_raw(store, None, new)} == {"A"}
    assert {one.new_path for one in read.diff_raw(store, None, new)} == {"m", "new", "to/x"}


def test_text_diff_is_bounded_and_names_large_files(store: Path, note: Note) -> None:
    old = write.write_commit(store, None, [Put("a", b"1\n"), Put("b", b"x")], [], note)
    edits = [Put("a", b"2\n"), Put("b", b"y" * (2 << 20)), Put("c", b"c\n" * 1000)]
    new = write.write_commit(store, old, edits, [old], note)
    whole = read.diff_text(store, old, new)
    assert not whole.truncated
    assert "-1\n+2\n" in whole.text
    assert "Binary files a/b and b/b differ" in whole.text
    short = read.diff_text(store, old, new, max_bytes=500)
    assert short.truncated
    assert whole.text.startswith(short.text)
    assert len(short.text) <= 500


def test_huge_files_that_look_alike_are_not_compared(store: Path, note: Note) -> None:
    text = b"".join(b"%d %d\n" % (turn * 3, turn) for turn in range(380_000))
    base = write.write_commit(store, None, [Put("old", text)], [], note)
    alike = [Put(f"new-{number}", text + b"%d" % number) for number in range(15)]
    edits: list[Edit] = [*alike, Delete("old"), Put("moved", text)]
    after = write.write_commit(store, base, edits, [base], note)
    began = time.perf_counter()
    changes = read.diff_raw(store, base, after)
    assert time.perf_counter() - began < 0.5
    assert {change.status for change in changes} == {"A", "R"}
    assert [(one.path, one.new_path) for one in changes if one.status == "R"] == [("old", "moved")]


def test_all_blobs_are_those_history_reaches(store: Path, note: Note, git: Git) -> None:
    shas = history(store, note, 12)
    head = write.write_commit(store, shas[-1], [DeleteFolder("d0")], shas[-1:], note)
    write.write_commit(store, None, [Put("unreached", b"nobody")], [], note)
    tag = write.write_tag(store, head, "v1", note)
    listed = git(
        "rev-list",
        "--objects",
        "--filter=object:type=blob",
        "--filter-provided-objects",
        head,
        at=store,
    )
    reached = {line.split()[0] for line in listed.splitlines()}
    found = list(read.all_blobs(store, [tag, shas[3]]))
    assert {oid for oid, _ in found} == reached
    assert len(found) == len(reached)
    assert all(size == read.blob_size(store, oid) for oid, size in found)


def test_all_blobs_stop_at_a_hole(store: Path, git: Git) -> None:
    tree = git("mktree", "--missing", at=store, stdin=f"100644 blob {'1' * 40}\ta\n")
    holed = git("commit-tree", tree, "-m", "x", at=store)
    with pytest.raises(read.ObjectMissing):
        list(read.all_blobs(store, [holed]))


def test_a_commit_of_an_odd_encoding_is_read(store: Path, git: Git) -> None:
    tree = git("mktree", at=store)
    raw = f"tree {tree}\nauthor J\xf6rg <j@x> 99999999999999 +0100\ncommitter x <> 0 +0000\n\n\xff"
    sha = git(
        "hash-object",
        "-t",
        "commit",
        "-w",
        "--stdin",
        "--literally",
        at=store,
        stdin=raw.encode("latin-1"),
    )
    facts = read.commit_facts(store, sha)
    assert facts.author_name == "J\ufffdrg"
    assert facts.authored_at.tzinfo is not None


def test_a_warm_handle_finds_what_another_process_packed(store: Path, head: str, git: Git) -> None:
    assert read.entry_at(store, head, "z_") is not None
    blob = git("hash-object", "-w", "--stdin", at=store, stdin="elsewhere")
    tree = git("mktree", at=store, stdin=f"100644 blob {blob}\tnew\n")
    made = git("commit-tree", tree, "-p", head, "-m", "x", at=store)
    git("update-ref", "refs/heads/main", made, at=store)
    git("repack", "-q", "-a", "-d", at=store)
    assert read.expand_sha(store, made[:10]) == made
    assert read.read_blobs(store, [blob], 100) == {blob: b"elsewhere"}
    assert read.entry_at(store, made, "new") is not None
    assert read.entry_at(store, head, "a/c/d_") is not None


def test_a_tree_deeper_than_the_stack_is_read(store: Path) -> None:
    pack = PackWriter(store)
    line = b"100644 f\0" + pack.add("blob", b"deep")
    for _ in range(3000):
        line = b"40000 d\0" + pack.add("tree", line)
    top = pack.add("tree", line).hex()
    pack.finish()
    listed = read.list_tree(store, top, recursive=True)
    assert len(listed) == 3001
    assert read.list_tree(store, top, recursive=True, after=listed[-2].path) == listed[-1:]
    assert read.tree_size(store, top) == 4
    assert [size for _, size in read.all_blobs(store, [top])] == [4]
