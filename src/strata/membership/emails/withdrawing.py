"""Addresses that wait for their confirmation wait no longer."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.core.call import Work
from strata.events.facts import Fact
from strata.membership.closing.facts import RESET, SUSPENDED
from strata.membership.emails.tables import email_changes

_TAKEN_BACK: Final = frozenset(
    {"account.password_change", "account.password_reset", RESET, SUSPENDED}
)


def withdraw_with_sign_in(work: Work, fact: Fact) -> None:
    """Let no address wait that was asked for before an account was taken back.

    Whoever had come by the account may have asked for one, and whoever has an address of an account
    may choose its password.
    """
    if fact.name in _TAKEN_BACK or _signed_out_by_operator(work, fact):
        whose = sa.true() if fact.subject_id is None else email_changes.c.user_id == fact.subject_id
        close(work, whose)


def close(work: Work, which: sa.ColumnElement[bool]) -> None:
    """Kill links that wait; those that were opened stay as they are."""
    work.db.execute(
        sa.update(email_changes)
        .where(which, email_changes.c.used_at.is_(None), email_changes.c.replaced_at.is_(None))
        .values(replaced_at=work.now)
    )


def _signed_out_by_operator(work: Work, fact: Fact) -> bool:
    return fact.name == "account.session_revoke" and work.actor.system
