"""What is said of broken rules about working together, by the rooms' message keys."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from strata.access.policy.narrowing import BARRED
from strata.core.actor import Bar
from strata.web.pages.words.language import N_

ORGANIZATIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "org.factor_first": N_(
            "Set up two-factor authentication yourself before you ask it of others."
        ),
        "org.grace_bad": N_("Give them at most 90 days."),
        BARRED[Bar.FACTOR]: N_(
            "Members need two-factor authentication here. Set it up in your settings, under "
            "Authentication, and everything of the organization opens again."
        ),
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
    }
)
