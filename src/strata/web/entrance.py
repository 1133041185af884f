"""Who may come in at all (product S-001).

Nobody during maintenance, and only its members where a hub is private. Whoever shows no credentials
is turned away before anything is looked up for them; others when it is known who they are
(`work.py`). What signed links open was handed out to somebody who was let in.
"""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from strata.access.policy.persons import require_entry
from strata.accounts.plans.rates import Bucket
from strata.accounts.standing import require_open
from strata.core import maintenance
from strata.core.actor import ANONYMOUS, Actor, Standing
from strata.core.errors import ConsentNeeded, Maintained, Unauthenticated
from strata.core.hub import Hub
from strata.web.auth import SAFE_METHODS, cookie_name, has_credentials
from strata.web.charging import FREE, WATCHING, bucket_of
from strata.web.paths import Match, Route
from strata.web.spool import drained

# What a private hub shows to everybody: the ways in, the documents that people agree to, and what
# programs ask before they have a token or show that they are let in by other means.
OPEN: Final = (FREE - {"/avatars/{file}"}) | {
    "/join",
    "/register",
    "/signup",
    "/sign-up",
    "/api/signup",
    "/api/signup/work",
    "/api/site-config",
    "/api/username-availability",
    "/login",
    "/login/passkey",
    "/login/2fa",
    "/login/recovery",
    "/login/mailed",
    "/login/confirm/{token}",
    "/login/with/{provider}",
    "/login/callback/{provider}",
    "/login/link",
    "/logout",
    "/logout/callback/{provider}",
    "/logout/backchannel/{provider}",
    "/forgot-password",
    "/reset-password/{token}",
    "/verify-email",
    "/verify-email/state",
    "/verify-email/resend",
    "/verify-email/address",
    "/verify-email/code",
    "/email_confirmation/{token}",
    "/settings/emails/confirm/{token}",
    "/settings/notifications/unsubscribe/{ticket}",
    "/agree",
    "/agree/later",
    "/content-guidelines",
    "/terms-of-service",
    "/privacy",
    "/status",
    "/api/login",
    "/api/logout",
    "/api/agent-harnesses",
    "/api/validate-yaml",
    "/api/telemetry/{topic}/{path}",
    "/api/credentials/scanned",
    "/api/credentials/revoke",
    "/oauth/token",
    "/oauth/device",
    "/oauth/revoke",
    "/oauth/register",
    "/oauth/jwks",
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
}
# What answers during maintenance: what watches the hub, and what its page is dressed with.
UNPAUSED: Final = WATCHING | {"/static/{version}/{path}", "/favicon.ico"}
# What people see to of their own account before they are let in: confirmed, and approved.
OWN: Final = ("/settings", "/api/whoami-v2", "/avatars/")


async def require_running(request: Request, match: Match | frozenset[str] | None) -> None:
    """Send everybody away while the hub is maintained, but not what watches it.

    Raises:
        Maintained: it is.
    """
    hub: Hub = request.scope["strata"].hub
    wait_s = maintenance.wait_s(hub.settings.data, hub.clock())
    if wait_s is None or (isinstance(match, Match) and match.route.template in UNPAUSED):
        return
    await drained(request)
    raise Maintained(wait_s)


async def require_shown(request: Request, route: Route) -> None:
    """Turn away who shows nothing, where only members may come in.

    Raises:
        Unauthenticated: they have to log in.
    """
    if has_credentials(request) or shows_nothing(request, route):
        return
    try:
        enter(request.scope["strata"].hub, route, ANONYMOUS)
    except Unauthenticated:
        await drained(request)
        raise


def enter(hub: Hub, route: Route | None, actor: Actor) -> None:
    """Let in whom the hub is for.

    Raises:
        Unauthenticated, EmailNotVerified, AccountSuspended, Forbidden: as `require_entry`.
    """
    if not hub.settings.private or (route is not None and is_open(route)):
        return
    own = route is not None and route.template.startswith(OWN)
    if own and actor.user_id is not None:
        return
    require_entry(actor)


def explain_wait(request: Request, route: Route, actor: Actor) -> None:
    """Show people whose account waits for approval that it does, and nothing else (product §3.1).

    Raises:
        Forbidden: theirs waits. What they see to before, and how they leave, stays open.
    """
    waits = actor.standing is Standing.PENDING and actor.verified  # else the mail comes first
    if waits and _is_opened(request, route):
        require_open(actor.standing)


def ask_consent(request: Request, route: Route, actor: Actor) -> None:
    """Ask whoever opens a page for a consent that is due, until they put it off for a day.

    The ways out stay open: log-out, a copy of what is kept, the deletion of the account. Who waits
    to be let in, or for the deletion, is asked once their account is open.

    Raises:
        ConsentNeeded: they are asked first.
    """
    could = actor.standing is Standing.ACTIVE  # of the others no consent is taken either
    if actor.agree_by is None or not could or not _is_opened(request, route):
        return
    if request.cookies.get(later_name(request)) != later_value(actor):
        raise ConsentNeeded


def _is_opened(request: Request, route: Route) -> bool:
    """Whether a page is opened in a browser that is neither a way out nor open to everybody."""
    opened = request.headers.get("sec-fetch-mode", "navigate") == "navigate"
    free = route.template in OPEN or route.template.startswith("/settings/account")
    return route.page and request.method in SAFE_METHODS and opened and not free


def shows_nothing(request: Request, route: Route) -> bool:
    """Whether an application wants nobody to be shown anything, whoever it is (`prompt=none`).

    It is told what would have been shown, as an error, and no more than at `/oauth/token` (OpenID
    Connect Core 1.0 §3.1.2.6).
    """
    prompt = request.query_params.get("prompt", "")
    return route.template == "/oauth/authorize" and prompt.split() == ["none"]


def later_name(request: Request) -> str:
    """The cookie of somebody who agrees later."""
    return cookie_name(request.scope["strata"].hub, "later")


def later_value(actor: Actor) -> str:
    """What it holds: another publication is asked about anew."""
    return "" if actor.agree_by is None else str(int(actor.agree_by.timestamp()))


def is_open(route: Route) -> bool:
    """Whether a private hub answers everybody here."""
    signed = bucket_of(route) is Bucket.TRANSFERS or route.template.endswith("/lfs/objects/verify")
    return signed or route.template in OPEN
