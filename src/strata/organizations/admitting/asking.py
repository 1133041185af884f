"""Ask to join an organisation, and decide about it (product §3.18, P53)."""

from __future__ import annotations

from dataclasses import asdict
from enum import StrEnum
from typing import Final

from strata.accounts import confirmed, limits, people
from strata.accounts.mailboxes import addresses
from strata.accounts.standing import is_shown
from strata.core.actor import Role
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.events.outbox import post
from strata.organizations import members, queries as organizations
from strata.organizations.admitting import letters, queries
from strata.organizations.admitting.queries import Rules
from strata.organizations.record import Organization

LONGEST_MESSAGE: Final = 500
ASKED_PER_DAY: Final = 20
A_DAY: Final = 24 * 60  # minutes


class Way(StrEnum):
    """What an organisation offers somebody."""

    MEMBER = "member"  # they belong to it already
    ASKED = "asked"  # they wait for an answer
    CLOSED = "closed"  # it takes nobody like them without an invitation
    FACTOR = "factor"  # it wants a second factor
    ASK = "ask"
    JOIN = "join"  # at once


def way(call: Call, organization: Organization, person: people.User) -> Way:
    """What an organisation offers somebody who would like to join."""
    if organizations.role_of(call, organization.id, person.id) is not None:
        return Way.MEMBER
    if queries.has_asked(call, organization.id, person.id):
        return Way.ASKED
    rules = queries.rules_of(call, organization.id)
    ours = bool(rules.domain) and rules.proved and rules.domain in _domains(call, person)
    if not ours and not rules.anybody:
        return Way.CLOSED
    if organization.factor_from is not None and not person.has_factor:
        return Way.FACTOR
    return Way.JOIN if ours and rules.at_once else Way.ASK


def change(work: Work, organization: Organization, rules: Rules) -> None:
    """Choose who may ask, or join at once.

    Raises:
        InvalidFields: `domain` is none, or the caller has no confirmed address there; the one that
            the organisation was founded with stays, without effect until then.
    """
    if faults := domain_faults(rules.domain):
        raise InvalidFields({"domain": faults})
    before, domain = queries.rules_of(work, organization.id), _domain(rules.domain)
    proved = not domain or _proves(work, domain)
    if not proved and (before.proved or before.domain != domain):
        raise InvalidFields({"domain": ("join.not_proved",)})
    kept = Rules(rules.anybody, domain, rules.at_once and bool(domain), proved)
    detail = changes(asdict(before), asdict(kept))
    queries.set_rules(work, organization.id, kept)
    record(
        work,
        "org.settings.joining",
        target=organization.name,
        detail=detail,
        whose=Whose(organization.id),
    )


def domain_faults(typed: str) -> tuple[str, ...]:
    """The message key of what is no domain of mail addresses."""
    return () if not typed.strip() or _domain(typed) else ("join.no_domain",)


def claim(work: Work, organization: Organization, typed: str, founder: people.User) -> None:
    """Note the domain of a new organisation, which the door checked; whether its founder proves it.

    If so, people with an address there may ask to join; nobody joins without an answer.
    """
    domain = _domain(typed)
    proved = domain in _domains(work, founder)
    queries.set_rules(work, organization.id, Rules(domain=domain, proved=proved))


def ask(work: Work, organization: Organization, person: people.User, message: str) -> Way:
    """Ask, or join at once where the organisation says so; which of the two it was.

    Raises:
        InvalidFields: `join`: the `Way` that is in the way; `message` is too long.
        TooMany: twenty in a day.
        OverQuota: the plan of the organisation has no room for another member.
    """
    organizations.locked(work, organization.id)  # nobody lets them in meanwhile
    offered = way(work, organization, person)
    if offered not in (Way.ASK, Way.JOIN):
        raise InvalidFields({"join": (f"join.{offered.value}",)})
    if len(message) > LONGEST_MESSAGE:
        raise InvalidFields({"message": ("join.too_long",)})
    limits.count(work, limits.Limit(f"org.joins:{person.id}", ASKED_PER_DAY, A_DAY))
    if offered is Way.JOIN:
        members.set_role(work, organization, person, Role.READ)
    elif queries.ask(work, organization.id, person.id, message):
        _record(work, "org.join.request", organization, person)
    return offered


def admit(work: Work, organization: Organization, person: people.User) -> None:
    """Let somebody in who asked; they hear of it by mail.

    Raises:
        NotFound: they did not ask, took it back, came in otherwise, or their account is closed.
        OverQuota: the plan of the organisation has no room for another member.
    """
    organizations.locked(work, organization.id)  # nobody lets them in meanwhile
    asked = queries.take_away(work, organization.id, person.id)
    if not asked or not is_shown(work, person):
        raise NotFound("There is no such request any more.")
    members.set_role(work, organization, person, Role.READ)


def refuse(work: Work, organization: Organization, person: people.User) -> None:
    """Say no to somebody who asked; they hear of it by mail.

    Raises:
        NotFound: they did not ask, or took it back.
    """
    if not queries.take_away(work, organization.id, person.id):
        raise NotFound("There is no such request any more.")
    post(work, letters.refused(work, people.reader(person), organization.name))
    _record(work, "org.join.refuse", organization, person)


def take_back(work: Work, organization: Organization, person: people.User) -> None:
    """Ask no more.

    Raises:
        NotFound: they did not ask.
    """
    if not queries.take_away(work, organization.id, person.id):
        raise NotFound("There is no such request any more.")
    _record(work, "org.join.withdraw", organization, person)


def _record(work: Work, name: str, organization: Organization, person: people.User) -> None:
    record(
        work,
        name,
        target=organization.name,
        detail={"user": person.name},
        whose=Whose(organization.id, person.id),
    )


def _domains(call: Call, person: people.User) -> set[str]:
    return {held.key.rpartition("@")[2] for held in confirmed.emails_of(call, person.id)}


def _domain(typed: str) -> str:
    """The domain as it is kept; empty: it is none."""
    address = addresses.parse(f"x@{typed.strip().lstrip('@')}")
    return address.domain if address else ""


def _proves(work: Work, domain: str) -> bool:
    """An admin who reads mail there has shown that the organisation has to do with it."""
    admin = people.by_id(work, work.actor.user_id or 0)
    return work.actor.system or (admin is not None and domain in _domains(work, admin))
