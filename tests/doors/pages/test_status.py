"""How the hub is: what works, in words; what waits, in numbers for those who run it (P82)."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from doors.pages.visitors import Visitor, confirmed
from fixtures.accounts import calling, made
from fixtures.hubs import FrozenClock
from strata.accounts.tables import users
from strata.core.build import build
from strata.core.call import working
from strata.core.hub import Hub
from strata.events import outbox
from strata.events.backlog import LATE
from strata.events.jobs import enqueue
from strata.events.mails.sending import ForgetMail
from strata.lib.objects.store import ObjectFacts, StoreFailed


def test_everybody_reads_that_all_is_well_in_their_language(hub: Hub) -> None:
    page = Visitor(hub).open("/status")
    assert page.status == 200
    assert "Everything works" in page.text
    assert page.headers["cache-control"] == "no-store"
    assert "Jobs that gave up" not in page.text
    assert "一切正常" in Visitor(hub, language="zh-CN").open("/status").text


def test_a_private_hub_says_so_to_strangers_too(hub: Hub) -> None:
    private = replace(hub, settings=replace(hub.settings, private=True))
    assert Visitor(private).open("/status").status == 200


def test_what_is_late_is_said_and_counted_for_admins_alone(hub: Hub, clock: FrozenClock) -> None:
    ada = confirmed(hub, "ada")
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(admin=True))
    with calling(hub) as call, working(call) as work:
        enqueue(work, ForgetMail(1))
    assert "Everything works" in Visitor(hub).open("/status").text
    clock.advance(LATE + timedelta(minutes=1))
    for one, numbers in ((Visitor(hub), False), (ada, True)):
        page = one.open("/status")
        assert (page.status, "some work is late" in page.text) == (200, True)
        assert ("Jobs that are late" in page.text) is numbers


def test_mails_that_do_not_leave_are_late(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "ada", password=None)
    sends = replace(
        hub, settings=replace(hub.settings, mail=replace(hub.settings.mail, url="smtp://localhost"))
    )
    assert "No mail server" in Visitor(hub).open("/status").text
    with calling(sends) as call, working(call) as work:
        outbox.post(work, outbox.Letter("ada@example.org", "Hello", "Hello", "<p>Hello</p>"))
    assert "some work is late" not in Visitor(sends).open("/status").text
    clock.advance(LATE + timedelta(minutes=1))
    assert "some work is late" in Visitor(sends).open("/status").text


class _Broken:
    """A store that is out of order, whatever it is asked."""

    def facts(self, key: str) -> ObjectFacts | None:
        raise StoreFailed(f"no route to the store of {key}")


@pytest.mark.parametrize("part", ["database", "store"])
def test_what_does_not_answer_is_named(hub: Hub, part: str) -> None:
    visitor = Visitor(hub)
    if part == "store":
        visitor = Visitor(replace(hub, objects=_Broken()))  # type: ignore[arg-type]  # all it needs
    else:
        with hub.database.writing() as db:
            db.exec_driver_sql("ALTER TABLE jobs RENAME TO unreachable")
    page = visitor.open("/status")
    assert page.status == 503
    assert "Something does not work" in page.text
    assert page.text.count("Does not answer") == 1


def test_every_page_says_what_runs_and_offers_the_other_language(hub: Hub) -> None:
    footer = Visitor(hub).open("/models?sort=likes").text.partition("<footer")[2]
    assert build().shown in footer
    assert 'href="/status"' in footer
    (chinese,) = re.findall(r'href="([^"]+)" lang="zh-CN"', footer)
    assert set(chinese.removeprefix("/models?").split("&")) == {"sort=likes", "lang=zh-CN"}


def test_programs_read_the_version_and_the_commit(hub: Hub) -> None:
    told = Visitor(hub).client.get("/api/version").json()
    runs = build()
    assert told == {"name": "Strata", "version": runs.version, "commit": runs.commit}
