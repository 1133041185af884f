"""The members of an organisation, as its admins see and change them (product P52)."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from doors.pages.visitors import Visitor, confirmed
from fixtures.accounts import calling, person
from fixtures.hubs import FrozenClock
from fixtures.organizations import joins, organization
from strata.accounts.tables import users
from strata.core.actor import Role
from strata.core.hub import Hub
from strata.organizations import queries

MEMBERS = "/organizations/acme/settings/members"


@pytest.fixture
def li(hub: Hub) -> Visitor:
    """The browser of the only admin of acme, with bob and eve in it."""
    visitor = confirmed(hub, "li")
    organization(hub, "li")
    for name in ("bob", "eve"):
        confirmed(hub, name)
        joins(hub, name, Role.READ)
    return visitor


def roles(hub: Hub) -> dict[str, str]:
    with calling(hub) as call:
        acme = queries.by_name(call, "acme")
        assert acme is not None
        held = {name: queries.role_of(call, acme.id, person(hub, name).id) for name in NAMES}
    return {name: role.value for name, role in held.items() if role is not None}


NAMES = ("li", "bob", "eve")


def test_the_table_tells_of_second_factors_and_when_people_were_here(
    hub: Hub, li: Visitor, clock: FrozenClock
) -> None:
    with hub.database.writing() as db:
        db.execute(
            sa.update(users).where(users.c.id == person(hub, "bob").id).values(has_factor=True)
        )
        db.execute(
            sa.update(users).where(users.c.id == person(hub, "eve").id).values(last_login_at=None)
        )
    clock.advance(timedelta(minutes=30))
    page = li.open(MEMBERS)
    rows = {name: page.text.split(f"Select {name}")[1].split("</tr>")[0] for name in NAMES}
    assert ["badge-ok" in rows[name] for name in NAMES] == [False, True, False]
    assert all("<time" in rows[name] for name in NAMES)
    assert "What can they do?" in page.text


def test_several_get_a_role_at_once_or_none_does(hub: Hub, li: Visitor) -> None:
    both = {"pick-1": "bob", "pick-2": "eve"}
    done = li.submit(MEMBERS, MEMBERS, form="roles", role="write", **both)
    assert (done.status, roles(hub)) == (303, {"li": "admin", "bob": "write", "eve": "write"})
    refused = li.submit(
        MEMBERS, MEMBERS, form="roles", role="read", **both, **{"pick-3": "mallory"}
    )
    assert (refused.status, "nobody of this name" in refused.text) == (400, True)
    assert roles(hub)["bob"] == "write"
    none = li.submit(MEMBERS, MEMBERS, form="roles", role="read")
    assert (none.status, "Tick the members" in none.text) == (400, True)


def test_giving_up_the_own_admin_role_takes_a_second_look(hub: Hub, li: Visitor) -> None:
    joins(hub, "bob", Role.ADMIN)
    for form in ({"form": "role", "user": "li"}, {"form": "roles", "pick-1": "LI"}):
        asked = li.submit(MEMBERS, MEMBERS, role="read", **form)
        assert (asked.status, "Give up your admin role?" in asked.text) == (400, True)
        assert roles(hub)["li"] == "admin"
    sure = li.submit(MEMBERS, MEMBERS, form="role", user="li", role="write", sure="on")
    assert (sure.status, roles(hub)["li"]) == (303, "write")
    assert li.open(MEMBERS).status == 403


def test_the_last_admin_stays_even_if_they_are_sure(hub: Hub, li: Visitor) -> None:
    for form in (
        {"form": "role", "user": "li", "role": "read", "sure": "on"},
        {"form": "roles", "pick-1": "bob", "pick-2": "li", "role": "read", "sure": "on"},
        {"form": "remove", "user": "li"},
    ):
        assert li.submit(MEMBERS, MEMBERS, **form).status == 400
        assert roles(hub) == {"li": "admin", "bob": "read", "eve": "read"}
