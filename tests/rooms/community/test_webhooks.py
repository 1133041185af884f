"""Webhooks: made, changed, called, tried again, given up; on both databases."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import fact_names, inbox
from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling, person, working_as
from fixtures.receivers import Receiver, receiving
from fixtures.webhooks import (
    again,
    called,
    hooked,
    listening_hub,
    logged,
    states,
    watched,
)
from strata.app.hub import JOBS, PROMPT, WAITING
from strata.community.webhooks import log, manage
from strata.community.webhooks.faults import BadWebhook
from strata.community.webhooks.jobs import TidyWebhooks
from strata.community.webhooks.manage import Wish
from strata.core.actor import ANONYMOUS, Actor, TokenFacts, TokenRole
from strata.core.call import Work, reading
from strata.core.errors import (
    AlreadyExists,
    Conflict,
    EmailNotVerified,
    Forbidden,
    NotFound,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.events.jobs import LEASE
from strata.events.runner import JobRunner
from strata.events.tables import jobs
from strata.events.webhooks.health import PATIENCE, PAUSES
from strata.events.webhooks.masks import KEPT, MASK
from strata.events.webhooks.record import Domain, State
from strata.events.webhooks.tables import webhook_deliveries, webhooks
from strata.lib import clock as real
from strata.repos import change
from strata.repos.change import Settings
from strata.repos.record import Repo


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
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    return created(hub, ana, "one")


def commits(hub: Hub, ana: Actor, repo: Repo, count: int = 1) -> None:
    for number in range(count):
        uploaded(hub, ana, repo, {"a.txt": f"{number} at {time.monotonic()}".encode()})


def refused(hub: Hub, owner: Actor, wish: Wish) -> str:
    with pytest.raises(BadWebhook) as bad, working_as(hub, owner) as work:
        manage.create(work, wish)
    return bad.value.message


def test_a_webhook_is_made_read_changed_and_deleted(hub: Hub, ana: Actor) -> None:
    created(hub, ana, "one")
    made = hooked(hub, ana, "https://Example.org/in?x=1", "user:ANA", "model:ana/ONE", secret="s")

    assert made.webhook.url == "https://Example.org/in?x=1"
    assert [(one.type, one.name) for one in made.watched] == [("user", "ana"), ("model", "ana/one")]
    assert made.webhook.domains == [Domain.REPO, Domain.DISCUSSION]
    with calling(hub, ana) as call:
        assert manage.mine(call) == [made]
    key = made.webhook.key
    with working_as(hub, ana) as work:
        unchanged = manage.change(work, key, Wish())
        changed = manage.change(
            work,
            key,
            Wish(
                url="https://example.org/new",
                domains=[Domain.REPO],
                watched=watched("user:ana"),
                secret="",
            ),
        )
    assert (unchanged.webhook.url, unchanged.watched) == (made.webhook.url, made.watched)
    assert unchanged.webhook.secret == made.webhook.secret
    assert (changed.webhook.domains, len(changed.watched)) == ([Domain.REPO], 1)
    assert changed.webhook.secret is None
    with working_as(hub, ana) as work:
        manage.delete(work, key)
    with pytest.raises(NotFound):
        again(hub, ana, made)


def test_bad_wishes_are_refused_by_field(hub: Hub, ana: Actor) -> None:
    good = Wish(url="https://example.org/", watched=watched("user:ana"))
    for changes, message in (
        ({"url": ""}, '"url": Give'),
        ({"url": "http://10.0.0.1/"}, '"url": This address is inside'),
        ({"url": "https://user:pw@example.org/"}, '"url": The address must not hold'),
        ({"url": "ftp://example.org/"}, '"url": The address must begin'),
        ({"url": "https://127.1/"}, '"url": This is not the address'),
        ({"watched": []}, '"watched": Choose'),
        ({"watched": watched("user:nobody")}, '"watched": There is no user named nobody'),
        ({"watched": watched("org:ana")}, '"watched": There is no organization named ana'),
        ({"watched": watched("model:ana/no")}, '"watched": There is no repository named ana/no'),
        ({"watched": watched("model:no")}, '"watched": There is no repository named no'),
        ({"watched": watched("user:a\0b")}, '"watched": There is no user'),
        ({"watched": watched(*["user:ana"] * 101)}, '"watched": One webhook watches at most'),
        ({"domains": []}, '"domains": Choose'),
        ({"secret": "ö"}, '"secret": A secret'),
        ({"secret": "a b"}, '"secret": A secret'),
        ({"secret": "x\r\nX-Evil: 1"}, '"secret": A secret'),
        ({"secret": "x" * 257}, '"secret": A secret'),
    ):
        assert refused(hub, ana, replace(good, **changes)).startswith(message)
    with calling(hub, ana) as call:
        assert manage.mine(call) == []


def test_who_may_have_webhooks(hub: Hub, ana: Actor, clock: FrozenClock) -> None:
    bob = person(hub, "bob")
    made = hooked(hub, ana, "https://example.org/", "user:ana")
    reading_token = replace(ana, token=TokenFacts(1, "r", TokenRole.READ, clock()))
    key = made.webhook.key
    with pytest.raises(Forbidden):
        hooked(hub, reading_token, "https://example.org/", "user:ana")
    with pytest.raises(EmailNotVerified):
        hooked(hub, replace(ana, verified=False), "https://example.org/", "user:ana")
    with pytest.raises(Unauthenticated):
        hooked(hub, ANONYMOUS, "https://example.org/", "user:ana")
    with calling(hub, reading_token) as call:
        assert len(manage.mine(call)) == 1
    with calling(hub, bob) as call:
        assert manage.mine(call) == []
    for act in (manage.enable, manage.disable, manage.delete):
        with pytest.raises(NotFound), working_as(hub, bob) as work:
            act(work, key)
        with pytest.raises(Forbidden), working_as(hub, reading_token) as work:
            act(work, key)
    assert again(hub, ana, made).webhook.disabled_at is None


def test_an_account_has_only_so_many(hub: Hub, ana: Actor) -> None:
    for _ in range(20):
        hooked(hub, ana, "https://example.org/", "user:ana")

    wish = Wish(url="https://example.org/", watched=watched("user:ana"))
    assert "You have 20 of 20 webhooks" in refused(hub, ana, wish)


def test_a_secret_is_not_in_the_database(hub: Hub, ana: Actor) -> None:
    made = hooked(hub, ana, "https://example.org/", "user:ana", secret="tell-nobody")

    with calling(hub, ana) as call:
        kept = call.db.scalars(sa.select(webhooks.c.secret)).one()
    assert b"tell-nobody" not in kept
    assert made.webhook.secret == kept
    assert hub.secrets.unseal("webhook.secret", kept) == "tell-nobody"
    assert hub.secrets.unseal("webhook.secret", kept[:-1] + b"!") is None
    assert hub.secrets.unseal("another purpose", kept) is None


def test_where_nobody_watches_a_commit_costs_one_statement(
    hub: Hub, ana: Actor, repo: Repo
) -> None:
    bob = person(hub, "bob")
    hooked(hub, bob, "https://example.org/", "user:bob")
    made = hooked(hub, ana, "https://example.org/", "user:ana")
    with working_as(hub, ana) as work:
        manage.disable(work, made.webhook.key)

    commits(hub, ana, repo)

    with calling(hub, ana) as call:
        assert call.db.scalar(sa.select(sa.func.count()).select_from(webhook_deliveries)) == 0
        kinds = set(call.db.scalars(sa.select(jobs.c.kind)))
    assert not kinds & WAITING.only


def test_a_rolled_back_commit_is_never_told(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    hooked(hub, ana, receiver, "user:ana")
    created(hub, ana, "taken")
    called(hub)
    before = len(receiver.received)
    with pytest.raises(AlreadyExists), working_as(hub, ana) as work:
        _change_and_collide(work, repo)

    assert called(hub) == 0
    assert len(receiver.received) == before


def _change_and_collide(work: Work, repo: Repo) -> None:
    change.change_settings(work, repo.repo_id, Settings(description="Mine"))
    change.move(work, repo.repo_id, RepoId(RepoType.MODEL, "ana", "taken"))


def test_a_delivery_is_logged_with_its_secrets_masked(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    url = receiver.url("/echo?secret=in-the-url&x=%61bc")
    made = hooked(hub, ana, url, "user:ana", secret="in-the-header")
    commits(hub, ana, repo)
    called(hub)

    (one,) = logged(hub, ana, made)

    assert (one.state, one.status, one.attempts, one.error) == (State.DELIVERED, 200, 1, None)
    assert one.duration_ms is not None
    assert one.duration_ms < 5000
    assert receiver.received[0].headers["x-webhook-secret"] == "in-the-header"
    texts = "\n".join((one.request_head or "", one.response_head or "", one.response_body or ""))
    assert "in-the" not in texts
    assert "%61bc" not in texts
    assert f"X-Webhook-Secret: {MASK}" in texts
    assert f"x-webhook-secret: {MASK}" in texts
    assert (one.request_head or "").startswith(f"POST http://127.0.0.1:{receiver.port}/echo?")
    assert receiver.received[0].body.decode() == one.payload


def test_a_large_answer_is_cut(hub: Hub, ana: Actor, repo: Repo, receiver: Receiver) -> None:
    made = hooked(hub, ana, receiver.url("/big"), "user:ana")
    commits(hub, ana, repo)
    called(hub)

    (one,) = logged(hub, ana, made)

    assert one.state is State.DELIVERED
    assert len(one.response_body or "") == KEPT + 1  # and an ellipsis


def test_a_failing_target_is_tried_again_with_growing_pauses(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, clock: FrozenClock
) -> None:
    made = hooked(hub, ana, receiver.url("/status/500"), "user:ana")
    commits(hub, ana, repo)
    tries = []
    for pause in (timedelta(0), *PAUSES):
        clock.advance(pause - timedelta(seconds=1))
        called(hub)
        tries.append(len(receiver.received))
        clock.advance(timedelta(seconds=1))
        called(hub)
    clock.advance(timedelta(days=2))
    called(hub)

    (one,) = logged(hub, ana, made)
    assert tries == [0, 1, 2, 3, 4, 5, 6, 7]
    assert len(receiver.received) == 8
    assert (one.state, one.status, one.attempts) == (State.FAILED, 500, 8)
    assert len({received.body for received in receiver.received}) == 1


def test_a_target_that_recovers_gets_everything(
    hub: Hub, ana: Actor, repo: Repo, clock: FrozenClock
) -> None:
    with receiving() as gone:
        port = gone.port
    made = hooked(hub, ana, f"http://127.0.0.1:{port}/ok", "user:ana")
    commits(hub, ana, repo, 3)
    called(hub)
    before = logged(hub, ana, made)
    with receiving() as back:
        with working_as(hub, ana) as work:
            manage.change(work, made.webhook.key, Wish(url=back.url()))
        clock.advance(PAUSES[0])
        called(hub)

        assert len(back.received) == 3
    # One silence is enough to let the others wait.
    assert [one.attempts for one in before] == [1, 0, 0]
    assert "refused" in (before[0].error or "")
    assert states(hub, ana, made) == [State.DELIVERED] * 3
    assert again(hub, ana, made).webhook.failing_since is None


def test_seven_days_of_failures_disable_it_with_a_mail(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, clock: FrozenClock
) -> None:
    made = hooked(hub, ana, receiver.url("/status/404"), "user:ana")
    commits(hub, ana, repo)
    called(hub)
    clock.advance(PATIENCE - timedelta(minutes=1))
    commits(hub, ana, repo)
    called(hub)
    assert again(hub, ana, made).webhook.disabled_at is None
    clock.advance(timedelta(minutes=2))
    called(hub)

    seen = again(hub, ana, made).webhook
    assert (seen.disabled_at, seen.given_up) == (clock(), True)
    (letter,) = inbox(hub, "ana@example.com")
    assert "webhook" in letter.subject
    assert f"127.0.0.1:{receiver.port}" in letter.text
    assert "/status" not in letter.text
    received = len(receiver.received)
    commits(hub, ana, repo)
    called(hub)
    assert len(receiver.received) == received
    assert State.WAITING not in states(hub, ana, made)


def test_a_success_in_between_begins_the_seven_days_anew(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, clock: FrozenClock
) -> None:
    made = hooked(hub, ana, receiver.url("/status/500"), "user:ana")
    commits(hub, ana, repo)
    called(hub)
    clock.advance(timedelta(days=4))
    with working_as(hub, ana) as work:
        manage.change(work, made.webhook.key, Wish(url=receiver.url("/ok")))
    called(hub)
    with working_as(hub, ana) as work:
        manage.change(work, made.webhook.key, Wish(url=receiver.url("/status/500")))
    clock.advance(timedelta(days=4))
    commits(hub, ana, repo)
    called(hub)

    assert again(hub, ana, made).webhook.disabled_at is None
    assert inbox(hub, "ana@example.com") == []


def test_it_is_triggered_only_so_often_in_24_hours(
    tmp_path: Path, clock: FrozenClock, receiver: Receiver
) -> None:
    hub = listening_hub(tmp_path / "few", clock, triggers=3)
    ana = person(hub, "ana")
    repo = created(hub, ana, "one")
    made = hooked(hub, ana, receiver, "user:ana")
    commits(hub, ana, repo, 5)
    called(hub)

    assert len(receiver.received) == 3
    assert again(hub, ana, made).triggers == 3
    with pytest.raises(TooMany), working_as(hub, ana) as work:
        log.send_test(work, made.webhook.key)
    clock.advance(timedelta(hours=24, seconds=1))
    commits(hub, ana, repo)
    called(hub)
    assert len(receiver.received) == 4
    hub.database.close()


def test_a_delivery_can_be_replayed_to_the_address_of_today(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    made = hooked(hub, ana, receiver.url("/status/500"), "user:ana", secret="old")
    commits(hub, ana, repo)
    called(hub)
    (failed,) = logged(hub, ana, made)
    with working_as(hub, ana) as work:
        manage.change(work, made.webhook.key, Wish(url=receiver.url("/ok"), secret="new"))
        log.replay(work, made.webhook.key, failed.key)
    called(hub)
    assert fact_names(hub)[-2:] == ["webhook.update", "webhook.replay"]

    last = receiver.received[-1]
    assert (last.path, last.headers["x-webhook-secret"]) == ("/ok", "new")
    assert last.body == receiver.received[0].body
    assert len(states(hub, ana, made)) == 2
    with pytest.raises(NotFound), working_as(hub, ana) as work:
        log.replay(work, made.webhook.key, "0" * 24)
    bob = person(hub, "bob")
    with pytest.raises(NotFound), working_as(hub, bob) as work:
        log.replay(work, made.webhook.key, failed.key)


@pytest.mark.slow
def test_a_test_is_sent_even_while_it_pauses_and_is_not_tried_again(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    made = hooked(hub, ana, receiver.url("/stall"), "user:ana")
    commits(hub, ana, repo)
    called(hub)
    assert again(hub, ana, made).webhook.paused_until is not None
    with working_as(hub, ana) as work:
        log.send_test(work, made.webhook.key)
    called(hub)

    assert receiver.received[-1].json["test"] is True
    assert receiver.received[-1].json["repo"]["name"] == "ana/webhook-test"
    first, test = logged(hub, ana, made)
    assert (first.state, test.state) == (State.WAITING, State.FAILED)
    assert "no answer within 1 seconds" in (test.error or "")
    with working_as(hub, ana) as work:
        manage.disable(work, made.webhook.key)
    with pytest.raises(Conflict), working_as(hub, ana) as work:
        log.send_test(work, made.webhook.key)


def test_disabling_drops_what_waits_and_enabling_begins_anew(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    made = hooked(hub, ana, receiver, "user:ana")
    commits(hub, ana, repo)
    with working_as(hub, ana) as work:
        disabled = manage.disable(work, made.webhook.key)
    commits(hub, ana, repo)
    called(hub)
    with working_as(hub, ana) as work:
        enabled = manage.enable(work, made.webhook.key)
    commits(hub, ana, repo)
    called(hub)

    assert disabled.webhook.disabled_at is not None
    assert enabled.webhook.disabled_at is None
    assert states(hub, ana, made) == [State.DROPPED, State.DELIVERED]
    assert len(receiver.received) == 1


def test_a_watched_repo_is_followed_through_its_names(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    made = hooked(hub, ana, receiver, "model:ana/one")
    with working_as(hub, ana) as work:
        change.move(work, repo.repo_id, RepoId(RepoType.MODEL, "ana", "two"))
    by_old_name = hooked(hub, ana, "https://example.org/", "model:ana/one")

    assert [one.name for one in again(hub, ana, made).watched] == ["ana/two"]
    assert [one.name for one in by_old_name.watched] == ["ana/two"]


@pytest.mark.slow
def test_the_log_has_pages_and_forgets(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, clock: FrozenClock
) -> None:
    made = hooked(hub, ana, receiver, "user:ana")
    commits(hub, ana, repo, 30)
    called(hub)
    key = made.webhook.key

    with calling(hub, ana) as call:
        first = log.page(call, key)
        second = log.page(call, key, before=first.next)
    assert (len(first.deliveries), len(second.deliveries), second.next) == (25, 5, None)
    clock.advance(timedelta(days=31))
    with calling(hub, ana) as call:
        TidyWebhooks().run(call)
        assert log.page(call, key).deliveries == []


@pytest.mark.slow
def test_a_dead_target_delays_neither_mail_nor_other_webhooks(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    patient = replace(
        hub,
        clock=real.now,
        settings=replace(hub.settings, webhooks=replace(hub.settings.webhooks, timeout_s=20)),
    )
    for _ in range(3):
        hooked(patient, ana, receiver.url("/stall"), "user:ana")
    with receiving() as healthy:
        hooked(patient, ana, healthy, "user:ana")
        runners = [
            JobRunner(patient, JOBS, PROMPT),
            JobRunner(patient, JOBS, WAITING, threads=4),
        ]
        for runner in runners:
            runner.start()
        try:
            commits(patient, ana, repo)
            healthy.wait(1, within_s=10)
            receiver.wait(3, within_s=10)
            # More facts make the stalled targets occupy no more threads.
            commits(patient, ana, repo, 3)
            healthy.wait(4, within_s=10)
            _wait_for_prompt_jobs(patient)
            assert len(receiver.received) == 3
        finally:
            receiver.leaving.set()
            for runner in runners:
                runner.stop()


def _wait_for_prompt_jobs(hub: Hub) -> None:
    """Index and all else must be done while the targets stall."""
    over = time.monotonic() + 10
    left: list[str] = ["not looked yet"]
    while left and time.monotonic() < over:
        with reading(hub) as call:
            left = list(
                call.db.scalars(
                    sa.select(jobs.c.kind).where(PROMPT.takes(), jobs.c.due <= hub.clock())
                ).all()
            )
        time.sleep(0.05)
    assert left == []


@pytest.mark.slow
def test_two_processes_never_call_one_webhook_at_once(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver
) -> None:
    made = hooked(hub, ana, receiver, "user:ana")
    commits(hub, ana, repo, 20)
    threads = [threading.Thread(target=called, args=(hub,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    called(hub)

    assert len(receiver.received) == 20
    assert len({one.headers["x-webhook-delivery"] for one in receiver.received}) == 20
    assert states(hub, ana, made) == [State.DELIVERED] * 20


def test_a_call_that_died_with_its_process_is_made_again(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, clock: FrozenClock
) -> None:
    made = hooked(hub, ana, receiver, "user:ana")
    commits(hub, ana, repo)
    with hub.database.writing() as db:  # as the process left it
        db.execute(sa.update(webhooks).values(taken_until=clock() + timedelta(minutes=2)))
        db.execute(sa.update(jobs).values(locked_until=clock() + LEASE))
    called(hub)
    assert receiver.received == []
    clock.advance(LEASE + timedelta(seconds=1))
    called(hub)

    assert states(hub, ana, made) == [State.DELIVERED]


def test_a_turn_of_somebody_else_is_waited_for(
    hub: Hub, ana: Actor, repo: Repo, receiver: Receiver, clock: FrozenClock
) -> None:
    hooked(hub, ana, receiver, "user:ana")
    with hub.database.writing() as db:
        db.execute(sa.update(webhooks).values(taken_until=clock() + timedelta(minutes=2)))
    commits(hub, ana, repo)
    called(hub)
    assert receiver.received == []
    clock.advance(timedelta(minutes=2))
    called(hub)

    assert len(receiver.received) == 1


def test_commits_that_one_webhook_hears_of_do_not_wait_for_each_other(
    tmp_path: Path, clock: FrozenClock, postgres_hub_database: str
) -> None:
    hub = listening_hub(tmp_path / "data", clock, database_url=postgres_hub_database)
    ana = person(hub, "ana")
    one, two = created(hub, ana, "one"), created(hub, ana, "two")
    for _ in range(2):
        hooked(hub, ana, "https://example.org/", "user:ana")
    with working_as(hub, ana) as first:
        change.change_settings(first, one.repo_id, Settings(description="1"))
        with working_as(hub, ana) as second:
            second.db.execute(sa.text("SET LOCAL lock_timeout = '3s'"))
            change.change_settings(second, two.repo_id, Settings(description="2"))
    hub.database.close()
