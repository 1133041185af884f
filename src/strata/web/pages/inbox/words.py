"""What notifications say: a sentence for each event, and why somebody is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from strata.community.inbox.record import Notification, Reason, Show
from strata.web.pages.organizations.members import ROLES
from strata.web.pages.words.language import N_, translated

SHOWS: Final = (
    (Show.ALL, N_("All")),
    (Show.UNREAD, N_("Unread")),
    (Show.PARTICIPATING, N_("Participating")),
    (Show.MENTIONS, N_("Mentions")),
)
# A word, the tone of its badge and its icon.
REASONS: Final[Mapping[Reason, tuple[str, str, str]]] = {
    Reason.MENTION: (N_("Mentioned"), "accent", ""),
    Reason.PARTICIPATING: (N_("Participating"), "info", ""),
    Reason.YOURS: (N_("Your repository"), "", ""),
    Reason.WATCHING: (N_("Watching"), "", "eye"),
    Reason.MANAGING: (N_("You manage it"), "", "settings"),
    Reason.CONCERNED: (N_("About you"), "info", "user-round"),
    Reason.EVERYBODY: (N_("Announcement"), "", ""),
    Reason.SECURITY: (N_("Account security"), "warn", "shield-alert"),
}
SOMEBODY: Final = N_("Somebody")
_CLOSED: Final = N_("%(actor)s closed it.")
_REOPENED: Final = N_("%(actor)s reopened it.")
_EVENTS: Final[Mapping[str, str]] = {
    "discussion.create": N_("%(actor)s opened it."),
    "discussion.comment.create": N_("%(actor)s commented."),
    "discussion.comment.update": N_("%(actor)s edited a comment."),
    "discussion.merge": N_("%(actor)s merged it."),
    "gate.request": N_("%(actor)s asks for access to %(repo)s."),
    "gate.accept": N_("You have access to %(repo)s now."),
    "gate.grant": N_("You have access to %(repo)s now."),
    "gate.reject": N_("Your request for access to %(repo)s was declined."),
    "gate.reset": N_("Please ask again for access to %(repo)s: its conditions were set anew."),
    "org.invite_user": N_("%(actor)s invites you to %(namespace)s."),
    "org.add_user": N_("You belong to %(namespace)s now. Your role: %(role)s."),
    "org.change_role": N_("Your role in %(namespace)s is another one now: %(role)s."),
    "org.remove_user": N_("You no longer belong to %(namespace)s."),
    "org.join.refuse": N_("%(namespace)s declined your request to join."),
    "org.join.request": N_("%(actor)s asks to join %(namespace)s."),
    "org.invite.accept": N_("%(actor)s accepted your invitation to %(namespace)s."),
    "org.invite.decline": N_("%(actor)s declined your invitation to %(namespace)s."),
    "repo.move": N_("%(repo)s was transferred: it belongs to %(owner)s now."),
    "repo.collaborator_invite": N_("%(actor)s invites you to work on %(repo)s."),
    "repo.collaborator_accept": N_("%(actor)s accepted your invitation to work on %(repo)s."),
    "repo.collaborator_decline": N_("%(actor)s declined your invitation to work on %(repo)s."),
    "repo.collaborator_role": N_("Your role in %(repo)s is another one now: %(role)s."),
    "quota.exceeded": N_("The storage of %(namespace)s is full. Uploads are refused."),
    "quota.reached": N_("%(namespace)s has used %(percent)s%% of its public storage."),
    "quota.triggers": N_("One of your webhooks was called as often as it may be in 24 hours."),
    "account.2fa_disable": N_("Your second factors were removed."),
    "account.2fa_removal": N_("Somebody asked for your second factors to be removed."),
    "account.lockout": N_("Somebody tried wrong passwords; your account was locked for a while."),
    "account.new_device": N_("Your account was entered from a browser that was new to us."),
    "account.passkey_counter": N_("One of your passkeys may have been copied."),
    "account.password_reset": N_("Your password was chosen anew by a mailed link."),
    "account.recovery_used": N_("A recovery code was used to enter your account."),
    "oauth.refresh_reuse": N_(
        "The access of an application was ended: a copy of its token turned up."
    ),
    "token.revoke_leak": N_("One of your access tokens was ended: others may have seen it."),
    "admin.announce": N_("News from the people who run this site: %(title)s"),
    "webhook.disable": N_("One of your webhooks failed for too long and was disabled."),
}
_PRIVATE_REACHED: Final = N_("%(namespace)s has used %(percent)s%% of its private storage.")
_ROLES: Final = {role.value: name for role, name, _ in ROLES}


def happened(language: str, one: Notification) -> str:
    """What happened last, as one sentence."""
    text = _EVENTS.get(one.event)
    if text is None:  # a change of status: what counts is how it stands now
        closed = one.thread is not None and one.thread.status == "closed"
        text = _CLOSED if closed else _REOPENED
    if one.event == "quota.reached" and one.detail.get("private"):
        text = _PRIVATE_REACHED
    titles = one.detail.get("titles", {})
    role = _ROLES.get(str(one.detail.get("role", "")), "")
    return translated(
        language,
        text,
        actor=one.actor or translated(language, SOMEBODY),
        repo=one.place.repo_id.full_name if one.place else str(one.detail.get("repo", "")),
        owner=(one.place.repo_id.namespace or "") if one.place else "",
        namespace=one.namespace or "",
        title=str(titles.get(language) or titles.get("en", "")),
        role=translated(language, role) if role else "",
        percent=one.detail.get("percent", ""),
    )


def title_of(language: str, one: Notification) -> str:
    """What a notification is called: the title of its discussion, or what happened."""
    return one.thread.title if one.thread is not None else happened(language, one)
