"""Two acts at once on one repo: what the second one may do is asked of what the first one left."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from fixtures.accounts import calling, in_session, made
from fixtures.contents import uploaded
from fixtures.gated import asks, gate, standings
from fixtures.organizations import joins, organization, today
from fixtures.races import beside, outcome_of, worked
from strata.access.gates import decisions, notices
from strata.access.gates.decisions import Decision
from strata.access.gates.record import Standing
from strata.access.organizations import members
from strata.accounts.naming import names
from strata.content.making import new_repo
from strata.core.actor import Actor, Role
from strata.core.call import Work
from strata.core.errors import Forbidden, Moved, NotFound, ProofNeeded
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.repos import change, queries
from strata.repos.change import Settings
from strata.repos.collaborating import inviting
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.repos.owning.follow import rename_organization
from strata.repos.publishers import manage
from strata.repos.publishers.rules import GITHUB, Rule
from strata.repos.record import Repo

NO_PASSWORD = None  # nothing here asks for one, and hashing takes time
ALPHA = RepoId(RepoType.MODEL, "acme", "alpha")


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    """An admin of acme."""
    person = made(hub, "ana", password=NO_PASSWORD)
    organization(hub, "ana")
    return today(hub, person)


@pytest.fixture
def bob(hub: Hub, ana: Actor) -> Actor:  # noqa: ARG001 — the organisation stands by then
    """A member of acme who writes."""
    person = made(hub, "bob", password=NO_PASSWORD)
    joins(hub, "bob", Role.WRITE)
    return today(hub, person)


@pytest.fixture
def alpha(hub: Hub, ana: Actor) -> Repo:
    """Acme's."""
    wish = Wish(RepoType.MODEL, "acme", "alpha")
    with calling(hub, ana) as call:
        return new_repo.create(call, wish, files={})


def as_it_is(hub: Hub, repo: Repo) -> Repo | None:
    with calling(hub) as call:
        return queries.repo_by_id(call, repo.id)


def give_away(work: Work) -> None:
    change.move(work, ALPHA, RepoId(RepoType.MODEL, "ana", "alpha"))


ACTS: dict[str, Callable[[Work], object]] = {
    "rename": lambda work: change.move(work, ALPHA, RepoId(RepoType.MODEL, "acme", "beta")),
    "delete": lambda work: change.delete(work, ALPHA),
    "hide": lambda work: change.change_settings(work, ALPHA, Settings(private=True)),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_what_is_given_away_is_no_more_its_former_owners_to_change(
    hub: Hub, ana: Actor, bob: Actor, alpha: Repo, act: str
) -> None:
    late = beside(hub, give_away, lambda: worked(hub, bob, ACTS[act]), by=ana)
    assert isinstance(late, Moved), late
    found = as_it_is(hub, alpha)
    assert found is not None
    assert (found.owner_id, found.full_name, found.private) == (ana.user_id, "ana/alpha", False)


def test_what_is_hidden_this_moment_is_not_shown_without_a_proof(
    hub: Hub, ana: Actor, bob: Actor, alpha: Repo
) -> None:
    unproved = replace(bob, proved_until=None)
    show = Settings(private=False)
    late = beside(
        hub,
        ACTS["hide"],
        lambda: worked(hub, unproved, lambda work: change.change_settings(work, ALPHA, show)),
        by=ana,
    )
    assert isinstance(late, ProofNeeded), late
    found = as_it_is(hub, alpha)
    assert found is not None
    assert found.private


CLAIMS = {"repository": "acme/alpha", "repository_owner": "acme"}
CHANGES: dict[str, Callable[[Work], object]] = {
    "rename": lambda work: change.move(work, ALPHA, RepoId(RepoType.MODEL, "acme", "beta")),
    "give away": lambda work: change.move(work, ALPHA, RepoId(RepoType.MODEL, "bob", "alpha")),
    "delete": lambda work: change.delete(work, ALPHA),
    "hide": lambda work: change.change_settings(work, ALPHA, Settings(private=True)),
    "invite": lambda work: inviting.invite(work, ALPHA, "carol", Role.ADMIN),
    "let in": lambda work: decisions.grant(work, lookup(work, ALPHA), "carol"),
    "tell of requests": lambda work: notices.change(work, lookup(work, ALPHA), email="x@y.org"),
    "trust a job": lambda work: manage.trust_for_repo(work, ALPHA, Rule(GITHUB, CLAIMS)),
}


@pytest.mark.parametrize("act", list(CHANGES))
def test_who_was_just_put_out_changes_nothing_of_a_repo(
    hub: Hub,
    ana: Actor,
    alpha: Repo,
    act: str,
) -> None:
    """Their roles were read when their request came in."""
    made(hub, "carol", password=NO_PASSWORD)
    gate(hub, ana, alpha, Settings(gated="manual"))
    session = in_session(hub, "bob")
    joins(hub, "bob", Role.ADMIN)
    bob = replace(session, roles=today(hub, session).roles)
    undone = before_commit(hub, bob, CHANGES[act])
    assert undone is None, undone

    worked(hub, ana, lambda work: members.remove(work, "acme", "bob"))
    late = outcome_of(lambda: worked(hub, bob, CHANGES[act]))
    assert isinstance(late, Forbidden), late


def before_commit(hub: Hub, who: Actor, act: Callable[[Work], object]) -> object:
    """What an act raises that is taken back before anybody sees it; None: it may be done."""

    class _TakenBack(Exception):
        pass

    def takes_back(work: Work) -> None:
        act(work)
        raise _TakenBack

    came = outcome_of(lambda: worked(hub, who, takes_back))
    return None if isinstance(came, _TakenBack) else came


def test_a_repo_is_renamed_while_its_organization_is(
    hub: Hub, ana: Actor, bob: Actor, alpha: Repo
) -> None:
    """Whoever comes second waits, and is sent on to the name of now."""
    late = beside(
        hub,
        lambda work: names.latest(work, alpha.owner_id),
        lambda: worked(hub, bob, ACTS["rename"]),
        by=ana,
        then=lambda work: rename_organization(work, "acme", "apex"),
    )
    assert isinstance(late, Moved), late
    found = as_it_is(hub, alpha)
    assert found is not None
    assert found.full_name == "apex/alpha"


def test_a_commit_comes_while_its_repo_is_deleted(
    hub: Hub, ana: Actor, bob: Actor, alpha: Repo
) -> None:
    late = beside(
        hub,
        lambda work: queries.hold(work, alpha.id),
        lambda: uploaded(hub, bob, alpha, {"a.txt": b"a"}),
        by=ana,
        then=ACTS["delete"],
    )
    assert isinstance(late, NotFound), late
    assert as_it_is(hub, alpha) is None


def test_two_who_decide_about_the_same_requests_do_not_hold_each_other_up(
    hub: Hub, ana: Actor, bob: Actor, alpha: Repo
) -> None:
    gated = gate(hub, ana, alpha, Settings(gated="manual"))
    for name in ("eve", "fay"):
        asks(hub, made(hub, name, password=NO_PASSWORD), gated)
    backwards = [Decision(Standing.REJECTED, "fay"), Decision(Standing.REJECTED, "eve")]

    def accept(name: str) -> Callable[[Work], object]:
        return lambda work: decisions.decide(work, gated, Decision(Standing.ACCEPTED, name))

    late = beside(
        hub,
        accept("eve"),
        lambda: worked(hub, bob, lambda work: decisions.decide_all(work, gated, backwards)),
        by=ana,
        then=accept("fay"),
    )
    assert [one.problem for one in late] == [None, None]
    assert set(standings(hub, gated).values()) == {Standing.REJECTED}
