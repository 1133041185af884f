"""Who may sign up: with an invitation, from a domain, or after an approval."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.accounts import (
    calling,
    confirmation_in,
    entered,
    fact_names,
    form,
    inbox,
    joined,
    made,
    person,
)
from fixtures.hubs import FrozenClock
from fixtures.organizations import organization
from strata.accounts import people
from strata.core.actor import Role
from strata.core.call import working
from strata.core.errors import Conflict, InvalidFields, Malformed, NotFound
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.core.settings.providers import LoginProvider
from strata.core.settings.refusal import BadSettings
from strata.membership.closing import suspend
from strata.membership.confirming import approval, unconfirmed, verification
from strata.membership.joining import invites
from strata.organizations import queries
from strata.sessions.entering import login
from strata.sessions.entering.entry import Browser
from strata.sessions.identities.linking import settle
from strata.sessions.identities.sites.claims import Claims


def by(hub: Hub, mode: str) -> Hub:
    """The hub with another way in."""
    accounts = replace(hub.settings.accounts, sign_up=mode)
    return replace(hub, settings=replace(hub.settings, accounts=accounts))


def invited(hub: Hub, **options: object) -> str:
    with calling(hub) as call, working(call) as work:
        return invites.invite(work, **options)  # type: ignore[arg-type]  # as the command gives them


def refused(hub: Hub, name: str, **changes: Any) -> dict[str, tuple[str, ...]]:
    with pytest.raises(InvalidFields) as caught:
        joined(hub, name, **changes)
    with calling(hub) as call:
        assert people.by_name(call, name) is None
    return caught.value.fields


@pytest.fixture
def closed(hub: Hub) -> Hub:
    """A hub that one enters by invitation."""
    return by(hub, "invite")


@pytest.fixture
def guarded(hub: Hub) -> Hub:
    """A hub whose administrator lets each one in."""
    made(hub, "first-one", admin=True)
    return by(hub, "approval")


def came(name: str) -> Claims:
    """Who somebody is at another site, which has checked the address."""
    address = f"{name}@example.org"
    return Claims("there", "https://there.example", name, name, address, groups=("ml",))


def test_an_invitation_lets_as_many_in_as_it_says(closed: Hub) -> None:
    code = invited(closed, uses=2)
    assert refused(closed, "nobody") == {"invite": ("invite.missing",)}
    assert refused(closed, "nobody", invite="guess") == {"invite": ("invite.bad",)}
    joined(closed, "alice", invite=code)
    joined(closed, "bob", invite=f" {code} ")
    assert refused(closed, "carol", invite=code) == {"invite": ("invite.bad",)}
    assert invites_left(closed) == 0


def invites_left(hub: Hub) -> int:
    with calling(hub) as call:
        return len(invites.open_invites(call))


def test_a_sign_up_that_fails_uses_no_invitation(closed: Hub) -> None:
    code = invited(closed)
    assert "password" in refused(closed, "alice", invite=code, password="weak")
    assert invites_left(closed) == 1
    joined(closed, "alice", invite=code)


def test_an_invitation_for_an_address_ends_withdrawn_or_late(
    closed: Hub, clock: FrozenClock
) -> None:
    bound = invited(closed, email="Alice@Example.org")
    assert "invite" in refused(closed, "mallory", invite=bound)
    joined(closed, "alice", invite=bound)

    late = invited(closed, days=1)
    clock.advance(timedelta(days=1))
    assert "invite" in refused(closed, "bob", invite=late)

    gone = invited(closed)
    with calling(closed) as call:
        (kept,) = invites.open_invites(call)
        with working(call) as work:
            invites.withdraw(work, kept.id)
            with pytest.raises(NotFound):
                invites.withdraw(work, kept.id)
    assert "invite" in refused(closed, "bob", invite=gone)


@pytest.mark.parametrize(
    "options", [{"email": "none"}, {"uses": 0}, {"uses": 10**6}, {"days": 0}, {"days": 10**4}]
)
def test_what_is_no_invitation_is_refused(closed: Hub, options: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        invited(closed, **options)


def test_an_account_waits_until_it_is_let_in(guarded: Hub) -> None:
    joined(guarded, "alice")
    link = confirmation_in(inbox(guarded, "alice@example.org")[-1])
    with calling(guarded) as call, working(call) as work:
        assert verification.confirm_link(work, link) is verification.Outcome.HELD
    assert "strata user approve alice" in inbox(guarded, "first-one@example.org")[-1].text
    with calling(guarded) as call:
        assert [user.name for user in approval.waiting(call)] == ["alice"]
        with working(call) as work:
            approval.approve(work, person(guarded, "alice"))
            with pytest.raises(Conflict):
                approval.approve(work, person(guarded, "alice"))
    assert "approved your account" in inbox(guarded, "alice@example.org")[-1].text
    assert "admin.user_approve" in fact_names(guarded)


def test_those_who_let_people_in_hear_of_an_account_that_an_operator_confirmed(
    guarded: Hub,
) -> None:
    joined(guarded, "alice")
    with calling(guarded) as call, working(call) as work:
        verification.confirm_by_operator(work, person(guarded, "alice"))
    assert "strata user approve alice" in inbox(guarded, "first-one@example.org")[-1].text


def test_whoever_is_turned_away_leaves_nothing_behind(guarded: Hub) -> None:
    joined(guarded, "alice")
    link = confirmation_in(inbox(guarded, "alice@example.org")[-1])
    with calling(guarded) as call, working(call) as work:
        verification.confirm_link(work, link)
    with calling(guarded) as call, working(call) as work:
        unconfirmed.turn_away(work, person(guarded, "alice"))
    with calling(guarded) as call:
        assert people.by_name(call, "alice") is None
    assert "not approved" in inbox(guarded, "alice@example.org")[-1].text
    assert fact_names(guarded)[-1] == "admin.user_reject"
    joined(guarded, "alice")
    with calling(guarded) as call, working(call) as work, pytest.raises(Conflict):
        unconfirmed.turn_away(work, person(guarded, "first-one"))


def test_a_suspension_lets_nobody_in_who_was_never_approved(guarded: Hub) -> None:
    """Its end makes an account active: one that waits is turned away instead."""
    joined(guarded, "alice", password="", identity=came("alice"))
    ban = suspend.Suspension("spam")
    with calling(guarded) as call, working(call) as work:
        with pytest.raises(Conflict, match="waits for approval"):
            suspend.suspend(work, person(guarded, "alice"), ban)
        with pytest.raises(Conflict):
            suspend.restore(work, person(guarded, "alice"))
        assert approval.is_waiting(work, person(guarded, "alice").id)
        approval.approve(work, person(guarded, "alice"))
        suspend.suspend(work, person(guarded, "alice"), ban)


def test_groups_elsewhere_bring_no_role_to_who_waits(guarded: Hub) -> None:
    """Else the account could neither be turned away nor leave: it would be somebody's member."""
    site = LoginProvider("there", "oidc", "There", "id", "secret", roles=("ml=acme:write",))
    guarded = replace(guarded, providers=(site,))
    acme = organization(guarded, "first-one", "acme")
    browser = Browser()

    def role(name: str) -> Role | None:
        with calling(guarded) as call:
            return queries.role_of(call, acme.id, person(guarded, name).id)

    for name in ("alice", "bob", "carol"):
        joined(guarded, name, password="", identity=came(name))
        with calling(guarded) as call:
            settle(call, site, came(name), browser)
        assert role(name) is None
    with calling(guarded) as call, working(call) as work:
        assert unconfirmed.leave(work, person(guarded, "alice").id)
        unconfirmed.turn_away(work, person(guarded, "bob"))
        approval.approve(work, person(guarded, "carol"))
    with calling(guarded) as call:
        settle(call, site, came("carol"), browser)
    assert role("carol") is Role.WRITE


def test_the_first_account_of_a_hub_waits_for_nobody(hub: Hub) -> None:
    guarded = by(hub, "approval")
    joined(guarded, "alice")
    with calling(guarded) as call:
        assert not approval.is_waiting(call, person(guarded, "alice").id)
        outcome = login.log_in(call, login.LogIn("alice", form("alice").password))
        assert entered(outcome).name == "alice"


def test_domains_must_be_named(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="allowed_domains"):
        load(environment={}, overrides={"data": tmp_path, "accounts.sign_up": "domains"})
