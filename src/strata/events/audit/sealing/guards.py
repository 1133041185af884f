"""What the database itself refuses: a fact is added, sealed once and erased once, nothing else.

Rows go only with the seal that says so (`audit_seals.removed_at`). An owner of the database can
take the triggers away; the chain tells (`events.audit.verify`).
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.events.tables import facts

_FIXED: Final = (
    "id",
    "at",
    "name",
    "actor_id",
    "actor_kind",
    "token_id",
    "on_behalf_of",
    "subject_id",
    "owner_id",
    "repo_id",
    "result",
    "request_id",
)
_PERSONAL: Final = ("target", "detail", "ip", "user_agent")
_CHAINED: Final = ("chain_no", "mark", "link")
_MESSAGE: Final = "facts are only ever added"
_REMOVABLE: Final = (
    "OLD.chain_no IS NOT NULL AND OLD.chain_no <= "
    "(SELECT max(chain_no) FROM audit_seals WHERE removed_at IS NOT NULL)"
)


def _kept(columns: tuple[str, ...], same: str) -> str:
    return " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in columns)


def _allowed(same: str, empty: str) -> str:
    sealed = (
        f"OLD.chain_no IS NULL AND NEW.chain_no IS NOT NULL AND {_kept(_PERSONAL, same)} "
        f"AND NEW.erased = OLD.erased"
    )
    erased = (
        f"NEW.erased AND NOT OLD.erased AND {_kept(_CHAINED, same)} AND NEW.salt IS NULL "
        f"AND NEW.target IS NULL AND NEW.ip = '' AND NEW.user_agent = '' "
        f"AND (NEW.detail = {empty} OR NEW.detail {same} OLD.detail)"
    )
    return f"{_kept(_FIXED, same)} AND (({sealed}) OR ({erased}))"


_EMPTY_TEXT: Final = "'{}'"
_GUARDED_CHANGE: Final = f"""CREATE TRIGGER facts_stay_the_same BEFORE UPDATE ON facts
WHEN ({_allowed("IS", _EMPTY_TEXT)}) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"""
_GUARDED_REMOVAL: Final = f"""CREATE TRIGGER facts_stay BEFORE DELETE ON facts
WHEN ({_REMOVABLE}) IS NOT TRUE
BEGIN SELECT RAISE(ABORT, '{_MESSAGE}'); END"""
SQLITE: Final = (_GUARDED_CHANGE, _GUARDED_REMOVAL)
_FUNCTION: Final = """CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
  IF ({allowed}) IS NOT TRUE THEN RAISE EXCEPTION '{message}'; END IF;
  RETURN {row};
END $guard$"""
_TRIGGER: Final = """CREATE TRIGGER {name} BEFORE {act} ON facts
FOR EACH ROW EXECUTE FUNCTION {name}()"""
POSTGRESQL: Final = (
    _FUNCTION.format(
        name="facts_stay_the_same",
        allowed=_allowed("IS NOT DISTINCT FROM", "'{}'::jsonb"),
        message=_MESSAGE,
        row="NEW",
    ),
    _FUNCTION.format(name="facts_stay", allowed=_REMOVABLE, message=_MESSAGE, row="OLD"),
    _TRIGGER.format(name="facts_stay_the_same", act="UPDATE"),
    _TRIGGER.format(name="facts_stay", act="DELETE"),
)


def _attach() -> None:
    """Tables that are made from what is declared are guarded as those of the migrations."""
    for dialect, statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
        for statement in statements:
            ddl = sa.DDL(  # type: ignore[no-untyped-call]  # SQLAlchemy's own
                statement.replace("%", "%%")
            ).execute_if(dialect=dialect)
            sa.event.listen(facts, "after_create", ddl)


_attach()
