"""How many tokens of a person work, whichever way they came to: made, or refreshed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from fixtures.accounts import calling, made
from fixtures.hubs import FrozenClock
from fixtures.tokens import issued, rotated
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.credentials.oauth.tokens.ending import report
from strata.credentials.tokens import ending, owned
from strata.credentials.tokens.making import Issued

MOST = 2
TOO_MANY = {"grace": ("token.too_many",)}


@pytest.fixture
def hub(hub: Hub) -> Hub:
    few = replace(hub.settings.accounts, tokens_per_user=MOST)
    return replace(hub, settings=replace(hub.settings, accounts=few))


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice", password=None)


def leaked(hub: Hub, actor: Actor, name: str) -> Issued:
    """A token that was made and then reported."""
    token = issued(hub, actor, name)
    with calling(hub) as call, working(call) as work:
        report(work, [token.value])
    return token


def working_ones(hub: Hub, actor: Actor) -> int:
    with calling(hub, actor) as call:
        return owned.count_active(call, actor.user_id or 0)


def test_a_token_that_leaked_works_again_only_where_there_is_room(hub: Hub, alice: Actor) -> None:
    lost = leaked(hub, alice, "lost")
    first, _ = issued(hub, alice, "first"), issued(hub, alice, "second")

    with pytest.raises(InvalidFields) as caught:
        rotated(hub, alice, lost.id)
    assert caught.value.fields == TOO_MANY
    assert caught.value.values == {"has": "2", "total": "2"}
    assert working_ones(hub, alice) == MOST

    with calling(hub, alice) as call, working(call) as work:
        ending.delete(work, first.id)
    rotated(hub, alice, lost.id)
    assert working_ones(hub, alice) == MOST


def test_a_token_that_is_over_works_again_only_where_there_is_room(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    old = issued(hub, alice, "old", expires_at=hub.clock() + timedelta(days=1))
    clock.advance(timedelta(days=2))
    for name in ("first", "second"):
        issued(hub, alice, name)

    with pytest.raises(InvalidFields) as caught:
        rotated(hub, alice, old.id)
    assert caught.value.fields == TOO_MANY


def test_one_that_works_is_refreshed_however_many_there_are(hub: Hub, alice: Actor) -> None:
    first, _ = issued(hub, alice, "first"), issued(hub, alice, "second")
    assert rotated(hub, alice, first.id) != first.value
    assert working_ones(hub, alice) == MOST
