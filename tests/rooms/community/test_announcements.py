"""What is told to everybody: in their inbox, and by mail to who asked for it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import fact_names, inbox, joined, made
from fixtures.hubs import FrozenClock
from fixtures.inboxes import listed, telling_hub
from fixtures.large_files import calling, working_as
from strata.accounts.notices.choices import Kind, Wanted, ask_for_mails, choose
from strata.accounts.tables import users
from strata.community.announcements.announce import TellEverybody, announce, announcement
from strata.core.actor import SYSTEM, Actor
from strata.core.errors import Malformed, NotFound
from strata.core.hub import Hub
from strata.events.jobs import Lane, run_due

TEXTS = {
    "en": "# Maintenance on <b>Sunday</b>\n\nThe hub is away from 8 to 9.\n\nSorry!\n",
    "zh-CN": "# 周日维护\n\n8 点至 9 点暂停服务。\n",
}
NOTHING = Wanted(web=False, mail=False)


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    base = "https://hub.example.org"
    built = telling_hub(tmp_path / "data", clock, database_url=database_url, public_url=base)
    yield built
    built.database.close()


def announced(hub: Hub) -> int:
    with working_as(hub, SYSTEM) as work:
        return announce(work, TEXTS)


def told(hub: Hub) -> None:
    run_due(hub, {TellEverybody.kind: TellEverybody}, Lane(frozenset({TellEverybody.kind})))


def mails(hub: Hub, actor: Actor) -> list[str]:
    found = inbox(hub, f"{actor.name}@example.org")
    return [kept.subject for kept in found if "unday" in kept.subject or "周日" in kept.subject]


def test_everybody_finds_it_in_the_inbox_and_who_asked_in_the_mail(
    hub: Hub, clock: FrozenClock
) -> None:
    ana, bob, cem, deaf, shut = (made(hub, name) for name in ("ana", "bob", "cem", "deaf", "shut"))
    joined(hub, "waiting")  # never confirmed an address
    with working_as(hub, SYSTEM) as work:
        for one in (bob, cem, shut):
            ask_for_mails(work, one.user_id or 0)
        choose(work, deaf.user_id or 0, {Kind.ANNOUNCEMENT: NOTHING})
        change = sa.update(users)
        work.db.execute(change.where(users.c.id == cem.user_id).values(language="zh-CN"))
        work.db.execute(change.where(users.c.id == shut.user_id).values(standing="suspended"))
    made_id = announced(hub)
    clock.advance(timedelta(seconds=1))
    late = made(hub, "late")
    told(hub)
    told(hub)
    (found,) = listed(hub, ana)
    assert found.path == f"/notifications/announcements/{made_id}"
    assert listed(hub, deaf) == listed(hub, late) == []
    assert (mails(hub, ana), mails(hub, deaf), mails(hub, shut)) == ([], [], [])
    assert mails(hub, bob) == ["Maintenance on <b>Sunday</b>"]
    assert mails(hub, cem) == ["周日维护"]
    (mail,) = [kept for kept in inbox(hub, "bob@example.org") if "Sunday" in kept.subject]
    assert f"https://hub.example.org{found.path}" in mail.text
    assert "/settings/notifications/unsubscribe/" in mail.text
    assert "Sorry!" in mail.text
    assert "<b>" not in mail.html
    assert inbox(hub, "waiting@example.org")[0].subject != mail.subject
    assert "admin.announce" in fact_names(hub)
    with calling(hub, SYSTEM) as call:
        assert announcement(call, made_id).title("zh-CN") == "周日维护"


def test_two_processes_tell_everybody_once(hub: Hub) -> None:
    people = [made(hub, name) for name in ("ana", "bob")]
    with working_as(hub, SYSTEM) as work:
        for one in people:
            ask_for_mails(work, one.user_id or 0)
    job = TellEverybody(announced(hub))

    def runs(_: int) -> None:
        with calling(hub, SYSTEM) as call:
            job.run(call)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(runs, range(3)))
    assert [len(mails(hub, one)) for one in people] == [1, 1]


def test_a_text_without_a_heading_or_a_language_is_refused(hub: Hub) -> None:
    for odd in (
        {"zh-CN": ""},
        {"en": "# Only a heading"},
        {"en": ""},
        {"en": f"x\n{'y' * 20_000}"},
    ):
        with pytest.raises(Malformed), working_as(hub, SYSTEM) as work:
            announce(work, {**TEXTS, **odd})
    with calling(hub, SYSTEM) as call, pytest.raises(NotFound):
        announcement(call, 1)
