"""A body longer than the operator allows is refused with 413, by every route that takes JSON."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from fuzz.requests import Odd
from fuzz.spoiled import ASKED, COMMIT_ROUTE, sound_request
from fuzz.world import World, built

LIMIT = 5_000  # bytes


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    hub = built(tmp_path_factory.mktemp("oversize") / "data")
    with closing(hub.database):
        limits = replace(hub.settings.limits, json_body_bytes=LIMIT, commit_body_bytes=LIMIT)
        small = replace(hub, settings=replace(hub.settings, limits=limits))
        with closing(World(small)) as made:
            yield made


@pytest.mark.parametrize(
    ("method", "template"), [(method, route.template) for method, route in ASKED]
)
def test_a_body_that_is_too_long_is_refused_whole(world: World, method: str, template: str) -> None:
    route = next(route for verb, route in ASKED if (verb, route.template) == (method, template))
    sound = sound_request(method, route, world.keys)
    world.restore()

    answer = world.send(_padded(sound))

    assert answer.status_code == 413, answer.text
    assert str(LIMIT) in answer.text
    assert not world.changed()


def _padded(odd: Odd) -> Odd:
    """The same question behind more blank space than the limit allows."""
    return replace(
        odd,
        body=odd.body + b" " * LIMIT if odd.template != COMMIT_ROUTE else b"\n" * LIMIT + odd.body,
    )
