"""Link an account here with one of another site, and unlink it (product §3.7)."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.core.call import Call, working
from strata.core.errors import InvalidFields, NotFound
from strata.core.settings.providers import LoginProvider
from strata.sessions.identities import linking
from strata.sessions.identities.sites import asking
from strata.sessions.identities.sites.asking import Wanted
from strata.sessions.identities.sites.claims import Claims
from strata.sessions.signed_in.sudo import require_sudo
from strata.web.auth import cookie_name
from strata.web.pages.entering.sites.going import callback, off
from strata.web.pages.entering.sites.sealed import LINK, kept_claims
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.answer import NO_STORE
from strata.web.pages.frame.cookies import drop_cookie
from strata.web.pages.frame.visit import (
    redirected,
    shown,
    user_id_of,
    visit_of,
    visiting,
)
from strata.web.pages.settings.authentication import page as authentication
from strata.web.pages.words.account import phrase
from strata.web.work import hub_of

LINKING: Final = "/login/link"


async def begin_linking(request: Request) -> Response:
    """POST /settings/authentication/identities — off to the other site, to link it

    By way of a page: browsers do not let a form of ours end at another site (`form-action`).
    """
    form = await form_of(request)
    _, (user_id, provider) = await submitted(request, form, _sure)
    wanted = Wanted(callback(request, provider), authentication.PAGE, linking=user_id)
    away = await off(request, provider, wanted)
    if "location" not in away.headers:
        return away
    answer = shown(
        request, "accounts/off_to_site.html", await visit_of(request), cache=NO_STORE,
        provider=provider.name, elsewhere=away.headers["location"],
    )  # fmt: skip
    answer.raw_headers.extend(one for one in away.raw_headers if one[0] == b"set-cookie")
    return answer


async def unlink(request: Request) -> Response:
    """POST /settings/authentication/identities/unlink"""
    form = await form_of(request)
    try:
        await submitted(request, form, _unlink)
    except InvalidFields as error:
        visit, held = await visiting(request, authentication.read)
        (key,) = error.fields["identity"]
        return authentication.show(
            request, visit, held, authentication.one_error(visit, phrase(visit.frame.language, key))
        )
    return redirected(request, authentication.PAGE, notice="identity-unlinked")


async def ask_link(request: Request) -> Response:
    """GET /login/link — after the log-in that an existing account had to show"""
    visit, _ = await visiting(request, user_id_of)
    claims = kept_claims(request)
    if claims is None:
        return redirected(request, "/")
    return shown(request, "accounts/link_identity.html", visit, cache=NO_STORE, claims=claims,
                 provider=_name(request, claims.provider))  # fmt: skip


async def link(request: Request) -> Response:
    """POST /login/link"""
    form, claims = await form_of(request), kept_claims(request)
    await submitted(request, form, lambda call, _: link_to(call, claims))
    answer = redirected(request, authentication.PAGE, notice="identity-linked")
    drop_cookie(request, answer, cookie_name(hub_of(request), LINK))
    return answer


def link_to(call: Call, claims: Claims | None, *, for_account: int | None = None) -> None:
    """Link what the other site said to whoever is logged in.

    Args:
        claims: None: the browser has kept them too long, or never had any.
        for_account: who began to link; None: nobody in particular.

    Raises:
        NotFound: there is nothing to link, or not to this account.
    """
    if claims is None:
        raise NotFound("There is nothing to link any more. Begin again.")
    if for_account is not None and user_id_of(call) != for_account:
        raise NotFound("Another account began to link this site. Begin again.")
    with working(call) as work:
        linking.link(work, claims)


def _name(request: Request, provider_id: str) -> str:
    provider = asking.provider_named(hub_of(request), provider_id)
    return provider.name if provider else provider_id


def _sure(call: Call, form: Form) -> tuple[int, LoginProvider]:
    user_id = user_id_of(call)
    require_sudo(call)
    provider = asking.provider_named(call.hub, form.get("provider", ""))
    if provider is None:
        raise NotFound("There is no such site.")
    return user_id, provider


def _unlink(call: Call, form: Form) -> None:
    text = form.get("identity", "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
    with working(call) as work:
        linking.unlink(work, number)
