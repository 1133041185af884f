"""How the tests are built: what several of them need stands in a module of its own."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parents[1]


def imported(path: Path) -> Iterator[str]:
    """The last names of the modules, and the names, that a module imports."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name.rpartition(".")[2] for one in node.names)
        if isinstance(node, ast.ImportFrom):
            yield (node.module or "").rpartition(".")[2]
            yield from (one.name for one in node.names)


def test_no_module_imports_from_a_test_file() -> None:
    """Move what two of them need to `fixtures/`, or beside them under the name of its noun."""
    files = [path for path in TESTS.rglob("*.py") if "__pycache__" not in path.parts]
    assert len(files) > 100
    tests = {path.stem for path in files if path.stem.startswith("test_")}
    found = {
        f"{path.relative_to(TESTS)}: {name}"
        for path in files
        for name in imported(path)
        if name in tests
    }
    assert found == set()
