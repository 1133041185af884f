"""Who belongs to an organisation, where two acts meet or an old one is left over.

Whatever comes first, nobody acts as an admin who is none any more, nobody who was put out is back,
and nobody's role changes by a request or an invitation from before they came in.
"""

import re
from collections.abc import Callable
from dataclasses import replace

import pytest

from fixtures.accounts import calling, inbox, made, person
from fixtures.organizations import joins, leaves, organization, today
from fixtures.races import beside, worked
from strata.access.organizations import admitting, inviting, members, tokens as org_tokens
from strata.access.organizations.tokens import Rules as TokenRules
from strata.accounts.invitations import digest_of
from strata.app.hub import LISTENERS
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import Work
from strata.core.errors import Forbidden, InvalidFields, NotFound
from strata.core.hub import Hub
from strata.membership.closing import suspend
from strata.organizations import queries
from strata.organizations.admitting.queries import Rules
from strata.organizations.inviting import queries as invitations, sending
from strata.organizations.token_policy import TokenPolicy
from strata.repos.owning.ending import delete_organization
from strata.repos.owning.follow import rename_organization

NO_PASSWORD = None  # nothing here asks for one, and hashing takes time
EITHER = pytest.mark.parametrize("first", ["accepted", "taken back"])


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return replace(each_hub, listeners=LISTENERS)


@pytest.fixture
def ana(hub: Hub) -> Actor:
    """Give the admin of acme."""
    actor = made(hub, "ana", password=NO_PASSWORD)
    organization(hub, "ana")
    return today(hub, actor)


@pytest.fixture
def bob(hub: Hub) -> Actor:
    return made(hub, "bob", password=NO_PASSWORD)


def role_of(hub: Hub, name: str) -> Role | None:
    with calling(hub) as call:
        place = queries.by_name(call, "acme")
        return queries.role_of(call, place.id, person(hub, name).id) if place else None


def sends(hub: Hub, by: Actor, who: str, role: Role = Role.WRITE) -> str:
    """Invite somebody; the token in the mail."""
    worked(hub, by, lambda work: inviting.invite(work, "acme", [who], role))
    mails = [kept for kept in inbox(hub, f"{who}@example.org") if "/share/" in kept.text]
    return str(re.findall(r"/share/(\S+)", mails[-1].text)[0])


def links(hub: Hub, by: Actor, role: Role = Role.WRITE) -> str:
    path = worked(hub, by, lambda work: inviting.make_link(work, "acme", role, days=7, uses=3))
    return str(path).rpartition("/")[2]


def accepts(hub: Hub, by: Actor, token: str) -> object:
    return worked(hub, by, lambda work: inviting.accept(work, "acme", token, anyway=False))


def asks(hub: Hub, ana: Actor, by: Actor) -> None:
    worked(hub, ana, lambda work: admitting.change_rules(work, "acme", Rules(anybody=True)))
    worked(hub, by, lambda work: admitting.ask(work, "acme", ""))


