"""Invitations to organisations: who may send them, who may take them, and what ends them."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, inbox, made, person
from fixtures.hubs import FrozenClock
from fixtures.organizations import joins, leaves, organization, today
from strata.access.organizations import inviting
from strata.accounts.invitations import Refused
from strata.accounts.notices.choices import Kind, Wanted, choose
from strata.accounts.tables import users
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.errors import Forbidden, InvalidFields, NotFound, TooMany, Unauthenticated
from strata.core.hub import Hub
from strata.events.tables import facts
from strata.membership.closing import suspend
from strata.organizations.inviting import queries
from strata.organizations.inviting.record import Invite
from strata.organizations.tables import organizations


@pytest.fixture
def admin(hub: Hub) -> Actor:
    """Give the admin of an organisation."""
    actor = made(hub, "alice")
    organization(hub, "alice")
    return today(hub, actor)


def sends(hub: Hub, by: Actor, *who: str, role: Role = Role.READ) -> None:
    with calling(hub, by) as call, working(call) as work:
        inviting.invite(work, "acme", who, role)


def links(hub: Hub, by: Actor, role: Role = Role.READ, days: int = 7, uses: int = 2) -> str:
    """Make a link; its token."""
    with calling(hub, by) as call, working(call) as work:
        path = inviting.make_link(work, "acme", role, days=days, uses=uses)
    return path.rpartition("/")[2]


def mailed(hub: Hub, email: str) -> str:
    """Return the token of the newest invitation to an address."""
    invitations = [kept for kept in inbox(hub, email) if "/share/" in kept.text]
    (token,) = re.findall(r"/share/(\S+)", invitations[-1].text)
    return str(token)


def accepts(hub: Hub, by: Actor, token: str, *, anyway: bool = False, name: str = "acme") -> None:
    with calling(hub, by) as call, working(call) as work:
        inviting.accept(work, name, token, anyway=anyway)


def open_ones(hub: Hub, by: Actor) -> list[Invite]:
    with calling(hub, by) as call:
        return inviting.pending(call, "acme")


def role_of(hub: Hub, actor: Actor) -> Role | None:
    return next(iter(today(hub, actor).roles.values()), None)


def test_who_wants_no_mails_about_invitations_finds_them_on_their_pages(
    hub: Hub, admin: Actor
) -> None:
    bob = made(hub, "bob")
    with calling(hub, bob) as call, working(call) as work:
        choose(work, bob.user_id or 0, {Kind.INVITATION: Wanted(web=True, mail=False)})
    sends(hub, admin, "bob", "bob@example.org")  # an address is written to, whoever it belongs to
    invitations = [kept for kept in inbox(hub, "bob@example.org") if "/share/" in kept.text]
    assert len(invitations) == 1
    assert "/unsubscribe/" not in invitations[0].text
    with calling(hub, bob) as call:
        assert inviting.mine(call)


def test_somebody_is_invited_by_name_and_joins(hub: Hub, admin: Actor) -> None:
    bob = made(hub, "bob")
    sends(hub, admin, "BOB", role=Role.WRITE)
    assert role_of(hub, bob) is None
    with calling(hub, bob) as call:
        (waiting,) = inviting.mine(call)
        assert (waiting.organization, waiting.inviter, waiting.role) == (
            "acme", "alice", Role.WRITE,
        )  # fmt: skip
        with working(call) as work:
            inviting.accept_mine(work, waiting.id)
    assert role_of(hub, bob) is Role.WRITE
    assert open_ones(hub, admin) == []
    assert "bob joined acme" in inbox(hub, "alice@example.org")[-1].subject
    assert {"org.invite_user", "org.invite.accept", "org.add_user"} <= set(fact_names(hub))


def test_declining_tells_whoever_invited(hub: Hub, admin: Actor) -> None:
    bob = made(hub, "bob")
    sends(hub, admin, "bob")
    with calling(hub, bob) as call:
        (waiting,) = inviting.mine(call)
        with working(call) as work:
            inviting.decline_mine(work, waiting.id)
    assert role_of(hub, bob) is None
    assert "bob declined" in inbox(hub, "alice@example.org")[-1].subject
    with pytest.raises(NotFound):
        accepts(hub, bob, mailed(hub, "bob@example.org"))


def test_who_declines_at_an_address_is_not_named(hub: Hub, admin: Actor) -> None:
    bob = made(hub, "bob")
    sends(hub, admin, "bob@example.org")
    with calling(hub, bob) as call:
        (waiting,) = inviting.mine(call)
        with working(call) as work:
            inviting.decline_mine(work, waiting.id)
    told = inbox(hub, "alice@example.org")[-1]
    assert told.subject == "bob@example.org declined to join acme"
    assert "bob declined" not in told.text
    with calling(hub, admin) as call:
        declines = facts.c.name == "org.invite.decline"
        (fact,) = call.db.execute(sa.select(facts).where(declines)).all()
        assert "bob" not in repr(fact.detail)
        assert fact.owner_id is None  # no log but bob's own shows it
        assert fact.subject_id == bob.user_id


def test_an_address_is_confirmed_or_the_person_says_that_it_is_theirs(
    hub: Hub, admin: Actor
) -> None:
    bob, carol = made(hub, "bob"), made(hub, "carol")
    sends(hub, admin, "Bob@Example.org", "new@example.org")
    with calling(hub, carol) as call:
        assert inviting.mine(call) == []
    with pytest.raises(InvalidFields) as other:
        accepts(hub, carol, mailed(hub, "new@example.org"))
    assert other.value.fields == {"invite": ("invite.address",)}
    accepts(hub, carol, mailed(hub, "new@example.org"), anyway=True)
    assert role_of(hub, carol) is Role.READ
    accepts(hub, bob, mailed(hub, "Bob@example.org"))
    assert role_of(hub, bob) is Role.READ


def test_a_link_is_used_once_by_each_and_only_so_often(hub: Hub, admin: Actor) -> None:
    people = [made(hub, name) for name in ("bob", "carol", "dave")]
    token = links(hub, admin, Role.WRITE)
    accepts(hub, people[0], token)
    with pytest.raises(InvalidFields):
        accepts(hub, people[0], token)
    leaves(hub, "bob")
    with pytest.raises(InvalidFields) as again:
        accepts(hub, people[0], token)
    assert again.value.fields == {"invite": ("invite.used",)}
    accepts(hub, people[1], token)
    with pytest.raises(NotFound):
        accepts(hub, people[2], token)
    assert [role_of(hub, one) for one in people] == [None, Role.WRITE, None]


@pytest.mark.parametrize(
    ("role", "days", "uses"),
    [(Role.ADMIN, 7, 1), (Role.READ, 31, 1), (Role.READ, 0, 1), (Role.READ, 7, 1001)],
)
def test_a_link_gives_little_for_a_while(
    hub: Hub, admin: Actor, role: Role, days: int, uses: int
) -> None:
    with pytest.raises(InvalidFields):
        links(hub, admin, role, days, uses)
    assert open_ones(hub, admin) == []


def test_only_the_right_one_takes_an_invitation(hub: Hub, admin: Actor) -> None:
    made(hub, "bob")
    mallory = made(hub, "mallory")
    organization(hub, "mallory", "evil")
    sends(hub, admin, "bob", role=Role.ADMIN)
    token = mailed(hub, "bob@example.org")
    (waiting,) = open_ones(hub, admin)
    with pytest.raises(InvalidFields):
        accepts(hub, mallory, token, anyway=True)
    for wrong in (token[:-1], token.swapcase(), "", "x" * 5000):
        with pytest.raises(NotFound):
            accepts(hub, mallory, wrong)
    with pytest.raises(NotFound):
        accepts(hub, mallory, token, name="evil")
    with pytest.raises(Unauthenticated), calling(hub) as call, working(call) as work:
        inviting.accept(work, "acme", token, anyway=True)
    for act in (inviting.accept_mine, inviting.decline_mine):
        with calling(hub, mallory) as call, working(call) as work, pytest.raises(NotFound):
            act(work, waiting.id)
    with calling(hub, today(hub, mallory)) as call, working(call) as work:
        with pytest.raises(NotFound):
            inviting.withdraw(work, "evil", waiting.id)
        with pytest.raises(Forbidden):
            inviting.withdraw(work, "acme", waiting.id)
        with pytest.raises(Forbidden):
            inviting.invite(work, "acme", ["mallory"], Role.READ)
    assert len(open_ones(hub, admin)) == 1


def test_what_ends_an_invitation(hub: Hub, admin: Actor, clock: FrozenClock) -> None:
    bob, other = made(hub, "bob"), made(hub, "other")
    joins(hub, "other", Role.ADMIN)
    made(hub, "shut")
    joins(hub, "shut", Role.ADMIN)
    shut = today(hub, Actor(user_id=person(hub, "shut").id, name="shut", verified=True))
    tokens = [links(hub, admin), links(hub, admin, days=1), links(hub, today(hub, other))]
    tokens.append(links(hub, shut))
    with calling(hub, admin) as call, working(call) as work:
        inviting.withdraw(work, "acme", inviting.pending(work, "acme")[-1].id)
    clock.advance(timedelta(days=1))
    joins(hub, "other", Role.WRITE)
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend.suspend(work, person(hub, "shut"), suspend.Suspension("spam"))
    for token in tokens:
        with pytest.raises(NotFound, match="does not work"):
            accepts(hub, bob, token)
    with calling(hub) as call, working(call) as work:
        queries.forget_old(work)
    assert role_of(hub, bob) is None


def test_nobody_learns_who_has_an_account(hub: Hub, admin: Actor) -> None:
    suspended = made(hub, "suspended")
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend.suspend(work, person(hub, "suspended"), suspend.Suspension("spam"))
    told = set()
    for name in ("suspended", "nobody"):
        with pytest.raises(Refused) as refused:
            sends(hub, admin, name)
        told.add(str(refused.value.fields))
    assert len(told) == 1
    sends(hub, admin, "suspended@example.org", "nobody@example.org")
    assert mailed(hub, "suspended@example.org")
    assert mailed(hub, "nobody@example.org")
    assert {one.invitee for one in open_ones(hub, admin)} == {""}
    assert role_of(hub, suspended) is None


def test_nobody_is_flooded_with_invitations(hub: Hub, admin: Actor) -> None:
    for _ in range(3):
        sends(hub, admin, "victim@example.org")
    assert len(open_ones(hub, admin)) == 1
    with pytest.raises(TooMany):
        sends(hub, admin, "friend@example.org", "VICTIM@example.org")
    assert len(inbox(hub, "victim@example.org")) == 3
    assert inbox(hub, "friend@example.org") == []
    with pytest.raises(Refused):
        sends(hub, admin, *(f"p{number}@example.org" for number in range(51)))


def test_an_organization_that_wants_two_factors_lets_nobody_in_without(
    hub: Hub, admin: Actor
) -> None:
    bob = made(hub, "bob")
    token = links(hub, admin)
    with calling(hub, SYSTEM) as call, working(call) as work:
        work.db.execute(sa.update(organizations).values(factor_from=work.now))
    with pytest.raises(InvalidFields) as refused:
        accepts(hub, bob, token)
    assert refused.value.fields == {"invite": ("invite.factor",)}
    with calling(hub, SYSTEM) as call, working(call) as work:
        work.db.execute(sa.update(users).where(users.c.id == bob.user_id).values(has_factor=True))
    accepts(hub, bob, token)
    assert role_of(hub, bob) is Role.READ


def test_two_who_come_at_once_share_no_last_use(hub: Hub, admin: Actor) -> None:
    people = [made(hub, name) for name in ("bob", "carol", "dave")]
    token = links(hub, admin, uses=1)

    def tries(one: Actor) -> bool:
        try:
            accepts(hub, one, token)
        except NotFound:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(tries, people)) == 1
    assert sum(role_of(hub, one) is not None for one in people) == 1
