"""Two acts at once on a name, on what belongs to it, and on the copy of one's data."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, inbox, made, person
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from fixtures.organizations import joins, organization, today
from fixtures.races import beside, called, held_open, worked
from strata.access.organizations.founding import change_organization
from strata.access.plans import requests
from strata.accounts import people
from strata.accounts.naming import former, names
from strata.accounts.naming.names import Namespace
from strata.accounts.plans import grants
from strata.accounts.profile.details import Details
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import Work
from strata.core.errors import (
    Conflict,
    InvalidFields,
    OverQuota,
    ProofNeeded,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.core.settings.providers import LoginProvider
from strata.membership.closing import gone
from strata.membership.export import ask
from strata.membership.export.pack import PackExport
from strata.membership.export.tables import exports
from strata.organizations import queries
from strata.organizations.change import OrganizationSettings
from strata.repos import create
from strata.repos.owning.ending import delete_organization
from strata.repos.owning.follow import rename_account
from strata.sessions.entering.entry import Browser, LoggedIn
from strata.sessions.identities import linking
from strata.sessions.identities.sites.claims import Claims

NO_PASSWORD = None  # nothing here asks for one, and hashing takes time


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana", password=NO_PASSWORD)


def bearer(hub: Hub, name: str) -> Namespace:
    with calling(hub) as call:
        found = names.find(call, name)
    assert found is not None
    return found


def test_of_two_renames_at_once_the_name_between_is_kept_too(hub: Hub, ana: Actor) -> None:
    seen = bearer(hub, "ana")
    late = beside(
        hub,
        lambda work: rename_account(work, seen, "middle"),
        lambda: worked(hub, ana, lambda work: rename_account(work, seen, "ana-at-last")),
        by=ana,
    )
    assert late is None
    with calling(hub) as call:
        leads = [former.holder(call, name) for name in ("ana", "middle")]
    assert [one and one.name for one in leads] == ["ana-at-last", "ana-at-last"]


def test_whoever_is_linked_to_is_renamed_once_in_a_while(hub: Hub, ana: Actor) -> None:
    created(hub, ana, "alpha", RepoType.MODEL)
    seen = bearer(hub, "ana")
    late = beside(
        hub,
        lambda work: rename_account(work, seen, "middle"),
        lambda: worked(hub, ana, lambda work: rename_account(work, seen, "ana-at-last")),
        by=ana,
    )
    assert isinstance(late, InvalidFields), late
    assert bearer(hub, "middle").id == ana.user_id


def test_no_repo_is_left_behind_by_an_organization(hub: Hub, ana: Actor) -> None:
    organization(hub, "ana")
    admin = today(hub, ana)
    with calling(hub, admin) as call:
        draft = create.settle(call, create.Wish(RepoType.MODEL, "acme", "alpha"))
    late = beside(
        hub,
        lambda work: create.insert(work, draft),
        lambda: worked(hub, admin, lambda work: delete_organization(work, "acme", "acme")),
        by=admin,
    )
    assert isinstance(late, InvalidFields), late
    assert bearer(hub, "acme").id == draft.owner_id


def test_of_two_repos_at_once_the_plan_has_room_for_one(hub: Hub, ana: Actor) -> None:
    worked(hub, SYSTEM, lambda work: grants.override(work, bearer(hub, "ana"), "repos", 1, None))
    with calling(hub, ana) as call:
        drafts = [
            create.settle(call, create.Wish(RepoType.MODEL, "ana", name)) for name in ("one", "two")
        ]
    late = beside(
        hub,
        lambda work: create.insert(work, drafts[0]),
        lambda: worked(hub, ana, lambda work: create.insert(work, drafts[1])),
        by=ana,
    )
    assert isinstance(late, OverQuota), late


def test_a_form_of_yesterday_takes_no_demand_back_without_a_proof(hub: Hub, ana: Actor) -> None:
    """Another admin demands a second factor while this one saves the description."""
    place = organization(hub, "ana")
    made(hub, "bob", password=NO_PASSWORD)
    joins(hub, "bob", Role.ADMIN)
    bob = replace(today(hub, person_of(hub, "bob")), proved_until=None)
    form = OrganizationSettings("Acme", False, False, Details())  # noqa: FBT003 — as declared
    late = beside(
        hub,
        lambda work: queries.update(work, place.id, factor_from=work.now),
        lambda: worked(hub, bob, lambda work: change_organization(work, "acme", form)),
        by=today(hub, ana),
    )
    assert isinstance(late, ProofNeeded), late
    with calling(hub) as call:
        kept = queries.by_id(call, place.id)
    assert kept is not None
    assert kept.factor_from is not None


def person_of(hub: Hub, name: str) -> Actor:
    user = person(hub, name)
    return Actor(user_id=user.id, name=name, verified=True, session_id=0)


def test_one_request_for_more_waits_at_a_time(hub: Hub, ana: Actor) -> None:
    late = beside(
        hub,
        lambda work: requests.ask(work, "ana", "more, please"),
        lambda: worked(hub, ana, lambda work: requests.ask(work, "ana", "more!")),
        by=ana,
    )
    assert isinstance(late, Conflict), late
    with calling(hub) as call:
        assert len(requests.waiting(call)) == 1


def copy_of(hub: Hub, who: Actor) -> PackExport:
    worked(hub, who, ask.ask)
    with hub.database.reading() as db:
        return PackExport(db.scalars(sa.select(exports.c.key)).one(), "http://localhost:8080")


def test_who_is_gone_asks_for_no_copy(hub: Hub, ana: Actor) -> None:
    user = person(hub, "ana")
    late = beside(
        hub,
        lambda work: gone.delete(work, user),
        lambda: worked(hub, ana, ask.ask),
        by=SYSTEM,
    )
    assert isinstance(late, Unauthenticated), late
    with hub.database.reading() as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(exports)) == 0


def test_no_copy_is_announced_to_who_is_gone(hub: Hub, ana: Actor) -> None:
    job, user = copy_of(hub, ana), person(hub, "ana")
    before = len(inbox(hub, user.email))

    def delete(work: Work) -> None:
        people.locked(work, user.id)
        gone.delete(work, user)

    late = beside(hub, delete, lambda: called(hub, SYSTEM, job.run), by=SYSTEM)
    assert late is None
    assert before == 0
    assert not any("/settings/" in kept.text for kept in inbox(hub, user.email))


def test_two_nodes_announce_a_copy_once(hub: Hub, ana: Actor, clock: FrozenClock) -> None:
    job = copy_of(hub, ana)
    clock.advance(timedelta(minutes=1))

    _, late = held_open(hub, job.run, lambda: called(hub, SYSTEM, job.run), by=SYSTEM)
    assert late is None
    assert len(inbox(hub, "ana@example.org")) == 1


@pytest.fixture
def offering(hub: Hub) -> Hub:
    """The hub, at which a site says who is a member of an organisation."""
    roles = ("staff=acme:write",)
    site = LoginProvider("work", "github", "work", "c", client_secret="s", roles=roles)
    return replace(hub, providers=(site,))


def vouched(*groups: str) -> Claims:
    return Claims(provider="work", issuer="work", subject="1", email="", shown="ana", groups=groups)


def come(offering: Hub) -> object:
    (site,) = offering.providers
    claims = vouched("staff")
    return called(offering, Actor(), lambda call: linking.settle(call, site, claims, Browser()))


def linked(offering: Hub, ana: Actor) -> int:
    made(offering, "bob", password=NO_PASSWORD)
    organization(offering, "bob")
    user = person(offering, "ana")
    worked(offering, SYSTEM, lambda work: linking.keep(work, user, vouched()))
    with offering.database.writing() as db:
        db.execute(sa.update(users).where(users.c.id == user.id).values(password_hash="-"))
    with calling(offering) as call:
        (one,) = linking.identities_of(call, ana.user_id or 0)
    return one.id


def test_an_identity_that_is_unlinked_meanwhile_opens_nothing(offering: Hub, ana: Actor) -> None:
    identity = linked(offering, ana)
    late = beside(
        offering,
        lambda work: linking.unlink(work, identity),
        lambda: come(offering),
        by=ana,
    )
    assert late is None
    assert not person_roles(offering, ana)


def test_who_leaves_and_comes_by_a_site_do_not_hold_each_other_up(
    offering: Hub, ana: Actor
) -> None:
    """Whoever leaves takes the organisations before the person."""
    linked(offering, ana)
    place = bearer(offering, "acme")
    late = beside(
        offering,
        lambda work: queries.locked(work, place.id),
        lambda: come(offering),
        by=ana,
        then=lambda work: people.locked(work, ana.user_id or 0),
    )
    assert isinstance(late, LoggedIn), late
    assert person_roles(offering, ana)


def test_an_identity_is_linked_to_nobody_who_is_gone(offering: Hub, ana: Actor) -> None:
    user = person(offering, "ana")
    late = beside(
        offering,
        lambda work: gone.delete(work, user),
        lambda: worked(offering, ana, lambda work: linking.link(work, vouched())),
        by=SYSTEM,
    )
    assert isinstance(late, Unauthenticated), late


def person_roles(hub: Hub, who: Actor) -> bool:
    with calling(hub) as call:
        return bool(queries.memberships_of(call, who.user_id or 0))
