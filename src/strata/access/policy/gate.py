"""Before whom the gate of a repo stands (product §4.6); whom it has let in `access.gates` knows."""

from __future__ import annotations

from typing import Final

from strata.access.policy.narrowing import GATED_TOKEN, reads_gated, require_unbarred
from strata.access.policy.roles import made_it, role_in
from strata.access.policy.things import Governed
from strata.access.policy.verbs import OUTSIDE_THE_GATE, TELLING, Action
from strata.core.actor import Actor, Role
from strata.core.errors import Forbidden, GatedRepo

# What `resolve` gives everybody of a gated repo, so that they can judge it before they ask.
OPEN_FILES: Final = frozenset({"README.md", "LICENSE", "LICENSE.md", "LICENSE.txt"})


def belongs(actor: Actor, repo: Governed) -> bool:
    """Whether the repo is the caller's own, so that its gate does not stand before them.

    Whoever was made a collaborator was let in by that.
    """
    role = role_in(actor, repo.owner_id)
    if actor.system or role is Role.ADMIN or repo.id in actor.shares:
        return True
    return role.reaches(Role.READ) and (made_it(actor, repo) or not repo.gate_members)


def meets_gate(actor: Actor, action: Action, repo: Governed) -> bool:
    """Whether the repo's gate has a say in what the caller wants."""
    return repo.gated is not None and action not in OUTSIDE_THE_GATE and not belongs(actor, repo)


def require_gate(actor: Actor, action: Action, repo: Governed, *, entered: bool) -> None:
    """Insist that the gate lets the caller pass, and that the token opens what lies behind it.

    Raises:
        GatedRepo: the gate has not let the caller in.
        Forbidden: the token does not open what its person was let into.
    """
    if not entered and meets_gate(actor, action, repo):
        raise GatedRepo
    if repo.gated is None or action in TELLING:
        return
    if not reads_gated(actor, repo.owner_id, repo.id, private=repo.private):
        raise Forbidden(GATED_TOKEN)
    require_unbarred(actor, repo.owner_id)
