"""How people come to belong to an organisation without an invitation."""

import pytest

from fixtures.accounts import calling, fact_names, inbox, made, person
from fixtures.organizations import joins, organization, today
from strata.access.organizations import admitting
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.errors import Forbidden, InvalidFields, NotFound, Unauthenticated
from strata.core.hub import Hub
from strata.membership.closing import suspend
from strata.organizations.admitting.asking import Way
from strata.organizations.admitting.queries import Rules


@pytest.fixture
def admin(hub: Hub) -> Actor:
    """Give the admin of an organisation that nobody may ask."""
    actor = made(hub, "alice")
    organization(hub, "alice")
    return today(hub, actor)


def ruled(hub: Hub, by: Actor, rules: Rules) -> None:
    with calling(hub, by) as call, working(call) as work:
        admitting.change_rules(work, "acme", rules)


def asks(hub: Hub, by: Actor) -> Way:
    with calling(hub, by) as call, working(call) as work:
        return admitting.ask(work, "acme", "Please.")


def decided(hub: Hub, by: Actor, user: str, *, let_in: bool) -> None:
    with calling(hub, by) as call, working(call) as work:
        admitting.decide(work, "acme", user, let_in=let_in)


def role_of(hub: Hub, actor: Actor) -> Role | None:
    return next(iter(today(hub, actor).roles.values()), None)


@pytest.mark.usefixtures("admin")
def test_nobody_asks_where_nobody_may(hub: Hub) -> None:
    bob = made(hub, "bob")
    with pytest.raises(InvalidFields) as closed:
        asks(hub, bob)
    assert closed.value.fields == {"join": ("join.closed",)}
    with pytest.raises(Unauthenticated):
        asks(hub, Actor())
    with pytest.raises(Forbidden):
        ruled(hub, bob, Rules(anybody=True))


def test_an_admin_lets_somebody_in_or_not(hub: Hub, admin: Actor) -> None:
    bob, carol = made(hub, "bob"), made(hub, "carol")
    ruled(hub, admin, Rules(anybody=True))
    assert [asks(hub, bob), asks(hub, carol)] == [Way.ASK, Way.ASK]
    assert role_of(hub, bob) is None
    with pytest.raises(InvalidFields):
        asks(hub, bob)
    assert "carol asks to join acme" in inbox(hub, "alice@example.org")[-1].subject
    with pytest.raises(Forbidden):
        decided(hub, bob, "bob", let_in=True)
    decided(hub, admin, "bob", let_in=True)
    decided(hub, admin, "carol", let_in=False)
    assert (role_of(hub, bob), role_of(hub, carol)) == (Role.READ, None)
    assert "You now belong" in inbox(hub, "bob@example.org")[-1].subject
    assert "was declined" in inbox(hub, "carol@example.org")[-1].subject
    for name in ("bob", "carol", "nobody"):
        with pytest.raises(NotFound):
            decided(hub, admin, name, let_in=True)
    assert {"org.join.request", "org.join.refuse"} <= set(fact_names(hub))


def test_a_request_can_be_taken_back(hub: Hub, admin: Actor) -> None:
    bob = made(hub, "bob")
    ruled(hub, admin, Rules(anybody=True))
    asks(hub, bob)
    with calling(hub, bob) as call, working(call) as work:
        admitting.take_back(work, "acme")
    with pytest.raises(NotFound):
        decided(hub, admin, "bob", let_in=True)


def test_a_suspended_account_is_not_let_in(hub: Hub, admin: Actor) -> None:
    bob = made(hub, "bob")
    ruled(hub, admin, Rules(anybody=True))
    asks(hub, bob)
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend.suspend(work, person(hub, "bob"), suspend.Suspension("spam"))
    with pytest.raises(NotFound):
        decided(hub, admin, "bob", let_in=True)
    assert role_of(hub, bob) is None


@pytest.mark.parametrize(("at_once", "way"), [(True, Way.JOIN), (False, Way.ASK)])
def test_people_of_the_domain_join(hub: Hub, admin: Actor, at_once: bool, way: Way) -> None:  # noqa: FBT001
    bob = made(hub, "bob")
    ruled(hub, admin, Rules(domain="@Example.ORG", at_once=at_once))
    assert asks(hub, bob) is way
    assert role_of(hub, bob) is (Role.READ if at_once else None)


@pytest.mark.parametrize("domain", ["org", "not a domain", "gmail.com", "sub.example.org"])
def test_a_domain_must_be_the_admins_own(hub: Hub, admin: Actor, domain: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        ruled(hub, admin, Rules(domain=domain, at_once=True))
    assert set(refused.value.fields) == {"domain"}
    with calling(hub, admin) as call:
        rules, _ = admitting.waiting(call, "acme")
    assert rules == Rules()


def test_a_domain_lets_nobody_in_before_an_admin_proves_it(hub: Hub) -> None:
    mallory, bob = made(hub, "mallory"), made(hub, "bob")
    organization(hub, "mallory", domain=" @Victim.Example")
    victim = made(hub, "victim", email="victim@victim.example")
    mallory = today(hub, mallory)
    claimed = Rules(domain="victim.example", at_once=True)
    ruled(hub, mallory, claimed)  # it may be left standing
    with pytest.raises(InvalidFields) as refused:
        asks(hub, victim)
    assert refused.value.fields == {"join": ("join.closed",)}
    with pytest.raises(InvalidFields):
        ruled(hub, mallory, Rules(domain="other.example"))
    ruled(hub, mallory, Rules(anybody=True, domain="victim.example", at_once=True))
    assert asks(hub, bob) is Way.ASK
    joins(hub, "victim", Role.ADMIN)
    ruled(hub, today(hub, victim), claimed)
    colleague = made(hub, "colleague", email="colleague@victim.example")
    assert asks(hub, colleague) is Way.JOIN


def test_a_founder_with_an_address_there_proves_the_domain(hub: Hub) -> None:
    made(hub, "alice")
    organization(hub, "alice", domain="example.org")
    assert asks(hub, made(hub, "bob")) is Way.ASK


@pytest.mark.usefixtures("admin")
def test_addresses_elsewhere_are_not_of_the_domain(hub: Hub) -> None:
    bob = made(hub, "bob")
    with calling(hub, SYSTEM) as call, working(call) as work:
        admitting.change_rules(work, "acme", Rules(domain="ple.org", at_once=True))
    with pytest.raises(InvalidFields):
        asks(hub, bob)
    joins(hub, "bob", Role.WRITE)
    with pytest.raises(InvalidFields) as member:
        asks(hub, bob)
    assert member.value.fields == {"join": ("join.member",)}
