"""From a fact to deliveries, in the transaction of the fact.

The composition root lets `announce` listen to all facts, so news goes up without an import. One
indexed statement settles whether anybody listens; where nobody does, nothing else happens.
"""

from __future__ import annotations

from strata.accounts.plans.quotas import quotas_of
from strata.community.webhooks import queries
from strata.community.webhooks.access import may_learn_of
from strata.community.webhooks.payload import TYPES, event_of, story_of
from strata.core.call import Work
from strata.events.facts import Fact
from strata.events.webhooks import deliveries
from strata.events.webhooks.record import Telling
from strata.repos.queries import repo_even_deleted


def announce(work: Work, fact: Fact) -> None:
    """Queue one delivery for each webhook whose owner may learn of the fact."""
    event = event_of(fact)
    if event is None or fact.repo_id is None:
        return
    former = fact.detail.get("from_owner")
    former_owner = former if isinstance(former, int) else None
    watching = queries.listening(work, event.domain, fact.repo_id, former_owner=former_owner)
    repo = repo_even_deleted(work, fact.repo_id) if watching else None
    if repo is None or repo.type not in TYPES:
        return
    told = [one for one in watching if may_learn_of(work, one.owner_id, repo)]
    if not told:
        return
    story = story_of(work, event, fact, repo)
    deliveries.queue(
        work,
        [
            Telling(
                webhook_id=one.webhook_id,
                event=event.name,
                payload=story.to(one.key),
                repo_id=repo.id,
                private=repo.private,
                most=quotas_of(work, one.owner_id).triggers,
            )
            for one in told
        ],
    )