ACTS: dict[str, Callable[[Work], object]] = {
    "puts the other one out": lambda work: members.remove(work, "acme", "ana"),
    "makes somebody admin": lambda work: members.add(work, "acme", "eve", Role.ADMIN),
    "takes a role": lambda work: members.change_role(work, "acme", "cat", Role.READ),
    "invites": lambda work: inviting.invite(work, "acme", ["eve"], Role.WRITE),
    "makes a link": lambda work: inviting.make_link(work, "acme", Role.WRITE, days=7, uses=1),
    "opens the door": lambda work: admitting.change_rules(work, "acme", Rules(anybody=True)),
    "lets in": lambda work: admitting.decide(work, "acme", "eve", let_in=True),
    "takes all tokens": lambda work: org_tokens.change_rules(
        work, "acme", TokenRules(TokenPolicy.ANY, None)
    ),
    "renames": lambda work: rename_organization(work, "acme", "acme-two"),
    "deletes": lambda work: delete_organization(work, "acme", "acme"),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_admin_who_was_just_put_out_changes_nothing(
    hub: Hub, ana: Actor, bob: Actor, act: str
) -> None:
    made(hub, "cat", password=NO_PASSWORD)
    eve = made(hub, "eve", password=NO_PASSWORD)
    for name in ("bob", "cat"):
        joins(hub, name, Role.ADMIN)
    asks(hub, ana, eve)
    thief = today(hub, bob)
    late = beside(
        hub,
        lambda work: members.remove(work, "acme", "bob"),
        lambda: worked(hub, thief, ACTS[act]),
        by=ana,
    )
    assert isinstance(late, Forbidden), late
    assert [role_of(hub, name) for name in ("ana", "bob", "cat", "eve")] == [
        Role.ADMIN, None, Role.ADMIN, None,
    ]  # fmt: skip


@pytest.mark.usefixtures("bob")
def test_another_role_brings_nobody_back_who_was_just_put_out(hub: Hub, ana: Actor) -> None:
    cat = made(hub, "cat", password=NO_PASSWORD)
    joins(hub, "cat", Role.ADMIN)
    joins(hub, "bob", Role.READ)
    cat = today(hub, cat)
    late = beside(
        hub,
        lambda work: members.remove(work, "acme", "bob"),
        lambda: worked(hub, cat, lambda work: members.change_role(work, "acme", "bob", Role.WRITE)),
        by=ana,
    )
    assert isinstance(late, NotFound), late
    assert role_of(hub, "bob") is None


@pytest.mark.parametrize("let_in", [True, False])
def test_an_old_request_changes_nothing_of_a_member(
    hub: Hub, ana: Actor, bob: Actor, *, let_in: bool
) -> None:
    asks(hub, ana, bob)
    accepts(hub, bob, sends(hub, ana, "bob"))
    with calling(hub, ana) as call:
        assert admitting.waiting(call, "acme")[1] == []
    before = len(inbox(hub, "bob@example.org"))
    with pytest.raises(NotFound):
        worked(hub, ana, lambda work: admitting.decide(work, "acme", "bob", let_in=let_in))
    assert role_of(hub, "bob") is Role.WRITE
    assert len(inbox(hub, "bob@example.org")) == before


@pytest.mark.parametrize("at_once", [True, False])
def test_who_is_let_in_two_ways_at_once_keeps_the_first_role(
    hub: Hub, ana: Actor, bob: Actor, *, at_once: bool
) -> None:
    token = sends(hub, ana, "bob")
    if at_once:
        rules = Rules(domain="example.org", at_once=True)
        worked(hub, ana, lambda work: admitting.change_rules(work, "acme", rules))
        late = beside(
            hub,
            lambda work: inviting.accept(work, "acme", token, anyway=False),
            lambda: worked(hub, bob, lambda work: admitting.ask(work, "acme", "")),
            by=bob,
        )
        assert isinstance(late, InvalidFields), late
    else:
        asks(hub, ana, bob)
        decide = lambda work: admitting.decide(work, "acme", "bob", let_in=True)  # noqa: E731
        late = beside(
            hub,
            lambda work: inviting.accept(work, "acme", token, anyway=False),
            lambda: worked(hub, ana, decide),
            by=bob,
        )
        assert isinstance(late, NotFound), late
    assert role_of(hub, "bob") is Role.WRITE


@pytest.mark.parametrize("kept", ["sent", "a link"])
def test_who_was_put_out_comes_back_by_nothing_from_before(
    hub: Hub, ana: Actor, bob: Actor, kept: str
) -> None:
    old = sends(hub, ana, "bob", Role.ADMIN) if kept == "sent" else links(hub, ana)
    accepts(hub, bob, links(hub, ana, Role.READ))
    leaves(hub, "bob", by=ana)
    with pytest.raises((NotFound, InvalidFields)):
        accepts(hub, bob, old)
    with calling(hub, bob) as call:
        assert inviting.mine(call) == []
    assert role_of(hub, "bob") is None
    accepts(hub, bob, sends(hub, ana, "bob"))  # a new one says that they may
    assert role_of(hub, "bob") is Role.WRITE


def test_who_left_comes_back_by_a_link_that_still_works(hub: Hub, ana: Actor, bob: Actor) -> None:
    token = links(hub, ana)
    joins(hub, "bob", Role.READ)
    worked(hub, today(hub, bob), lambda work: members.leave(work, "acme"))
    accepts(hub, bob, token)
    assert role_of(hub, "bob") is Role.WRITE


@EITHER
def test_a_link_is_taken_back_beside_its_use(hub: Hub, ana: Actor, bob: Actor, first: str) -> None:
    token = links(hub, ana)
    with calling(hub, ana) as call:
        number = inviting.pending(call, "acme")[0].id
    uses: Callable[[Work], object] = lambda work: inviting.accept(  # noqa: E731
        work, "acme", token, anyway=False
    )
    ends: Callable[[Work], object] = lambda work: inviting.withdraw(work, "acme", number)  # noqa: E731
    one, other = ((bob, uses), (ana, ends)) if first == "accepted" else ((ana, ends), (bob, uses))
    late = beside(hub, one[1], lambda: worked(hub, other[0], other[1]), by=one[0])
    assert late is None if first == "accepted" else isinstance(late, NotFound), late
    assert role_of(hub, "bob") is (Role.WRITE if first == "accepted" else None)
    with calling(hub, ana) as call:
        digest = digest_of(call, sending.SORT, token)
        assert invitations.by_digest(call, digest) is None


@pytest.mark.parametrize("way", ["invited", "asked"])
def test_nobody_joins_an_organization_that_is_deleted_at_this_moment(
    hub: Hub, ana: Actor, bob: Actor, way: str
) -> None:
    asks(hub, ana, bob)
    token = sends(hub, ana, "bob")
    acts: dict[str, tuple[Actor, Callable[[Work], object]]] = {
        "invited": (bob, lambda work: inviting.accept(work, "acme", token, anyway=False)),
        "asked": (ana, lambda work: admitting.decide(work, "acme", "bob", let_in=True)),
    }
    by, act = acts[way]
    late = beside(
        hub,
        lambda work: delete_organization(work, "acme", "acme"),
        lambda: worked(hub, by, act),
        by=ana,
    )
    assert isinstance(late, NotFound), late


def test_an_admin_who_cannot_act_is_told_nothing_of_it(hub: Hub, ana: Actor, bob: Actor) -> None:
    made(hub, "cat", password=NO_PASSWORD)
    joins(hub, "cat", Role.ADMIN)
    closes = suspend.Suspension("spam")
    worked(hub, SYSTEM, lambda work: suspend.suspend(work, person(hub, "cat"), closes))
    before = len(inbox(hub, "cat@example.org"))
    asks(hub, ana, bob)
    assert len(inbox(hub, "cat@example.org")) == before
    assert "bob" in inbox(hub, "ana@example.org")[-1].subject
