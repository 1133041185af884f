"""Nobody gets a name that is easily taken for somebody else's (product §3.3)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.accounts import calling, form, joined, made, person
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import SAMPLE, organization, today
from strata.access.organizations.founding import found_organization
from strata.accounts.naming import names
from strata.accounts.naming.names import Kind, Namespace
from strata.accounts.profile.details import Details, change_details
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.errors import AlreadyExists, InvalidFields, StrataError
from strata.core.hub import Hub
from strata.membership.joining import by_operator, faults, signup
from strata.organizations.create import NewOrganization
from strata.repos.owning.follow import rename_account, rename_organization

SIMILAR = ("name.similar",)


def renames(hub: Hub, actor: Actor, name: str) -> None:
    bearer = Namespace(actor.user_id or 0, actor.name or "", Kind.USER)
    with calling(hub, actor) as call, working(call) as work:
        rename_account(work, bearer, name)


def founds(hub: Hub, actor: Actor, name: str) -> None:
    with calling(hub, actor) as call, working(call) as work:
        found_organization(work, NewOrganization(name=name, guidelines=SAMPLE))


def refused(act: Callable[[], object]) -> dict[str, tuple[str, ...]]:
    with pytest.raises(InvalidFields) as caught:
        act()
    return dict(caught.value.fields)


def test_no_way_leads_to_a_name_that_looks_like_another(hub: Hub) -> None:
    """Eve wants to be taken for bob1, for acme-labs, and for an admin."""
    made(hub, "bob1")
    organization(hub, "bob1", "acme-labs")
    eve = made(hub, "eve")
    for name in ("bobl", "BobI", "acmelabs", "adrnin", "he1p", "0rg"):
        assert refused(lambda name=name: joined(hub, name)) == {"username": SIMILAR}  # type: ignore[misc]
        assert refused(lambda name=name: renames(hub, eve, name)) == {"username": SIMILAR}  # type: ignore[misc]
        assert refused(lambda name=name: founds(hub, eve, name)) == {"name": SIMILAR}  # type: ignore[misc]
        with calling(hub) as call:
            assert faults.name_faults(call, name) == SIMILAR
    founds(hub, eve, "eves-place")
    eve = today(hub, eve)

    def renamed() -> None:
        with calling(hub, eve) as call, working(call) as work:
            rename_organization(work, "eves-place", "acme-1abs")

    assert refused(renamed) == {"username": SIMILAR}
    assert joined(hub, "bob2", email="b2@example.org").name == "bob2"


def test_a_robot_hears_the_same_and_learns_nothing_more(hub: Hub) -> None:
    made(hub, "bob1")
    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, replace(form("bobl"), suspicion="honeypot"))
    assert caught.value.fields == {"username": SIMILAR}


def test_a_name_that_was_given_up_is_not_imitated_either(hub: Hub, clock: FrozenClock) -> None:
    bob = made(hub, "bob1")
    renames(hub, bob, "robert")
    assert refused(lambda: joined(hub, "bobl")) == {"username": SIMILAR}
    renames(hub, replace(bob, name="robert"), "bobl")  # his own
    clock.advance(timedelta(days=181))
    assert joined(hub, "rob-ert", email="r@example.org").name == "rob-ert"


def test_ones_own_name_may_change_into_one_that_looks_the_same(hub: Hub) -> None:
    bob = made(hub, "bob-1")
    renames(hub, bob, "bobl")
    assert person(hub, "bobl").id == bob.user_id


def test_a_suggestion_looks_like_nobody(hub: Hub) -> None:
    made(hub, "bob1")
    with calling(hub) as call:
        assert names.suggest(call, "bobl@example.org") == "bobl-2"
        assert names.suggest(call, "adrnin@example.org") == "adrnin-2"


def test_operators_are_asked_twice(hub: Hub) -> None:
    made(hub, "bob1")
    wanted = by_operator.NewAccount(name="bobl", email="bobl@example.org", password=None)
    with calling(hub) as call, pytest.raises(AlreadyExists, match=r"name\.similar"):
        by_operator.create_by_operator(call, wanted)
    with calling(hub) as call:
        assert by_operator.create_by_operator(call, replace(wanted, similar=True)).name == "bobl"
    with pytest.raises(AlreadyExists, match=r"name\.similar"):
        organization(hub, "bob1", "bob-1")
    assert organization(hub, "bob1", "bob-1", similar=True).name == "bob-1"


def test_nobody_else_can_say_that_a_name_may_look_like_another(hub: Hub) -> None:
    eve = made(hub, "eve")
    made(hub, "bob1")

    def sneaked() -> None:
        with calling(hub, eve) as call, working(call) as work:
            found_organization(work, NewOrganization(name="bobl", similar=True, guidelines=SAMPLE))

    assert refused(sneaked) == {"name": SIMILAR}


def test_a_deleted_account_leaves_no_look_behind(hub: Hub) -> None:
    """What the ghost is called keeps nobody from a name."""
    made(hub, "gh-ost-town")
    with calling(hub) as call:
        assert names.conflicts(call, "ghosttown") == SIMILAR
        assert names.conflicts(call, "gost") == ()


def test_of_two_at_once_who_look_alike_one_gets_the_name(
    postgres_hub_database: str, tmp_path: Path, clock: FrozenClock
) -> None:
    hub = build_test_hub(tmp_path / "data", clock=clock, database_url=postgres_hub_database)

    def claims(name: str) -> bool:
        try:
            with calling(hub) as call, working(call) as work:
                names.claim(work, name)
        except StrataError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        for turn in range(5):
            wanted = [f"twin{turn}o", f"twin{turn}0", f"tw-in{turn}o", f"twin-{turn}O"]
            assert sum(pool.map(claims, wanted)) == 1
    hub.database.close()


DECEIVING = {
    "Micros\u043eft": "full_name.mixed",
    "ad\u202emin": "full_name.unseen",
    "x\u3164": "full_name.unseen",
    "see https://evil.example": "full_name.invalid",
    "www.evil.example": "full_name.invalid",
    "evil.example/login": "full_name.invalid",
    "\uff1cb\uff1e": "full_name.invalid",
    "n" * 101: "full_name.too_long",
}


def test_full_names_that_deceive_are_refused_everywhere(hub: Hub) -> None:
    bob = made(hub, "bob", password=None)
    for full_name, key in DECEIVING.items():
        wrong = {"full_name": (key,)}
        assert refused(lambda name=full_name: joined(hub, "eve", full_name=name)) == wrong  # type: ignore[misc]
        assert refused(lambda name=full_name: organization(hub, "bob", full_name=name)) == wrong  # type: ignore[misc]
        with calling(hub, bob) as call, working(call) as work:
            with pytest.raises(InvalidFields) as caught:
                change_details(work, bob.user_id or 0, full_name, Details())
            assert caught.value.fields == wrong
            change_details(work, bob.user_id or 0, "Bob", Details(affiliation="\u042f / Yandex"))
