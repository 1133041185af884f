"""What somebody asked to be let into, and where each request stands (product P15)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import requests
from strata.access.gates.record import Standing
from strata.access.policy.verbs import Action
from strata.core.call import Call, Work
from strata.core.errors import Malformed
from strata.core.names import RepoId, RepoType
from strata.lib.db.seek import Page
from strata.repos.lookup import lookup
from strata.repos.requests.asked import Requested, requested
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.seeking import address_of, window_of
from strata.web.pages.frame.visit import in_transaction, redirected, shown, user_id_of, visiting

HERE: Final = "/settings/gated-repos"
PAGE: Final = 50


async def page(request: Request) -> Response:
    """GET /settings/gated-repos — `?status=` narrows the list."""
    word = request.query_params.get("status", "")
    standing = Standing(word) if word in list(Standing) else None
    window = window_of(request, keys=2, limit=PAGE)

    def act(call: Call) -> Page[Requested]:
        user_id_of(call)
        return requested(call, window, standing)

    visit, found = await visiting(request, act)
    return shown(
        request,
        "accounts/gated_repos.html",
        visit,
        rows=found.rows,
        after=address_of(found.last),
        standing=standing.value if standing else "",
    )


async def withdraw(request: Request) -> Response:
    """POST /settings/gated-repos — take back the request for the repo of the form."""
    form = await form_of(request)
    await submitted(request, form, _withdraw)
    return redirected(request, HERE, notice="gate-withdrawn")


def _withdraw(call: Call, form: Form) -> None:
    user_id_of(call)
    kind = form.get("type", "")
    if kind not in list(RepoType):
        raise Malformed("This form is not known here. Open the page again.")
    repo_id = RepoId.parse(RepoType(kind), form.get("repo", ""))

    def act(work: Work) -> None:
        requests.withdraw(work, lookup(work, repo_id, Action.LOOK))

    in_transaction(act)(call)
