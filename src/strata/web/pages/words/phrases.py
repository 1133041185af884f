"""The sentences that several pages share, by the code that asks for them.

Marked for translation here; `translated(language, ERRORS[code], **values)` shows one.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.web.pages.words.language import N_

TYPE_THE_NAME: Final = N_("Type the full name of the repository to confirm.")

ERRORS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "auth.bad_credentials": N_("That e-mail/username and password don't match."),
        "auth.locked": N_("Too many attempts. Try again in %(t)s, or reset your password."),
        "auth.unverified": N_("Confirm your e-mail to do this. We sent a link to %(mask)s."),
        "auth.suspended": N_("This account is suspended: %(reason)s. Contact %(contact)s."),
        "auth.2fa_bad": N_("That code is wrong or expired."),
        "email.blocked_domain": N_("Addresses at %(domain)s can't be used here."),
        "email.invalid": N_("This doesn't look like an e-mail address."),
        "pw.too_short": N_("Use at least 8 characters."),
        "pw.too_short_phrase": N_("Use at least 12 characters."),
        "pw.need_upper": N_("Add an uppercase letter."),
        "pw.need_lower": N_("Add a lowercase letter."),
        "pw.need_special": N_("Add a special symbol such as ! @ #."),
        "pw.common": N_("This password is too common."),
        "consent.required": N_("Please agree to both documents to continue."),
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
        "repo.exists": N_("You already have a %(type)s with this name."),
        "quota.over": N_(
            "This would use %(need)s but only %(left)s is left of %(total)s. "
            "Free space or ask for more."
        ),
        "quota.count": N_(
            "This would be one more than the plan allows: %(has)s of %(total)s are in use. "
            "Delete some or ask for more under Settings, Plan & quota."
        ),
        "rate.limited": N_("Too many requests. Try again in %(t)s."),
        "pw.too_long": N_("Use at most 128 characters."),
        "pw.breached": N_("This password appears in known leaks. Choose another."),
        "pw.contains_identity": N_("Leave your username and e-mail out of the password."),
        "pw.control_char": N_("Control characters cannot be used in a password."),
    }
)
"""What went wrong, by the error's code; `%(name)s` places are the error's values."""
