"""Requests for access to gated repos, as those who decide see them (02 §M)."""

from __future__ import annotations

from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import decisions, queries, requests
from strata.access.gates.decisions import Decision, Outcome
from strata.access.gates.record import AccessRequest, Standing
from strata.access.policy.verbs import Action
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.lib.db.seek import Page
from strata.repos.lookup import lookup
from strata.web import respond
from strata.web.api.cursors import next_link, window_of
from strata.web.api.people.faces import avatar_url
from strata.web.json_body import decoded
from strata.web.paths import Route
from strata.web.work import body_of, field, json_of, read, repo_of, work

Status = Literal["pending", "accepted", "rejected", "reset"]
MAX_SEARCH = 254  # characters, as of an e-mail address


class DecisionBody(msgspec.Struct, rename="camel"):
    """One decision; one of `user` and `requestId` says whose request it is."""

    status: Status
    user: str | None = None
    request_id: str | None = None
    rejection_reason: str | None = None
    reset_reason: str | None = None

    def decision(self) -> Decision:
        reason = self.reset_reason if self.status == "reset" else self.rejection_reason
        return Decision(Standing(self.status), self.user, self.request_id, reason)


class GrantBody(msgspec.Struct):
    """Somebody who shall be let in."""

    user: str


async def listed(request: Request) -> Response:
    """GET /api/{type}/{repo}/user-access-request/{status}"""
    standing = _standing(field(request, "status"))
    window = window_of(request, 2)
    asked = request.query_params
    wanted = queries.Wanted(
        asked.get("q", "")[:MAX_SEARCH], asked.get("after", ""), asked.get("before", "")
    )

    def act(call: Call) -> tuple[Page[AccessRequest], list[dict[str, object]]]:
        repo = lookup(call, repo_of(request), Action.LOOK)
        decisions.reviewed(call, repo)
        page = queries.requests_to(call, repo.id, standing, window, wanted)
        return page, [item(call, one) for one in page.rows]

    page, items = await read(request, act)
    return respond.json(items, headers=next_link(request, page))


async def handle(request: Request) -> Response:
    """POST /api/{type}/{repo}/user-access-request/handle"""
    decision = (await json_of(request, DecisionBody)).decision()
    await work(
        request,
        lambda work: decisions.decide(work, lookup(work, repo_of(request), Action.LOOK), decision),
    )
    return respond.ok()


async def batch(request: Request) -> Response:
    """POST /api/{type}/{repo}/user-access-request/batch"""
    bodies = decoded(await body_of(request) or b"[]", list[DecisionBody])
    wanted = [body.decision() for body in bodies]
    outcomes = await work(
        request,
        lambda work: decisions.decide_all(
            work, lookup(work, repo_of(request), Action.LOOK), wanted
        ),
    )
    return respond.json([_outcome(one) for one in outcomes])


async def grant(request: Request) -> Response:
    """POST /api/{type}/{repo}/user-access-request/grant"""
    body = await json_of(request, GrantBody)
    await work(
        request,
        lambda work: decisions.grant(work, lookup(work, repo_of(request), Action.LOOK), body.user),
    )
    return respond.ok()


async def cancel(request: Request) -> Response:
    """POST /api/{type}/{repo}/user-access-request/cancel — the caller's own request."""
    await work(
        request,
        lambda work: requests.withdraw(work, lookup(work, repo_of(request), Action.LOOK)),
    )
    return respond.ok()


def item(call: Call, request: AccessRequest) -> dict[str, object]:
    """One request as clients read it; what a person did not share is left out."""
    asker = request.asker
    person: dict[str, object] = {
        "_id": asker.public_id,
        "user": asker.name,
        "fullname": asker.full_name,
        "avatarUrl": avatar_url(call, asker.public_id),
        "type": "user",
    }
    if asker.email is not None:
        person["email"] = asker.email
    shown: dict[str, object] = {
        "requestId": request.key,
        "status": request.standing.value,
        "timestamp": respond.moment(request.requested_at),
        "user": person,
    }
    if request.answers:
        shown["fields"] = request.answers
    if request.reviewed_at is not None:
        shown["reviewedAt"] = respond.moment(request.reviewed_at)
    if request.reviewed_by is not None and request.standing is Standing.ACCEPTED:
        shown["grantedBy"] = {"user": request.reviewed_by, "type": "user"}
    return shown


def _standing(word: str) -> Standing:
    try:
        return Standing(word)
    except ValueError as error:
        known = ", ".join(Standing)
        raise Malformed(f'"status" must be one of [{known}], not {word!r}.') from error


def _outcome(outcome: Outcome) -> dict[str, object]:
    decision = outcome.decision
    whose = {"user": decision.user} if decision.user else {"requestId": decision.key}
    if outcome.problem is not None:
        return {**whose, "ok": False, "error": outcome.problem}
    return {**whose, "ok": True}


_LIST = "/api/{type}/{repo}/user-access-request"
_PY = "huggingface_hub ≥ 0.21"
ROUTES: tuple[Route, ...] = (
    Route(("GET",), f"{_LIST}/{{status}}", listed, _PY),
    Route(("POST",), f"{_LIST}/handle", handle, _PY),
    Route(("POST",), f"{_LIST}/grant", grant, _PY),
    Route(("POST",), f"{_LIST}/batch", batch, "scripts"),
    Route(("POST",), f"{_LIST}/cancel", cancel, "scripts"),
)
