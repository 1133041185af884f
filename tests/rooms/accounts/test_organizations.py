"""Organisations: their names, their members, and what a request knows of them."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from fixtures.accounts import calling, fact_names, joined, made, person
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import joins, leaves, organization
from strata.access.organizations import members as access
from strata.accounts import people
from strata.accounts.naming import names
from strata.core.actor import SYSTEM, Actor, Role, TokenRole
from strata.core.call import working
from strata.core.errors import AlreadyExists, Conflict, Forbidden, InvalidFields, NotFound
from strata.core.hub import Hub
from strata.credentials.tokens import making
from strata.credentials.tokens.presented import recognising
from strata.lib.db.seek import Window
from strata.membership.closing import suspend
from strata.organizations import queries
from strata.organizations.create import NewOrganization, create, starts_private
from strata.organizations.roles import roles_of
from strata.sessions.signed_in import sessions


def as_seen(hub: Hub, actor: Actor) -> Actor:
    """Come back with a fresh session, as the door reads it."""
    assert actor.user_id is not None
    with calling(hub) as call:
        with working(call) as work:
            cookie = sessions.start(work, actor.user_id, admin=False, remember=False).cookie
        seen = sessions.actor_for_session(call.db, hub, cookie)
    assert seen is not None
    return seen


def test_an_organization_takes_a_name_that_no_user_may_have(hub: Hub) -> None:
    made(hub, "alice")
    acme = organization(hub, "alice", "Acme", full_name="Acme Ltd.")

    with calling(hub) as call:
        place = names.find(call, "ACME")
        assert queries.by_name(call, "aCmE") == acme
        assert queries.by_name(call, "alice") is None
        assert people.by_name(call, "acme") is None
    assert place == names.Namespace(acme.id, "Acme", names.Kind.ORGANIZATION)
    assert acme.full_name == "Acme Ltd."
    for taken in ("acme", "ALICE"):
        with pytest.raises(AlreadyExists, match=r"name\.taken"):
            organization(hub, "alice", taken)
    with pytest.raises((AlreadyExists, InvalidFields)):
        made(hub, "acme")


def test_operators_use_legacy_names_and_nobody_reserved_ones(hub: Hub) -> None:
    alice = made(hub, "alice")
    organization(hub, "alice", "valid_org_hub")
    with pytest.raises(InvalidFields) as reserved:
        organization(hub, "alice", "models", full_name="<b>")
    assert reserved.value.fields == {
        "name": ("name.reserved",),
        "full_name": ("full_name.invalid",),
    }
    with calling(hub, alice) as call, working(call) as work, pytest.raises(InvalidFields):
        create(work, NewOrganization(name="under_score"), access.named(work, "alice"))


def test_tokens_and_sessions_know_the_roles(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    acme, umbrella = organization(hub, "alice"), organization(hub, "alice", "umbrella")
    joins(hub, "bob", Role.CONTRIBUTOR)

    with calling(hub, SYSTEM) as call:
        with working(call) as work:
            value = making.create_for(work, alice.user_id or 0, "one", TokenRole.READ).value
        by_token = recognising.actor_for_token(call.db, hub, value)
        assert roles_of(call, bob.user_id or 0) == {acme.id: Role.CONTRIBUTOR}
    assert by_token is not None
    assert by_token.roles == {acme.id: Role.ADMIN, umbrella.id: Role.ADMIN}
    assert as_seen(hub, bob).roles == {acme.id: Role.CONTRIBUTOR}
    assert as_seen(hub, made(hub, "carol")).roles == {}

    joins(hub, "bob", Role.NO_ACCESS)
    assert as_seen(hub, bob).roles == {acme.id: Role.NO_ACCESS}
    leaves(hub, "bob")
    assert as_seen(hub, bob).roles == {}


def test_only_admins_change_members(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    made(hub, "carol")
    acme = organization(hub, "alice")
    joins(hub, "bob", Role.WRITE)
    for user, role in (("carol", Role.READ), ("bob", Role.ADMIN)):
        with pytest.raises(Forbidden, match="admin role"):
            joins(hub, user, role, by=as_seen(hub, bob))
    with pytest.raises(Forbidden, match="admin role"):
        leaves(hub, "alice", by=as_seen(hub, bob))

    joins(hub, "carol", Role.READ, by=as_seen(hub, alice))
    joins(hub, "carol", Role.READ, by=as_seen(hub, alice))  # again is nothing new
    with calling(hub) as call:
        first = queries.members_of(call, acme.id, Window(2))
        second = queries.members_of(call, acme.id, Window(2, first.last))
        mine = queries.memberships_of(call, alice.user_id or 0)
    assert second.last is None
    assert [(one.face.name, one.role) for one in (*first.rows, *second.rows)] == [
        ("carol", Role.READ),
        ("bob", Role.WRITE),
        ("alice", Role.ADMIN),
    ]
    assert [(held.organization, held.role) for held in mine] == [(acme, Role.ADMIN)]
    assert fact_names(hub).count("org.add_user") == 3


def test_the_last_admin_stays(hub: Hub) -> None:
    made(hub, "alice")
    made(hub, "bob")
    organization(hub, "alice")
    with pytest.raises(Conflict, match="last admin"):
        leaves(hub, "alice")
    with pytest.raises(Conflict, match="last admin"):
        joins(hub, "alice", Role.WRITE)

    joins(hub, "bob", Role.ADMIN)
    leaves(hub, "alice")
    assert fact_names(hub)[-1] == "org.remove_user"


def test_an_admin_whose_account_is_closed_is_no_other_admin(hub: Hub) -> None:
    made(hub, "alice")
    made(hub, "bob")
    organization(hub, "alice")
    joins(hub, "bob", Role.ADMIN)
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend.suspend(work, person(hub, "bob"), suspend.Suspension("spam"))
    with pytest.raises(Conflict, match="last admin"):
        leaves(hub, "alice")

    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend.restore(work, person(hub, "bob"))
    leaves(hub, "alice")


def test_two_admins_who_remove_each_other_leave_one(hub: Hub) -> None:
    admins = [made(hub, "alice"), made(hub, "bob")]
    acme = organization(hub, "alice")
    joins(hub, "bob", Role.ADMIN)
    actors = [as_seen(hub, one) for one in admins]

    def removes(pair: tuple[Actor, str]) -> bool:
        by, other = pair
        try:
            leaves(hub, other, by=by)
        except (Conflict, Forbidden):  # the last admin; or none any more
            return False
        return True

    with ThreadPoolExecutor(2) as both:
        done = list(both.map(removes, [(actors[0], "bob"), (actors[1], "alice")]))
    with calling(hub) as call:
        left = queries.count_members(call, acme.id, Role.ADMIN)
    assert (done.count(True), left) == (1, 1)


def test_members_are_confirmed_accounts(hub: Hub) -> None:
    made(hub, "alice")
    joined(hub, "carol")
    organization(hub, "alice")
    with pytest.raises(Conflict, match="confirmed"):
        joins(hub, "carol", Role.READ)
    with pytest.raises(NotFound):
        joins(hub, "nobody", Role.READ)
    with pytest.raises(NotFound):
        joins(hub, "alice", Role.READ, name="nowhere")
    with pytest.raises(NotFound, match="not a member"):
        leaves(hub, "carol")
    with calling(hub, SYSTEM) as call, working(call) as work:
        with pytest.raises(NotFound, match="not a member"):
            access.change_role(work, "acme", "carol", Role.READ)
        assert not queries.role_of(work, 0, person(hub, "carol").id)


def test_organizations_choose_what_new_repos_are(hub: Hub) -> None:
    made(hub, "alice")
    organization(hub, "alice", "hidden", private_by_default=True)
    organization(hub, "alice", "open")
    with calling(hub) as call:
        starts = {name: names.find(call, name) for name in ("hidden", "open", "alice")}
        found = {name: starts_private(call, place) for name, place in starts.items() if place}
    assert found == {"hidden": True, "open": False, "alice": False}


def test_roles_cost_no_statement_of_their_own(tmp_path: Path, clock: FrozenClock) -> None:
    """However many organisations a person is in, a token or a session is one question."""
    hub = build_test_hub(tmp_path / "counted", clock=clock)
    alice = made(hub, "alice")
    for number in range(5):
        organization(hub, "alice", f"org-{number}")
    with calling(hub, SYSTEM) as call:
        with working(call) as work:
            token = making.create_for(work, alice.user_id or 0, "one", TokenRole.READ).value
            cookie = sessions.start(work, alice.user_id or 0, admin=False, remember=False).cookie
        driver = call.db.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        asked: list[str] = []
        driver.set_trace_callback(asked.append)
        by_token = recognising.actor_for_token(call.db, hub, token)
        by_session = sessions.actor_for_session(call.db, hub, cookie)
        driver.set_trace_callback(None)
    hub.database.close()
    assert len(asked) == 2
    assert by_token is not None
    assert by_session is not None
    assert len(by_token.roles) == len(by_session.roles) == 5
