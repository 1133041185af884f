"""A list of leaked passwords is searched without being read."""

import random
from pathlib import Path

import pytest

from fixtures.leaks import sha1
from strata.lib.leaked import file

KNOWN = sorted(sha1(f"leaked {number}") for number in range(2_000))
UNKNOWN = [sha1(f"fresh {number}") for number in range(500)]


def written(path: Path, digests: list[str], end: str) -> Path:
    counts = random.Random(3)
    lines = (f"{digest}:{counts.choice([1, 12, 3456789])}{end}" for digest in digests)
    path.write_bytes("".join(lines).encode())
    return path


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("digits", [40, 20, 16])
def test_each_known_one_is_found_and_no_other(tmp_path: Path, end: str, digits: int) -> None:
    path = written(tmp_path / "list.txt", [one[:digits] for one in KNOWN], end)
    assert all(file.holds(path, one) for one in KNOWN)
    assert not any(file.holds(path, one) for one in UNKNOWN)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_small_lists_have_no_gaps(tmp_path: Path, count: int) -> None:
    path = written(tmp_path / "list.txt", KNOWN[:count], "\n")
    assert [file.holds(path, one) for one in KNOWN[:4]] == [True] * count + [False] * (4 - count)
    whole = path.read_bytes().rstrip(b"\n")  # the last line without an end
    path.write_bytes(whole)
    assert [file.holds(path, one) for one in KNOWN[:4]] == [True] * count + [False] * (4 - count)


def test_a_folder_has_a_file_for_each_beginning(tmp_path: Path) -> None:
    leaked = sha1("leaked 1")
    (tmp_path / f"{leaked[:5]}.txt").write_text(f"{leaked[5:]}:3\n")
    assert file.holds(tmp_path, leaked)
    with pytest.raises(FileNotFoundError):
        file.holds(tmp_path, sha1("leaked 2"))


def test_a_line_that_would_mean_everybody_means_nobody(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("\n\n:5\nA:1\n")
    assert not file.holds(path, "A" * 40)
