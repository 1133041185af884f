"""The collections that a closed account published are private until it is open again."""

from __future__ import annotations

from strata.community.collections.tables import collections
from strata.core.call import Work
from strata.events.facts import Fact
from strata.membership.closing.withholding import withhold


def follow_standing(work: Work, fact: Fact) -> None:
    """Withhold the collections of an account that is closed, and give them back when it opens."""
    withhold(work, fact, collections)
