"""The words of what the audit log keeps: which fields there are, and what we write into them.

Fields and values that are not here are shown as they are: what people wrote, and the names of outer
protocols and of code, such as scopes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.web.pages.words.language import LANGUAGES, N_
from strata.web.pages.words.organizations import KINDS
from strata.web.pages.words.plans import PLANS

NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "about": N_("about"),
        "affiliation": N_("affiliation"),
        "announcement": N_("announcements"),
        "anybody": N_("open to everybody"),
        "api": N_("API requests"),
        "at_once": N_("without approval"),
        "before": N_("before"),
        "bio": N_("bio"),
        "bucket_files": N_("files of one bucket"),
        "code_theme": N_("colours of code"),
        "collections": N_("collections"),
        "compact": N_("compact tables"),
        "confidential": N_("with a secret"),
        "days": N_("days"),
        "description": N_("description"),
        "device_flow": N_("log-in with a device code"),
        "digest": N_("mails about discussions"),
        "discussions_disabled": N_("discussions turned off"),
        "domain": N_("domain"),
        "domains": N_("events"),
        "email": N_("e-mail"),
        "enabled": N_("turned on"),
        "everywhere": N_("everywhere"),
        "expires": N_("ends"),
        "fields": N_("fields"),
        "file_bytes": N_("bytes of one file"),
        "folder_files": N_("entries of one folder"),
        "from": N_("before"),
        "full_name": N_("full name"),
        "gate_decision": N_("decisions on own requests"),
        "gate_members": N_("members have to ask, too"),
        "gate_request": N_("access requests"),
        "gated": N_("gated"),
        "homepage": N_("homepage"),
        "host": N_("host"),
        "interests": N_("interests"),
        "invitation": N_("invitations"),
        "keys": N_("SSH and GPG keys"),
        "kind": N_("kind"),
        "landing": N_("start page"),
        "language": N_("language"),
        "mail": N_("by mail"),
        "members": N_("members"),
        "members_hidden": N_("members hidden"),
        "mention": N_("mentions"),
        "mode": N_("mails about access requests"),
        "name": N_("name"),
        "namespaces": N_("people and organizations"),
        "organizations": N_("organizations"),
        "pages": N_("page views"),
        "participating": N_("discussions one takes part in"),
        "people": N_("people"),
        "picture": N_("picture"),
        "plan": N_("plan"),
        "policy": N_("accepted tokens"),
        "private": N_("private"),
        "private_bytes": N_("bytes of private storage"),
        "private_repos": N_("new repositories private"),
        "proved": N_("domain confirmed"),
        "public_bytes": N_("bytes of public storage"),
        "public_email": N_("public e-mail"),
        "quiet": N_("quiet hours"),
        "readme": N_("page of their own"),
        "reason": N_("reason"),
        "redirect_uris": N_("redirect addresses"),
        "repo_files": N_("files of one repository"),
        "repos": N_("repositories"),
        "resolvers": N_("file downloads"),
        "role": N_("role"),
        "scopes": N_("scopes"),
        "security": N_("security"),
        "shortcuts": N_("single-key shortcuts"),
        "signed": N_("with a secret"),
        "standing": N_("state"),
        "tab_width": N_("width of a tab"),
        "theme": N_("theme"),
        "timezone": N_("timezone"),
        "title": N_("title"),
        "tokens": N_("access tokens"),
        "triggers": N_("calls of a webhook in 24 hours"),
        "two_factor": N_("second factor needed from"),
        "user": N_("user"),
        "visibility": N_("visibility"),
        "watched": N_("watched"),
        "web": N_("in the inbox"),
        "webhooks": N_("webhooks"),
    }
)
TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "bucket": N_("bucket"),
        "dataset": N_("dataset"),
        "kernel": N_("kernel"),
        "model": N_("model"),
        "org": N_("organization"),
        "space": N_("Space"),
        "user": N_("user"),
    }
)
"""What a webhook watches, before its name: `model ana/one`."""
CHARACTERS: Final = N_("%(count)s characters")
VALUES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "code_theme": {"ink": N_("no colours"), "warm": N_("warm colours")},
        "digest": {"daily": N_("daily"), "off": N_("at once"), "weekly": N_("weekly")},
        "domains": {"discussion": N_("discussions"), "repo": N_("repositories")},
        "expires": {"never": N_("never")},
        "fields": NAMES,
        "gated": {"auto": N_("automatic"), "manual": N_("by decision")},
        "kind": KINDS,
        "landing": {
            "collections": N_("collections"),
            "datasets": N_("datasets"),
            "models": N_("models"),
            "profile": N_("own profile"),
            "spaces": N_("Spaces"),
        },
        "language": LANGUAGES,
        "mode": {"bulk": N_("once a day"), "real-time": N_("at once")},
        "plan": PLANS,
        "policy": {
            "any": N_("any"),
            "approved": N_("with approval"),
            "fine_grained": N_("fine-grained only"),
        },
        "role": {
            "read": N_("read"),
            "write": N_("read and write"),
            "contributor": N_("contributor"),
            "admin": N_("admin"),
            "fineGrained": N_("fine-grained"),
            "no_access": N_("no access"),
        },
        "standing": {
            "accepted": N_("accepted"),
            "pending": N_("pending"),
            "rejected": N_("rejected"),
            "reset": N_("reset"),
        },
        "theme": {
            "system": N_("as the system"),
            "light": N_("light"),
            "dark": N_("dark"),
            "high-contrast": N_("high contrast"),
            "orange": N_("orange"),
            "blue": N_("blue"),
            "green": N_("green"),
            "purple": N_("purple"),
            "pink": N_("pink"),
            "indigo": N_("indigo"),
        },
        "visibility": {"public": N_("public"), "private": N_("private")},
    }
)
"""By the field: what we write there. None of them is a field that people fill in."""
REASONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "account.signup_trapped": {
            "honeypot": N_("a field was filled in that people do not see"),
            "too fast": N_("sent faster than people write"),
        },
        "webhook.disable": {
            "failing": N_("it failed for too long"),
            "owner": N_("by its owner"),
        },
    }
)
"""By the type of the entry; the reasons of the others are written by people or other servers."""
