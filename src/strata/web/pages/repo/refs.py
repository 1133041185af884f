"""Branches and tags of a repo (product §2.5 P35)."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.content.refs import RefList, list_refs
from strata.content.snapshot import MAIN, snapshot
from strata.core.call import Call
from strata.core.names import RepoId
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.visit import shown, visiting
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.work import repo_of


@dataclass(frozen=True, slots=True)
class RefsPage:
    """All that the page shows."""

    head: RepoHead
    place: Place
    refs: RefList


async def page(request: Request) -> Response:
    """GET /{repo}/branches and /{repo}/tags"""
    visit, found = await visiting(request, lambda call: _refs(call, repo_of(request)))
    return shown(request, "repos/refs.html", visit, page=found, head=found.head)


def _refs(call: Call, repo_id: RepoId) -> RefsPage:
    at = snapshot(call, repo_id, action=Action.LOOK)
    place = Place(at.repo.repo_id, MAIN)
    return RefsPage(head_of(call, at, MAIN), place, list_refs(call, at.repo.repo_id))
