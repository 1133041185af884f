"""Known and unknown people cost the same: nobody is found by watching the clock.

Work is counted instead of timed: password hashes computed, statements sent to the database. What
a name or an address costs must not depend on whether anybody has it.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from fixtures.accounts import calling, joined, made
from strata.core.actor import ANONYMOUS
from strata.core.call import Origin
from strata.core.errors import BadCredentials
from strata.core.hub import Hub
from strata.membership import recovery
from strata.sessions.entering import login

WRONG = "Wrong-Horse!b"
PLACES = iter(f"198.51.100.{number}" for number in range(1, 255))


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Count hashes and statements of this process while the block runs."""
    work: Counter[str] = Counter()

    def hear(*arguments: object) -> None:
        work[str(arguments[2]).split(None, 1)[0].upper()] += 1

    def counting(name: str) -> Callable[..., object]:
        plain = getattr(PasswordHasher, name)

        def count(*arguments: object) -> object:
            work[f"argon2 {name}"] += 1
            return plain(*arguments)

        return count

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        with monkeypatch.context() as watched:
            for name in ("verify", "hash"):
                watched.setattr(PasswordHasher, name, counting(name))
            yield work
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)


def enter(hub: Hub, who: str) -> None:
    with calling(hub, ANONYMOUS, Origin(ip=next(PLACES))) as call, pytest.raises(BadCredentials):
        login.log_in(call, login.LogIn(who, WRONG))


def forget(hub: Hub, who: str) -> None:
    with calling(hub, ANONYMOUS, Origin(ip=next(PLACES))) as call:
        recovery.ask(call, who)


def join(hub: Hub, who: str) -> None:
    joined(hub, f"new-{who.partition('@')[0]}", email=who, origin=Origin(ip=next(PLACES)))


def cost(
    hub: Hub, ask: Callable[[Hub, str], None], who: str, monkeypatch: pytest.MonkeyPatch
) -> Counter[str]:
    with counted(monkeypatch) as work:
        ask(hub, who)
    return work


@pytest.mark.parametrize("ask", [enter, forget])
@pytest.mark.parametrize(
    ("known", "unknown"), [("alice", "nobody"), ("alice@example.org", "nobody@example.org")]
)
def test_an_account_that_is_there_costs_as_much_as_one_that_is_not(
    hub: Hub,
    monkeypatch: pytest.MonkeyPatch,
    ask: Callable[[Hub, str], None],
    known: str,
    unknown: str,
) -> None:
    made(hub, "alice")
    ask(hub, "warm@example.org")  # the hash that nobody has is made once

    found = cost(hub, ask, known, monkeypatch)

    assert found == cost(hub, ask, unknown, monkeypatch)
    assert sum(found.values()) > 0


def test_a_wrong_password_is_compared_twice_for_everybody(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(hub, "alice")
    enter(hub, "warm")

    work = [cost(hub, enter, who, monkeypatch)["argon2 verify"] for who in ("alice", "nobody")]

    assert work == [login.CANDIDATES, login.CANDIDATES]


def test_signing_up_with_an_address_that_is_taken_costs_as_much(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(hub, "alice")
    join(hub, "warm@example.org")

    taken = cost(hub, join, "alice@example.org", monkeypatch)

    assert taken == cost(hub, join, "nobody@example.org", monkeypatch)
    assert taken["argon2 hash"] == 1
