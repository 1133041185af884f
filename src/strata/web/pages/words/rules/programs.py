"""What is said of broken rules about what acts for people, by the rooms' message keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.web.pages.words.language import N_

PROGRAMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "publisher.issuer": N_("Jobs of this service cannot be trusted here."),
        "publisher.whose": N_(
            "Name the claim that says whose job it is: repository for GitHub, project_path for "
            "GitLab, sub for others."
        ),
        "publisher.claims": N_("Write one claim a line, name = value, at most 10."),
        "publisher.twice": N_("Name each claim once. All that is named must be so at once."),
        "publisher.too_many": N_("There are as many as there may be. Remove one first."),
        "token.over": N_("This day is over. Choose a later one."),
        "token.no_day": N_("Choose a day."),
        "token.needs_end": N_("Choose a day: here tokens do not live for ever."),
        "token.too_long": N_("This is later than the site or an organization allows."),
        "token.bad_grace": N_("Choose 0 to 24 hours."),
        "token.asks_anew": N_(
            "This token changed since you opened this page. Look at its present request."
        ),
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
