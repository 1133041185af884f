"""Who works on a repo besides its namespace (product §2.5 P37)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.roles import may_appoint
from strata.access.policy.verbs import Action
from strata.accounts.invitations import Refused
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.core.names import RepoId
from strata.repos.collaborating import changing, inviting, managing
from strata.repos.collaborating.record import ROLES, Collaborator, Invite
from strata.repos.lookup import lookup
from strata.web.pages.bucket.head import BucketHead
from strata.web.pages.collaborating.heads import Head, head_for
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.pages.words.language import N_
from strata.web.work import repo_of

NAMES: Final[Mapping[Role, str]] = {
    Role.READ: N_("Read"),
    Role.WRITE: N_("Write"),
    Role.ADMIN: N_("Admin"),
}
ABOUT: Final[Mapping[Role, str]] = {
    Role.READ: N_("Sees it, downloads its files and proposes changes, also while it is private."),
    Role.WRITE: N_("Also changes files, merges pull requests and changes the settings."),
    Role.ADMIN: N_("Also says who else may read and write."),
}


Act = Callable[[Work, RepoId, Form], None]


@dataclass(frozen=True, slots=True)
class CollaboratorsPage:
    """All that the page shows."""

    head: Head
    held: list[Collaborator]
    invites: list[Invite]
    roles: tuple[Role, ...]  # that the viewer may give and take


async def page(request: Request) -> Response:
    """GET /{repo}/settings/collaborators"""
    repo_id = repo_of(request)
    visit, found = await visiting(request, lambda call: _page(call, repo_id))
    return _shown(request, visit, found)


async def submit(request: Request) -> Response:
    """POST /{repo}/settings/collaborators — `form`: invite, withdraw, role or remove."""
    repo_id, form = repo_of(request), await form_of(request)
    act = _ACTS.get(form.get("form", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        await submitted(request, form, lambda call, sent: _done(call, act, repo_id, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _page(call, repo_id))
        who = error.name if isinstance(error, Refused) else ""
        return _shown(request, visit, found, told(visit.frame.language, error, name=who), form)
    return redirected(request, _address(repo_id), notice="collaborators-changed")


def role_in(form: Form) -> Role:
    """The role that a form names.

    Raises:
        InvalidFields: `role`: none that a collaborator may have.
    """
    try:
        role = Role(form.get("role", ""))
    except ValueError:
        role = Role.NO_ACCESS
    if role not in ROLES:
        raise InvalidFields({"role": ("collaborator.no_role",)})
    return role


def _address(repo_id: RepoId) -> str:
    return f"{repo_id.web_path}/settings/collaborators"


def _done(call: Call, act: Act, repo_id: RepoId, form: Form) -> None:
    user_id_of(call)
    in_transaction(lambda work: act(work, repo_id, form))(call)


def _invite(work: Work, repo_id: RepoId, form: Form) -> None:
    inviting.invite(work, repo_id, form.get("who", ""), role_in(form))


def _withdraw(work: Work, repo_id: RepoId, form: Form) -> None:
    _there(lambda: inviting.withdraw(work, repo_id, form.get("invite", "")), "invite.gone")


def _role(work: Work, repo_id: RepoId, form: Form) -> None:
    user, role = form.get("user", ""), role_in(form)
    _there(lambda: changing.change_role(work, repo_id, user, role), "collaborator.gone")


def _remove(work: Work, repo_id: RepoId, form: Form) -> None:
    user = form.get("user", "")
    _there(lambda: changing.remove(work, repo_id, user), "collaborator.gone")


def _there(act: Callable[[], None], rule: str) -> None:
    """Do it; the page again, with the rule that was broken, where somebody else was faster."""
    try:
        act()
    except NotFound as error:
        if type(error) is not NotFound:  # the repo itself is missing
            raise
        raise InvalidFields({"": (rule,)}) from error


_ACTS: Final[Mapping[str, Act]] = {
    "invite": _invite,
    "withdraw": _withdraw,
    "role": _role,
    "remove": _remove,
}


def _page(call: Call, repo_id: RepoId) -> CollaboratorsPage:
    held, invites = managing.listed(call, repo_id)
    user_id_of(call)
    repo = lookup(call, repo_id, Action.SHARE)
    roles = ROLES if may_appoint(call.actor, repo) else ROLES[:-1]
    return CollaboratorsPage(head_for(call, repo_id, Action.SHARE), held, invites, roles)


def _shown(
    request: Request,
    visit: Visit,
    found: CollaboratorsPage,
    errors: Told = NOTHING_WRONG,
    given: Form | None = None,
) -> Response:
    bucketed = isinstance(found.head, BucketHead)
    return shown(
        request,
        "repos/bucket_collaborators.html" if bucketed else "repos/collaborators.html",
        visit,
        status=400 if errors.summary else 200,
        head=found.head,
        page=found,
        given=given or {},
        errors=errors,
        names=NAMES,
        about=ABOUT,
    )
