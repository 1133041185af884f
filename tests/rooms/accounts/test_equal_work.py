"""Known and unknown people cost the same: nobody is found by watching the clock.

Work is counted instead of timed: password hashes computed, statements sent to the database. What
a name or an address costs must not depend on whether anybody has it.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, joined, made
from fixtures.counting import counted, differing
from fixtures.hubs import FrozenClock
from fixtures.log_ins import finish, signed_in, ticket, with_app
from fixtures.programs import allowed, started
from strata.accounts.tables import attempts, blocks
from strata.core.actor import ANONYMOUS, Actor
from strata.core.call import Origin
from strata.core.errors import BadCredentials, InvalidFields, NotFound
from strata.core.hub import Hub
from strata.credentials.oauth.device import deciding
from strata.membership import recovery
from strata.membership.confirming import mailing
from strata.membership.emails import adding
from strata.sessions.entering import login
from strata.sessions.protecting.finishing import Second

WRONG = "Wrong-Horse!b"
PLACES = iter(f"198.51.100.{number}" for number in range(1, 255))


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

    assert differing(found, cost(hub, ask, unknown, monkeypatch)) == {}
    assert sum(found.values()) > 0


def test_the_guess_that_brings_a_warning_costs_as_much_for_nobody(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(hub, "alice")
    costs = []
    for who in ("warm", "alice", "nobody"):
        enter(hub, who)
        of_person = attempts.c.key.startswith("login.person:")
        with hub.database.writing() as db:
            db.execute(sa.update(attempts).where(of_person).values(count=19))
        costs.append(cost(hub, enter, who, monkeypatch))
        with hub.database.reading() as db:
            assert db.execute(sa.select(blocks)).all()

    assert differing(costs[1], costs[2]) == {}


def test_a_wrong_password_is_compared_twice_for_everybody(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where an address has an owner, and somebody who only says that it is theirs."""
    made(hub, "alice")
    joined(hub, "eve", email="alice@example.org")
    enter(hub, "warm")

    work = [
        cost(hub, enter, who, monkeypatch)["argon2 verify"]
        for who in ("alice", "nobody", "alice@example.org", "nobody@example.org")
    ]

    assert work == [2, 2, 2, 2]


def test_signing_up_with_an_address_that_is_taken_costs_as_much(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is confirmed or only said: the same statements, the same mail, one hash."""
    made(hub, "alice")
    join(hub, "warm@example.org")
    join(hub, "claimed@example.org")

    free = cost(hub, join, "nobody@example.org", monkeypatch)
    said = cost(hub, again, "claimed@example.org", monkeypatch)

    assert differing(free, cost(hub, join, "alice@example.org", monkeypatch)) == {}
    assert differing(free, said) == {}
    assert free["argon2 hash"] == 1
    for table in ("mails", "users", "sessions"):
        written = [count for text, count in free.items() if f"INTO {table} " in text]
        assert written == [1], table


def test_another_mail_and_another_address_cost_as_much_whoever_has_them(
    hub: Hub, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the first address is confirmed; a taken one is confirmed by alice, or said by bob."""
    made(hub, "alice")
    joined(hub, "bob", email="bob@example.org")
    costs: dict[str, list[Counter[str]]] = {"change": [], "resend": []}
    for number, address in enumerate(("warm", "free", "alice", "bob")):
        eve = signed_up(hub, f"eve{number}")
        asked = partial(change, eve)
        costs["change"].append(cost(hub, asked, f"{address}@example.org", monkeypatch))
        clock.advance(timedelta(minutes=2))
        costs["resend"].append(cost(hub, partial(resend, eve), "", monkeypatch))

    for act, (_, free, confirmed, said) in costs.items():
        assert differing(free, confirmed) == {}, act
        assert differing(free, said) == {}, act


def test_a_further_address_costs_as_much_whoever_has_it(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(hub, "alice")
    joined(hub, "bob", email="bob@example.org")
    eve = signed_in(hub, "eve")

    def ask(hub: Hub, email: str) -> None:
        with calling(hub, replace(eve, proved_until=hub.clock() + timedelta(minutes=9))) as call:
            adding.ask(call, email, primary=False)

    ask(hub, "warm@example.org")
    free = cost(hub, ask, "free@example.org", monkeypatch)
    for taken in ("alice@example.org", "bob@example.org"):
        assert differing(free, cost(hub, ask, taken, monkeypatch)) == {}, taken
    written = [count for text, count in free.items() if "INTO mails " in text]
    assert written == [2]  # the link, and the word to eve


def signed_up(hub: Hub, name: str) -> Actor:
    new = joined(hub, name, origin=Origin(ip=next(PLACES)))
    return Actor(user_id=new.user_id, name=name, session_id=new.session.id)


def change(actor: Actor, hub: Hub, email: str) -> None:
    with calling(hub, actor) as call:
        mailing.change_address(call, email)


def resend(actor: Actor, hub: Hub, _email: str) -> None:
    with calling(hub, actor) as call:
        mailing.resend(call)


def again(hub: Hub, email: str) -> None:
    joined(hub, "another-one", email=email, origin=Origin(ip=next(PLACES)))


def test_who_forgot_a_password_is_looked_up_by_a_job_and_not_while_they_wait(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(hub, "alice")
    found = cost(hub, forget, "alice", monkeypatch)

    assert any(text.startswith("INSERT INTO jobs") for text in found)
    assert not any("users" in text or "namespaces" in text or "mails" in text for text in found)


def test_a_name_and_an_address_cost_as_much(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    made(hub, "alice")
    enter(hub, "warm")
    kinds = [
        Counter(text.split(None, 1)[0] for text in cost(hub, enter, who, monkeypatch).elements()
                if not text.startswith("SELECT"))
        for who in ("alice", "alice@example.org", "nobody", "nobody@example.org")
    ]  # fmt: skip
    assert kinds == kinds[:1] * 4


def test_a_code_of_a_device_that_was_used_costs_as_much_as_none(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = made(hub, "bob")
    used = started(hub).user_code
    allowed(hub, bob, used)

    def look(hub: Hub, typed: str) -> None:
        with calling(hub, bob) as call, pytest.raises(NotFound):
            deciding.found(call, typed)

    look(hub, "BCDF-GHJK")
    found = cost(hub, look, used, monkeypatch)
    assert differing(found, cost(hub, look, "BCDF-GHJL", monkeypatch)) == {}


def test_a_second_factor_that_was_used_costs_as_much_as_a_wrong_one(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, _ = with_app(hub, signed_in(hub, "bob"))
    code = app.at(hub.clock())
    with suppress(InvalidFields):  # if setting it up has not used it already
        finish(hub, ticket(hub, "bob"), Second(code=code))
    half = ticket(hub, "bob")

    def show(hub: Hub, code: str) -> None:
        with pytest.raises(InvalidFields):
            finish(hub, half, Second(code=code))

    used = cost(hub, show, code, monkeypatch)
    wrong = cost(hub, show, f"{(int(code) + 1) % 10**6:06d}", monkeypatch)
    assert differing(used, wrong) == {}
