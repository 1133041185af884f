"""Decisions about requests for access: whoever manages a repo opens and closes its gate.

A request goes from any state to any other; to the state in which it is already, it does not go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strata.access.gates import letters, queries
from strata.access.gates.admit import Gated, admit
from strata.access.gates.record import AccessRequest, Standing
from strata.access.gates.requests import NO_REQUEST
from strata.access.organizations.members import named
from strata.access.policy.gate import belongs
from strata.access.policy.verbs import Action
from strata.accounts.people import User
from strata.core.call import Call, Work
from strata.core.errors import Malformed, NotFound, RepoNotGated
from strata.credentials.tokens.leaked.showing import require_none
from strata.credentials.tokens.presented.bearers import of_now
from strata.events.audit.changes import changes
from strata.events.facts import record_of
from strata.organizations.collaborators.shares import stand_in

LONGEST_REASON: Final = 200  # characters
MOST_AT_ONCE: Final = 100
HAS_ACCESS: Final = "That user already has access to the repo"
_FACTS: Final = {
    Standing.PENDING: "gate.cancel",
    Standing.ACCEPTED: "gate.accept",
    Standing.REJECTED: "gate.reject",
    Standing.RESET: "gate.reset",
}
_WITH_REASON: Final = frozenset({Standing.REJECTED, Standing.RESET})


@dataclass(frozen=True, slots=True)
class Decision:
    """Where somebody's request shall go; one of `user` and `key` says whose."""

    standing: Standing
    user: str | None = None  # name
    key: str | None = None  # 24 hex of the request
    reason: str | None = None  # of a rejection or a reset; the person reads it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of several decisions."""

    decision: Decision
    problem: str | None = None


def managed(call: Call, repo: Gated) -> None:
    """Insist that the caller decides who may pass this gate.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden: as `access.gates.admit`.
        RepoNotGated: there is no gate.
    """
    admit(call, Action.MANAGE, repo)
    if repo.gated is None:
        raise RepoNotGated


def _managed_now(work: Work, repo: Gated) -> None:
    """As `managed`; once more with what the caller may do by now."""
    managed(work, repo)
    managed(of_now(work), repo)


def reviewed(call: Call, repo: Gated) -> None:
    """Insist that the caller may read who asked to pass this gate.

    Raises:
        RepoNotFound, Unauthenticated, EmailNotVerified, Forbidden, RepoNotGated: as `managed`.
    """
    admit(call, Action.REVIEW, repo)
    if repo.gated is None:
        raise RepoNotGated


def decide(work: Work, repo: Gated, decision: Decision) -> None:
    """Accept, reject, reset, or set back to waiting.

    Raises:
        Malformed: whose request is not clear, or a reason that does not fit.
        NotFound: no such person or request, or the request is in that state.
        RepoNotGated, Forbidden, …: as `managed`.
    """
    _managed_now(work, repo)
    _require_sound(work, decision)
    request = _request(work, repo, decision)
    if request.standing is decision.standing:
        raise NotFound(NO_REQUEST)
    _settle(work, repo, request, decision)


def decide_all(work: Work, repo: Gated, decisions: Sequence[Decision]) -> list[Outcome]:
    """Decide about many; a request that is in its state already counts as done.

    Raises:
        Malformed: as `decide`, and then nothing was changed; or none, or more than
            `MOST_AT_ONCE`.
        RepoNotGated, Forbidden, …: as `managed`.
    """
    _managed_now(work, repo)
    if not 1 <= len(decisions) <= MOST_AT_ONCE:
        raise Malformed(f"Decide about 1 to {MOST_AT_ONCE} requests at once.")
    for decision in decisions:
        _require_sound(work, decision)
    users = [one.user for one in decisions if one.user is not None]
    keys = [one.key for one in decisions if one.key is not None]
    queries.hold_several(work, repo.id, users, keys)
    return [_outcome(work, repo, decision) for decision in decisions]


def grant(work: Work, repo: Gated, user_name: str) -> None:
    """Let somebody in, whether they asked or not; the address of who never asked stays theirs.

    Raises:
        NotFound: there is no such person.
        Malformed: they are let in already.
        RepoNotGated, Forbidden, …: as `managed`.
    """
    _managed_now(work, repo)
    person = _person(work, user_name)
    there = queries.held_request(work, repo.id, person.id)
    if (there and there.standing is Standing.ACCEPTED) or belongs(stand_in(work, person.id), repo):
        raise Malformed(HAS_ACCESS)
    if there is None:
        queries.put_granted(work, repo.id, person.id)
    else:
        queries.settle(work, there.id, Standing.ACCEPTED, None)
    record_of(work, "gate.grant", repo, {"user": person.name}, subject_id=person.id)
    letters.tell_person(work, repo, person, Standing.ACCEPTED, None)


def _require_sound(call: Call, decision: Decision) -> None:
    if (decision.user is None) == (decision.key is None):
        raise Malformed('Name the person by "user", or the request by "requestId".')
    if not decision.reason:
        return
    if decision.standing not in _WITH_REASON:
        raise Malformed("A reason is given with a rejection or a reset only.")
    if len(decision.reason) > LONGEST_REASON:
        raise Malformed(f"A reason has at most {LONGEST_REASON} characters.")
    require_none(call, decision.reason)


def _request(work: Work, repo: Gated, decision: Decision) -> AccessRequest:
    if decision.user is not None:
        found = queries.held_request(work, repo.id, _person(work, decision.user).id)
    else:
        found = queries.held_by_key(work, repo.id, decision.key or "")
    if found is None:
        raise NotFound(NO_REQUEST)
    return found


def _outcome(work: Work, repo: Gated, decision: Decision) -> Outcome:
    try:
        request = _request(work, repo, decision)
    except NotFound as missing:
        return Outcome(decision, missing.message)
    if request.standing is not decision.standing:
        _settle(work, repo, request, decision)
    return Outcome(decision)


def _settle(work: Work, repo: Gated, request: AccessRequest, decision: Decision) -> None:
    reason = (decision.reason or "").strip() or None
    queries.settle(work, request.id, decision.standing, reason)
    person = named(work, request.asker.name)
    settled = changes({"standing": request.standing}, {"standing": decision.standing})
    detail = {"user": person.name, **settled}
    record_of(work, _FACTS[decision.standing], repo, detail, subject_id=person.id)
    letters.tell_person(work, repo, person, decision.standing, reason)


def _person(call: Call, name: str) -> User:
    """A confirmed account; the others are nobody yet."""
    person = named(call, name)
    if person.verified_at is None:
        raise NotFound(f"There is no account named {name!r}.")
    return person
