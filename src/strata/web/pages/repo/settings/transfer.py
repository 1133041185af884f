"""Give a repo to another owner in the browser (product §2.5 P37)."""

from __future__ import annotations

from typing import Final

from strata.access.gates.admit import admits
from strata.access.policy.roles import may_create
from strata.access.policy.verbs import Action
from strata.core.call import Call, Work
from strata.core.errors import AlreadyExists, InvalidFields
from strata.core.names import RepoId
from strata.organizations import queries
from strata.repos import change
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web.pages.forms.body import Form
from strata.web.pages.frame.render import url_path
from strata.web.pages.words.language import N_
from strata.web.pages.words.phrases import TYPE_THE_NAME

TAKEN: Final = N_("This owner has a repository of this name already.")


def owners_for(call: Call, repo: Repo) -> tuple[str, ...]:
    """To whom the viewer may give the repo: themselves, and where they may create."""
    if call.actor.user_id is None or not admits(call, Action.TRANSFER, repo):
        return ()
    held = (one.organization for one in queries.memberships_of(call, call.actor.user_id))
    owners = (call.actor.name or "", *(one.name for one in held if may_create(call.actor, one.id)))
    return tuple(name for name in owners if name != repo.namespace)


def transfer(work: Work, repo_id: RepoId, form: Form) -> str:
    """Move the repo once its name was typed; the address where it is then.

    Raises:
        InvalidFields: the name was not typed, or the new owner has such a repo.
    """
    repo = lookup(work, repo_id, Action.MANAGE)
    if form.get("transfer_name", "").strip() != repo.full_name:
        raise InvalidFields({"transfer_name": (TYPE_THE_NAME,)})
    target = RepoId(repo.type, form.get("new_owner", ""), repo.name)
    try:
        moved = change.move(work, repo_id, target)
    except AlreadyExists as error:
        raise InvalidFields({"new_owner": (TAKEN,)}) from error
    return url_path(moved.web_path)
