"""Requests for access, to decide about (product P38): by state, one by one or many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import decisions, queries
from strata.access.gates.decisions import Decision
from strata.access.gates.record import AccessRequest, Standing
from strata.access.organizations.shown import organizations_of
from strata.access.policy.verbs import Action
from strata.content.snapshot import MAIN, snapshot_of
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Malformed, NotFound
from strata.core.names import RepoId
from strata.lib.db.seek import Window
from strata.repos.lookup import lookup
from strata.repos.record import Repo
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.seeking import address_of, window_of
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.render import url_path, with_query
from strata.web.pages.frame.visit import in_transaction, redirected, shown, visiting
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.pages.words.language import N_, translated
from strata.web.work import repo_of

PAGE: Final = 50  # a form has at most 64 fields, and each row may be one
MAX_SEARCH: Final = 254
CHOSEN: Final = "request-"  # what the control of a chosen row is called, before its key
NO_SUCH_PERSON: Final = N_("There is nobody of this name.")
HAS_ACCESS: Final = N_("This person has access already.")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    request: AccessRequest
    organizations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    standing: Standing
    search: str
    window: Window


@dataclass(frozen=True, slots=True)
class RequestsPage:
    """All that the page shows."""

    head: RepoHead
    asked: Asked
    counts: Mapping[Standing, int]
    rows: tuple[Row, ...]
    after: str  # leads to the next page; empty on the last


async def page(request: Request) -> Response:
    """GET /{repo}/settings/access-requests — `?status=`, `?q=` and `?after=` narrow the list."""
    asked = _asked(request)
    visit, found = await visiting(request, lambda call: _page(call, repo_of(request), asked))
    return _shown(request, visit, found, "", "")


async def submit(request: Request) -> Response:
    """POST /{repo}/settings/access-requests — `act` says what: decide, bulk or grant."""
    form, repo_id = await form_of(request), repo_of(request)
    act = _ACTS.get(form.get("act", ""))
    if act is None:
        raise Malformed("This form is not known here. Open the page again.")
    try:
        await submitted(request, form, lambda call, sent: _done(call, act, repo_id, sent))
    except InvalidFields as error:
        visit, found = await visiting(request, lambda call: _page(call, repo_id, _asked(request)))
        fault = translated(visit.frame.language, error.fields["user"][0])
        return _shown(request, visit, found, fault, form.get("user", ""))
    here = f"{url_path(repo_id.web_path)}/settings/access-requests"
    return redirected(request, with_query(here, status=_standing(form.get("tab", "")).value))


def _done(call: Call, act: Callable[[Work, Repo, Form], None], repo_id: RepoId, form: Form) -> None:
    in_transaction(lambda work: act(work, lookup(work, repo_id, Action.LOOK), form))(call)


def _asked(request: Request) -> Asked:
    return Asked(
        _standing(request.query_params.get("status", "")),
        request.query_params.get("q", "").strip()[:MAX_SEARCH],
        window_of(request, keys=2, limit=PAGE),
    )


def _standing(word: str) -> Standing:
    return Standing(word) if word in list(Standing) else Standing.PENDING


def _page(call: Call, repo_id: RepoId, asked: Asked) -> RequestsPage:
    repo = lookup(call, repo_id, Action.MANAGE)
    wanted = queries.Wanted(asked.search)
    found = queries.requests_to(call, repo.id, asked.standing, asked.window, wanted)
    names = organizations_of(call, (one.asker.id for one in found.rows))
    return RequestsPage(
        head=head_of(call, snapshot_of(call, repo, MAIN), MAIN),
        asked=asked,
        counts=queries.counts(call, repo.id),
        rows=tuple(Row(one, names.get(one.asker.id, ())) for one in found.rows),
        after=address_of(found.last),
    )


def _decide(work: Work, repo: Repo, form: Form) -> None:
    reason = form.get("reason") or None
    decision = Decision(_standing(form.get("status", "")), None, form.get("key", ""), reason)
    decisions.decide(work, repo, decision)


def _decide_many(work: Work, repo: Repo, form: Form) -> None:
    standing = _standing(form.get("status", ""))
    wants_reason = standing in (Standing.REJECTED, Standing.RESET)
    reason = form.get("reason") if wants_reason else None
    keys = [name.removeprefix(CHOSEN) for name in form if name.startswith(CHOSEN)]
    if keys:
        wanted = [Decision(standing, None, key, reason or None) for key in keys]
        decisions.decide_all(work, repo, wanted)


def _grant(work: Work, repo: Repo, form: Form) -> None:
    try:
        decisions.grant(work, repo, form.get("user", "").strip())
    except NotFound as error:
        raise InvalidFields({"user": (NO_SUCH_PERSON,)}) from error
    except Malformed as error:
        if error.message != decisions.HAS_ACCESS:
            raise
        raise InvalidFields({"user": (HAS_ACCESS,)}) from error


_ACTS: Final[Mapping[str, Callable[[Work, Repo, Form], None]]] = {
    "decide": _decide,
    "bulk": _decide_many,
    "grant": _grant,
}


def _shown(request: Request, visit: Visit, found: RequestsPage, fault: str, user: str) -> Response:
    return shown(
        request,
        "repos/access_requests.html",
        visit,
        status=400 if fault else 200,
        page=found,
        head=found.head,
        fault=fault,
        user=user,
    )
