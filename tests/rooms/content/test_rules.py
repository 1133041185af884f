"""`.gitattributes` and `.gitignore`: compared with git itself."""

import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from fixtures import parts
from strata.content.making.initial import standard_attributes
from strata.content.writing.attributes import read_attributes, read_ignore, rule_for, with_rules
from strata.core.names import RepoType

WORDS = st.sampled_from(
    ["*", "**", "?", "a", "b", "ab", "*.a", "a*", "*a*b", "[ab]", "[!a]", "[a-c]x", "a?", "\\*",
     "[[:digit:]]", "a b", "[]]", "[a", "\\", "**a", "[^b-]", "é"]
)  # fmt: skip
PATTERNS = st.builds(
    lambda start, words, end: f"{start}{'/'.join(words)}{end}",
    st.sampled_from(["", "/", "!"]),
    st.lists(WORDS, min_size=1, max_size=3),
    st.sampled_from(["", "/", "/**", "/*"]),
)
NAMES = st.sampled_from(["a", "b", "ab", "x.a", "cx", "a1", "-", "]", "*", "7", "axb", "a b"])
FILES = st.lists(NAMES, min_size=1, max_size=3).map("/".join)


@pytest.fixture(scope="module")
def worktree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    _git(folder, "init", "-q")
    return folder


def _git(folder: Path, *words: str, stdin: str = "") -> str:
    command = [str(parts.program("git")), "-c", "core.excludesFile=", "-c", "core.quotePath=off"]
    run = subprocess.run(
        [*command, *words],
        cwd=folder,
        input=stdin,
        text=True,
        capture_output=True,
        check=False,
        env={"HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )
    assert run.returncode in (0, 1), run.stderr
    return run.stdout


def ignored_by_git(folder: Path, text: str, paths: list[str]) -> dict[str, bool]:
    (folder / ".gitignore").write_text(text)
    told = _git(
        folder, "check-ignore", "--no-index", "-z", "--stdin", stdin="\0".join(paths) + "\0"
    )
    return {path: path in told.split("\0") for path in paths}


def large_by_git(folder: Path, text: str, paths: list[str]) -> dict[str, bool]:
    (folder / ".gitattributes").write_text(text)
    told = _git(folder, "check-attr", "-z", "--stdin", "filter", stdin="\0".join(paths) + "\0")
    fields = told.split("\0")
    return {path: fields[3 * n + 2] == "lfs" for n, path in enumerate(paths)}


MANY = settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(patterns=st.lists(PATTERNS, min_size=1, max_size=4), paths=st.lists(FILES, min_size=1))
@example(patterns=["*", "![a/[ab]"], paths=["a"])  # the slash is a member of the class
def test_ignored_files_are_those_that_git_ignores(
    worktree: Path, patterns: list[str], paths: list[str]
) -> None:
    text = "\n".join(patterns)
    paths = sorted(set(paths))
    rules = read_ignore(text)
    ours = {path: rules.ignores(path) for path in paths}
    assert ours == ignored_by_git(worktree, text, paths), text


@MANY
@given(
    lines=st.lists(st.tuples(PATTERNS, st.booleans()), min_size=1, max_size=4),
    paths=st.lists(FILES, min_size=1),
)
@example(lines=[("*", False), ("[a/a b/**", True)], paths=["ab/a"])
@example(lines=[("a\\/b", True)], paths=["a/b"])
def test_large_files_are_those_that_git_gives_to_lfs(
    worktree: Path, lines: list[tuple[str, bool]], paths: list[str]
) -> None:
    words = {True: "filter=lfs diff=lfs merge=lfs -text", False: "-filter"}
    text = "\n".join(f"{p.replace(' ', '[[:space:]]')} {words[large]}" for p, large in lines)
    paths = sorted(set(paths))
    rules = read_attributes(text)
    assert {path: rules.is_large(path) for path in paths} == large_by_git(worktree, text, paths), (
        text
    )


@pytest.mark.parametrize(
    "path",
    ["plain.xyz", "with space.xyz", "#hash", "!bang", '"quote', "a*b?[c]", "back/sl[ash", "dir/x y",
     "é.bin2", "[x]", "-dash", "a]b"],
)  # fmt: skip
def test_a_rule_for_one_file_covers_it_for_git_and_for_us(worktree: Path, path: str) -> None:
    text = with_rules("*.txt text", [path])
    assert text == f"*.txt text\n{rule_for(path)}\n"
    assert read_attributes(text).is_large(path)
    assert large_by_git(worktree, text, [path]) == {path: True}


def test_the_standard_rules_of_new_repos() -> None:
    model = read_attributes(standard_attributes(RepoType.MODEL))
    dataset = read_attributes(standard_attributes(RepoType.DATASET))
    large = [
        "a.bin",
        "x/model.safetensors",
        "saved_model/a/b.txt",
        "runs/events.tfevents.1",
        "a.tar.gz",
    ]
    assert all(model.is_large(path) for path in large)
    assert not any(
        model.is_large(p) for p in ("config.json", "README.md", "x.png", "tokenizer.txt")
    )
    assert dataset.is_large("x/y.png")


def test_comments_macros_and_carriage_returns_are_understood() -> None:
    text = '# *.a filter=lfs\r\n[attr]big filter=lfs -text\r\n*.b big\r\n"c d.txt" filter=lfs\n'
    rules = read_attributes(text)
    assert [rules.is_large(p) for p in ("x.a", "x.b", "c d.txt", "d.txt")] == [
        False,
        True,
        True,
        False,
    ]


def test_hostile_patterns_take_no_time() -> None:
    stars = "*a" * 100 + "b filter=lfs\n"
    deep = "/".join(["**", "*a*"] * 40) + "/x filter=lfs\n"
    path = "/".join(["a" * 250] * 16)
    started = time.perf_counter()
    rules = read_attributes((stars + deep) * 1000)
    rules.is_large(path)
    read_ignore((stars + deep) * 1000).ignores(path)
    assert time.perf_counter() - started < 20
