"""Commits over HTTP (02 §F2)."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.community.pulls.propose import Proposed, propose
from strata.content.rights import require_push
from strata.content.writing.commit import Committed, branch_at, commit
from strata.core.call import Call
from strata.core.errors import InvalidFields, StrataError, TokenTooNarrow
from strata.lib.objects.receive import Received
from strata.web import respond
from strata.web.api.commits.body import opened
from strata.web.api.commits.validate_yaml import messages
from strata.web.errors import headers_of
from strata.web.paths import Route
from strata.web.spool import drained, spooled
from strata.web.work import exchange, field, hub_of, read, repo_of

PROPOSE = "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request."
DENIED = "Authorization error."


async def create(request: Request) -> Response:
    """POST /api/{type}/{repo}/commit/{revision}"""
    await _let_in(request)
    hub = hub_of(request)
    limit = hub.settings.limits.commit_body_bytes
    body = await spooled(request, hub.objects.staging(), limit=limit, hashed=False)
    try:
        made = await read(request, lambda call: _commit(call, request, body))
    except InvalidFields as error:
        return _invalid_card(error)
    finally:
        body.discard()
    headers = {"X-HF-Warning": f"exposed-token; {made.warning}"} if made.warning else {}
    return respond.json(_answer(made, exchange(request).origin.base_url), headers=headers)


async def _let_in(request: Request) -> None:
    """Refuse strangers before their body is received; but read it, or they never see why."""
    try:
        await read(request, lambda call: _require(call, request))
    except StrataError:
        await drained(request)
        raise


def _require(call: Call, request: Request) -> None:
    base = branch_at(call, repo_of(request), field(request, "revision"))
    proposes = respond.flag(request, "create_pr")
    try:
        if proposes:
            admit(call, Action.PROPOSE, base.repo)
        else:
            require_push(call, base.repo, base.ref or "")
    except TokenTooNarrow as narrow:  # in the Hub's words first
        raise TokenTooNarrow(f"{DENIED if proposes else PROPOSE} {narrow.message}") from narrow


def _commit(call: Call, request: Request, body: Received) -> Committed | Proposed:
    act = propose if respond.flag(request, "create_pr") else commit
    with opened(body, request.headers.get("content-type", "")) as change:
        return act(call, repo_of(request), field(request, "revision"), change)


def _answer(made: Committed | Proposed, base_url: str) -> dict[str, object]:
    page = f"{base_url}{made.repo.web_path}"
    answer: dict[str, object] = {
        "success": True,
        "commitOid": made.sha,
        "commitUrl": f"{page}/commit/{made.sha}",
        "hookOutput": "",
    }
    if isinstance(made, Proposed):
        answer["pullRequestUrl"] = f"{page}/discussions/{made.number}"
    return answer


def _invalid_card(error: InvalidFields) -> Response:
    texts = [text for rules in error.fields.values() for text in rules]
    answer = {"error": error.message, "errors": messages(texts)}
    return respond.json(answer, 400, headers_of(error, 400))


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/{type}/{repo}/commit/{revision}",
        create,
        "huggingface_hub ≥ 0.8, @huggingface/hub, hf-hub: every upload",
    ),
)
