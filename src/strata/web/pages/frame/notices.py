"""What the page after a redirect tells of what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from strata.web.pages.frame.cookies import set_cookie
from strata.web.pages.words.language import N_

NOTICES: Final[Mapping[str, str]] = {
    "logged-in": N_("You are logged in already."),
    "mail-retried": N_("The mail is on its way again."),
    "address-confirmed": N_("The address counts as confirmed."),
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
    "app-changed": N_("Saved. What you took away is over at once."),
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
    "devices-forgotten": N_("That browser is forgotten. It is asked for a second factor again."),
    "removal-cancelled": N_("Your second factors stay."),
    "inbox-read": N_("Marked as read."),
    "inbox-unread": N_("Marked as unread."),
    "inbox-done": N_("Done. They come back when there is more news."),
    "inbox-muted": N_("Muted. You hear of it again only when somebody mentions you."),
    "inbox-unmuted": N_("You hear of this discussion again."),
    "inbox-nothing": N_("Nothing was changed. Choose notifications first."),
    "token-deleted": N_("The token is deleted. It no longer opens anything."),
}
COOKIE: Final = "notice"
SECONDS: Final = 20  # a notice belongs to the page after the redirect


def leave_notice(request: Request, answer: Response, key: str) -> None:
    """Have the next page tell something."""
    set_cookie(request, answer, COOKIE, key, max_age=SECONDS)


def notice_of(request: Request) -> str:
    """What the last page left to be told, in English; mostly nothing."""
    return NOTICES.get(request.cookies.get(COOKIE, ""), "")
