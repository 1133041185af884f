"""Requests for access: what the person who wants in may do (product §4.6).

    none     —ask→      pending (manual) or accepted (auto)
    pending  —withdraw→ none
    reset    —ask→      as from none, with a new time
    pending, accepted, rejected —ask→ stay as they are

What those who decide may do stands in `decisions`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from strata.access.gates import letters, queries
from strata.access.gates.admit import Gated, admit, standing_of
from strata.access.gates.record import Answer, Standing
from strata.access.policy.gate import belongs
from strata.access.policy.persons import require_person
from strata.access.policy.verbs import Action
from strata.accounts import limits
from strata.core.call import Work
from strata.core.errors import NotFound, RepoNotGated, TooMany
from strata.credentials.tokens.leaked.showing import require_none
from strata.events.facts import record_of

NO_REQUEST: Final = "No access request found matching your criteria"
ASKS_PER_HOUR: Final = 30  # of one person, whatever the repo


def ask(work: Work, repo: Gated, answers: Callable[[], Mapping[str, Answer]]) -> Standing:
    """Ask to be let in, and so agree to share name and e-mail address; where that leaves one.

    Args:
        answers: checks what was filled into the form of the gate; called for a new request only.

    Raises:
        RepoNotGated: nobody needs to ask.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
        TooMany: the person asked too often lately.
    """
    require_person(work.actor, "request access to repositories")
    admit(work, Action.DISCUSS, repo)
    if repo.gated is None:
        raise RepoNotGated
    user_id = work.actor.user_id
    if user_id is None or belongs(work.actor, repo):
        return Standing.ACCEPTED
    there = queries.held_request(work, repo.id, user_id)
    if there is not None and there.standing is not Standing.RESET:
        return there.standing
    _count(work, user_id)
    standing = Standing.ACCEPTED if repo.gated == "auto" else Standing.PENDING
    told = answers()
    require_none(work, *(str(answer) for answer in told.values()))
    if not queries.put_asked(work, repo.id, user_id, standing, told):
        return standing_of(work, work.actor, repo) or standing
    record_of(work, "gate.request", repo)
    if standing is Standing.PENDING:
        letters.tell_deciders(work, repo, user_id)
    return standing


def withdraw(work: Work, repo: Gated) -> None:
    """Take back a request that nobody has decided.

    Raises:
        NotFound: none of the caller's waits.
        RepoNotGated: nobody needs to ask.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
    """
    require_person(work.actor, "request access to repositories")
    admit(work, Action.DISCUSS, repo)
    if repo.gated is None:
        raise RepoNotGated
    there = queries.held_request(work, repo.id, work.actor.user_id or 0)
    if there is None or there.standing is not Standing.PENDING:
        raise NotFound(NO_REQUEST)
    queries.delete_request(work, there.id)
    record_of(work, "gate.withdraw", repo)


def _count(work: Work, user_id: int) -> None:
    try:
        limits.count(work, limits.Limit(f"gate.ask:{user_id}", ASKS_PER_HOUR, 60))
    except TooMany as error:
        raise TooMany(
            f"You asked for access {ASKS_PER_HOUR} times within an hour, which is all this hub "
            "takes. Try later.",
            retry_after_s=error.retry_after_s,
        ) from error
