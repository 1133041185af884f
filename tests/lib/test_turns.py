"""Few places, many names: who is prompt goes on whatever the others do."""

from contextlib import ExitStack

from strata.lib import turns
from strata.lib.turns import Turns


def taken(places: int, shared: Turns, *names: str) -> list[bool]:
    """Who gets a place when all of these ask, one after the other, and nobody lets go."""
    with ExitStack() as going_on:
        return [going_on.enter_context(shared.turn(name, places)) for name in names]


def test_a_prompt_name_takes_all_places_but_one() -> None:
    shared = Turns()
    shared.note("a", prompt=True)
    shared.note("b", prompt=True)
    assert taken(4, shared, *"aaaab") == [True, True, True, False, True]
    assert taken(4, shared, *"aaa") == [True, True, True]  # given back


def test_names_that_are_not_known_get_one_place_each_and_leave_one() -> None:
    shared = Turns()
    shared.note("z", prompt=True)
    assert taken(4, shared, *"aabcdz") == [True, False, True, True, False, True]


def test_names_that_were_slow_share_one_place() -> None:
    shared = Turns()
    for name in "ab":
        shared.note(name, prompt=False)
    assert taken(4, shared, *"abcc") == [True, False, True, False]
    shared.note("b", prompt=True)
    assert taken(4, shared, *"abb") == [True, True, True]


def test_a_single_place_goes_to_whoever_asks_first() -> None:
    shared = Turns()
    assert taken(1, shared, *"ab") == [True, False]
    shared.note("a", prompt=True)
    assert taken(1, shared, "a") == [True]


def test_so_many_names_are_remembered_and_no_more() -> None:
    shared = Turns()
    for number in range(turns.REMEMBERED + 1):
        shared.note(str(number), prompt=False)
    assert not shared.is_slow("0")
    assert shared.is_slow("1")
