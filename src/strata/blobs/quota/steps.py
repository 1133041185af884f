"""The steps at which people hear how full their storage is: each once, until it is left."""

from __future__ import annotations

from typing import Final

from strata.accounts.plans.quotas import NO_LIMIT

STEPS: Final = (100, 95, 80)  # percent
FULL: Final = 100
OVER: Final = 101  # an upload was refused, which is told beside that it is full
SLACK: Final = 5  # percent below a step until which it stays told


def passed(used: int, total: int) -> int:
    """The highest step that is reached; 0: none."""
    return _reached(used, total, 0)


def still_told(told: int, used: int, total: int) -> int:
    """What stays told of `told` after there is less, or other room.

    A step is forgotten only well below it: else each file that goes and comes would tell it again.
    """
    if total == NO_LIMIT:
        return 0
    near = _reached(used, total, SLACK)
    return told if near == FULL else min(told, near)


def _reached(used: int, total: int, slack: int) -> int:
    return next((step for step in STEPS if used * 100 >= total * (step - slack)), 0)
