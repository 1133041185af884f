"""No request breaks the hub: whatever is sent is answered, never with 500, and all or nothing.

pytest tests/fuzz                      # 1,500 requests, the same ones every time
pytest tests/fuzz --requests 20000     # before a release
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, Phase, given, settings

from fuzz.requests import ROUTES, Odd, odd_requests
from fuzz.spoiled import ASKED, UNKNOWN, WRONG_TYPE, Spoiled, spoiled_requests, target
from fuzz.world import ABOUT_REFUSALS, World, built
from strata.web.paths import Route

NOT_OFFERED = 501
RESTORED_EVERY = 200  # requests


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    hub = built(tmp_path / "data")
    with closing(hub.database), closing(World(hub)) as made:
        yield made


@pytest.fixture
def often(pytestconfig: pytest.Config) -> settings:
    """Half of the requests; hypothesis draws them, and what failed is printed as it was sent."""
    return settings(
        max_examples=pytestconfig.getoption("--requests") // 2,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_no_odd_request_breaks_the_hub(world: World, often: settings) -> None:
    checked = _checking(world)

    @often
    @given(odd_requests(world.keys))
    def send(odd: Odd) -> None:
        checked(odd)

    send()


def test_one_wrong_thing_in_a_body_is_named_and_changes_nothing(
    world: World, often: settings
) -> None:
    checked = _checking(world)

    @often
    @given(spoiled_requests(world.keys))
    def send(spoiled: Spoiled) -> None:
        if spoiled.spoiling == UNKNOWN:
            world.restore()
        answer = checked(spoiled.odd)
        if spoiled.spoiling == WRONG_TYPE:
            _require_named(spoiled, answer)
        elif spoiled.spoiling == UNKNOWN:
            world.restore()
            sound = checked(spoiled.sound)
            world.restore()
            assert sound.status_code == answer.status_code, _told(spoiled.odd, answer)

    send()


def _checking(world: World) -> Callable[[Odd], Response]:
    """Send a request and hold what is true of every answer."""
    sent = count(1)

    def checked(odd: Odd) -> Response:
        if next(sent) % RESTORED_EVERY == 0:
            world.restore()
        answer = world.send(odd)
        changed = world.changed()
        told = _told(odd, answer)
        assert answer.status_code < 500 or answer.status_code == NOT_OFFERED, told
        if answer.status_code >= 400:
            assert changed <= ABOUT_REFUSALS, f"refused, and yet {sorted(changed)} changed\n{told}"
        if odd.method == "GET":
            assert not changed, f"a reading request changed {sorted(changed)}\n{told}"
        return answer

    return checked


def _require_named(spoiled: Spoiled, answer: Response) -> None:
    told = f"{spoiled.field}\n{_told(spoiled.odd, answer)}"
    assert answer.status_code >= 400, told
    if spoiled.odd.caller == "owner":
        assert answer.status_code == 400, told
    if answer.status_code == 400:
        assert spoiled.field in answer.text, told


def _told(odd: Odd, answer: Response) -> str:
    return f"{str(odd)[:3000]}\n{answer.status_code} {answer.text[:500]}"


def test_every_route_that_takes_json_is_asked(world: World) -> None:
    """A route that refuses a body for its shape has fields, and `fuzz.spoiled` knows them."""
    known = {(method, route.template) for method, route in ASKED}
    unknown = {
        (method, route.template)
        for method, route in ROUTES
        if (method, route.template) not in known and _takes_json(world, method, route)
    }
    assert not unknown


def _takes_json(world: World, method: str, route: Route) -> bool:
    place = target(route, world.keys, lambda choices: choices[0])
    headers = {"Content-Type": "application/json"}
    answer = world.send(Odd("owner", method, route.template, place, headers, b'"text"'))
    world.restore()
    return "Expected `" in answer.text
