"""What is said of broken rules about people and their ways in, by the rooms' message keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.accounts.standing import LEAVING, PENDING
from strata.membership.export import ask
from strata.membership.joining import signup
from strata.web.pages.words.language import N_

PEOPLE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "email.empty": N_("Enter your e-mail address."),
        "email.too_long": N_("An e-mail address has at most 254 characters."),
        "email.disposable": N_(
            "Addresses of throw-away mailboxes can't be used here. Use one that stays yours."
        ),
        "email.no_mail": N_("%(domain)s takes no e-mail. Look for a typing mistake."),
        "email.not_listed": N_(
            "Only addresses of certain domains can be used here, and %(domain)s is not one of them."
        ),
        "name.length": N_("Use 2 to 42 characters."),
        "full_name.too_long": N_("Use at most 100 characters."),
        "full_name.invalid": N_("A name holds no web addresses and no < or >."),
        "full_name.unseen": N_("Leave out characters that nobody sees, and line breaks."),
        "full_name.mixed": N_(
            "Write the name in one script. Chinese, Japanese and Korean may stand beside Latin "
            "letters; others may not, because their letters look alike."
        ),
        "full_name.empty": N_("Enter a name."),
        "readme.too_long": N_("Use at most 20,000 characters."),
        "interests.too_long": N_("Use at most 200 characters."),
        "email.not_confirmed": N_("Choose one of your confirmed addresses."),
        "picture.crop": N_("Enter whole numbers for the part of the picture, or leave them out."),
        "bio.too_long": N_("Use at most 500 characters."),
        "homepage.invalid": N_("Enter an address that begins with https:// or http://."),
        "handle.invalid": N_("Enter your name on that site only, without an address."),
        "picture.missing": N_("Choose a picture."),
        "picture.again": N_("Choose the picture once more: browsers do not keep it."),
        "picture.too_large": N_("Choose a picture of at most 2 MB."),
        "picture.too_many_pixels": N_("Choose a picture of at most 25 megapixels."),
        "picture.unreadable": N_("Choose a PNG, JPEG, WebP, GIF or AVIF picture."),
        "name.too_soon": N_(
            "The last change of this name is less than 30 days ago, and others link to it. It can "
            "be changed again from %(day)s."
        ),
        "email.yours": N_("This address belongs to your account already."),
        "email.too_many": N_("An account has at most 10 addresses. Remove one first."),
        "email.is_primary": N_("Make another address the primary one first."),
        PENDING: N_(
            "The people who run this site have yet to approve your account. "
            "We write to you as soon as they did."
        ),
        LEAVING: N_("This account is about to be deleted. Cancel that first, on the account page."),
        "identity.taken": N_(
            "That account is already linked to another account here. Log in with it and unlink it "
            "there first."
        ),
        "identity.last": N_("This is your last way in. Choose a password first."),
        "first_code.missing": N_("Enter the code of the first administrator."),
        "first_code.bad": N_("This is not the code."),
        "invite.missing": N_("Enter the code of your invitation."),
        "invite.bad": N_("This invitation is used up, expired, or meant for another address."),
        "work.missing": N_(
            "Your browser has to finish a small computation first. Wait until it says that it is "
            "done, and press the button again."
        ),
        "work.bad": N_("That computation is over or was used before. It begins again now."),
        "auth.bad_passkey": N_(
            "This passkey is not known here. Use another one, or your password."
        ),
        "passkey.bad": N_(
            "That did not work: the passkey does not belong to this account, or it took too long."
        ),
        "passkey.no_place": N_("Passkeys need HTTPS (or localhost)."),
        "passkey.name_bad": N_("Give the passkey a name of at most 60 characters."),
        "passkey.too_many": N_("An account has at most 25 passkeys. Remove one first."),
        "factor.has_authenticator": N_(
            "An authenticator app is set up already. Remove it before you set up another one."
        ),
        "factor.none": N_("Set up an authenticator app or a passkey first."),
        "sudo.mailed": N_("A mail with a code is on its way to you. Enter the code here."),
        "console.address_taken": N_(
            "Another account has this address, or they have just changed it."
        ),
        "console.passkey": N_("The administration of this site takes a passkey. Use yours."),
        "console.second": N_(
            "The administration of this site takes a passkey, or a code of your authenticator app."
        ),
        "console.no_passkey": N_(
            "The administration of this site is entered with a passkey. Add one in your settings, "
            "under Authentication, and come back."
        ),
        "console.no_second": N_(
            "The administration of this site is entered with a second factor. Set one up in your "
            "settings, under Authentication, and come back."
        ),
        "pw.wrong": N_("This is not your password."),
        "leave.no_transfer": N_(
            "This repository cannot go there. Somebody has to let you create repositories in it, "
            "and it must not have one of the same name."
        ),
        "account.other_name": N_("Type your username exactly as it is."),
        "guidelines.required": N_("Please agree to follow the content guidelines."),
        "consent.changed": N_("The documents have changed. Please read and agree again."),
        "pw.contains_username": N_(
            "Your password contains this username. Choose another username, "
            "or go back and choose another password."
        ),
        "code.wrong": N_("This code is not the one in the newest mail."),
        "code.expired": N_("This code is no longer valid. Ask for a new mail with Resend."),
        "auth.closed": N_("This account is suspended. Contact %(contact)s."),
        "auth.must_reset": N_(
            "You must choose a new password first. Open the link in the mail that we sent you, "
            "or ask for another one with “Forgot your password?”."
        ),
        "auth.work_or_wait": N_(
            "Too many log-ins failed from your network. Your browser can do a small computation "
            "instead of waiting: enter your password once more. Otherwise try again in %(t)s."
        ),
        "auth.passkey_work": N_(
            "Too many passkeys from your network were refused. Your browser can do a small "
            "computation instead of waiting: use your passkey once more. Otherwise try again in "
            "%(t)s."
        ),
        "auth.waiting": N_("Too many attempts. Try again in %(t)s."),
        ask.ONCE_A_DAY: N_(
            "You can ask for your data once a day, and have. The copy is on this page, or will be "
            "as soon as it is packed. Ask for another one in %(t)s."
        ),
        signup.CLOSED: N_(
            "Sign-up is closed on this site. The people who run it create accounts themselves."
        ),
    }
)
