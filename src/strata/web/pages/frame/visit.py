"""One look at a page: who looks, in which language, and what their forms must carry.

    visit, listed = await visiting(request, lambda call: tokens.of(call, owner(call)))
    return shown(request, "accounts/tokens.html", visit, listed=listed)

The frame of the page is made in the same thread hop as the act, after it, so that it shows what
the act changed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts import profiles
from strata.accounts.profile.preferences import Preferences, preferences_of
from strata.community.inbox import badge
from strata.core.actor import Standing
from strata.core.call import Call, Work, working
from strata.core.errors import BadCredentials, Forbidden, NotFound, Unauthenticated
from strata.core.hub import Hub
from strata.sessions.entering import csrf
from strata.sessions.entering.browsers import COOKIE_LIFE
from strata.sessions.entering.sessions import Started
from strata.web.auth import cookie_name, session_cookie_name
from strata.web.pages.frame.answer import NO_STORE, PRIVATE, frame_of, page_answer
from strata.web.pages.frame.render import Frame, Viewer, at
from strata.web.pages.words.language import LANGUAGES, N_, THEMES, language_of, translated
from strata.web.work import exchange, hub_of, read

T = TypeVar("T")

NOTICES: Final = {
    "logged-in": N_("You are logged in already."),
    "settings-saved": N_("The settings are saved."),
    "notices-saved": N_("Your choices are saved."),
    "watching": N_("You hear of everything there from now on."),
    "muted": N_("You hear of it only when somebody mentions you."),
    "unwatched": N_("You hear of it as of any other from now on."),
    "members-changed": N_("The members are changed."),
    "invites-changed": N_("The invitations are changed."),
    "collaborators-changed": N_("The collaborators are changed."),
    "collaboration-begun": N_("You are a collaborator of this repository now."),
    "collaboration-left": N_("You are no longer a collaborator of that repository."),
    "invite-accepted": N_("You belong to the organization now."),
    "invite-declined": N_("The invitation is declined."),
    "join-asked": N_("Your request is on its way to the admins."),
    "join-withdrawn": N_("Your request is withdrawn."),
    "organization-gone": N_("The organization is deleted."),
    "organization-left": N_("You left the organization."),
    "logged-out": N_("You are logged out."),
    "logged-out-elsewhere": N_("You are logged out there too."),
    "profile-saved": N_("Your profile is saved."),
    "picture-saved": N_("Your picture is saved."),
    "picture-removed": N_("Your picture is removed."),
    "logo-saved": N_("The logo is saved."),
    "logo-removed": N_("The logo is removed."),
    "username-changed": N_("Your username is changed. Links to the old one lead to the new one."),
    "password-old": N_(
        "Your password has not been changed for a long time. "
        "You can choose another in Settings → Authentication."
    ),
    "password-changed": N_("Your password is changed."),
    "password-chosen": N_("Your password is changed. Log in with it."),
    "reset-sent": N_("A mail with a link is on its way to you."),
    "identity-linked": N_("The two accounts are linked."),
    "identity-unlinked": N_("The two accounts are no longer linked."),
    "session-ended": N_("That browser is signed out."),
    "sessions-ended": N_("All other browsers are signed out."),
    "email-confirmed": N_("Your e-mail address is confirmed. Everything is open to you now."),
    "email-sent": N_("Open the link in the mail that we sent to the new address."),
    "email-again": N_("Open the link in the mail that we sent there."),
    "emails-changed": N_("Your addresses are changed."),
    "account-stays": N_("Your account stays. Everything is as it was before."),
    "export-asked": N_("Your copy is being packed. We write to you when it is ready."),
    "account-deleted": N_("Your account is deleted."),
    "gate-asked": N_("Your request is on its way."),
    "gate-withdrawn": N_("Your request is withdrawn."),
    "collection-grown": N_("It is in the collection."),
    "files-deleted": N_("The files are deleted."),
    "app-revoked": N_("The application is shut out. Its tokens no longer open anything."),
    "app-saved": N_("The application is saved."),
    "app-deleted": N_("The application is deleted."),
    "webhook-saved": N_("The webhook is saved."),
    "webhook-enabled": N_("The webhook is enabled."),
    "webhook-disabled": N_("The webhook is disabled. It is no longer called."),
    "webhook-deleted": N_("The webhook is deleted."),
    "webhook-sent": N_("It is on its way. Look again in a moment to see what came of it."),
    "ssh-key-added": N_("The SSH key is added."),
    "ssh-key-removed": N_("The SSH key is removed. It no longer opens anything."),
    "gpg-key-added": N_("The GPG key is added."),
    "gpg-key-removed": N_("The GPG key is removed."),
    "repos-changed": N_("The chosen repositories are changed."),
    "plan-asked": N_("Your request is on its way to the administrators."),
    "token-saved": N_("The scopes of the token are saved. They hold from now on."),
    "tokens-deleted": N_("All your tokens are deleted. None of them opens anything."),
    "token-rules-saved": N_("The rules are saved. They hold from now on."),
    "token-decided": N_("The decision is saved. It holds from now on."),
    "login-over": N_("That took too long, or was finished already. Log in again."),
    "factor-on": N_("Two-factor authentication is on."),
    "factor-off": N_("That second factor is removed. You are signed out everywhere else."),
    "passkey-added": N_("The passkey is added."),
    "passkey-renamed": N_("The passkey has another name."),
    "devices-forgotten": N_("It is asked for a second factor again."),
    "removal-cancelled": N_("Your second factors stay."),
    "inbox-read": N_("Marked as read."),
    "inbox-unread": N_("Marked as unread."),
    "inbox-done": N_("Done. They come back when there is more news."),
    "inbox-muted": N_("Muted. You hear of it again only when somebody mentions you."),
    "inbox-unmuted": N_("You hear of this discussion again."),
    "inbox-nothing": N_("Nothing was changed. Choose notifications first."),
    "token-deleted": N_("The token is deleted. It no longer opens anything."),
}
NOTICE_SECONDS: Final = 20  # a notice belongs to the page after the redirect
LONGEST_NEXT: Final = 4000  # characters
DEVICE: Final = "device"  # the cookie of browsers that logged in before
REMEMBERED: Final = "remembered"  # the cookie of browsers that need no second factor
OF_ACCOUNTS: Final = (
    "/settings", "/organizations", "/notifications", "/login", "/join", "/device", "/oauth",
    "/agree",
    "/verify-email", "/email_confirmation", "/forgot-password", "/reset-password", "/admin",
)  # fmt: skip
_FORM_FIELD: Final = b'name="csrf_token"'


@dataclass(frozen=True, slots=True)
class Visit:
    """How a page is dressed for its visitor."""

    frame: Frame
    form_cookie: str = ""  # what the forms of a visitor without a session belong to
    email: str = ""  # of the viewer, for their own pages


async def visiting(request: Request, act: Callable[[Call], T]) -> tuple[Visit, T]:
    """Run a reading act and dress the page that shows its result, in one thread hop."""

    def within(call: Call) -> tuple[Visit, T]:
        result = act(call)
        return _visit(request, call), result

    speak(request)
    return await read(request, within)


async def visit_of(request: Request) -> Visit:
    """Dress a page that needs nothing else."""
    visit, _ = await visiting(request, lambda _call: None)
    return visit


async def visit_anyway(request: Request) -> Visit:
    """Dress the page of a failure, also of the failure to know who asks."""
    try:
        return await visit_of(request)
    except (BadCredentials, Forbidden):  # a wrong token, or a form sent by another site
        return bare_visit(request)


def bare_visit(request: Request) -> Visit:
    """Dress a page for nobody in particular, without looking anything up."""
    return Visit(_frame(request, viewer=None, csrf_token=""))


def in_transaction(act: Callable[[Work], T]) -> Callable[[Call], T]:
    """Make a writing act one that `visiting` can run; committed before the page is dressed."""

    def within(call: Call) -> T:
        with working(call) as work:
            return act(work)

    return within


def shown(
    request: Request, template: str, visit: Visit, *, status: int = 200, cache: str = "",
    headers: dict[str, str] | None = None, **context: object,
) -> Response:  # fmt: skip
    """Render a page; the cookie that its forms belong to goes with it, if it has any."""
    answer = page_answer(
        request, template, visit.frame, status=status, cache=cache or _cache_of(request),
        headers=headers, **context,
    )  # fmt: skip
    held = request.cookies.get(form_cookie_name(request))
    if visit.form_cookie and visit.form_cookie != held and _FORM_FIELD in answer.body:
        set_cookie(request, answer, form_cookie_name(request), visit.form_cookie)
    if _notice(request):
        drop_cookie(request, answer, "notice")
    _renew(request, answer)
    return answer


def keep_form_cookie(request: Request, answer: Response) -> None:
    """Let a browser that leaves us hold what its next forms belong to, so that we know it again."""
    name = form_cookie_name(request)
    cookie = _form_cookie(request, hub_of(request))
    if cookie != request.cookies.get(name):
        set_cookie(request, answer, name, cookie)


def _cache_of(request: Request) -> str:
    """What others who use the same machine later must not find in the browser is not kept there."""
    match = exchange(request).match
    template = match.route.template if match is not None else ""
    return NO_STORE if template.startswith(OF_ACCOUNTS) else PRIVATE


def speak(request: Request) -> None:
    """Let what the act sends, such as mails, be in the language of the page."""
    facts = exchange(request)
    spoken = language_of(request, facts.hub.settings.language)
    facts.origin = dataclasses.replace(facts.origin, language=spoken)


def redirected(request: Request, path: str, *, notice: str = "", status: int = 303) -> Response:
    """Send the browser to another page of ours.

    Args:
        path: from our root, such as `/settings/tokens`.
        notice: a key of `NOTICES`, told on the next page.
    """
    location = at(path, hub_of(request).settings.prefix)
    answer = Response(status_code=status, headers={"Location": location})
    if notice:
        set_cookie(request, answer, "notice", notice, max_age=NOTICE_SECONDS)
    _renew(request, answer)
    return answer


def enter(request: Request, answer: Response, session: Started) -> None:
    """Give the browser the cookie of a session."""
    set_cookie(
        request, answer, session_cookie_name(hub_of(request)), session.cookie,
        max_age=session.max_age_s,
    )  # fmt: skip


def know(request: Request, answer: Response, device: str) -> None:
    """Give the browser the cookie by which it is known at the next log-in."""
    life = int(COOKIE_LIFE.total_seconds())
    set_cookie(request, answer, cookie_name(hub_of(request), DEVICE), device, max_age=life)


def device_cookie(request: Request) -> str:
    return request.cookies.get(cookie_name(hub_of(request), DEVICE), "")


def _renew(request: Request, answer: Response) -> None:
    renewed = exchange(request).renewed
    if renewed is not None:
        enter(request, answer, renewed)


def set_cookie(
    request: Request, answer: Response, name: str, value: str, *, max_age: int | None = None
) -> None:
    """Give the browser a cookie that scripts cannot read and other sites cannot send."""
    secure = is_https(hub_of(request))
    answer.set_cookie(
        name,
        value,
        max_age=max_age,
        path=cookie_path(request),
        httponly=True,
        samesite="lax",
        secure=secure,
    )


def drop_cookie(request: Request, answer: Response, name: str) -> None:
    """Take a cookie away; `__Host-` ones can only be replaced by another secure one."""
    secure = is_https(hub_of(request))
    answer.delete_cookie(
        name, path=cookie_path(request), httponly=True, samesite="lax", secure=secure
    )


def cookie_path(request: Request) -> str:
    """Which addresses of the host get our cookies: those of the hub."""
    return hub_of(request).settings.prefix or "/"


def is_https(hub: Hub) -> bool:
    return hub.settings.public_url.startswith("https://")


def form_cookie_name(request: Request) -> str:
    return cookie_name(hub_of(request), "form")


def session_cookie(request: Request) -> str:
    return request.cookies.get(session_cookie_name(hub_of(request)), "")


def user_id_of(call: Call) -> int:
    """Who is logged in; access tokens have no say on settings pages.

    Raises:
        Unauthenticated: nobody is; the failure page leads to the log-in and back.
    """
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    return call.actor.user_id


def requested(request: Request) -> str:
    """The address that the browser asked for, from the root of the host."""
    path: str = request.scope["raw_path"].decode("latin-1")
    query: str = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def safe_next(path: str) -> str:
    """Where to go after log-in: a page of ours, whatever the address asked for."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\"))
    plain = path.isascii() and path.isprintable() and "\\" not in path
    return path if ours and plain and len(path) <= LONGEST_NEXT else "/"


def _visit(request: Request, call: Call) -> Visit:
    person = _viewing(call)
    if person is None:
        cookie = _form_cookie(request, call.hub)
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


def _form_cookie(request: Request, hub: Hub) -> str:
    held = request.cookies.get(cookie_name(hub, "form"), "")
    return held if csrf.is_form_cookie(hub, held) else csrf.fresh_form_cookie(hub)


def _frame(request: Request, *, viewer: Viewer | None, csrf_token: str) -> Frame:
    facts = exchange(request)
    settings = facts.hub.settings
    notice = _notice(request)
    language = language_of(request, settings.language)
    return frame_of(
        request,
        site_name=settings.site_name,
        base_url=facts.origin.base_url,
        version=_version(),
        default_language=settings.language,
        viewer=viewer,
        csrf_token=csrf_token,
        announcement=translated(language, notice) if notice else "",
        checklist=settings.accounts.password_policy,
        names_kept_days=settings.accounts.former_name_days,
    )


def _notice(request: Request) -> str:
    return NOTICES.get(request.cookies.get("notice", ""), "")


@cache
def _version() -> str:
    return version("strata-hub")
