"""Open the ref of a pull request; what it says is the room `community`'s."""

from __future__ import annotations

from strata.content import queries
from strata.core.call import Work
from strata.repos.record import Repo


def open_proposal(work: Work, repo: Repo, base_ref: str) -> int:
    """Take the next number and note the caller as its author, who may push to the ref."""
    number = queries.next_number(work, repo.id)
    queries.insert_proposal(work, repo.id, number, base_ref)
    return number
