"""Mallory wants webhooks to tell what mallory may not know, and to reach what mallory cannot."""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling, working_as
from fixtures.organizations import joins, leaves, organization, today
from fixtures.receivers import Receiver, receiving
from fixtures.webhooks import again, called, hooked, listening_hub, logged, states
from strata.community.discussions import opening
from strata.community.webhooks import log
from strata.community.webhooks.faults import BadWebhook
from strata.content.making import new_repo
from strata.core.actor import Actor, Role
from strata.core.errors import NotFound
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.events.webhooks.record import State
from strata.lib.http.guard import Allowed, Guard
from strata.lib.http.outbound import Outbound
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.create import Wish
from strata.repos.record import Repo


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = listening_hub(tmp_path / "data", clock)
    yield built
    built.database.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana")


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    return made(hub, "mallory")


def private_repo(hub: Hub, owner: Actor, name: str, namespace: str) -> Repo:
    with calling(hub, owner) as call:
        wish = Wish(type=RepoType.MODEL, namespace=namespace, name=name, private=True)
        return new_repo.create(call, wish, files={})


def make_private(hub: Hub, owner: Actor, repo: Repo, *, private: bool) -> None:
    with working_as(hub, owner) as work:
        change.change_settings(work, repo.repo_id, Settings(private=private))


def test_a_private_repo_is_told_to_nobody_who_may_not_read_it(
    hub: Hub, ana: Actor, mallory: Actor, receiver: Receiver
) -> None:
    spy = hooked(hub, mallory, receiver, "user:ana")
    own = hooked(hub, ana, receiver, "user:ana")
    secret = created(hub, ana, "secret", private=True)
    uploaded(hub, ana, secret, {"a.txt": b"a"})
    with calling(hub, ana) as call:
        opening.open_discussion(call, secret.repo_id, "An idea", "")
    with working_as(hub, ana) as work:
        change.move(work, secret.repo_id, RepoId(RepoType.MODEL, "ana", "more-secret"))
        change.delete(work, RepoId(RepoType.MODEL, "ana", "more-secret"))
    called(hub)

    assert {one.json["webhook"]["id"] for one in receiver.received} == {own.webhook.key}
    assert receiver.events[-1] == "repo:delete"
    assert logged(hub, mallory, spy) == []
    assert again(hub, mallory, spy).triggers == 0


def test_a_private_repo_cannot_be_watched_and_answers_as_a_missing_one(
    hub: Hub, ana: Actor, mallory: Actor
) -> None:
    created(hub, ana, "secret", private=True)
    said = []
    for name in ("ana/secret", "ana/nothing"):
        with pytest.raises(BadWebhook) as refused:
            hooked(hub, mallory, "https://example.org/", f"model:{name}")
        said.append(refused.value.message.replace(name, "?"))

    assert said[0] == said[1]


def test_what_becomes_private_before_it_is_told_is_not_told(
    hub: Hub, ana: Actor, mallory: Actor, receiver: Receiver
) -> None:
    repo = created(hub, ana, "open")
    spy = hooked(hub, mallory, receiver, "model:ana/open")
    uploaded(hub, ana, repo, {"a.txt": b"a"})
    make_private(hub, ana, repo, private=True)
    called(hub)

    assert receiver.received == []
    (dropped,) = logged(hub, mallory, spy)
    assert dropped.state is State.DROPPED
    with calling(hub, mallory) as call:
        assert not log.entry(call, spy.webhook.key, dropped.key).readable
    with pytest.raises(NotFound), working_as(hub, mallory) as work:
        log.replay(work, spy.webhook.key, dropped.key)


def test_what_happened_in_private_is_not_told_when_it_becomes_public(
    hub: Hub, ana: Actor, mallory: Actor, receiver: Receiver
) -> None:
    repo = created(hub, ana, "open")
    hooked(hub, mallory, receiver, "model:ana/open")
    make_private(hub, ana, repo, private=True)
    uploaded(hub, ana, repo, {"a.txt": b"a"})
    make_private(hub, ana, repo, private=False)
    called(hub)

    assert [one.json.get("updatedConfig") for one in receiver.received] == [{"private": False}]


def test_the_new_name_of_a_repo_that_became_private_is_not_shown(
    hub: Hub, ana: Actor, mallory: Actor
) -> None:
    repo = created(hub, ana, "open")
    spy = hooked(hub, mallory, "https://example.org/", "model:ana/open")
    own = hooked(hub, ana, "https://example.org/", "model:ana/open")
    make_private(hub, ana, repo, private=True)
    with working_as(hub, ana) as work:
        change.move(work, repo.repo_id, RepoId(RepoType.MODEL, "ana", "codename"))

    assert [one.name for one in again(hub, mallory, spy).watched] == ["ana/open"]
    assert [one.name for one in again(hub, ana, own).watched] == ["ana/codename"]


