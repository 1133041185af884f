"""Which values and combinations are refused, and what to do instead."""

from __future__ import annotations

from strata.core.settings.rules import accounts, entering, reached, serving, values
from strata.core.settings.tree import Settings


def check(settings: Settings) -> None:
    """Refuse combinations that would be unsafe or could not work.

    Raises:
        BadSettings: the first thing that is wrong, and how to mend it.
    """
    serving.check(settings)
    values.check(settings)
    accounts.check(settings)
    entering.check(settings)
    reached.check(settings)
