"""Who may ask to join an organisation, and who decides: its admins."""

from __future__ import annotations

from typing import Final

from strata.access.acting import acting
from strata.access.organizations.managing import found, managed, overseen
from strata.access.organizations.members import named
from strata.accounts import limits, people
from strata.core.call import Call, Work
from strata.credentials.tokens.leaked.showing import require_none
from strata.events.outbox import post
from strata.organizations.admitting import asking, letters, queries
from strata.organizations.admitting.asking import Way
from strata.organizations.admitting.queries import Rules
from strata.organizations.queries import admins_of
from strata.organizations.record import Organization

LETTERS_PER_HOUR: Final = 10  # about one organisation; the page shows the others
ACT: Final = "join organizations"


def offered(call: Call, organization: Organization) -> Way | None:
    """What the organisation offers the caller; None: nobody is logged in."""
    person = people.by_id(call, call.actor.user_id) if call.actor.user_id else None
    return asking.way(call, organization, person) if person else None


def ask(work: Work, name: str, message: str) -> Way:
    """Ask to join; the admins hear of it.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        InvalidFields, TooMany, OverQuota: as `organizations.admitting.asking.ask`.
    """
    person, organization = acting(work, ACT), found(work, name)
    require_none(work, message)
    done = asking.ask(work, organization, person, message)
    key = f"org.letters:{organization.id}"
    if done is Way.ASK and limits.counted(work, key, minutes=60) < LETTERS_PER_HOUR:
        limits.note(work, key)
        for admin in admins_of(work, organization.id):
            wanted = letters.asked(work, people.reader(admin), organization.name, person.name)
            post(work, wanted)
    return done


def take_back(work: Work, name: str) -> None:
    """Ask no more; raises as `ask`, and NotFound where nobody asked."""
    person = acting(work, ACT)
    asking.take_back(work, found(work, name), person)


def decide(work: Work, name: str, user_name: str, *, let_in: bool) -> None:
    """Let somebody in who asked, or not.

    Raises:
        NotFound: no such organisation, or no such request.
        Unauthenticated, EmailNotVerified, Forbidden: as `managing.managed`.
    """
    organization = managed(work, name)
    act = asking.admit if let_in else asking.refuse
    act(work, organization, named(work, user_name))


def change_rules(work: Work, name: str, rules: Rules) -> None:
    """Choose who may ask.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `decide`.
        InvalidFields: as `organizations.admitting.asking.change`.
    """
    asking.change(work, managed(work, name), rules)


def waiting(call: Call, name: str) -> tuple[Rules, list[queries.Asked]]:
    """Who may ask, and who did; raises as `decide`."""
    organization = overseen(call, name)
    return queries.rules_of(call, organization.id), queries.asked(call, organization.id)
