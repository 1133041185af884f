"""Which names people may have."""

from datetime import timedelta

import pytest

from fixtures.accounts import calling, made
from fixtures.hubs import FrozenClock
from strata.accounts.naming import names, reserved
from strata.core.call import working
from strata.core.errors import AlreadyExists, TooMany
from strata.core.hub import Hub
from strata.core.settings.groups.accounts import AccountsSettings
from strata.core.settings.tree import Settings
from strata.membership.joining import faults
from strata.repos.legacy import CANONICAL


@pytest.mark.parametrize("name", ["ab", "alice", "Alice-B", "a1", "1a", "x" * 42])
def test_ordinary_names_are_allowed(name: str) -> None:
    assert names.faults(name, Settings()) == ()


@pytest.mark.parametrize(
    "name",
    ["-a", "a-", "a--b", "123", "a_b", "a.b", "a b", "名字", "a/b", "ab\n"],
)
def test_names_that_break_the_rule_are_invalid(name: str) -> None:
    assert names.faults(name, Settings()) == ("name.invalid",)


@pytest.mark.parametrize("name", ["", "a", "x" * 43])
def test_whoever_writes_too_little_or_too_much_is_told_that(name: str) -> None:
    assert names.faults(name, Settings()) == ("name.length",)
    assert names.faults("-" * 50, Settings()) == ("name.length", "name.invalid")


@pytest.mark.parametrize("name", ["settings", "API", "ghost", "glue", "strata", "Datasets", "join"])
def test_names_with_another_meaning_are_reserved(name: str) -> None:
    assert names.faults(name, Settings()) == ("name.reserved",)


def test_every_legacy_repo_name_is_reserved() -> None:
    legacy = {name for by_type in CANONICAL.values() for name in by_type}

    assert legacy == reserved.LEGACY_REPO_NAMES


def test_an_operator_keeps_names_for_themselves() -> None:
    kept = AccountsSettings(reserved_names=("Contoso", "blue whale"))
    chosen = Settings(accounts=kept)
    for name, broken in {
        "contoso": ("name.reserved",),
        "Blue-Whale": ("name.reserved",),
        "c0ntoso": ("name.similar",),
        "contoso-fan": (),
    }.items():
        assert names.faults(name, chosen) == broken
    assert names.faults("contoso", chosen, operator=True) == ()
    assert names.faults("contoso", Settings()) == ()


@pytest.mark.parametrize("name", ["__DUMMY_HUB_USER__", "a.b_c", "x" * 96, "huggingface"])
def test_operators_may_create_names_of_the_wider_set(name: str) -> None:
    assert names.faults(name, Settings(), operator=True) == ()


@pytest.mark.parametrize("name", ["..", "settings", "x" * 97, "a/b", ""])
def test_operators_cannot_create_names_that_no_url_reaches(name: str) -> None:
    assert names.faults(name, Settings(), operator=True)


def test_a_name_is_taken_in_any_casing(hub: Hub) -> None:
    made(hub, "Alice")

    with calling(hub) as call, pytest.raises(AlreadyExists), working(call) as work:
        names.claim(work, "aLICE")


def test_a_name_is_found_in_any_casing(hub: Hub) -> None:
    alice = made(hub, "Alice")

    with calling(hub) as call:
        found = names.find(call, "ALICE")

    assert found == names.Namespace(alice.user_id or 0, "Alice", names.Kind.USER)


@pytest.mark.parametrize(
    ("email", "suggested"),
    [
        ("jane.doe@example.org", "jane-doe"),
        ("Zoë@example.org", "Zoe"),
        ("Łukasz.Groß@example.org", "Lukasz-Gross"),
        ("иван@example.org", "ivan"),
        ("李伟@example.org", "LiWei"),
        ("alice@example.org", "alice-2"),
        ("admin@example.org", "admin-2"),
    ],
)
def test_a_suggestion_is_free_and_follows_the_rules(hub: Hub, email: str, suggested: str) -> None:
    made(hub, "alice")

    with calling(hub) as call:
        assert names.suggest(call, email) == suggested


def test_an_address_without_letters_still_gives_a_suggestion(hub: Hub) -> None:
    with calling(hub) as call:
        suggested = names.suggest(call, "12345@example.org")

    assert suggested.startswith("user-")
    assert names.faults(suggested, Settings()) == ()


def test_asking_for_names_is_limited(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice", password=None)
    with calling(hub) as call:
        assert faults.name_faults(call, "Alice") == ("name.taken",)
        for _ in range(29):
            assert faults.name_faults(call, "bob") == ()

        with pytest.raises(TooMany):
            faults.name_faults(call, "bob")
        clock.advance(timedelta(minutes=1))
        assert faults.name_faults(call, "bob") == ()
