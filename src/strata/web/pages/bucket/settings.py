"""What an owner changes about a bucket as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.content.bucket.record import bucket_at, delete
from strata.core.call import Call, Work
from strata.core.names import RepoId
from strata.organizations import queries as organizations
from strata.repos.lookup import lookup
from strata.web.pages.bucket.head import BucketHead, head_of
from strata.web.pages.forms.body import Form
from strata.web.pages.frame.addresses.places import person_address
from strata.web.pages.frame.visit import shown, user_id_of, visiting
from strata.web.pages.repo.settings.general import (
    Act,
    change_visibility,
    changed,
    rename,
    require_typed_name,
    told,
)
from strata.web.pages.repo.settings.transfer import owners_for, transfer
from strata.web.work import repo_of


@dataclass(frozen=True, slots=True)
class BucketSettings:
    """All that the page shows."""

    head: BucketHead
    given: Mapping[str, str]  # what was typed into a form that could not be accepted
    new_owners: tuple[str, ...]  # to whom the viewer may give it
    removes: bool  # the viewer may rename and delete it
    shares: bool  # the viewer may say who else works on it
    of_organization: bool  # it belongs to one, whose members see it while it is private


async def page(request: Request) -> Response:
    """GET /buckets/{repo}/settings"""
    return await _shown(request, {}, {})


async def submit(request: Request) -> Response:
    """POST /buckets/{repo}/settings — `form`: visibility, rename, transfer or delete."""
    return await changed(request, _ACTS, _shown)


def _delete(work: Work, repo_id: RepoId, form: Form) -> str:
    require_typed_name(work, repo_id, form, "delete_name")
    delete(work, repo_id)
    return person_address(repo_id.namespace or "")


_ACTS: Final[Mapping[str, Act]] = {
    "visibility": change_visibility,
    "rename": rename,
    "transfer": transfer,
    "delete": _delete,
}


async def _shown(request: Request, given: Form, faults: Mapping[str, tuple[str, ...]]) -> Response:
    repo_id = repo_of(request)
    visit, found = await visiting(request, lambda call: _page(call, repo_id, given))
    errors = told(visit.frame.language, given, faults)
    return shown(
        request,
        "repos/bucket_settings.html",
        visit,
        status=400 if errors else 200,
        page=found,
        head=found.head,
        errors=errors,
    )


def _page(call: Call, repo_id: RepoId, given: Form) -> BucketSettings:
    repo = lookup(call, repo_id, Action.MANAGE)
    user_id_of(call)
    return BucketSettings(
        head=head_of(call, bucket_at(call, repo_id)),
        given=given,
        new_owners=owners_for(call, repo),
        removes=admits(call, Action.REMOVE, repo),
        shares=admits(call, Action.SHARE, repo),
        of_organization=organizations.by_id(call, repo.owner_id) is not None,
    )
