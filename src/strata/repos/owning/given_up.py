"""When somebody else takes a name that was given up, the old addresses lead nowhere any more.

A listener, so that it happens in the transaction that takes the name (product §3.3).
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.accounts.naming import former
from strata.core.call import Work
from strata.events.facts import Fact
from strata.repos.tables import redirects

_TAKES_A_NAME: Final = frozenset({"account.signup", "org.create"})


def follow_names(work: Work, fact: Fact) -> None:
    """End what led from a name to whoever had it before a new account took it."""
    taken = fact.name in _TAKES_A_NAME and fact.target
    if taken and former.take_back(work, taken) is not None:
        lead_no_more(work, taken)


def lead_no_more(work: Work, name: str) -> None:
    """Forget every redirect below a name."""
    below = redirects.c.path_key.startswith(f"{name.lower()}/", autoescape=True)
    work.db.execute(sa.delete(redirects).where(below))
