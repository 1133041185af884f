"""Ref names are those git accepts; the projection shows git what the table holds."""

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from strata.lib.git import write
from strata.lib.git.write import Note, Put
from strata.lib.git.writing import refs

Git = Callable[..., str]


@pytest.mark.parametrize(
    "name",
    [
        "refs/heads/main",
        "refs/pr/1",
        "refs/convert/parquet",
        "refs/heads/a/b",
        "refs/tags/v1.0",
        "refs/heads/ünï",
        "refs/heads/@",
        "refs/heads/-x",
        "refs/heads/{a}",
    ],
)
def test_names_git_accepts(name: str) -> None:
    assert refs.valid_ref_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "main",
        "HEAD",
        "refs/heads",
        "refs/heads/",
        "refs//x",
        "refs/heads/a..b",
        "refs/heads/.a",
        "refs/heads/a.lock",
        "refs/heads/a.lock/b",
        "refs/heads/a.",
        "refs/heads/a b",
        "refs/x/a@{1",
        *(f"refs/heads/a{sign}b" for sign in "~^:?*[\\\x00\x1f\x7f\n\x85\u2028"),
        "refs/heads/" + "x" * 256,
        "refs/heads/\ud800",
        "refs/" + "a/" * 600 + "b",
        "/refs/heads/a",
    ],
)
def test_names_git_or_a_file_system_would_choke_on(name: str) -> None:
    assert not refs.valid_ref_name(name)


@settings(max_examples=60, deadline=None)
@given(tail=st.text(st.sampled_from("ab./@{}~lock-*\\ \t"), min_size=1, max_size=8))
def test_what_is_accepted_git_accepts(tail: str) -> None:
    name = f"refs/heads/{tail}"
    said = subprocess.run(["git", "check-ref-format", name], check=False)
    assert refs.valid_ref_name(name) == (said.returncode == 0)


def test_git_sees_the_projection(store: Path, note: Note, git: Git) -> None:
    head = write.write_commit(store, None, [Put("a", b"1")], [], note)
    tag = write.write_tag(store, head, "v1", note)
    assert refs.projected_generation(store) is None
    assert refs.project(store, {"refs/heads/ünï": head, "refs/tags/v1": tag}, 3, "refs/heads/ünï")
    assert refs.projected_generation(store) == 3
    assert git("rev-parse", "HEAD", "v1^{}", at=store).split() == [head, head]
    assert git("for-each-ref", "--format=%(refname)", at=store).split() == [
        "refs/heads/ünï",
        "refs/tags/v1",
    ]


def test_an_older_generation_changes_nothing(store: Path, note: Note, git: Git) -> None:
    head = write.write_commit(store, None, [Put("a", b"1")], [], note)
    refs.project(store, {"refs/heads/main": head}, 5)
    assert not refs.project(store, {}, 5)
    assert not refs.project(store, {}, 4)
    assert git("rev-parse", "main", at=store) == head
    assert refs.project(store, {}, 6)
    assert git("for-each-ref", at=store) == ""


def test_many_at_once_leave_the_newest(store: Path, note: Note, git: Git) -> None:
    head = write.write_commit(store, None, [Put("a", b"1")], [], note)
    threads = [
        threading.Thread(target=refs.project, args=(store, {f"refs/heads/g{number}": head}, number))
        for number in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refs.projected_generation(store) == 19
    assert git("for-each-ref", "--format=%(refname)", at=store) == "refs/heads/g19"


@pytest.mark.parametrize(
    ("name", "oid"), [("refs/heads/a\nb", "1" * 40), ("refs/heads/a", "main"), ("HEAD", "1" * 40)]
)
def test_what_is_no_ref_is_not_projected(store: Path, name: str, oid: str) -> None:
    with pytest.raises(ValueError, match="is not a ref"):
        refs.project(store, {name: oid}, 1)
    assert refs.projected_generation(store) is None
