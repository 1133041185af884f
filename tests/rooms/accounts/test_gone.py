"""What is left of an account after its end: nothing that tells of the person."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, made, person
from fixtures.hubs import FrozenClock
from fixtures.traces import texts_with
from strata.accounts import people
from strata.accounts.tables import users
from strata.app.hub import LISTENERS, PERSONAL
from strata.core.actor import SYSTEM, Standing
from strata.core.call import Work, working
from strata.core.hub import Hub
from strata.events.audit.listing import of_person
from strata.events.audit.narrowing import EVERYTHING
from strata.events.facts import Fact
from strata.events.jobs import run_due
from strata.events.mails import troubles
from strata.events.mails.sending import ForgetMail
from strata.lib.db.seek import Window
from strata.membership.closing import gone, leave
from strata.membership.closing.facts import GONE
from strata.membership.confirming import approval
from strata.membership.emails import adding
from strata.membership.jobs import TidyAccounts
from strata.membership.joining import invites, pending
from strata.membership.joining.tables import pending_sign_ups

WORDS = ("zebra", "quagga@example.net")  # of name and address, and of another address


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    """Give a hub with all its rooms, on the database of the parameter."""
    return replace(each_hub, listeners=LISTENERS, personal=PERSONAL)


def tidied(hub: Hub) -> None:
    with calling(hub, SYSTEM) as call:
        TidyAccounts().run(call)
    while run_due(hub, {ForgetMail.kind: ForgetMail}):
        pass


def test_nothing_tells_of_who_was_let_in_invited_written_to_and_is_gone(
    hub: Hub, clock: FrozenClock
) -> None:
    zebra = made(hub, "zebra", password=None)
    with calling(hub, SYSTEM) as call, working(call) as work:
        work.db.execute(sa.update(users).values(standing=Standing.PENDING.value))
        approval.approve(work, person(hub, "zebra"))
        troubles.note(work, "zebra@example.org", "550 no zebra here", returned=True)
        invites.invite(work, email="zebra@example.org")
    with calling(hub, zebra) as call, working(call) as work:
        adding.add(work, "quagga@example.net", primary=False)
        log = of_person(work, zebra.user_id or 0, Window(100), EVERYTHING).rows
    assert {"account.signup", "admin.user_approve"} <= {one.type for one in log}
    with calling(hub, SYSTEM) as call, working(call) as work:
        gone.delete(work, person(hub, "zebra"))
        # The last mail to them comes back.
        troubles.note(work, "zebra@example.org", "550 no zebra here", returned=True)
    assert set(texts_with(hub, WORDS)) <= {
        "former_names",
        "invites",
        "jobs",
        "mails",
        "undeliverable",
    }
    clock.advance(timedelta(days=hub.settings.accounts.former_name_days))
    tidied(hub)
    assert texts_with(hub, WORDS) == []


def test_an_address_that_somebody_has_keeps_its_warning(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "zebra", password=None)
    with calling(hub) as call, working(call) as work:
        troubles.note(work, "zebra@example.org", "550", returned=True)
        code = invites.invite(work, days=365)
    clock.advance(timedelta(days=300))
    tidied(hub)
    with calling(hub) as call:
        assert troubles.troubles(call, ["zebra@example.org"])
        assert invites.is_good(call, code, "zebra@example.org")


def test_a_sign_up_that_was_only_begun_is_forgotten(hub: Hub, clock: FrozenClock) -> None:
    with calling(hub) as call, working(call) as work:
        pending.keep(work, pending.FirstStep("zebra@example.org", "", hub.clock()))
    clock.advance(pending.LIFE)
    tidied(hub)
    with hub.database.reading() as db:
        assert db.execute(sa.select(pending_sign_ups)).all() == []


def test_an_account_that_cannot_be_deleted_keeps_no_other(hub: Hub, clock: FrozenClock) -> None:
    stuck, other = (made(hub, name, password=None) for name in ("stuck", "other"))
    for actor in (stuck, other):
        with calling(hub, actor) as call, working(call) as work:
            leave.schedule(work)
    clock.advance(leave.GRACE)

    def refuse(_: Work, fact: Fact) -> None:
        if fact.name == GONE and fact.subject_id == stuck.user_id:
            raise RuntimeError("a room of which this one holds something that is broken")

    tidied(replace(hub, listeners=(*LISTENERS, refuse)))

    with calling(hub) as call:
        assert people.by_name(call, "other") is None
    assert person(hub, "stuck").standing == Standing.LEAVING
    tidied(hub)
    with calling(hub) as call:
        assert people.by_name(call, "stuck") is None
