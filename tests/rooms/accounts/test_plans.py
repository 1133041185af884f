"""What a plan names holds for who has it, and for nobody else."""

import base64
import dataclasses
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import HERE, calling, confirmation_in, inbox, joined, made, person
from fixtures.hubs import FrozenClock
from fixtures.webhooks import watched
from strata.accounts import confirmed
from strata.accounts.naming import names
from strata.accounts.plans import grants, rules
from strata.accounts.plans.quotas import MOST, quotas_of, standing_of
from strata.accounts.plans.rates import Bucket
from strata.community.webhooks import log, manage
from strata.community.webhooks.manage import Wish
from strata.core.actor import Actor, TokenRole
from strata.core.call import Work, working
from strata.core.errors import InvalidFields, Malformed, NotFound, TooMany
from strata.core.hub import Hub
from strata.credentials.keys import ssh
from strata.credentials.tokens import making
from strata.events.tables import facts
from strata.events.webhooks import deliveries, queries
from strata.events.webhooks.record import Origin, State, Telling
from strata.membership.confirming import verification
from strata.membership.joining import invites


def place(actor: Actor) -> names.Namespace:
    return names.Namespace(actor.user_id or 0, actor.name or "", names.Kind.USER)


def planned(hub: Hub, actor: Actor, **quotas: int) -> None:
    with calling(hub) as call, working(call) as work:
        grants.make(work, "Tiny", quotas)
        grants.assign(work, place(actor), "Tiny", None)


def key(number: int) -> str:
    blob = struct.pack(">I11sI", 11, b"ssh-ed25519", 32) + bytes([number]) * 32
    return f"ssh-ed25519 {base64.b64encode(blob).decode()} laptop"


def hook(owner: Actor) -> Wish:
    return Wish(url="https://93.184.216.34/h", watched=watched(f"user:{owner.name}"))


