"""Webhooks that are changed, disabled or deleted while they are told of something.

Nobody's commit fails because of a webhook, nothing is told that was to be told no more, and
no owner has one more than they may.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, made
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock
from fixtures.races import beside, held_open, worked
from fixtures.receivers import Receiver, receiving
from fixtures.webhooks import again, called, hooked, listening_hub, logged, states, watched
from strata.app.hub import JOBS, WAITING
from strata.community.webhooks import log, manage
from strata.community.webhooks.faults import BadWebhook
from strata.community.webhooks.manage import Shown, Wish
from strata.content.writing.commit import commit
from strata.content.writing.operations import Add, Change
from strata.core.actor import Actor
from strata.core.call import Call, Work
from strata.core.errors import Conflict, NotFound
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.events.webhooks.health import PAUSES
from strata.events.webhooks.record import State
from strata.events.webhooks.tables import webhook_deliveries, webhooks
from strata.repos.record import Repo

EITHER = pytest.mark.parametrize("first", ["the commit", "the owner"])


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = listening_hub(tmp_path / "data", clock, database_url=database_url)
    yield built
    built.database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana", password=None)


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    return created(hub, ana, "one")


@pytest.fixture
def eve(hub: Hub) -> Actor:
    return made(hub, "eve", password=None)


def counted(hub: Hub, table: sa.Table) -> int:
    with calling(hub) as call:
        return call.db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def committing(repo: Repo) -> Callable[[Call], object]:
    change = Change("Change", "", [Add("a.txt", b"new")], None)
    return lambda call: commit(call, repo.repo_id, "main", change)


def meanwhile(
    hub: Hub, ana: Actor, repo: Repo, first: str, by: Actor, act: Callable[[Work], object]
) -> None:
    """Ana commits while somebody acts on a webhook; neither of them fails."""
    if first == "the commit":
        outcomes = held_open(hub, committing(repo), lambda: worked(hub, by, act), by=ana)
    else:
        outcomes = (beside(hub, act, partial(run, hub, ana, committing(repo)), by=by), None)
    assert not any(isinstance(one, Exception) for one in outcomes), outcomes


def run(hub: Hub, who: Actor, act: Callable[[Call], object]) -> object:
    with calling(hub, who) as call:
        return act(call)


@EITHER
def test_a_webhook_of_a_stranger_that_goes_away_stops_no_commit(
    hub: Hub, ana: Actor, eve: Actor, repo: Repo, receiver: Receiver, first: str
) -> None:
    shown = hooked(hub, eve, receiver, "user:ana")
    meanwhile(hub, ana, repo, first, eve, lambda work: manage.delete(work, shown.webhook.key))
    assert counted(hub, webhooks) == counted(hub, webhook_deliveries) == 0
    called(hub)
    assert receiver.received == []


@EITHER
def test_what_happens_while_it_is_disabled_is_never_told(
    hub: Hub, ana: Actor, eve: Actor, repo: Repo, receiver: Receiver, first: str
) -> None:
    shown = hooked(hub, eve, receiver, "user:ana")
    meanwhile(hub, ana, repo, first, eve, lambda work: manage.disable(work, shown.webhook.key))
    worked(hub, eve, lambda work: manage.enable(work, shown.webhook.key))
    called(hub)
    assert receiver.received == []
    assert set(states(hub, eve, shown)) <= {State.DROPPED}
    uploaded(hub, ana, repo, {"b.txt": b"later"})
    called(hub)
    assert receiver.events == ["repo.content:update"]


@pytest.mark.parametrize("first", ["disable", "replay"])
def test_it_is_disabled_while_something_is_replayed(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, first: str
) -> None:
    shown = hooked(hub, ana, receiver, "user:ana")
    uploaded(hub, ana, repo, {"a.txt": b"a"})
    called(hub)
    (delivery,) = logged(hub, ana, shown)
    key = shown.webhook.key
    acts: dict[str, Callable[[Work], object]] = {
        "disable": lambda work: manage.disable(work, key),
        "replay": lambda work: log.replay(work, key, delivery.key),
    }
    other = acts["replay" if first == "disable" else "disable"]
    late = beside(hub, acts[first], lambda: worked(hub, ana, other), by=ana)
    if first == "disable":
        assert isinstance(late, Conflict), late
    assert State.WAITING not in states(hub, ana, shown)
    called(hub)
    assert len(receiver.received) == 1


@pytest.mark.parametrize("first", ["delete", "change"])
def test_it_is_deleted_while_it_is_changed(
    hub: Hub, ana: Actor, receiver: Receiver, first: str
) -> None:
    shown = hooked(hub, ana, receiver, "user:ana")
    key = shown.webhook.key
    wish = Wish(watched=watched("user:ana"), secret="another")
    acts: dict[str, Callable[[Work], object]] = {
        "delete": lambda work: manage.delete(work, key),
        "change": lambda work: manage.change(work, key, wish),
    }
    other = acts["change" if first == "delete" else "delete"]
    late = beside(hub, acts[first], lambda: worked(hub, ana, other), by=ana)
    assert isinstance(late, NotFound) if first == "delete" else late is None, late
    assert counted(hub, webhooks) == 0


def test_it_is_deleted_twice_at_once(hub: Hub, ana: Actor, receiver: Receiver) -> None:
    shown = hooked(hub, ana, receiver, "user:ana")

    def delete(work: Work) -> None:
        manage.delete(work, shown.webhook.key)

    late = beside(hub, delete, lambda: worked(hub, ana, delete), by=ana)
    assert isinstance(late, NotFound), late


def test_webhooks_made_at_once_are_counted(hub: Hub, ana: Actor) -> None:
    for _ in range(19):
        hooked(hub, ana, "https://example.org/", "user:ana")

    def create(work: Work) -> object:
        return manage.create(work, Wish(url="https://example.org/", watched=watched("user:ana")))

    late = beside(hub, create, lambda: worked(hub, ana, create), by=ana)
    assert isinstance(late, BadWebhook), late
    assert counted(hub, webhooks) == 20


class _Meanwhile:
    """The way out, on which something happens while a target is being called."""

    def __init__(self, hub: Hub, act: Callable[[], object]) -> None:
        self._real, self._acts = hub.outbound, [act]

    def send(self, *asked: Any, **options: Any) -> Any:
        reply = self._real.send(*asked, **options)
        while self._acts:
            self._acts.pop()()
        return reply


def while_called(hub: Hub, act: Callable[[], object]) -> None:
    """Call what is due, and act before anybody knows how it went."""
    slow = replace(hub, outbound=_Meanwhile(hub, act))  # type: ignore[arg-type]  # all that is used
    assert run_due(slow, JOBS, WAITING, limit=500)


def due(hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, path: str, **more: Any) -> Shown:
    shown = hooked(hub, ana, receiver.url(path), "user:ana", **more)
    uploaded(hub, ana, repo, {"a.txt": b"a"})
    return shown


def test_it_is_deleted_while_it_is_called(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    shown = due(hub, ana, repo, receiver, "/status/500")
    key = shown.webhook.key
    while_called(hub, lambda: worked(hub, ana, lambda work: manage.delete(work, key)))
    assert counted(hub, webhooks) == counted(hub, webhook_deliveries) == 0
    called(hub)
    assert len(receiver.received) == 1


def test_it_is_disabled_while_it_is_called(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    """A failure is tried again later; not so when its owner wanted it no more."""
    shown = due(hub, ana, repo, receiver, "/status/500")
    key = shown.webhook.key
    while_called(hub, lambda: worked(hub, ana, lambda work: manage.disable(work, key)))
    assert states(hub, ana, shown) == [State.FAILED]
    assert again(hub, ana, shown).webhook.disabled_at is not None


def test_its_address_and_secret_change_while_it_is_called(
    hub: Hub, clock: FrozenClock, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    """The next try goes to the new address with the new secret, which no old failure burdens."""
    shown = due(hub, ana, repo, receiver, "/status/500", secret="old")
    wish = Wish(url=receiver.url("/ok"), secret="new")
    key = shown.webhook.key
    while_called(hub, lambda: worked(hub, ana, lambda work: manage.change(work, key, wish)))
    assert again(hub, ana, shown).webhook.failing_since is None
    clock.advance(PAUSES[0])
    called(hub)
    seen = [(one.path, one.headers["x-webhook-secret"]) for one in receiver.received]
    assert seen == [("/status/500", "old"), ("/ok", "new")]
    assert states(hub, ana, shown) == [State.DELIVERED]
