"""The sentences that several pages share, by the code that asks for them.

Marked for translation here; `translated(language, ERRORS[code], **values)` shows one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.web.pages.words.language import N_, translated

TYPE_THE_NAME: Final = N_("Type the full name of the repository to confirm.")

EMPTY: Final[Mapping[str, str]] = MappingProxyType(
    {
        "models": N_(
            "No models yet. Create the first one, or turn on a mirror to fetch from upstream."
        ),
        "search": N_('Nothing matches "%(q)s". Check the spelling or clear some filters.'),
        "repo": N_(
            "This repository is empty. Upload files in the browser, with the CLI, or with git."
        ),
        "card": N_("No model card yet. A good card makes this model findable and trustworthy."),
        "tokens": N_("No tokens yet. Create one to use the API, git or Python libraries."),
        "keys": N_("No SSH keys. Add one to push without typing a token."),
        "webhooks": N_("No webhooks. Get a call when a repository changes."),
        "notifications": N_("All caught up."),
        "community": N_("No discussions yet. Ask a question or propose a change."),
        "access_requests": N_("No requests waiting."),
        "gated_repos": N_("You have not requested access to any gated repository."),
        "collection": N_("This collection is empty. Add repositories from their ⋯ menu."),
        "profile": N_("Nothing published yet. Create a model or dataset."),
        "feed": N_("Follow people or watch repositories to see activity here."),
        "viewer": N_("We could not find a supported data file. See how to configure this dataset."),
        "jobs": N_("No jobs running."),
    }
)
"""What a list says when it is empty."""

ERRORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "auth.bad_credentials": N_("That e-mail/username and password don't match."),
        "auth.locked": N_("Too many attempts. Try again in %(t)s, or reset your password."),
        "auth.unverified": N_("Confirm your e-mail to do this. We sent a link to %(mask)s."),
        "auth.suspended": N_("This account is suspended: %(reason)s. Contact %(contact)s."),
        "auth.2fa_bad": N_("That code is wrong or expired."),
        "email.in_page": N_("If %(mask)s can be used, a message is on its way."),
        "email.blocked_domain": N_("Addresses at %(domain)s can't be used here."),
        "email.invalid": N_("This doesn't look like an e-mail address."),
        "pw.too_short": N_("Use at least 8 characters."),
        "pw.too_short_phrase": N_("Use at least 12 characters."),
        "pw.need_upper": N_("Add an uppercase letter."),
        "pw.need_lower": N_("Add a lowercase letter."),
        "pw.need_special": N_("Add a special symbol such as ! @ #."),
        "pw.common": N_("This password is too common."),
        "consent.required": N_("Please agree to both documents to continue."),
        "link.expired": N_("This link has expired. Get a new one."),
        "name.taken": N_("%(name)s is taken."),
        "name.reserved": N_("%(name)s is reserved."),
        "name.similar": N_(
            "%(name)s looks too much like another name here. Choose one that differs in more than "
            "0 and o, 1 and l, rn and m, vv and w, or dashes."
        ),
        "name.invalid": N_(
            "Letters, numbers and single dashes only; not only numbers; "
            "no dash at the start or end."
        ),
        "token.dup": N_("You already have a token with this name."),
        "token.bad_name": N_("This name can't be used."),
        "repo.404": N_("Nothing here — or you don't have access."),
        "repo.exists": N_("You already have a %(type)s with this name."),
        "repo.archived": N_("This repository is read-only."),
        "gate.pending": N_("Waiting for the authors to review your request."),
        "gate.rejected": N_("The authors declined your request: %(reason)s."),
        "gate.reset": N_("Please agree again: %(reason)s."),
        "quota.over": N_(
            "This would use %(need)s but only %(left)s is left of %(total)s. "
            "Free space or ask for more."
        ),
        "quota.count": N_(
            "This would be one more than the plan allows: %(has)s of %(total)s are in use. "
            "Delete some or ask for more under Settings, Plan & quota."
        ),
        "rate.limited": N_("Too many requests. Try again in %(t)s."),
        "file.conflict": N_("The file changed while you were editing. Review the new version."),
        "upload.failed": N_("%(n)s files failed. Retry — finished parts are kept."),
        "mirror.down": N_("Upstream can't be reached. Showing the cached copy from %(time)s."),
        "mail.smtp": N_("The mail server refused the message: %(detail)s."),
        "ctx.insecure": N_("This needs HTTPS (or localhost)."),
        "server.500": N_("Something failed on our side. Reference %(id)s."),
        "pw.too_long": N_("Use at most 128 characters."),
        "pw.breached": N_("This password appears in known leaks. Choose another."),
        "pw.contains_identity": N_("Leave your username and e-mail out of the password."),
        "pw.control_char": N_("Control characters cannot be used in a password."),
    }
)
"""What went wrong, by the error's code; `%(name)s` places are the error's values."""


def error_text(language: str, code: str, **values: object) -> str:
    """Say an error in the reader's language.

    Raises:
        KeyError: no sentence has that code, or a value of the sentence is missing.
    """
    return translated(language, ERRORS[code], **values)


def empty_text(language: str, place: str, **values: object) -> str:
    """Say that a place is empty in the reader's language.

    Raises:
        KeyError: no sentence is known for that place, or a value of it is missing.
    """
    return translated(language, EMPTY[place], **values)
