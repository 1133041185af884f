"""What a newcomer to the code must say of a new event and of a new table."""

import ast
from pathlib import Path

import strata
from strata.app.hub import PERSONAL
from strata.events.audit.narrowing import KINDS as KNOWN
from strata.migrations.schema import metadata
from strata.web.pages.words.audit import KINDS, TYPES

SOURCE = Path(strata.__file__).parent
TOLD_BY_WHAT_MOVED = {"repo.content", "bucket.content"}


def recorded(path: Path) -> set[str]:
    """The names of the facts that a module records."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"record", "record_of"}:
            named = node.args[1] if len(node.args) > 1 else None
            if isinstance(named, ast.Constant):
                found.add(str(named.value))
    return found


def test_every_event_has_a_name_in_both_languages() -> None:
    """Give a new fact its words in `web/pages/words/audit.py`, and translate them."""
    names = {name for path in SOURCE.rglob("*.py") for name in recorded(path)}
    assert len(names) > 30
    assert names - TOLD_BY_WHAT_MOVED - set(TYPES) == set()
    assert set(KINDS) == set(KNOWN)


def test_no_table_that_refers_to_accounts_is_forgotten_when_somebody_leaves() -> None:
    """Say in the room's `personal.py` what becomes of a new table, and what the export shows."""
    settled = {(kept.column.table.name, kept.column.name) for one in PERSONAL for kept in one.kept}
    referring = {
        (table.name, key.parent.name)
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in {"users", "namespaces"}
    }
    assert referring - settled == set()
