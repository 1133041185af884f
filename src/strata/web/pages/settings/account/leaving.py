"""Delete a confirmed account: what becomes of everything, a week to think it over (product P08)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.roles import may_create
from strata.core.call import Call, Work, working
from strata.core.errors import AlreadyExists, Forbidden, InvalidFields, NotFound
from strata.core.names import RepoId
from strata.membership.closing import leave
from strata.organizations import queries as organizations
from strata.repos import change
from strata.repos.owning.owned import owned_by
from strata.repos.record import Repo
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown
from strata.web.pages.words.account import NOTHING_WRONG, Told

PAGE: Final = "/settings/account"
CHOICES_SHOWN: Final = 500  # repos that the form can give away; more are moved in their settings
MOST_FIELDS: Final = CHOICES_SHOWN + 64
STAYS: Final = "delete"


@dataclass(frozen=True, slots=True)
class Farewell:
    """What the page tells somebody who wants to leave."""

    name: str
    alone: tuple[str, ...]  # organisations that would be left without an admin
    repos: tuple[Repo, ...]  # some of them
    repo_count: int
    places: tuple[str, ...]  # organisations that can take repos
    grace: timedelta


def farewell(call: Call) -> Farewell:
    """What leaving means for the signed-in person."""
    user = leave.person(call)
    held = [one.organization for one in organizations.memberships_of(call, user.id)]
    repos = owned_by(call, user.id)
    return Farewell(
        name=user.name,
        alone=tuple(leave.needs(call, user)),
        repos=tuple(repos[:CHOICES_SHOWN]),
        repo_count=len(repos),
        places=tuple(one.name for one in held if may_create(call.actor, one.id)),
        grace=leave.GRACE,
    )


def page(request: Request, visit: Visit, found: Farewell, errors: Told = NOTHING_WRONG) -> Response:
    """The page that asks."""
    status = 400 if errors.summary else 200
    template = "accounts/account_leave.html"
    return shown(request, template, visit, status=status, found=found, errors=errors)


def go(call: Call, form: Form) -> None:
    """Give away what was chosen, and schedule the rest; all or nothing.

    Raises:
        InvalidFields: the name was not typed, or a repo cannot be given away.
        ProofNeeded, Conflict, Forbidden: as `accounts.closing.leave.schedule`.
    """
    user = leave.person(call)
    if form.get("confirm_name", "").strip() != user.name:
        raise InvalidFields({"confirm_name": ("account.other_name",)})
    with working(call) as work:
        for repo in owned_by(work, user.id):
            place = form.get(f"repo-{repo.id}", STAYS)
            if place != STAYS:
                _give(work, repo, place)
        leave.schedule(work)


async def cancel(request: Request) -> Response:
    """POST /settings/account/delete/cancel"""
    form = await form_of(request)

    def act(call: Call, _: Form) -> None:
        with working(call) as work:
            leave.cancel(work)

    await submitted(request, form, act)
    return redirected(request, PAGE, notice="account-stays")


def _give(work: Work, repo: Repo, place: str) -> None:
    try:
        change.move(work, repo.repo_id, RepoId(repo.type, place, repo.name))
    except (AlreadyExists, Forbidden, NotFound) as error:
        raise InvalidFields({f"repo-{repo.id}": ("leave.no_transfer",)}) from error
