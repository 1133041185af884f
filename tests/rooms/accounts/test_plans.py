"""What a plan names holds for who has it, and for nobody else."""

import base64
import struct

import pytest

from fixtures.accounts import calling, made
from fixtures.webhooks import watched
from strata.accounts import names
from strata.accounts.plans import grants
from strata.accounts.plans.quotas import MOST, quotas_of
from strata.community.webhooks import manage
from strata.community.webhooks.faults import BadWebhook
from strata.community.webhooks.manage import Wish
from strata.core.actor import Actor, TokenRole
from strata.core.call import working
from strata.core.errors import InvalidFields, Malformed
from strata.core.hub import Hub
from strata.credentials.keys import ssh
from strata.credentials.tokens import tokens
from strata.events.webhooks import deliveries, queries
from strata.events.webhooks.record import Telling


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
    for person, more in ((ana, False), (bob, True)):
        with calling(hub, person) as call, working(call) as work:
            for number in range(2 if more else 1):
                tokens.create_for(work, person.user_id or 0, f"t{number}", TokenRole.READ)
                ssh.add(work, "", key((person.user_id or 0) * 10 + number))
                manage.create(work, hook(person))
    with calling(hub, ana) as call, working(call) as work:
        with pytest.raises(InvalidFields, match="too_many"):
            tokens.create_for(work, ana.user_id or 0, "second", TokenRole.READ)
        with pytest.raises(InvalidFields, match="too_many"):
            ssh.add(work, "", key(200))
        with pytest.raises(BadWebhook, match="too_many"):
            manage.create(work, hook(ana))


def test_a_webhook_is_called_as_often_as_the_plan_says(hub: Hub) -> None:
    ana = made(hub, "ana")
    with calling(hub, ana) as call, working(call) as work:
        made_one = manage.create(work, hook(ana)).webhook
        for most, queued in ((2, 2), (3, 3), (0, 8)):
            one = Telling(made_one.id, "repo", "{}", None, private=False, most=most)
            for _ in range(5):
                deliveries.queue(work, [one])
            assert queries.triggers(work, [made_one.id])[made_one.id] == queued


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
