"""Trusted publishers of a repo (hub-api 03 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.core.call import Call, working
from strata.core.errors import InvalidFields
from strata.core.names import RepoId
from strata.repos.publishers import manage, rules
from strata.repos.publishers.manage import Publisher
from strata.web.pages.bucket.head import BucketHead
from strata.web.pages.collaborating.heads import Head, head_for
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.words.account import NOTHING_WRONG, Told, told
from strata.web.work import repo_of

LONGEST_ID = 18  # digits


@dataclass(frozen=True, slots=True)
class PublishersPage:
    """All that the page shows."""

    head: Head
    held: list[Publisher]
    issuers: tuple[str, ...]
    needed: Mapping[str, tuple[str, ...]]  # issuer → claims of which one must be pinned


async def page(request: Request) -> Response:
    """GET /{repo}/settings/publishers"""
    repo_id = repo_of(request)
    visit, found = await visiting(request, lambda call: _page(call, repo_id))
    return _shown(request, visit, found)


async def submit(request: Request) -> Response:
    """POST /{repo}/settings/publishers — trust one more, or one no longer"""
    repo_id, form = repo_of(request), await form_of(request)
    try:
        await submitted(request, form, lambda call, sent: _change(call, repo_id, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _page(call, repo_id))
        return _shown(request, visit, found, told(visit.frame.language, error), form)
    return redirected(request, f"{repo_id.web_path}/settings/publishers", notice="settings-saved")


def rule_in(form: Form) -> rules.Rule:
    """The rule that a form describes."""
    return rules.Rule(form.get("issuer", ""), rules.claims_in(form.get("claims", "")))


def publisher_in(form: Form) -> int:
    """The publisher that a form names; 0: none."""
    text = form.get("publisher", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_ID else 0


def _change(call: Call, repo_id: RepoId, form: Form) -> None:
    with working(call) as work:
        if "publisher" in form:
            manage.distrust_for_repo(work, repo_id, publisher_in(form))
        else:
            manage.trust_for_repo(work, repo_id, rule_in(form))


def _page(call: Call, repo_id: RepoId) -> PublishersPage:
    held, offered = manage.for_repo(call, repo_id), rules.issuers(call.hub)
    needed = {one: rules.whose(one) for one in offered}
    return PublishersPage(head_for(call, repo_id, Action.MANAGE), held, offered, needed)


def _shown(
    request: Request,
    visit: Visit,
    found: PublishersPage,
    errors: Told = NOTHING_WRONG,
    given: Form | None = None,
) -> Response:
    bucketed = isinstance(found.head, BucketHead)
    return shown(
        request,
        "repos/bucket_publishers.html" if bucketed else "repos/publishers.html",
        visit,
        status=400 if errors.summary else 200,
        head=found.head,
        page=found,
        given=given or {},
        errors=errors,
    )
