"""The gate's states: who moves whom from where to where (product §4.6)."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from fixtures.accounts import inbox, joined, made, person as account
from fixtures.gated import asks, decides, does, gate, gate_facts, reads, request_of, standings
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling
from fixtures.organizations import joins, organization, today
from strata.access.gates import decisions, queries, requests
from strata.access.gates.admit import admit
from strata.access.gates.decisions import Decision
from strata.access.gates.record import Standing
from strata.access.policy.verbs import Action
from strata.content.making import new_repo
from strata.core.actor import ANONYMOUS, Actor, Role, TokenFacts, TokenRole
from strata.core.call import Work
from strata.core.errors import (
    EmailNotVerified,
    Forbidden,
    GatedRepo,
    Malformed,
    NotFound,
    RepoNotFound,
    RepoNotGated,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.lib.db.seek import Window
from strata.repos.change import Settings
from strata.repos.create import Wish
from strata.repos.record import Repo

PENDING, ACCEPTED, REJECTED, RESET = Standing
READ_TOKEN = TokenFacts(1, "laptop", TokenRole.READ, datetime(2026, 1, 1, tzinfo=UTC))
SECOND = timedelta(seconds=1)


def test_a_manual_gate_waits_for_a_decision(hub: Hub, ana: Actor, bob: Actor, repo: Repo) -> None:
    assert not reads(hub, bob, repo)
    assert asks(hub, bob, repo, {"Company": "Acme"}) is PENDING
    assert not reads(hub, bob, repo)
    decides(hub, ana, repo, ACCEPTED, "bob")
    assert reads(hub, bob, repo)
    request = request_of(hub, repo, bob)
    assert request.answers == {"Company": "Acme"}
    assert request.asker.email == "bob@example.org"
    assert (request.reviewed_by, request.reviewed_at) == ("ana", hub.clock())
    assert gate_facts(hub) == [
        ("gate.request", bob.user_id, None),
        ("gate.accept", ana.user_id, "bob"),
    ]


def test_an_automatic_gate_lets_in_at_once_and_only_those_who_asked(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    gated = gate(hub, ana, repo, Settings(gated="auto"))
    assert asks(hub, bob, gated) is ACCEPTED
    assert reads(hub, bob, gated)
    assert not reads(hub, eve, gated)
    assert not reads(hub, ANONYMOUS, gated)
    assert request_of(hub, gated, bob).reviewed_by is None


@pytest.mark.parametrize("start", list(Standing))
def test_asking_again_moves_only_who_was_reset(
    hub: Hub, clock: FrozenClock, ana: Actor, bob: Actor, repo: Repo, start: Standing
) -> None:
    asks(hub, bob, repo, {"Use": "old"})
    if start is not PENDING:
        decides(hub, ana, repo, start, "bob")
    before = request_of(hub, repo, bob)
    clock.advance(SECOND)
    after_standing = asks(hub, bob, repo, {"Use": "new"})
    after = request_of(hub, repo, bob)
    if start is RESET:
        assert after_standing is PENDING
        assert after.requested_at == before.requested_at + SECOND
        assert after.answers == {"Use": "new"}
        assert (after.reviewed_at, after.reason) == (None, None)
    else:
        assert after_standing is start
        assert after == before


@pytest.mark.parametrize("start", list(Standing))
@pytest.mark.parametrize("end", list(Standing))
def test_those_who_decide_move_anybody_anywhere_but_nowhere(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo, start: Standing, end: Standing
) -> None:
    asks(hub, bob, repo)
    if start is not PENDING:
        decides(hub, ana, repo, start, "bob")
    if start is end:
        with pytest.raises(NotFound, match="No access request found matching your criteria"):
            decides(hub, ana, repo, end, "bob")
        return
    decides(hub, ana, repo, end, "bob")
    assert standings(hub, repo) == {"bob": end}
    assert reads(hub, bob, repo) is (end is ACCEPTED)
    assert (request_of(hub, repo, bob).reviewed_at is None) is (end is PENDING)


def test_a_waiting_request_is_withdrawn_and_no_other(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    does(hub, bob, lambda work: requests.withdraw(work, repo))
    assert standings(hub, repo) == {}
    with pytest.raises(NotFound):
        does(hub, bob, lambda work: requests.withdraw(work, repo))
    asks(hub, bob, repo)
    decides(hub, ana, repo, REJECTED, "bob")
    with pytest.raises(NotFound):
        does(hub, bob, lambda work: requests.withdraw(work, repo))


def test_a_grant_lets_in_from_everywhere_once_and_keeps_the_address(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    does(hub, ana, lambda work: decisions.grant(work, repo, "BOB"))
    assert reads(hub, bob, repo)
    assert request_of(hub, repo, bob).asker.email is None
    for name in ("bob", "ana"):  # who has access by the gate, and by owning it
        with pytest.raises(Malformed, match="That user already has access to the repo"):
            does(hub, ana, partial(decisions.grant, repo=repo, user_name=name))
    asks(hub, eve, repo)
    for standing in (PENDING, REJECTED, RESET):
        if standing is not PENDING:
            decides(hub, ana, repo, standing, "eve")
        does(hub, ana, lambda work: decisions.grant(work, repo, "eve"))
        assert reads(hub, eve, repo)
    assert request_of(hub, repo, eve).asker.email == "eve@example.org"
    with pytest.raises(NotFound):
        does(hub, ana, lambda work: decisions.grant(work, repo, "nobody"))


def test_a_grant_that_comes_meanwhile_is_not_asked_away(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    does(hub, ana, lambda work: decisions.grant(work, repo, "bob"))

    def late(work: Work) -> bool:
        return queries.put_asked(work, repo.id, bob.user_id or 0, PENDING, {})

    assert does(hub, bob, late) is False
    assert standings(hub, repo) == {"bob": ACCEPTED}


def test_every_act_is_recorded_with_who_did_it_to_whom(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    for standing in (REJECTED, RESET, ACCEPTED, PENDING):
        decides(hub, ana, repo, standing, "bob")
    does(hub, bob, lambda work: requests.withdraw(work, repo))
    does(hub, ana, lambda work: decisions.grant(work, repo, "eve"))
    assert gate_facts(hub) == [
        ("gate.request", bob.user_id, None),
        ("gate.reject", ana.user_id, "bob"),
        ("gate.reset", ana.user_id, "bob"),
        ("gate.accept", ana.user_id, "bob"),
        ("gate.cancel", ana.user_id, "bob"),
        ("gate.withdraw", bob.user_id, None),
        ("gate.grant", ana.user_id, "eve"),
    ]
    assert reads(hub, eve, repo)


def test_an_unconfirmed_account_asks_for_nothing_and_is_granted_nothing(
    hub: Hub, ana: Actor, repo: Repo
) -> None:
    joined(hub, "newcomer")
    waiting = Actor(user_id=account(hub, "newcomer").id, name="newcomer", session_id=1)
    with pytest.raises(EmailNotVerified, match="before you request access"):
        asks(hub, waiting, repo)
    with pytest.raises(NotFound):
        does(hub, ana, lambda work: decisions.grant(work, repo, "newcomer"))
    assert standings(hub, repo) == {}


def test_who_may_not_decide_moves_nobody(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    narrowed = replace(ana, token=READ_TOKEN)
    for actor, error in (
        (bob, GatedRepo),
        (eve, GatedRepo),
        (narrowed, Forbidden),
        (ANONYMOUS, GatedRepo),
    ):
        with pytest.raises(error):
            decides(hub, actor, repo, ACCEPTED, "bob")
        with pytest.raises(error):
            does(hub, actor, lambda work: decisions.grant(work, repo, "bob"))
    decides(hub, ana, repo, ACCEPTED, "bob")
    with pytest.raises(Forbidden, match="required permissions"):
        decides(hub, bob, repo, PENDING, "bob")
    with pytest.raises(Forbidden, match="read role"):
        asks(hub, replace(eve, token=READ_TOKEN), repo)
    with pytest.raises(Unauthenticated):
        asks(hub, ANONYMOUS, repo)
    assert standings(hub, repo) == {"bob": ACCEPTED}


def test_without_a_gate_there_is_nothing_to_ask_and_the_list_stays(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    decides(hub, ana, repo, ACCEPTED, "bob")
    is_open = gate(hub, ana, repo, Settings(gated=False))
    assert reads(hub, eve, is_open)
    for act in (
        lambda: asks(hub, eve, is_open),
        lambda: does(hub, eve, lambda work: requests.withdraw(work, is_open)),
        lambda: decides(hub, ana, is_open, REJECTED, "bob"),
        lambda: does(hub, ana, lambda work: decisions.grant(work, is_open, "eve")),
    ):
        with pytest.raises(RepoNotGated):
            act()
    shut = gate(hub, ana, is_open, Settings(gated="manual"))
    assert reads(hub, bob, shut)
    assert not reads(hub, eve, shut)


def test_a_gate_that_becomes_automatic_decides_nothing_that_waits(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    automatic = gate(hub, ana, repo, Settings(gated="auto"))
    assert asks(hub, bob, automatic) is PENDING
    assert asks(hub, eve, automatic) is ACCEPTED


def test_many_are_decided_at_once_or_none(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor, repo: Repo
) -> None:
    for actor in (bob, eve):
        asks(hub, actor, repo)
    decides(hub, ana, repo, ACCEPTED, "bob")
    key = request_of(hub, repo, eve).key
    wanted = [Decision(ACCEPTED, "bob"), Decision(ACCEPTED, None, key), Decision(ACCEPTED, "who")]
    outcomes = does(hub, ana, lambda work: decisions.decide_all(work, repo, wanted))
    assert [one.problem is None for one in outcomes] == [True, True, False]
    assert standings(hub, repo) == {"bob": ACCEPTED, "eve": ACCEPTED}
    unsound = [Decision(REJECTED, "bob"), Decision(REJECTED, "eve", None, "x" * 201)]
    for bad in (unsound, [], [Decision(REJECTED, "bob")] * 101, [Decision(REJECTED)]):
        with pytest.raises(Malformed):
            does(hub, ana, partial(decisions.decide_all, repo=repo, decisions=bad))
    assert standings(hub, repo) == {"bob": ACCEPTED, "eve": ACCEPTED}


def test_a_reason_has_two_hundred_characters_and_a_decision_that_needs_one(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    asks(hub, bob, repo)
    for standing, reason in ((REJECTED, "x" * 201), (ACCEPTED, "welcome"), (PENDING, "wait")):
        with pytest.raises(Malformed):
            decides(hub, ana, repo, standing, "bob", reason)
    decides(hub, ana, repo, REJECTED, "bob", "x" * 200)
    assert request_of(hub, repo, bob).reason == "x" * 200
    decides(hub, ana, repo, ACCEPTED, "bob")
    assert request_of(hub, repo, bob).reason is None


def test_a_request_of_another_repo_is_no_request(
    hub: Hub, bob: Actor, eve: Actor, repo: Repo
) -> None:
    with calling(hub, eve) as call:
        other = new_repo.create(call, Wish(RepoType.MODEL, None, "trap"), files={})
    trap = gate(hub, eve, other, Settings(gated="manual"))
    asks(hub, bob, repo)
    foreign = Decision(ACCEPTED, None, request_of(hub, repo, bob).key)
    with pytest.raises(NotFound):
        does(hub, eve, lambda work: decisions.decide(work, trap, foreign))
    assert standings(hub, repo) == {"bob": PENDING}


def test_what_a_person_is_told_where_they_stand(
    hub: Hub, ana: Actor, bob: Actor, repo: Repo
) -> None:
    def refusal(actor: Actor) -> str:
        with calling(hub, actor) as call, pytest.raises(GatedRepo) as refused:
            admit(call, Action.READ, repo)
        return refused.value.message

    assert re.match(r"Access to model ana/one is restricted and you are not in", refusal(bob))
    asks(hub, bob, repo)
    assert "awaiting a review from the repo authors." in refusal(bob)
    decides(hub, ana, repo, REJECTED, "bob")
    assert "has been rejected by the repo's authors." in refusal(bob)
    decides(hub, ana, repo, RESET, "bob")
    assert "has been reset by the repo's authors. Visit " in refusal(bob)
    assert refusal(bob).endswith("/ana/one to submit a new request.")


@pytest.mark.slow
def test_nobody_asks_without_end(hub: Hub, bob: Actor, repo: Repo) -> None:
    for _ in range(requests.ASKS_PER_HOUR):
        asks(hub, bob, repo)
        does(hub, bob, lambda work: requests.withdraw(work, repo))
    with pytest.raises(TooMany, match="You asked for access 30 times within an hour"):
        asks(hub, bob, repo)


def test_lists_are_read_page_by_page_and_searched(hub: Hub, ana: Actor, repo: Repo) -> None:
    people = [made(hub, f"person-{number}") for number in range(5)]
    for actor in people:
        asks(hub, actor, repo)
    with calling(hub, ana) as call:
        first = queries.requests_to(call, repo.id, PENDING, Window(3))
        rest = queries.requests_to(call, repo.id, PENDING, Window(3, first.last))
        names = [one.asker.name for page in (first, rest) for one in page.rows]
        assert names == [f"person-{number}" for number in (4, 3, 2, 1, 0)]
        assert rest.last is None

        def found(search: str) -> list[str]:
            page = queries.requests_to(call, repo.id, PENDING, Window(9), queries.Wanted(search))
            return [one.asker.name for one in page.rows]

        assert found("PERSON-3") == ["person-3"]
        assert found("person-1@example.org") == ["person-1"]
        assert found("%") == []
        assert queries.counts(call, repo.id)[PENDING] == 5


def test_an_organisation_decides_by_role_and_its_gate_may_ask_members_too(
    hub: Hub, ana: Actor, bob: Actor, eve: Actor
) -> None:
    organization(hub, "ana")
    joins(hub, "bob", Role.READ)
    boss = today(hub, ana)
    with calling(hub, boss) as call:
        made_one = new_repo.create(call, Wish(RepoType.MODEL, "acme", "two"), files={})
    repo = gate(hub, boss, made_one, Settings(gated="manual"))
    member = today(hub, bob)
    assert reads(hub, member, repo)
    strict = gate(hub, boss, repo, Settings(gate_members=True))
    assert not reads(hub, member, strict)
    assert reads(hub, boss, strict)
    assert asks(hub, member, strict) is PENDING
    joins(hub, "eve", Role.WRITE)
    writer = today(hub, eve)
    with pytest.raises(GatedRepo):
        decides(hub, writer, strict, ACCEPTED, "bob")
    loose = gate(hub, boss, strict, Settings(gate_members=False))
    decides(hub, writer, loose, ACCEPTED, "bob")
    shut = gate(hub, boss, loose, Settings(gate_members=True))
    assert reads(hub, today(hub, bob), shut)
    (letter,) = [kept for kept in inbox(hub, "ana@example.org") if "acme/two" in kept.text]
    assert letter.recipient == "ana@example.org"


def test_a_gate_opens_nothing_private(hub: Hub, ana: Actor, bob: Actor, repo: Repo) -> None:
    does(hub, ana, lambda work: decisions.grant(work, repo, "bob"))
    hidden = gate(hub, ana, repo, Settings(private=True))
    assert not reads(hub, bob, hidden)
    with pytest.raises(RepoNotFound):
        asks(hub, bob, hidden)
