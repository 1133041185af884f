"""Names that were given up: kept for a while or for ever, and where they lead (product §3.3)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from fixtures.accounts import calling, joined, made, person
from fixtures.contents import created
from fixtures.hubs import FrozenClock
from fixtures.organizations import organization
from strata.accounts.naming import former, names
from strata.app.hub import LISTENERS
from strata.core.actor import ANONYMOUS, Actor
from strata.core.call import working
from strata.core.errors import InvalidFields, Moved, RepoNotFound, TooMany
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.membership.joining import by_operator
from strata.repos import change
from strata.repos.lookup import lookup
from strata.repos.owning.follow import rename_account
from strata.repos.record import Repo

HALF_A_YEAR = timedelta(days=181)


def keeping(hub: Hub, days: int) -> Hub:
    """The hub with its listeners, keeping names for so many days."""
    accounts = replace(hub.settings.accounts, former_name_days=days)
    return replace(hub, listeners=LISTENERS, settings=replace(hub.settings, accounts=accounts))


def rename(hub: Hub, old: str, new: str) -> None:
    with calling(hub) as call, working(call) as work:
        account = names.find(work, old)
        assert account is not None
        rename_account(work, account, new)


def leads_to(hub: Hub, repo_id: str) -> str | None:
    """The id to which an old one leads; None: nothing is there."""
    with calling(hub, ANONYMOUS) as call:
        try:
            return lookup(call, RepoId.parse(RepoType.MODEL, repo_id)).full_name
        except Moved as moved:
            return moved.target
        except RepoNotFound:
            return None


def holder(hub: Hub, name: str) -> str | None:
    with calling(hub) as call:
        found = former.holder(call, name)
    return found.name if found else None


@pytest.fixture
def alicia(hub: Hub) -> tuple[Actor, Repo]:
    """Give alice, who published a model and then took another name."""
    alice = made(hub, "alice")
    repo = created(hub, alice, "model")
    rename(hub, "alice", "alicia")
    return alice, repo


@pytest.mark.usefixtures("alicia")
def test_a_name_can_be_kept_for_ever(hub: Hub, clock: FrozenClock) -> None:
    clock.advance(timedelta(days=36_000))
    with pytest.raises(InvalidFields) as refused:
        joined(keeping(hub, 0), "Alice", email="another@example.org")
    assert refused.value.fields == {"username": ("name.taken",)}
    with pytest.raises(InvalidFields) as refused:  # nor one that looks the same
        joined(keeping(hub, 0), "a1ice", email="another@example.org")
    assert refused.value.fields == {"username": ("name.similar",)}


@pytest.mark.usefixtures("alicia")
def test_a_name_can_be_kept_for_some_days(hub: Hub, clock: FrozenClock) -> None:
    short = keeping(hub, 7)
    clock.advance(timedelta(days=6, hours=23))
    with pytest.raises(InvalidFields):
        joined(short, "alice", email="another@example.org")
    clock.advance(timedelta(hours=2))
    assert joined(short, "alice", email="another@example.org").name == "alice"


@pytest.mark.usefixtures("alicia")
def test_links_lead_on_for_as_long_as_nobody_takes_the_name(hub: Hub, clock: FrozenClock) -> None:
    clock.advance(timedelta(days=3000))
    assert leads_to(hub, "alice/model") == "alicia/model"
    assert holder(hub, "ALICE") == "alicia"


def by_sign_up(hub: Hub) -> None:
    joined(hub, "alice", email="another@example.org")


def by_an_operator(hub: Hub) -> None:
    with calling(hub) as call:
        by_operator.create_by_operator(
            call, by_operator.NewAccount(name="Alice", email="b@example.org")
        )


def as_an_organization(hub: Hub) -> None:
    organization(hub, made(hub, "somebody").name or "", "alice")


def by_a_new_name(hub: Hub) -> None:
    made(hub, "mallory")
    rename(hub, "mallory", "alice")


@pytest.mark.parametrize("take", [by_sign_up, by_an_operator, as_an_organization, by_a_new_name])
def test_links_end_when_somebody_else_takes_the_name(
    hub: Hub, clock: FrozenClock, alicia: tuple[Actor, Repo], take: Callable[[Hub], None]
) -> None:
    _, repo = alicia
    listening = keeping(hub, 180)
    clock.advance(HALF_A_YEAR)
    take(listening)
    assert leads_to(hub, "alice/model") is None
    assert holder(hub, "alice") is None
    assert leads_to(hub, "alicia/model") == repo.full_name.replace("alice/", "alicia/")


def test_other_links_are_left_alone(
    hub: Hub, clock: FrozenClock, alicia: tuple[Actor, Repo]
) -> None:
    alice, _ = alicia
    listening = keeping(hub, 180)
    made(hub, "alice-b")
    created(hub, _as(hub, "alice-b"), "x")
    rename(hub, "alice-b", "bea")
    with calling(hub, _as(hub, "alicia")) as call, working(call) as work:
        change.move(
            work,
            RepoId.parse(RepoType.MODEL, "alicia/model"),
            RepoId.parse(RepoType.MODEL, "alicia/better"),
        )
    clock.advance(HALF_A_YEAR)
    by_sign_up(listening)
    assert leads_to(hub, "alice-b/x") == "bea/x"
    assert leads_to(hub, "alicia/model") == "alicia/better"
    assert alice.user_id == person(hub, "alicia").id


def test_whoever_takes_a_name_back_keeps_what_leads_from_there(
    hub: Hub, clock: FrozenClock
) -> None:
    alice = made(hub, "alice")
    created(hub, alice, "old")
    with calling(hub, alice) as call, working(call) as work:
        ids = [RepoId.parse(RepoType.MODEL, f"alice/{name}") for name in ("old", "better")]
        change.move(work, ids[0], ids[1])
    listening = keeping(hub, 180)
    rename(listening, "alice", "alicia")
    assert leads_to(hub, "alice/old") == "alicia/better"
    clock.advance(timedelta(days=31))
    rename(listening, "alicia", "alice")
    assert leads_to(hub, "alice/old") == "alice/better"
    assert leads_to(hub, "alicia/better") == "alice/better"


def test_names_that_are_kept_for_ever_do_not_count_for_ever(hub: Hub, clock: FrozenClock) -> None:
    forever = keeping(hub, 0)
    made(hub, "name-0")
    for number in range(10):
        rename(forever, f"name-{number}", f"name-{number + 1}")
    with pytest.raises(TooMany):
        rename(forever, "name-10", "name-11")
    clock.advance(HALF_A_YEAR)
    rename(forever, "name-10", "name-11")


def _as(hub: Hub, name: str) -> Actor:
    found = person(hub, name)
    return Actor(user_id=found.id, name=found.name, verified=True)
