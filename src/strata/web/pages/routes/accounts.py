"""The URLs of the account pages and of the small files beside them."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.web.pages import legal, site_config, static_files
from strata.web.pages.collaborating import mine as settings_collaborations
from strata.web.pages.creating import organization as organization_new
from strata.web.pages.entering import (
    agreeing,
    login,
    logout,
    mailed,
    proving,
    recovery,
    second,
    verify,
)
from strata.web.pages.entering.sites import coming, going, linking
from strata.web.pages.frame.visit import redirected
from strata.web.pages.inbox import acts as inbox_acts, page as inbox
from strata.web.pages.joining import page as joining, script as joining_script
from strata.web.pages.notices import announcement, settings as notices, unsubscribe, watching
from strata.web.pages.organizations import (
    account as organization_account,
    audit as organization_audit,
    invitation,
    inviting as organization_inviting,
    joining as organization_joining,
    members as organization_members,
    mine as settings_organizations,
    settings as organization_settings,
    tokens as organization_tokens,
)
from strata.web.pages.people import avatars, follow
from strata.web.pages.routes.applications import ROUTES as APPLICATIONS
from strata.web.pages.routes.factors import ROUTES as FACTORS
from strata.web.pages.routes.tokens import ROUTES as TOKENS
from strata.web.pages.routes.webhooks import ROUTES as WEBHOOKS
from strata.web.pages.settings import (
    gated_repos as settings_gated,
    keys as settings_keys,
    preferences as settings_preferences,
    profile as settings_profile,
    repositories as settings_repositories,
    security_log,
)
from strata.web.pages.settings.account import data_export, emails, leaving, page as settings_account
from strata.web.pages.settings.authentication import (
    page as authentication,
    password,
    publishers,
    sessions,
)
from strata.web.pages.settings.billing import page as settings_billing
from strata.web.paths import Route

READ: Final = ("GET", "HEAD")
SEND: Final = ("POST",)
BROWSER: Final = "browsers"
_UNSUBSCRIBE: Final = "/settings/notifications/unsubscribe"
_INVITATION: Final = "/settings/collaborations/{token}"
_SETTINGS: Final = "/organizations/{name}/settings"
_AUDIT: Final = "/organizations/{name}/settings/audit"
_SHARE: Final = "/organizations/{name}/share/{token}"
_MEMBERS: Final = "/organizations/{name}/settings/members"


async def to_join(request: Request) -> Response:
    """GET /register, /signup, /sign-up"""
    return redirected(request, "/join", status=308)


ROUTES: Final = (
    Route(READ, "/join", joining.join, BROWSER, page=True),
    Route(SEND, "/join", joining.submit, BROWSER, page=True, hashes=True),
    Route(READ, "/register", to_join, BROWSER, page=True),
    Route(READ, "/signup", to_join, BROWSER, page=True),
    Route(READ, "/sign-up", to_join, BROWSER, page=True),
    Route(READ, "/login", login.page, BROWSER, page=True),
    Route(SEND, "/login", login.submit, BROWSER, page=True, hashes=True),
    Route(SEND, "/login/passkey", login.by_passkey, BROWSER, page=True, free=True),
    Route(READ, "/login/2fa", second.page, BROWSER, page=True),
    Route(SEND, "/login/2fa", second.submit, BROWSER, page=True, free=True),
    Route(READ, "/login/recovery", second.recovery_page, BROWSER, page=True),
    Route(
        SEND, "/login/recovery", second.submit_recovery, BROWSER, page=True, hashes=True, free=True
    ),
    Route(READ, "/login/mailed", mailed.page, BROWSER, page=True),
    Route(READ, "/login/confirm/{token}", mailed.look_at_link, BROWSER, page=True),
    Route(SEND, "/login/confirm/{token}", mailed.confirm, BROWSER, page=True, free=True),
    Route(READ, "/agree", agreeing.page, BROWSER, page=True),
    Route(SEND, "/agree", agreeing.agree, BROWSER, page=True),
    Route(SEND, "/agree/later", agreeing.later, BROWSER, page=True, free=True),
    Route(READ, "/settings/confirm-access", proving.page, BROWSER, page=True),
    Route(SEND, "/settings/confirm-access", proving.confirm, BROWSER, page=True, free=True),
    Route(("GET",), "/login/with/{provider}", going.begin, BROWSER, page=True),
    Route(("GET",), "/login/callback/{provider}", coming.come_back, BROWSER, page=True),
    Route(READ, "/login/link", linking.ask_link, BROWSER, page=True),
    Route(SEND, "/login/link", linking.link, BROWSER, page=True, free=True),
    Route(SEND, "/settings/authentication/identities", linking.begin_linking, BROWSER, page=True),
    Route(SEND, "/settings/authentication/identities/unlink", linking.unlink, BROWSER, page=True),
    Route(SEND, "/settings/authentication/publishers", publishers.submit, BROWSER, page=True),
    Route(READ, "/forgot-password", recovery.page, BROWSER, page=True),
    Route(SEND, "/forgot-password", recovery.ask, BROWSER, page=True, free=True),
    Route(READ, "/reset-password/{token}", recovery.look_at_link, BROWSER, page=True),
    Route(
        SEND, "/reset-password/{token}", recovery.choose, BROWSER, page=True, hashes=True, free=True
    ),
    Route(READ, "/settings/authentication", authentication.page, BROWSER, page=True),
    Route(
        SEND, "/settings/authentication/password", password.change, BROWSER, page=True, hashes=True
    ),
    Route(SEND, "/settings/authentication/password/mail", password.ask, BROWSER, page=True),
    Route(SEND, "/settings/authentication/sessions", sessions.revoke, BROWSER, page=True),
    Route(
        SEND,
        "/settings/authentication/sessions/others",
        sessions.revoke_others,
        BROWSER,
        page=True,
    ),
    *FACTORS,
    Route(SEND, "/settings/account/emails", emails.add, BROWSER, page=True),
    Route(SEND, "/settings/account/emails/change", emails.change, BROWSER, page=True),
    Route(READ, "/settings/emails/confirm/{token}", emails.look_at_link, BROWSER, page=True),
    Route(
        SEND, "/settings/emails/confirm/{token}", emails.confirm_link, BROWSER, page=True, free=True
    ),
    Route(SEND, "/logout", logout.leave, BROWSER, page=True),
    Route(("GET",), "/logout/callback/{provider}", logout.come_back, BROWSER, page=True),
    Route(READ, "/verify-email", verify.page, BROWSER, page=True),
    Route(READ, "/verify-email/state", verify.state, "the page that waits for the mail"),
    Route(SEND, "/verify-email/resend", verify.resend, BROWSER, page=True, free=True),
    Route(SEND, "/verify-email/address", verify.change_address, BROWSER, page=True, free=True),
    Route(SEND, "/verify-email/code", verify.enter_code, BROWSER, page=True, free=True),
    Route(READ, "/email_confirmation/{token}", verify.look_at_link, BROWSER, page=True),
    Route(SEND, "/email_confirmation/{token}", verify.confirm_link, BROWSER, page=True, free=True),
    Route(READ, "/settings", settings_account.index, BROWSER, page=True),
    Route(READ, "/settings/profile", settings_profile.page, BROWSER, page=True),
    Route(SEND, "/settings/profile", settings_profile.change, BROWSER, page=True),
    Route(SEND, "/settings/profile/picture", settings_profile.change_avatar, BROWSER, page=True),
    Route(
        SEND, "/settings/profile/picture/remove", settings_profile.remove_avatar, BROWSER, page=True
    ),
    Route(READ, "/settings/account", settings_account.account, BROWSER, page=True),
    Route(SEND, "/settings/account/username", settings_account.rename, BROWSER, page=True),
    Route(READ, "/settings/account/delete", settings_account.ask_delete, BROWSER, page=True),
    Route(SEND, "/settings/account/delete", settings_account.delete, BROWSER, page=True, free=True),
    Route(READ, "/settings/preferences", settings_preferences.page, BROWSER, page=True),
    Route(SEND, "/settings/preferences", settings_preferences.change, BROWSER, page=True),
    Route(READ, "/settings/notifications", notices.page, BROWSER, page=True),
    Route(SEND, "/settings/notifications", notices.change, BROWSER, page=True),
    Route(READ, f"{_UNSUBSCRIBE}/{{ticket}}", unsubscribe.look, BROWSER, page=True),
    Route(SEND, f"{_UNSUBSCRIBE}/{{ticket}}", unsubscribe.stop, "mailboxes, browsers", page=True),
    Route(READ, "/notifications/announcements/{id}", announcement.page, BROWSER, page=True),
    Route(SEND, "/settings/watching", watching.submit, BROWSER, page=True),
    Route(READ, "/settings/repositories", settings_repositories.page, BROWSER, page=True),
    Route(SEND, "/settings/repositories", settings_repositories.submit, BROWSER, page=True),
    Route(READ, "/settings/billing", settings_billing.page, BROWSER, page=True),
    Route(SEND, "/settings/billing", settings_billing.ask, BROWSER, page=True),
    Route(SEND, "/settings/account/delete/cancel", leaving.cancel, BROWSER, page=True, free=True),
    Route(SEND, "/settings/account/export", data_export.submit, BROWSER, page=True),
    Route(READ, "/settings/account/export/{key}", data_export.download, BROWSER, page=True),
    Route(READ, "/settings/gated-repos", settings_gated.page, BROWSER, page=True),
    Route(SEND, "/settings/gated-repos", settings_gated.withdraw, BROWSER, page=True),
    Route(READ, "/settings/keys", settings_keys.page, BROWSER, page=True),
    Route(SEND, "/settings/keys/ssh", settings_keys.add_ssh, BROWSER, page=True),
    Route(SEND, "/settings/keys/gpg", settings_keys.add_gpg, BROWSER, page=True),
    Route(READ, "/settings/keys/{kind}/{id}/remove", settings_keys.ask_remove, BROWSER, page=True),
    Route(SEND, "/settings/keys/{kind}/{id}/remove", settings_keys.remove, BROWSER, page=True),
    *TOKENS,
    Route(READ, f"{_SETTINGS}/tokens", organization_tokens.page, BROWSER, page=True),
    Route(SEND, f"{_SETTINGS}/tokens", organization_tokens.submit, BROWSER, page=True),
    Route(READ, "/organizations/new", organization_new.page, BROWSER, page=True),
    Route(SEND, "/organizations/new", organization_new.submit, BROWSER, page=True),
    Route(READ, _SETTINGS, organization_settings.page, BROWSER, page=True),
    Route(SEND, _SETTINGS, organization_settings.change, BROWSER, page=True),
    Route(SEND, f"{_SETTINGS}/picture", organization_settings.change_picture, BROWSER, page=True),
    Route(READ, _MEMBERS, organization_members.page, BROWSER, page=True),
    Route(SEND, _MEMBERS, organization_members.submit, BROWSER, page=True),
    Route(SEND, f"{_SETTINGS}/invites", organization_inviting.submit, BROWSER, page=True),
    Route(SEND, f"{_SETTINGS}/joining", organization_joining.decide, BROWSER, page=True),
    Route(READ, "/organizations/{name}/join", organization_joining.page, BROWSER, page=True),
    Route(SEND, "/organizations/{name}/join", organization_joining.ask, BROWSER, page=True),
    Route(READ, f"{_SETTINGS}/account", organization_account.page, BROWSER, page=True),
    Route(SEND, f"{_SETTINGS}/account", organization_account.submit, BROWSER, page=True),
    Route(READ, _SHARE, invitation.page, BROWSER, page=True),
    Route(SEND, _SHARE, invitation.submit, BROWSER, page=True),
    Route(READ, _AUDIT, organization_audit.page, BROWSER, page=True),
    Route(READ, f"{_AUDIT}/export", organization_audit.export, BROWSER, page=True),
    Route(READ, "/settings/security-log", security_log.page, BROWSER, page=True),
    Route(READ, "/settings/security-log/export", security_log.export, BROWSER, page=True),
    Route(READ, "/settings/collaborations", settings_collaborations.page, BROWSER, page=True),
    Route(SEND, "/settings/collaborations", settings_collaborations.submit, BROWSER, page=True),
    Route(
        READ,
        _INVITATION,
        settings_collaborations.invitation,
        BROWSER,
        page=True,
    ),
    Route(SEND, _INVITATION, settings_collaborations.answer, BROWSER, page=True),
    Route(READ, "/settings/organizations", settings_organizations.page, BROWSER, page=True),
    Route(SEND, "/settings/organizations", settings_organizations.submit, BROWSER, page=True),
    Route(SEND, "/settings/following", follow.submit, BROWSER, page=True),
    Route(READ, "/notifications", inbox.page, BROWSER, page=True),
    Route(SEND, "/notifications", inbox_acts.submit, BROWSER, page=True),
    Route(("GET",), "/notifications/unread", inbox.unread, "the bell of a page", idle=True),
    *APPLICATIONS,
    *WEBHOOKS,
    Route(READ, "/terms-of-service", legal.terms, BROWSER, page=True),
    Route(READ, "/privacy", legal.privacy, BROWSER, page=True),
    Route(READ, "/content-guidelines", legal.guidelines, BROWSER, page=True),
    Route(("GET",), "/api/site-config", site_config.site_config, "pages, scripts"),
    Route(("GET",), "/api/signup/work", joining_script.ask_work, "scripts"),
    Route(SEND, "/api/signup", joining_script.sign_up, "scripts", hashes=True),
    Route(("GET",), "/api/username-availability", joining.availability, "the sign-up form"),
    Route(READ, "/avatars/{file}", avatars.avatar, "pages, clients that show avatarUrl"),
    Route(READ, "/static/{version}/{path}", static_files.static, BROWSER),
    Route(READ, "/favicon.ico", static_files.favicon, BROWSER),
    Route(READ, "/robots.txt", static_files.robots, "robots"),
)
