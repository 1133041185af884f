"""Compiled templates are kept beside the program, for the processes that come after."""

import marshal
import sys
from pathlib import Path
from types import CodeType

import pytest
from jinja2 import DictLoader, Environment

from strata.web.pages.frame.compiled import FOLDER, Compiled


@pytest.fixture(autouse=True)
def _kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python keeps what it compiles, whatever the shell of who runs this says."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def shown(folder: Path, source: str = "{{ 1 + 1 }}") -> str:
    """The page that a new process makes of a template, given what others left in the folder."""
    environment = Environment(
        autoescape=True, loader=DictLoader({"page.html": source}), bytecode_cache=Compiled(folder)
    )
    return environment.get_template("page.html").render()


def the_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_what_one_process_compiled_the_next_one_finds(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    assert shown(folder) == "2"
    made_by, checksum, code = marshal.loads(the_file(folder).read_bytes())
    assert isinstance(code, CodeType)
    # Code that can only have come from the file.
    other = compile("name = 'page.html'\ndef root(context):\n  yield 'kept'\nblocks = {}\n"
                    "debug_info = ''", "page.html", "exec")  # fmt: skip
    the_file(folder).write_bytes(marshal.dumps((made_by, checksum, other)))
    assert shown(folder) == "kept"


def test_a_template_that_changed_is_compiled_anew_in_the_same_place(tmp_path: Path) -> None:
    assert shown(tmp_path) == "2"
    before = the_file(tmp_path).read_bytes()
    assert shown(tmp_path, "{{ 2 + 2 }}") == "4"
    assert the_file(tmp_path).read_bytes() != before


@pytest.mark.parametrize("written", [b"", b"no such thing", marshal.dumps((1, 2))])
def test_what_is_broken_is_compiled_anew(tmp_path: Path, written: bytes) -> None:
    assert shown(tmp_path) == "2"
    whole = the_file(tmp_path).read_bytes()
    for broken in (written, whole[:-1]):
        the_file(tmp_path).write_bytes(broken)
        assert shown(tmp_path) == "2"
        assert the_file(tmp_path).read_bytes() == whole


def test_what_another_python_or_jinja_compiled_is_not_run(tmp_path: Path) -> None:
    assert shown(tmp_path) == "2"
    whole = the_file(tmp_path).read_bytes()
    _, checksum, code = marshal.loads(whole)
    the_file(tmp_path).write_bytes(marshal.dumps((b"another", checksum, code)))
    assert shown(tmp_path) == "2"
    assert the_file(tmp_path).read_bytes() == whole


def test_a_folder_that_cannot_be_written_to_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert shown(tmp_path / "file" / "below") == "2"


def test_nothing_is_written_where_python_is_told_to_write_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert shown(tmp_path) == "2"
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_where_python_keeps_what_it_compiled() -> None:
    assert FOLDER.parent.name == "__pycache__"
