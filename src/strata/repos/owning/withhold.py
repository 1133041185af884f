"""The repos that a closed account published are private until it is open again.

A listener, so that it happens in the transaction that closes the account.
"""

from __future__ import annotations

from strata.core.call import Work
from strata.events.facts import Fact
from strata.membership.closing.withholding import withhold
from strata.repos.tables import repos


def follow_standing(work: Work, fact: Fact) -> None:
    """Withhold the repos of an account that is closed, and give them back when it is opened."""
    withhold(work, fact, repos)
