"""Files leave history; everything else stays the object that it is. Checked with real git."""

from collections.abc import Callable
from pathlib import Path

import pytest

from strata.lib.git import read, write
from strata.lib.git.write import Batch, Delete, Note, Put, Rewrite

Git = Callable[..., str]
SECRET = b"the secret\n"
SIGNATURE = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n abc\n -----END PGP SIGNATURE-----\n"


def without_secret(store: Path, *tips: str) -> list[str]:
    """Rewrite as the rooms do; the new ids in the order of the old."""
    with Batch(store) as batch:
        ids = Rewrite(batch.store, lambda content: content == SECRET, 1024).apply(store, tips)
        batch.flush()
    return [ids[tip] for tip in tips]


def paths(store: Path, commit: str) -> set[str]:
    return {
        entry.path
        for entry in read.list_tree(store, commit, recursive=True)
        if entry.kind == "file"
    }


def commit(store: Path, note: Note, files: dict[str, bytes], *parents: str) -> str:
    puts = [Put(path, content) for path, content in files.items()]
    return write.write_commit(store, parents[0] if parents else None, puts, parents, note)


def test_a_file_vanishes_from_every_commit_and_the_rest_stays(store: Path, note: Note) -> None:
    first = commit(store, note, {"a.txt": b"a"})
    second = commit(store, note, {"deep/down/s": SECRET, "deep/k": b"kept"}, first)
    third = commit(store, note, {"b.txt": b"b"}, second)
    fourth = write.write_commit(store, third, [Delete("deep/down/s")], [third], note)
    (head,) = without_secret(store, fourth)
    history = read.log(store, head, 10)
    assert [paths(store, facts.sha) for facts in history] == [
        {"a.txt", "b.txt", "deep/k"},
        {"a.txt", "b.txt", "deep/k"},
        {"a.txt", "deep/k"},
        {"a.txt"},
    ]
    old = read.log(store, fourth, 10)
    assert [(facts.message, facts.authored_at, facts.author_name) for facts in history] == [
        (facts.message, facts.authored_at, facts.author_name) for facts in old
    ]
    assert history[-1].sha == first
    assert history[0].tree == old[0].tree


def test_what_reaches_nothing_unwanted_is_given_back(store: Path, note: Note) -> None:
    head = commit(store, note, {"a.txt": b"a"}, commit(store, note, {"b": b"b"}))
    tag = write.write_tag(store, head, "v1", note)
    before = len(list((store / "objects" / "pack").iterdir()))
    assert without_secret(store, head, tag) == [head, tag]
    assert len(list((store / "objects" / "pack").iterdir())) == before


def test_branches_merges_and_tags_share_one_rewritten_history(
    store: Path, note: Note, git: Git
) -> None:
    root = commit(store, note, {"a": b"a"})
    left = commit(store, note, {"s": SECRET}, root)
    right = commit(store, note, {"r": b"r"}, root)
    merged = commit(store, note, {"s": SECRET, "r": b"r"}, left, right)
    inner = write.write_tag(store, merged, "inner", note)
    outer = write.write_tag(store, inner, "outer", note)
    new_right, new_merged, new_outer, new_left = without_secret(store, right, merged, outer, left)
    assert new_right == right
    assert read.commit_facts(store, new_merged).parents == (new_left, right)
    assert read.peel(store, new_outer) == new_merged
    assert paths(store, new_merged) == {"a", "r"}
    git("fsck", "--full", "--strict", "--no-dangling", new_outer, at=store)


def test_a_history_of_nothing_else_keeps_its_commits(store: Path, note: Note, git: Git) -> None:
    head = commit(store, note, {"only/s": SECRET})
    (new,) = without_secret(store, head)
    assert paths(store, new) == set()
    assert git("rev-parse", f"{new}^{{tree}}", at=store) == git(
        "hash-object", "-t", "tree", "--stdin", at=store
    )


def test_signatures_of_rewritten_objects_go_and_others_stay(
    store: Path, note: Note, git: Git
) -> None:
    def signed(unsigned: str) -> str:
        header, _, message = git("cat-file", "commit", unsigned, at=store).partition("\n\n")
        text = f"{header}\nencoding latin-1\n{SIGNATURE}\n{message}\n"
        return git("hash-object", "-t", "commit", "-w", "--stdin", at=store, stdin=text)

    honest = signed(commit(store, note, {"a": b"a"}))
    head = signed(commit(store, note, {"s": SECRET}, honest))
    label = (
        f"object {head}\ntype commit\ntag v1\ntagger A <a@b> 1 +0000\n\nSaid\n"
        "-----BEGIN PGP SIGNATURE-----\n\nabc\n-----END PGP SIGNATURE-----\n"
    )
    tag = git("hash-object", "-t", "tag", "-w", "--stdin", at=store, stdin=label)
    new_head, new_tag = without_secret(store, head, tag)
    assert git("cat-file", "commit", new_head, at=store).splitlines()[1] == f"parent {honest}"
    assert "gpgsig" not in git("cat-file", "commit", new_head, at=store)
    assert "encoding latin-1" in git("cat-file", "commit", new_head, at=store)
    assert git("cat-file", "tag", new_tag, at=store).splitlines()[-1] == "Said"
    assert "gpgsig" in git("cat-file", "commit", f"{new_head}^", at=store)


def test_a_second_call_goes_on_where_the_first_stopped(store: Path, note: Note) -> None:
    first = commit(store, note, {"s": SECRET})
    second = commit(store, note, {"b": b"b"}, first)
    with Batch(store) as batch:
        rewrite = Rewrite(batch.store, lambda content: content == SECRET, 1024)
        once = rewrite.apply(store, [first])
        batch.flush()
        again = rewrite.apply(store, [second, first])
        batch.flush()
    assert again[first] == once[first]
    assert read.commit_facts(store, again[second]).parents == (once[first],)


def test_a_deep_tree_needs_no_deep_stack(store: Path, note: Note) -> None:
    with Batch(store) as batch:
        below = batch.store("tree", b"100644 s\0" + batch.store("blob", SECRET))
        for _ in range(3000):
            below = batch.store("tree", b"40000 d\0" + below)
        batch.flush()
    head = write.commit_tree(store, below.hex(), [], note)
    assert paths(store, without_secret(store, head)[0]) == set()


def test_a_hole_in_history_is_told(store: Path) -> None:
    with pytest.raises(read.ObjectMissing):
        without_secret(store, "1" * 40)


def test_paths_are_found_in_trees_and_in_history(store: Path, note: Note, git: Git) -> None:
    blob = git("hash-object", "--stdin", at=store, stdin=SECRET)
    first = commit(store, note, {"deep/s": SECRET, "a": b"a"})
    second = write.write_commit(store, first, [Delete("deep/s")], [first], note)
    assert read.paths_of(store, [first], [blob]) == {blob: (first, "deep/s")}
    assert read.paths_of(store, [second], [blob]) == {}
    found = read.paths_of(store, [second], [blob, "1" * 40], history=True)
    assert found == {blob: (second, "deep/s")}
