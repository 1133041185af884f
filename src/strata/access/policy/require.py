"""Who may do what with a repo: the one order in which everybody is let pass or told why not.

Effective right = the person's right narrowed by the token's, evaluated on every request (product
§4). Pure functions: what they need to know of the caller came with the request (ADR 11).
"""

from __future__ import annotations

from typing import Final

from strata.access.policy.gate import require_gate
from strata.access.policy.narrowing import require_left, require_unbarred
from strata.access.policy.persons import require_person
from strata.access.policy.seeing import require_sight
from strata.access.policy.things import Governed
from strata.access.policy.verbs import OPEN_TO_READERS, RIGHTS, Action
from strata.core.actor import Actor
from strata.core.errors import Forbidden, RepoDisabled, StrataError

NO_RIGHT: Final = "You have read access but not the required permissions for this operation"


def require(actor: Actor, action: Action, repo: Governed, *, entered: bool = False) -> None:
    """Let the caller pass or say why not, in the order of product §4.2.

    `access.gates.admit` does the same and knows whom the gate has let in.

    Args:
        entered: the gate has let the caller in.

    Raises:
        RepoNotFound: the caller may not know of the repo.
        RepoDisabled: it was taken down.
        GatedRepo: the gate has not let the caller in.
        Unauthenticated: a write needs somebody.
        EmailNotVerified: the account is not confirmed yet.
        Forbidden: the caller lacks the right, or the organisation keeps the token out.
        TokenTooNarrow: the person might, the token may not.
    """
    if actor.system:
        return
    require_sight(actor, repo)
    if repo.disabled:
        raise RepoDisabled
    require_gate(actor, action, repo, entered=entered)
    if action not in OPEN_TO_READERS:
        _require_verb(actor, action, repo)


def permits(actor: Actor, action: Action, thing: Governed) -> bool:
    """Whether `require` lets the caller pass, for pages that offer it."""
    try:
        require(actor, action, thing)
    except StrataError:
        return False
    return True


def _require_verb(actor: Actor, action: Action, repo: Governed) -> None:
    """Insist on somebody who has the right to it, and on credentials that leave it to them."""
    require_person(actor, "change repositories")
    if not RIGHTS[action](actor, repo):
        raise Forbidden(NO_RIGHT)
    require_left(actor, action, repo)
    require_unbarred(actor, repo.owner_id)
