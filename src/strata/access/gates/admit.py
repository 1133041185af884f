"""Gates: a repo that everybody may know of, and whose files only those read who were let in.

`admit` is the one check of every door: right, gate and token in the order of product §4.2. A repo
without a gate costs no question more; one with a gate costs one indexed lookup, for strangers only.
"""

from __future__ import annotations

from typing import Protocol

from strata.access.gates import queries
from strata.access.gates.record import Standing
from strata.access.policy.gate import meets_gate
from strata.access.policy.require import require
from strata.access.policy.things import Governed
from strata.access.policy.verbs import Action
from strata.core.actor import Actor
from strata.core.call import Call
from strata.core.errors import GatedRepo, StrataError
from strata.core.names import RepoType

GATEABLE = frozenset({RepoType.MODEL, RepoType.DATASET})


class Gated(Governed, Protocol):
    """What a gate needs to know of its repo."""

    @property
    def type(self) -> RepoType: ...
    @property
    def full_name(self) -> str: ...
    @property
    def web_path(self) -> str: ...


def admit(call: Call, action: Action, repo: Gated) -> None:
    """Let the caller pass or say why not.

    Raises:
        GatedRepo: the gate has not let the caller in; says where they stand and what to do.
        RepoNotFound, RepoDisabled, Unauthenticated, EmailNotVerified, Forbidden: as
            `access.policy.require`.
    """
    if not meets_gate(call.actor, action, repo):
        require(call.actor, action, repo)
        return
    require(call.actor, Action.LOOK, repo)
    standing = standing_of(call, call.actor, repo)
    if standing is not Standing.ACCEPTED:
        raise GatedRepo(_refusal(call, repo, standing), path=repo.web_path)
    require(call.actor, action, repo, entered=True)


def admits(call: Call, action: Action, repo: Gated) -> bool:
    """Whether the caller may, for pages that offer it and listings that show less otherwise."""
    try:
        admit(call, action, repo)
    except StrataError:
        return False
    return True


def standing_of(call: Call, actor: Actor, repo: Gated) -> Standing | None:
    """Where somebody stands at the gate; None when they never asked."""
    if actor.user_id is None:
        return None
    status = queries.status_of(call, repo.id, actor.user_id)
    return Standing(status) if status else None


def _refusal(call: Call, repo: Gated, standing: Standing | None) -> str:
    """Clients print it, and their tests know the first sentences."""
    what = f"{repo.type.value} {repo.full_name}"
    page = f"{call.origin.base_url}{repo.web_path}"
    if call.actor.anonymous:
        return (
            f"Access to {what} is restricted. You must have access to it and be authenticated "
            "to access it. Please log in."
        )
    match standing:
        case Standing.PENDING:
            return f"Your request to access {what} is awaiting a review from the repo authors."
        case Standing.REJECTED:
            return f"Your request to access {what} has been rejected by the repo's authors."
        case Standing.RESET:
            return (
                f"Your request to access {what} has been reset by the repo's authors. "
                f"Visit {page} to submit a new request."
            )
        case _:
            return (
                f"Access to {what} is restricted and you are not in the authorized list. "
                f"Visit {page} to ask for access."
            )
