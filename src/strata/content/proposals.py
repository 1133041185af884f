"""Open the ref of a pull request; what it says is the room `community`'s."""

from __future__ import annotations

from strata.content import queries
from strata.core.call import Work
from strata.repos.record import Repo


def open_proposal(work: Work, repo: Repo, base_ref: str) -> int:
    """Take the next number and note the caller as its author, who may push to the ref."""
    number = take_number(work, repo)
    queries.insert_proposal(work, repo.id, number, base_ref)
    return number


def take_number(work: Work, repo: Repo) -> int:
    """Take the next number that discussions and pull requests of a repo share."""
    return queries.next_number(work, repo.id)


def forget_proposal(work: Work, repo: Repo, number: int) -> None:
    """Note that the ref of a pull request is gone for good: nobody may push to it any more."""
    queries.delete_proposal(work, repo.id, number)
