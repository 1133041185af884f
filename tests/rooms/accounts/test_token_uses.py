"""When a token was last used, written by several workers: once a minute by all of them together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, made
from fixtures.hubs import FrozenClock
from strata.core.actor import Actor, TokenRole
from strata.core.call import Origin, working
from strata.core.hub import Hub
from strata.credentials.tokens import ending, making, owned, renewing
from strata.credentials.tokens.presented import recognising
from strata.credentials.uses import HELD_FOR, TokenUse, Uses, uses_of

STEP = timedelta(seconds=20)


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice")


def with_token(hub: Hub, alice: Actor) -> Actor:
    """Alice, by a token of hers."""
    with calling(hub, alice) as call, working(call) as work:
        value = making.create(work, "ci", TokenRole.READ).value
        actor = recognising.actor_for_token(work.db, hub, value)
    assert actor is not None
    return actor


def from_place(number: int) -> Origin:
    return Origin(ip=f"203.0.113.{number}", user_agent=f"hf_hub/2.4.{number}; python/3.11")


def row_of(hub: Hub, alice: Actor) -> tuple[object, str]:
    with calling(hub) as call:
        (one,) = owned.of(call, alice.user_id or 0)
    return one.last_used_at, one.last_used_ip


def listed(hub: Hub, actor: Actor) -> list[TokenUse]:
    assert actor.token is not None
    with calling(hub) as call:
        return uses_of(call, [actor.token.id]).get(actor.token.id, [])


@contextmanager
def rows_written() -> Iterator[list[int]]:
    """How many rows of tokens each update changed while the block runs."""
    counts: list[int] = []

    def hear(_: object, cursor: Any, statement: str, *_rest: object) -> None:
        if statement.startswith("UPDATE tokens"):
            counts.append(cursor.rowcount)

    sa.event.listen(sa.Engine, "after_cursor_execute", hear)
    try:
        yield counts
    finally:
        sa.event.remove(sa.Engine, "after_cursor_execute", hear)


def test_two_workers_write_a_token_that_is_always_used_once_a_minute(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    actor, workers = with_token(hub, alice), (Uses(), Uses())
    with rows_written() as counts:
        for _ in range(3):  # minutes, in which each worker flushes once
            for number, worker in enumerate(workers):
                clock.advance(STEP)
                worker.note(actor, clock(), from_place(number))
                worker.flush(hub)
            clock.advance(STEP)
    assert counts == [1, 0] * 3

    latest = clock() - STEP  # known to the second worker alone, which came too early with it
    assert row_of(hub, alice) == (latest - STEP, "203.0.113.0")
    clock.advance(STEP)
    for worker in workers:
        worker.flush(hub)
    assert row_of(hub, alice) == (latest, "203.0.113.1")
    # The list of uses is whole: every place, once each minute.
    assert [one.ip for one in listed(hub, actor)] == ["203.0.113.1", "203.0.113.0"] * 3


def test_a_use_from_one_place_is_listed_once_a_minute_whoever_served_it(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    actor, workers = with_token(hub, alice), (Uses(), Uses())
    for _ in range(2):
        for worker in workers:
            worker.note(actor, clock(), from_place(1))
            worker.flush(hub)
        clock.advance(timedelta(minutes=1))
    assert [(one.ip, one.client) for one in listed(hub, actor)] == [
        ("203.0.113.1", "hf_hub/2.4.1")
    ] * 2


def test_workers_that_flush_at_one_moment_write_one_row(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    actor, workers = with_token(hub, alice), [Uses() for _ in range(4)]
    for number, worker in enumerate(workers):
        worker.note(actor, clock() + timedelta(milliseconds=number), from_place(number))
    together = threading.Barrier(len(workers))

    def flush(worker: Uses) -> None:
        together.wait()
        worker.flush(hub)

    threads = [threading.Thread(target=flush, args=(worker,)) for worker in workers]
    with rows_written() as counts:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(counts) == [0, 0, 0, 1]
    assert len(listed(hub, actor)) == len(workers)


def test_a_fresh_value_is_shown_in_use_at_once_and_a_deleted_token_is_forgotten(
    hub: Hub, alice: Actor, clock: FrozenClock
) -> None:
    actor, uses = with_token(hub, alice), Uses()
    assert actor.token is not None
    uses.note(actor, clock(), from_place(0))
    uses.flush(hub)
    clock.advance(STEP)
    with calling(hub, alice) as call, working(call) as work:
        renewing.rotate(work, actor.token.id)
    uses.note(actor, clock(), from_place(1))
    uses.flush(hub)
    assert row_of(hub, alice) == (clock(), "203.0.113.1")

    with calling(hub, alice) as call, working(call) as work:
        ending.delete(work, actor.token.id)
    clock.advance(STEP)
    uses.note(actor, clock(), from_place(2))
    uses.flush(hub)
    assert listed(hub, actor) == []
    clock.advance(HELD_FOR)
    with rows_written() as counts:
        uses.flush(hub)
        uses.flush(hub)
    assert counts == [0]
