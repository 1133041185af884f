"""Which facts close an account to others and which open it, for the rooms that hold its things."""

from __future__ import annotations

from typing import Final

from strata.events.facts import Fact

SUSPENDED: Final = "admin.user_suspend"
RESTORED: Final = "admin.user_restore"
RESET: Final = "admin.user_reset_password"
LEAVING: Final = "account.delete_schedule"
STAYING: Final = "account.delete_cancel"
GONE: Final = "account.delete"
HIDDEN: Final = "hidden"  # what the detail `content` of SUSPENDED says


def closes(fact: Fact) -> bool:
    """Whether what the account published is to be withheld from now on."""
    if fact.name == SUSPENDED:
        return fact.detail.get("content") == HIDDEN
    return fact.name == LEAVING


def opens(fact: Fact) -> bool:
    """Whether what was withheld is to be given back."""
    return fact.name in (RESTORED, STAYING)
