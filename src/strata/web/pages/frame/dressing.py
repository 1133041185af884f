"""How a page is dressed: for whom, in which language, and what its forms must carry."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass

from starlette.requests import Request

from strata.accounts import profiles
from strata.accounts.profile.preferences import Preferences, preferences_of
from strata.community.inbox import badge
from strata.core.actor import Standing
from strata.core.build import build
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.sessions.signed_in import csrf
from strata.web.pages.frame.answer import frame_of
from strata.web.pages.frame.cookies import form_cookie
from strata.web.pages.frame.notices import notice_of
from strata.web.pages.frame.render import Frame, Viewer
from strata.web.pages.words.language import LANGUAGES, THEMES, language_of, translated
from strata.web.work import exchange


@dataclass(frozen=True, slots=True)
class Visit:
    """How a page is dressed for its visitor."""

    frame: Frame
    form_cookie: str = ""  # what the forms of a visitor without a session belong to
    email: str = ""  # of the viewer, for their own pages


def dressed(request: Request, call: Call) -> Visit:
    """Dress a page for the caller, as they are after the act."""
    person = _viewing(call)
    if person is None:
        cookie = form_cookie(request, call.hub)
        token = csrf.token_for(call.hub, cookie)
        return Visit(_frame(request, viewer=None, csrf_token=token), cookie)
    viewer = Viewer(
        name=person.name,
        full_name=person.full_name if person.full_name != person.name else "",
        avatar_url=person.avatar_path,
        unverified_email="" if person.verified else person.masked_email,
        admin=call.actor.admin,
        waiting=call.actor.standing is Standing.PENDING,
        factor_due=call.actor.factor_due,
        factor_overdue=call.actor.factor_due is not None and call.actor.factor_due <= call.now,
        leaving_on=person.leaving_on,
        bouncing_email=person.masked_email if person.trouble else "",
        trouble=person.trouble,
        unread=badge.unread(call),
    )
    token = csrf.token_for(call.hub, call.actor.session_mark)
    frame = _frame(request, viewer=viewer, csrf_token=token)
    return Visit(_preferred(request, frame, preferences_of(call, person.id)), email=person.email)


def bare_visit(request: Request) -> Visit:
    """Dress a page for nobody in particular, without looking anything up."""
    return Visit(_frame(request, viewer=None, csrf_token=""))


def speak(request: Request) -> None:
    """Let what the act sends, such as mails, be in the language of the page."""
    facts = exchange(request)
    spoken = language_of(request, facts.hub.settings.language)
    facts.origin = dataclasses.replace(facts.origin, language=spoken)


def _preferred(request: Request, frame: Frame, chosen: Preferences) -> Frame:
    """The frame as its viewer prefers it; what this browser chose by itself stands before that."""
    language, theme = frame.language, frame.theme
    if chosen.language and not _chose(request, "lang", LANGUAGES):
        language = chosen.language
    if not _chose(request, "theme", THEMES):
        theme = chosen.theme
    return dataclasses.replace(
        frame,
        language=language,
        theme=theme,
        compact=chosen.compact,
        tab_width=chosen.tab_width,
        shortcuts=chosen.shortcuts,
        code_theme=chosen.code_theme,
        timezone=chosen.timezone,
    )


def _chose(request: Request, name: str, known: Collection[str]) -> bool:
    return request.query_params.get(name) in known or request.cookies.get(name) in known


def _viewing(call: Call) -> profiles.Person | None:
    """Who is logged in; nobody where the act has just removed the account."""
    if call.actor.user_id is None or call.actor.session_id is None:
        return None
    try:
        return profiles.person(call, call.actor.user_id)
    except NotFound:
        return None


def _frame(request: Request, *, viewer: Viewer | None, csrf_token: str) -> Frame:
    facts = exchange(request)
    settings = facts.hub.settings
    notice = notice_of(request)
    language = language_of(request, settings.language)
    return frame_of(
        request,
        site_name=settings.site_name,
        base_url=facts.origin.base_url,
        version=build().shown,
        default_language=settings.language,
        viewer=viewer,
        csrf_token=csrf_token,
        announcement=translated(language, notice) if notice else "",
        checklist=settings.accounts.password_policy,
        names_kept_days=settings.accounts.former_name_days,
    )
