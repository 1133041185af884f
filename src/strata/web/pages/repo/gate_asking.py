"""Ask for access, and take the question back (product P38): forms of people, JSON of scripts."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates import requests
from strata.access.policy.verbs import Action
from strata.content.card.gate_form import ask_for_access
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, Moved, StrataError
from strata.core.names import RepoId
from strata.repos.lookup import lookup
from strata.web import errors
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.render import url_path
from strata.web.pages.frame.visit import in_transaction, redirected
from strata.web.pages.repo import page as repo
from strata.web.pages.repo.gate_view import FAULTS
from strata.web.work import exchange, json_of, repo_of, work


async def ask(request: Request) -> Response:
    """POST /{repo}/ask-access — a form of ours, or a token with a form or JSON."""
    if "authorization" in request.headers or _is_json(request):
        return await _asked_by_script(request)
    repo_id, form = repo_of(request), await form_of(request)
    try:
        await submitted(request, form, lambda call, sent: _ask(call, repo_id, sent))
    except InvalidFields as error:
        return await repo.again(request, form, error.fields)
    return redirected(request, url_path(repo_id.web_path), notice="gate-asked")


async def withdraw(request: Request) -> Response:
    """POST /{repo}/ask-access/withdraw — the form of the panel that says to wait."""
    repo_id, form = repo_of(request), await form_of(request)
    await submitted(request, form, lambda call, _: _withdraw(call, repo_id))
    return redirected(request, url_path(repo_id.web_path), notice="gate-withdrawn")


def _ask(call: Call, repo_id: RepoId, form: Form) -> None:
    in_transaction(lambda work: ask_for_access(work, repo_id, form))(call)


def _withdraw(call: Call, repo_id: RepoId) -> None:
    def act(work: Work) -> None:
        requests.withdraw(work, lookup(work, repo_id, Action.LOOK))

    in_transaction(act)(call)


async def _asked_by_script(request: Request) -> Response:
    """Failures are JSON here: whoever sends a token reads no pages."""
    repo_id = repo_of(request)
    try:
        is_json = _is_json(request)
        given = await json_of(request, dict[str, object]) if is_json else await form_of(request)
        await work(request, lambda work: ask_for_access(work, repo_id, given))
    except Moved:
        raise
    except InvalidFields as error:
        return errors.json_answer(_spelled(error), anonymous=False)
    except StrataError as error:
        return errors.json_answer(error, anonymous=exchange(request).actor.anonymous)
    return redirected(request, url_path(repo_id.web_path))


def _spelled(error: InvalidFields) -> InvalidFields:
    """The same in sentences, which scripts show as they are."""
    return InvalidFields(
        {name: tuple(FAULTS[key] for key in keys) for name, keys in error.fields.items()}
    )


def _is_json(request: Request) -> bool:
    return "json" in request.headers.get("content-type", "")
