"""What the account pages say about rules that were broken, by the rooms' message keys."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from babel.dates import format_timedelta

from strata.access.policy.narrowing import BARRED
from strata.accounts.standing import LEAVING, PENDING
from strata.core.actor import Bar
from strata.core.errors import InvalidFields
from strata.web.pages.words.language import N_, locale_name, translated
from strata.web.pages.words.phrases import ERRORS

ACCOUNT_ERRORS: Final[Mapping[str, str]] = MappingProxyType(
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
            "The last change of this name is less than 30 days ago, and others link to it."
        ),
        "email.yours": N_("This address belongs to your account already."),
        "email.too_many": N_("An account has at most 10 addresses. Remove one first."),
        "email.is_primary": N_("Make another address the primary one first."),
        PENDING: N_(
            "The people who run this site have yet to approve your account. "
            "We write to you as soon as they did."
        ),
        LEAVING: N_("This account is about to be deleted. Cancel that first, on the account page."),
        "identity.taken": N_("That account opens another account here already."),
        "identity.last": N_("This is your last way in. Choose a password first."),
        "publisher.issuer": N_("Jobs of this service cannot be trusted here."),
        "publisher.whose": N_(
            "Name the claim that says whose job it is: repository for GitHub, project_path for "
            "GitLab, sub for others."
        ),
        "publisher.claims": N_("Write one claim a line, name = value, at most 10."),
        "publisher.too_many": N_("There are as many as there may be. Remove one first."),
        "first_code.missing": N_("Enter the code that the people who set this site up chose."),
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
            "That did not work: the passkey is not one of this account, or too late."
        ),
        "passkey.no_place": N_("Passkeys need HTTPS (or localhost)."),
        "passkey.name_bad": N_("Give the passkey a name of at most 60 characters."),
        "passkey.too_many": N_("An account has at most 25 passkeys. Remove one first."),
        "factor.has_authenticator": N_(
            "An authenticator app is set up already. Remove it before you set up another one."
        ),
        "factor.none": N_("Set up an authenticator app or a passkey first."),
        "org.factor_first": N_(
            "Set up two-factor authentication yourself before you ask it of others."
        ),
        "org.grace_bad": N_("Give them at most 90 days."),
        BARRED[Bar.FACTOR]: N_(
            "This organization asks for two-factor authentication. Set it up in your settings, "
            "under Authentication, and everything of it opens again."
        ),
        "sudo.mailed": N_("A mail with a code is on its way to you. Enter the code here."),
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
        "member.nobody": N_("Tick the members whose role you want to change."),
        "member.sure": N_("You would give up your own admin role. Another admin can give it back."),
        "member.unknown": N_("There is nobody of this name."),
        "member.refused": N_(
            "This cannot be done: the account is not confirmed yet, or nobody else is admin."
        ),
        "invite.unknown": N_(
            "%(name)s cannot be invited: there is no such account, or it is no e-mail address. "
            "Nothing was sent."
        ),
        "invite.how_many": N_("Enter 1 to 50 usernames or e-mail addresses."),
        "invite.link_role": N_("A link gives at most the role Write."),
        "invite.days": N_("Enter 1 to 30 days."),
        "invite.uses": N_("Enter 1 to 1000 uses."),
        "invite.gone": N_(
            "This invitation does not work any more: it is over, was used or was taken back."
        ),
        "collaborator.owner": N_("%(name)s is the owner."),
        "collaborator.already": N_("%(name)s is a collaborator already. Change the role below."),
        "collaborator.too_many": N_(
            "A repository has at most 100 collaborators and open invitations. Remove one first."
        ),
        "collaborator.member": N_("You work on this repository already."),
        "collaborator.other": N_(
            "This invitation is for another account, or for an address that you have not confirmed."
        ),
        "collaborator.factor": N_(
            "The organization asks for two-factor authentication. Turn it on, then accept."
        ),
        "collaborator.most": N_(
            "You work on as many repositories of others as one account may. Leave one first."
        ),
        "collaborator.no_role": N_("Choose a role."),
        "collaborator.gone": N_("This person is no longer a collaborator."),
        "invite.member": N_("This account belongs to the organization already."),
        "invite.other": N_("This invitation is for another account."),
        "invite.used": N_("You used this link before. Ask for another invitation."),
        "invite.factor": N_(
            "This organization asks for two-factor authentication. Turn it on first."
        ),
        "invite.address": N_(
            "This invitation went to an address that is not yours here. "
            "Confirm that you want to join with this account."
        ),
        "join.member": N_("This account belongs to the organization already."),
        "join.asked": N_("Your request waits for an answer."),
        "join.closed": N_(
            "This organization takes members by invitation only. "
            "Ask one of its admins to invite you."
        ),
        "join.factor": N_(
            "This organization asks for two-factor authentication. Turn it on first."
        ),
        "join.too_long": N_("Use at most 500 characters."),
        "join.no_domain": N_("Enter a domain such as example.org."),
        "join.not_proved": N_(
            "Add an address of this domain to your account and confirm it first."
        ),
        "join.gone": N_("This request was withdrawn or decided already."),
        "org.other_name": N_("Type the name of the organization exactly as it is."),
        "org.kind_bad": N_("Choose one of the kinds."),
        "org.owns_repos": N_("It still owns repositories. Transfer or delete them first."),
        "guidelines.required": N_("Please agree to follow the content guidelines."),
        "consent.changed": N_("The documents have changed. Please read and agree again."),
        "token.over": N_("This day is over. Choose a later one."),
        "token.no_day": N_("Choose a day."),
        "token.needs_end": N_("Choose a day: here tokens do not live for ever."),
        "token.too_long": N_("This is later than the site or an organization allows."),
        "token.bad_grace": N_("Choose 0 to 24 hours."),
        "token.bad_days": N_("Enter a number of days from 1 to 3650, or nothing."),
        "token.bad_repo": N_("Write a repository as owner/name or datasets/owner/name."),
        "token.unknown_repo": N_("There is no repository named %(name)s that you may see."),
        "token.not_inside": N_("%(name)s does not belong to that organization."),
        "token.nothing_inside": N_(
            "Choose what the token may do with the repositories of %(name)s that you named."
        ),
        "token.nothing_before": N_("Choose what the token may do with %(name)s."),
        "token.unknown_org": N_("You belong to no organization named %(name)s."),
        "token.too_many_repos": N_("One token names at most 50 repositories."),
        "token.name_empty": N_("Give the token a name."),
        "token.name_too_long": N_("Use at most 100 characters."),
        "token.too_many": N_(
            "You have %(has)s of %(total)s access tokens. Delete one, or ask for more under Plan "
            "& quota."
        ),
        "ssh_key.empty": N_("Paste a public key."),
        "ssh_key.unreadable": N_(
            "This is not a public SSH key. Paste the one line of a .pub file, "
            "such as ~/.ssh/id_ed25519.pub."
        ),
        "ssh_key.private": N_(
            "This is a private key. Never give it to anybody, and make a new pair now: "
            "here goes only the line of the .pub file."
        ),
        "ssh_key.kind": N_(
            "Keys of this kind are not accepted. Make another one: ssh-keygen -t ed25519"
        ),
        "ssh_key.short": N_(
            "RSA keys need at least 3072 bits. Make another one: ssh-keygen -t ed25519"
        ),
        "gpg_key.empty": N_("Paste a public key."),
        "gpg_key.unreadable": N_(
            "This is not a public GPG key. Paste all that this prints: "
            "gpg --armor --export you@example.com"
        ),
        "gpg_key.private": N_(
            "This is a private key. Never give it to anybody, and replace it now: "
            "here goes only what gpg --armor --export prints."
        ),
        "gpg_key.several": N_("Paste one key at a time."),
        "gpg_key.revoked": N_("This key is revoked. Use another one."),
        "key.taken": N_("This key is already in use. Make another one for this account."),
        "key.yours": N_("This key belongs to your account already."),
        "ssh_key.too_many": N_(
            "You have %(has)s of %(total)s SSH keys. Remove one, or ask for more under Plan "
            "& quota."
        ),
        "gpg_key.too_many": N_(
            "You have %(has)s of %(total)s GPG keys. Remove one, or ask for more under Plan "
            "& quota."
        ),
        "key.title_too_long": N_("Use at most 100 characters."),
        "key.bad_title": N_("Leave out control characters and line breaks."),
        "pw.contains_username": N_(
            "Your password contains this username. Choose another username, "
            "or go back and choose another password."
        ),
        "code.wrong": N_("This code is not the one in the newest mail."),
        "code.expired": N_("This code is no longer valid. Ask for a new mail with Resend."),
        "auth.closed": N_("This account is suspended. Ask the people who run this site."),
        "auth.closed_because": N_("They say: %(reason)s"),
        "auth.must_reset": N_(
            "You must choose a new password first. Open the link in the mail that we sent you, "
            "or ask for another one with “Forgot your password?”."
        ),
        "auth.waiting": N_("Too many attempts. Try again in %(t)s."),
        "signup.closed": N_("Sign-up is closed on this site."),
        "oauth.code_wrong": N_("This code is wrong, was used already, or is no longer valid."),
        "oauth.redirect_malformed": N_(
            "Enter whole addresses without a user name, a * or a #, such as "
            "https://example.com/callback."
        ),
        "oauth.redirect_http": N_("Addresses of other machines must begin with https://."),
        "oauth.redirect_scheme": N_(
            "A program's own scheme must have a dot in it, such as com.example.app:/callback."
        ),
        "oauth.redirect_missing": N_("Enter at least one address."),
        "oauth.redirect_too_many": N_("One application has at most 20 addresses."),
        "oauth.no_scope": N_("Choose at least one."),
        "oauth.too_many": N_("You have as many applications as one account may have."),
        "webhook.url_missing": N_("Enter the address that is to be called."),
        "webhook.url_malformed": N_("This is not the address of a web server."),
        "webhook.url_scheme": N_("The address must begin with https://."),
        "webhook.url_credentials": N_("The address must not hold a user name or password."),
        "webhook.url_inside": N_("This address is inside the network of this site."),
        "webhook.watch_nothing": N_("Name at least one user, organization or repository."),
        "webhook.watch_too_many": N_("One webhook watches at most 100 things."),
        "webhook.unknown_name": N_("There is no user or organization named %(name)s."),
        "webhook.unknown_repo": N_("There is no repository named %(name)s that you may see."),
        "webhook.no_domain": N_("Choose at least one."),
        "webhook.secret_bad": N_("A secret has at most 256 visible ASCII characters, no spaces."),
        "webhook.too_many": N_(
            "You have %(has)s of %(total)s webhooks. Delete one, or ask for more under Plan "
            "& quota."
        ),
    }
)
SECONDS_SHOWN: Final = 120  # longer waits are told in minutes
MINUTES_SHOWN: Final = 120  # longer ones in hours


def phrase(language: str, key: str, **values: object) -> str:
    """Say what a message key means in the reader's language.

    Raises:
        KeyError: no sentence has that key, or a value of the sentence is missing.
    """
    sentence = ACCOUNT_ERRORS.get(key) or ERRORS[key]
    return translated(language, sentence, **values)


@dataclass(frozen=True, slots=True)
class Told:
    """What is wrong with a form, in the reader's language: one sentence a broken rule."""

    summary: tuple[tuple[str, str], ...] = ()  # field, sentence
    language: str = "en"

    def of(self, name: str) -> str:
        """All that is wrong with one field."""
        between = "" if self.language == "zh-CN" else " "
        return between.join(sentence for field, sentence in self.summary if field == name)


NOTHING_WRONG: Final = Told()


def told(language: str, error: InvalidFields, **values: object) -> Told:
    """Say every broken rule of every field."""
    return Told(
        tuple(
            (name, phrase(language, key, **{**error.values, **values}))
            for name, keys in error.fields.items()
            for key in keys
        ),
        language,
    )


def wait_text(language: str, seconds: int) -> str:
    """Say how long to wait, never less than it is: `40 seconds`, `3 minutes`, `2 小时`."""
    if seconds > SECONDS_SHOWN:
        minutes = math.ceil(seconds / 60)
        seconds = minutes * 60 if minutes <= MINUTES_SHOWN else math.ceil(minutes / 60) * 3600
    # The threshold keeps 90 seconds from being told as "2 minutes".
    threshold = SECONDS_SHOWN / 60 + 0.01 if seconds < MINUTES_SHOWN * 60 else 1
    spoken = format_timedelta(
        timedelta(seconds=seconds), threshold=threshold, locale=locale_name(language)
    )
    return str(spoken)
