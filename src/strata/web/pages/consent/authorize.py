"""The page on which a person lets an application in, or does not (product P06, hub-api 03 §5.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import GrantRefused, Malformed
from strata.credentials.oauth import consents, redirects
from strata.credentials.oauth.apps import App
from strata.credentials.oauth.authorizing import answering, question, requests
from strata.credentials.oauth.authorizing.answering import Settled
from strata.credentials.oauth.authorizing.question import ProveFirst, Question
from strata.credentials.oauth.authorizing.requests import Asked
from strata.web.pages.entering.proving import PAGE as PROVING
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.forms.chosen import organizations_in
from strata.web.pages.frame.answer import NO_STORE, content_security_policy
from strata.web.pages.frame.dressing import Visit
from strata.web.pages.frame.visit import redirected, requested, shown, visiting
from strata.web.pages.words.scopes import words_of
from strata.web.work import exchange

Outcome = Question | ProveFirst | Settled

MOST_FIELDS: Final = 64
_DIGITS: Final = 9
_REPEATED: Final = "orgIds"
_UNSUPPORTED: Final = {
    "request": "request_not_supported",
    "request_uri": "request_uri_not_supported",
}


async def page(request: Request) -> Response:
    """GET /oauth/authorize"""
    asked = asked_of(request)
    visit, outcome = await visiting(request, lambda call: _considered(call, asked))
    if isinstance(outcome, Settled) and _after_a_form_of_ours(request):
        return _sent_by_page(request, visit, outcome.location)
    return _answer(request, visit, outcome)


async def submit(request: Request) -> Response:
    """POST /oauth/authorize

    The consent card comes back with a decision. Without one this is the same question as with GET.
    """
    asked = asked_of(request)
    if not request.headers.get("content-type"):
        return await page(request)
    form = await form_of(request)
    if "decision" not in form:
        return await page(request)
    visit, settled = await submitted(request, form, lambda call, sent: _decided(call, asked, sent))
    return _answer(request, visit, settled)


def asked_of(request: Request) -> Asked:
    """Read the request out of the address.

    Raises:
        Malformed: a parameter comes twice, or holds what cannot be kept.
    """
    query = request.scope["query_string"].decode("latin-1")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Malformed("The address has too many parameters.") from error
    single = [pair for pair in pairs if pair[0] != _REPEATED]
    if len({name for name, _ in single}) != len(single):
        raise Malformed("A parameter of this address comes more than once.")
    fields = dict(single)
    return Asked(
        client_id=fields.get("client_id", ""),
        redirect_uri=fields.get("redirect_uri", ""),
        response_type=fields.get("response_type", ""),
        scope=fields.get("scope", ""),
        state=fields.get("state", ""),
        challenge=fields.get("code_challenge", ""),
        challenge_method=fields.get("code_challenge_method", ""),
        nonce=fields.get("nonce", ""),
        prompt=frozenset(fields.get("prompt", "").split()),
        max_age_s=_seconds(fields.get("max_age", "")),
        organizations=tuple(value for name, value in pairs if name == _REPEATED),
        unsupported=_unsupported(fields),
    )


def _seconds(text: str) -> int | None:
    plain = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return int(text) if plain else None


def _unsupported(fields: Form) -> str:
    named = next((code for name, code in _UNSUPPORTED.items() if name in fields), "")
    other_mode = fields.get("response_mode", "query") != "query"
    no_age = bool(fields.get("max_age")) and _seconds(fields["max_age"]) is None
    return named or ("invalid_request" if other_mode or no_age else "")


def _considered(call: Call, asked: Asked) -> Outcome:
    def consider(app: App) -> Outcome:
        found = question.consider(call, asked, app)
        if found is not None:
            return found
        with working(call) as work:
            return answering.go_on(work, asked, app)

    return _told_to_app(call, asked, consider)


def _decided(call: Call, asked: Asked, form: Form) -> Outcome:
    consents.consenting(call)

    def decide(app: App) -> Outcome:
        with working(call) as work:
            if form["decision"] == "allow":
                return answering.allow(work, asked, app, organizations_in(form))
            return answering.deny(work, asked, app)

    return _told_to_app(call, asked, decide)


def _told_to_app(call: Call, asked: Asked, act: Callable[[App], Outcome]) -> Outcome:
    """Run an act once it is certain who asks; from then on its refusals go to the application."""
    app = requests.recognised(call, asked)
    try:
        return act(app)
    except GrantRefused as error:
        return answering.refused(call, asked, error)


def _answer(request: Request, visit: Visit, outcome: Outcome) -> Response:
    match outcome:
        case Settled(location=location):
            return _sent(location)
        case ProveFirst():
            onward = urlencode({"next": _without_login(request)})
            return redirected(request, f"{PROVING}?{onward}")
        case Question():
            return _card(request, visit, outcome)


def _sent(location: str) -> Response:
    headers = {
        "Location": location,
        "Cache-Control": NO_STORE,
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    return Response(status_code=303, headers=headers)


def _sent_by_page(request: Request, visit: Visit, location: str) -> Response:
    """As `_sent`, by way of a page that goes on by itself."""
    return shown(
        request,
        "oauth/onward.html",
        visit,
        cache=NO_STORE,
        headers={"Referrer-Policy": "no-referrer"},
        elsewhere=location,
        site=redirects.shown(location),
    )


def _after_a_form_of_ours(request: Request) -> bool:
    """Whether a form of ours may have led here, such as the log-in of somebody known to the app.

    Browsers do not let such a form end at another site, however many redirects lie between
    (`form-action`). They say where a request comes from, except that over plain HTTP only the
    referrer tells.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("referer", "").startswith(exchange(request).origin.base_url)


def _without_login(request: Request) -> str:
    """This request, as it goes on after the person showed who they are."""
    path, _, query = requested(request).partition("?")
    pairs = parse_qsl(query, keep_blank_values=True)
    kept = [(name, _left(value) if name == "prompt" else value) for name, value in pairs]
    return f"{path}?{urlencode([pair for pair in kept if pair != ('prompt', '')])}"


def _left(prompt: str) -> str:
    return " ".join(word for word in prompt.split() if word != "login")


def _card(request: Request, visit: Visit, question: Question) -> Response:
    target = redirects.form_target(question.redirect_uri)
    policy = content_security_policy(form_targets=(target,))
    return shown(
        request,
        "oauth/consent.html",
        visit,
        cache=NO_STORE,
        # Without referrers a form comes from nowhere over plain HTTP, as that of another site.
        headers={"Content-Security-Policy": policy, "Referrer-Policy": "same-origin"},
        app=question.app,
        words=words_of(visit.frame.language, question.scopes),
        memberships=question.memberships,
        proposed=question.proposed,
        destination=redirects.shown(question.redirect_uri),
        query=request.scope["query_string"].decode("latin-1"),
        account=exchange(request).actor.name,
    )
