"""Whether the owner of a webhook may learn of something, asked when it happens and when it is told.

In between the owner may have left the organisation, or the repo may have become private.
"""

from __future__ import annotations

from strata.access.policy.seeing import may_see
from strata.accounts import people, standing
from strata.core.actor import Standing
from strata.core.call import Call
from strata.events.webhooks.record import Delivery
from strata.organizations.collaborators.shares import stand_in
from strata.repos.queries import repo_even_deleted
from strata.repos.record import Repo


def may_learn_of(call: Call, owner_id: int, repo: Repo) -> bool:
    """Whether an account may know of a repo, as it is now."""
    owner = people.by_id(call, owner_id)
    if owner is None or standing.now(call, owner) is not Standing.ACTIVE:
        return False
    if not repo.private:
        return True
    return may_see(stand_in(call, owner_id), repo)


def may_be_told(call: Call, owner_id: int, delivery: Delivery) -> bool:
    """Whether a delivery may still be made, replayed, or shown."""
    if delivery.repo_id is None:  # it tells of nothing real
        return True
    repo = repo_even_deleted(call, delivery.repo_id)
    if repo is None:  # swept away: what was public then harms nobody
        return not delivery.private
    return may_learn_of(call, owner_id, repo)
