"""The requests for access of which a digest tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from strata.access.gates import gathering
from strata.access.gates.letters import hears_of_requests
from strata.accounts import people
from strata.accounts.standing import is_shown
from strata.core.call import Work
from strata.repos.queries import repo_by_id
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Asked:
    """Requests that wait for a decision about one repo."""

    repo: Repo
    number: int


def taken(work: Work, user_id: int, before: datetime) -> list[Asked]:
    """What was left to somebody's digest before a moment, in the transaction that writes it.

    Without what somebody else decided meanwhile, and what they do not decide about any more.
    """
    left = gathering.take(work, user_id, before)
    account = people.by_id(work, user_id)
    if account is None or not is_shown(work, account):
        return []
    found = []
    for repo_id, since in left.items():
        repo = repo_by_id(work, repo_id)
        if repo is None or repo.disabled or repo.gated is None:
            continue
        number = gathering.number_waiting(work, repo.id, since)
        if number and hears_of_requests(work, repo, user_id):
            found.append(Asked(repo, number))
    return sorted(found, key=lambda one: one.repo.full_name)
