"""The first account of a hub, which administers it (product §2.2 P02)."""

from __future__ import annotations

import hmac

import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Call, Work


def asks_code(call: Call) -> bool:
    """Whether a sign-up has to show the code of the operator: the hub is empty, and has one."""
    return bool(call.hub.settings.accounts.first_admin_code) and people.is_empty(call)


def code_faults(call: Call, code: str) -> tuple[str, ...]:
    """The message key of what is wrong with the code, where one is asked for."""
    if not asks_code(call):
        return ()
    if not code.strip():
        return ("first_code.missing",)
    return () if _is_right(call, code) else ("first_code.bad",)


def is_first(work: Work, code: str) -> bool:
    """Whether this is the first account of the hub, which administers it; true for one only."""
    if not people.is_empty(work) or not _is_right(work, code):
        return False
    if work.db.dialect.name == "postgresql":
        work.db.execute(sa.text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
    return people.is_empty(work)


def _is_right(call: Call, code: str) -> bool:
    wanted = call.hub.settings.accounts.first_admin_code
    return not wanted or hmac.compare_digest(code.strip().encode(), wanted.encode())