def test_tokens_keys_and_webhooks_are_counted_against_the_plan(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    planned(hub, ana, tokens=1, keys=1, webhooks=1)
    for who, more in ((ana, False), (bob, True)):
        with calling(hub, who) as call, working(call) as work:
            for number in range(2 if more else 1):
                making.create_for(work, who.user_id or 0, f"t{number}", TokenRole.READ)
                ssh.add(work, "", key((who.user_id or 0) * 10 + number))
                manage.create(work, hook(who))
    acts: list[Callable[[Work], object]] = [
        lambda work: making.create_for(work, ana.user_id or 0, "second", TokenRole.READ),
        lambda work: ssh.add(work, "", key(200)),
        lambda work: manage.create(work, hook(ana)),
    ]
    for act in acts:
        with (
            calling(hub, ana) as call,
            working(call) as work,
            pytest.raises(InvalidFields, match="too_many") as refused,
        ):
            act(work)
        assert refused.value.values == {"has": "1", "total": "1"}


def test_without_a_plan_the_numbers_are_those_of_the_free_one(hub: Hub) -> None:
    ana = made(hub, "ana")
    with calling(hub) as call:
        free = quotas_of(call, ana.user_id or 0)
    assert (free.tokens, free.keys, free.webhooks, free.triggers) == (100, 20, 20, 1_000)


def test_a_webhook_is_called_as_often_as_the_plan_says(hub: Hub) -> None:
    ana = made(hub, "ana")
    with calling(hub, ana) as call, working(call) as work:
        made_one = manage.create(work, hook(ana)).webhook
        telling = Telling(made_one.id, "repo", "{}", None, private=False, most=0)
        for most, queued in ((2, 2), (3, 3), (0, 8)):
            one = replace(telling, most=most)
            for _ in range(5):
                deliveries.queue(work, [one])
            assert queries.triggers(work, [made_one.id])[made_one.id] == queued
        with pytest.raises(TooMany, match="8 of 8 times in 24 hours"):
            deliveries.queue_now(work, made_one, replace(telling, most=8), Origin.TEST)


def test_what_is_beyond_the_days_limit_stands_in_the_activity_once_a_day(
    hub: Hub, clock: FrozenClock
) -> None:
    ana, eve = made(hub, "ana"), made(hub, "eve")
    with calling(hub, ana) as call, working(call) as work:
        key = manage.create(work, hook(ana)).webhook.key
        webhook_id = manage.found(work, key).id
    one = Telling(webhook_id, "repo", "{}", None, private=False, most=2)
    for _ in range(5):  # whoever pushes to what the webhook watches
        with calling(hub, eve, origin=HERE) as call, working(call) as work:
            deliveries.queue(work, [one])
    assert states(hub, ana, key) == [State.REFUSED, State.WAITING, State.WAITING]
    clock.advance(timedelta(hours=25))
    for _ in range(4):
        with calling(hub, eve, origin=HERE) as call, working(call) as work:
            deliveries.queue(work, [one])
    assert states(hub, ana, key)[:3] == [State.REFUSED, State.WAITING, State.WAITING]
    with calling(hub, ana) as call:
        told = [f for f in call.db.execute(sa.select(facts)) if f.name == "quota.exceeded"]
    assert len(told) == 2
    assert {(f.target, f.subject_id, f.actor_id, f.ip) for f in told} == {
        (key, ana.user_id, None, "")  # who pushed learns of no webhook, its owner of no address
    }
    assert told[0].detail == {"webhook": key, "triggers": 2}


def states(hub: Hub, owner: Actor, key: str) -> list[State]:
    with calling(hub, owner) as call:
        return [one.state for one in log.page(call, key).deliveries]


@pytest.mark.parametrize("value", [-1, MOST + 1, 1 << 63, 1 << 70])
def test_numbers_that_no_database_holds_are_refused(hub: Hub, value: int) -> None:
    ana = made(hub, "ana")
    with calling(hub) as call, working(call) as work:
        with pytest.raises(Malformed, match="from 0"):
            grants.override(work, place(ana), "public_bytes", value, None)
        with pytest.raises(Malformed, match="from 0"):
            grants.make(work, "Huge", {"public_bytes": value})
        grants.override(work, place(ana), "public_bytes", MOST, None)
        assert quotas_of(work, ana.user_id or 0).public_bytes == MOST


def plan_of(hub: Hub, name: str) -> str:
    with calling(hub) as call:
        return standing_of(call, person(hub, name).id).plan


def confirm(work: Work, user_id: int, address: str) -> None:
    assert confirmed.claim(work, user_id, email=address, key=address)


def some_plans(work: Work) -> None:
    for number, name in enumerate(("Pro", "Team", "Lab")):
        grants.make(work, name, {"repos": 1_000 + number, "api": 5_000 + number})


def test_a_domain_brings_a_plan_to_those_who_are_here_and_those_who_come(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")  # at example.org
    with calling(hub) as call, working(call) as work:
        some_plans(work)
        with pytest.raises(NotFound, match="no plan named"):
            rules.by_domain(work, "example.org", "Nothing")
        with pytest.raises(Malformed, match="no domain"):
            rules.by_domain(work, "a b", "Pro")
        confirm(work, bob.user_id or 0, "bob@cs.uni.example")
        assert rules.by_domain(work, "*.uni.example", "Lab") == 1
        assert rules.by_domain(work, "Example.ORG", "Pro") == 2
        assert rules.domain_rules(work) == {"*.uni.example": "Lab", "example.org": "Pro"}
    made(hub, "cleo")
    assert [plan_of(hub, name) for name in ("ana", "bob", "cleo")] == ["Pro", "Pro", "Pro"]
    with calling(hub) as call, working(call) as work:
        confirmed.release(work, bob.user_id or 0, person(hub, "bob").email_key)
    assert plan_of(hub, "bob") == "Lab"
    with calling(hub) as call, working(call) as work:
        # A name that only ends alike is another domain.
        confirm(work, ana.user_id or 0, "ana@notuni.example")
        rules.no_longer_by_domain(work, "example.org")
        with pytest.raises(NotFound, match="No plan comes with"):
            rules.no_longer_by_domain(work, "example.org")
    assert [plan_of(hub, name) for name in ("ana", "bob", "cleo")] == ["Free", "Lab", "Free"]


def test_an_address_that_is_only_claimed_brings_nothing(hub: Hub) -> None:
    made(hub, "first-one")
    with calling(hub) as call, working(call) as work:
        some_plans(work)
        rules.by_domain(work, "boss.example", "Pro")
    joined(hub, "mallory", email="ceo@boss.example")
    assert plan_of(hub, "mallory") == "Free"
    with calling(hub) as call, working(call) as work:
        verification.confirm_link(work, confirmation_in(inbox(hub, "ceo@boss.example")[-1]))
    assert plan_of(hub, "mallory") == "Pro"


def test_what_is_given_by_hand_stands_before_what_comes_by_itself(
    hub: Hub, clock: FrozenClock
) -> None:
    ana = made(hub, "ana")
    user_id = ana.user_id or 0
    with calling(hub) as call, working(call) as work:
        some_plans(work)
        rules.by_domain(work, "example.org", "Pro")
        rules.settle_groups(work, user_id, "work", ["Gone", "Team", "Lab"])
    assert plan_of(hub, "ana") == "Team"
    with calling(hub) as call, working(call) as work:
        rules.by_invite(work, user_id, "Lab", 10)
        grants.make(work, "Hand", {"repos": 7})
        grants.assign(work, place(ana), "Hand", clock() + timedelta(days=5))
    seen = []
    for _ in range(4):
        with calling(hub) as call:
            rates = grants.special_rates(call)[user_id][Bucket.API]
            seen.append((plan_of(hub, "ana"), quotas_of(call, user_id).repos, rates))
            owners = {one.name: one.owners for one in grants.listed(call)}
            assert owners == {name: int(name == seen[-1][0]) for name in owners}
        clock.advance(timedelta(days=6))
        if len(seen) == 3:
            with calling(hub) as call, working(call) as work:
                rules.settle_groups(work, user_id, "work", [])
    usual = hub.settings.rates.api
    assert seen == [
        ("Hand", 7, usual), ("Lab", 1_002, 5_002), ("Team", 1_001, 5_001), ("Pro", 1_000, 5_000)
    ]  # fmt: skip


@pytest.mark.parametrize("mode", ["invite", "open"])
def test_an_invitation_brings_the_plan_that_it_promises(
    hub: Hub, clock: FrozenClock, mode: str
) -> None:
    made(hub, "first-one")
    accounts = dataclasses.replace(hub.settings.accounts, sign_up=mode)
    near = dataclasses.replace(hub, settings=dataclasses.replace(hub.settings, accounts=accounts))
    with calling(near) as call, working(call) as work:
        some_plans(work)
        with pytest.raises(NotFound):
            invites.invite(work, promise=invites.Promise("Nothing"))
        code = invites.invite(work, promise=invites.Promise("Pro", 30))
    joined(near, "ana", invite=code)
    assert plan_of(near, "ana") == "Pro"
    if mode == "open":
        joined(near, "bob", invite=code)  # used up: it brings nothing, and keeps nobody out
        assert plan_of(near, "bob") == "Free"
    clock.advance(timedelta(days=31))
    assert plan_of(near, "ana") == "Free"