def test_whoever_leaves_an_organisation_hears_no_more_of_its_secrets(
    hub: Hub, ana: Actor, mallory: Actor, receiver: Receiver
) -> None:
    organization(hub, "ana")
    joins(hub, "mallory", Role.READ)
    boss, member = today(hub, ana), today(hub, mallory)
    secret = private_repo(hub, boss, "secret", "acme")
    there = hooked(hub, member, receiver.url("/status/503"), "org:acme")
    uploaded(hub, boss, secret, {"a.txt": b"1"})
    called(hub)
    assert receiver.events == ["repo.content:update"]  # a member is told
    uploaded(hub, boss, secret, {"a.txt": b"2"})
    leaves(hub, "mallory")
    uploaded(hub, boss, secret, {"a.txt": b"3"})
    called(hub)

    # Written while a member: dropped unsent. Happened afterwards: not even written.
    assert len(receiver.received) == 1
    outsider = today(hub, mallory)
    assert states(hub, outsider, there) == [State.WAITING, State.DROPPED]
    for delivery in logged(hub, outsider, there):
        with calling(hub, outsider) as call:
            assert not log.entry(call, there.webhook.key, delivery.key).readable
        with pytest.raises(NotFound), working_as(hub, outsider) as work:
            log.replay(work, there.webhook.key, delivery.key)


def test_a_gone_account_is_told_nothing_private(hub: Hub, ana: Actor, receiver: Receiver) -> None:
    hooked(hub, replace(ana, user_id=4711), receiver, "user:ana")  # whose row is gone
    created(hub, ana, "secret", private=True)
    called(hub)

    assert receiver.received == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.2:5432/",
        "http://localhost:8080/admin",
        "http://169.254.169.254/latest/meta-data/iam",
        "http://[::ffff:169.254.169.254]/",
        "http://metadata.google.internal/",
        "http://10.0.0.1/",
        "http://2130706433/",
        "gopher://example.org/",
    ],
)
def test_a_webhook_into_the_network_of_the_server_is_not_made(
    hub: Hub, mallory: Actor, url: str
) -> None:
    with pytest.raises(BadWebhook) as refused:
        hooked(hub, mallory, url, "user:mallory")

    assert list(refused.value.fields) == ["url"]


class Rebinding:
    """A name server that answers a public address first and an inner one ever after."""

    def __init__(self, first: str, later: str) -> None:
        self._later = later
        self._answers = [first]

    def __call__(self, host: str) -> Sequence[str]:
        if host != "rebind.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [self._answers.pop() if self._answers else self._later]


def test_a_name_that_moves_inside_between_two_calls_reaches_nothing(
    hub: Hub, mallory: Actor, receiver: Receiver
) -> None:
    # 127.0.0.1 plays the public internet, 127.0.0.2 the inside.
    guard = Guard(allowed=Allowed.parse(("127.0.0.1",)), plain_http=True)
    trap = replace(hub, outbound=Outbound(guard, Rebinding("127.0.0.1", "127.0.0.2")))
    spy = hooked(trap, mallory, receiver.url(host="rebind.example"), "user:mallory")
    repo = created(trap, mallory, "bait")
    called(trap)
    first = len(receiver.received)
    uploaded(trap, mallory, repo, {"a.txt": b"a"})
    called(trap)

    assert first == 1  # the second delivery of the creation met the new answer already
    assert len(receiver.received) == 1
    waiting = logged(trap, mallory, spy)[1]
    assert waiting.status is None
    assert waiting.error == "rebind.example has no address that may be called"


def test_a_redirect_into_the_network_is_not_followed(
    hub: Hub, mallory: Actor, receiver: Receiver
) -> None:
    with receiving("127.0.0.2") as inner:
        inside = f"http://127.0.0.2:{inner.port}/secret"
        spy = hooked(hub, mallory, receiver.url(f"/to?{inside}"), "user:mallory")
        created(hub, mallory, "bait")
        called(hub)

        assert len(receiver.received) == 1
        assert inner.received == []
        first = logged(hub, mallory, spy)[0]
        assert (first.status, first.response_body) == (None, None)
        assert "inside the network" in (first.error or "")
