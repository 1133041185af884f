"""The inbox in the browser, without a script: read, mark, be done, mute; and who must not."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from doors.pages.inbox_scene import Scene
from doors.pages.visitors import Page, Visitor, confirmed
from fixtures.hubs import FrozenClock
from fixtures.inboxes import badge, heard, says, telling_hub, told
from fixtures.large_files import working_as
from strata.core.hub import Hub
from strata.repos import change
from strata.repos.change import Settings
from strata.sessions.signed_in.tables import sessions
from strata.web.gateway import Gateway

HERE = "/notifications"
ROW = re.compile(r'<tr id="n(\d+)"')


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = telling_hub(tmp_path / "data", clock)
    yield built
    built.database.close()


@pytest.fixture
def scene(hub: Hub, clock: FrozenClock) -> Scene:
    made = Scene(hub)
    made.talk(clock)
    return made


def rows(page: Page) -> list[str]:
    return ROW.findall(page.text)


def act(visitor: Visitor, on: str, **fields: str) -> Page:
    """Press a button of the list, or of the preview."""
    return visitor.send(HERE, visitor.open(on).hidden(HERE) | fields)


def test_an_empty_inbox_says_so(hub: Hub) -> None:
    visitor = confirmed(hub, "li-wei")
    page = visitor.open(HERE)
    assert "All caught up." in page.text
    assert 'aria-label="Notifications"' in page.text
    assert "没有新通知。" in visitor.open(f"{HERE}?lang=zh-CN").text


def test_what_happened_is_listed_previewed_and_read(scene: Scene) -> None:
    page = scene.ana.open(HERE)
    assert len(rows(page)) == 3
    assert 'aria-label="Notifications: 3 unread"' in page.text
    assert "All 3 that match" in page.text
    for text in ("Why so small?", "bob opened it.", "Mentioned", "Your repository", "ana/two"):
        assert text in page.text
    assert "Your account was entered from a browser that was new to us." in page.text

    mention, question, security = rows(page)
    assert scene.ana.open(f"{HERE}?open={mention}").status == 200
    assert badge(scene.hub, scene.owner) == 3  # looking marks nothing
    opened = act(scene.ana, HERE, open=mention)
    assert opened.place == f"{HERE}?open={mention}#strata-preview"
    page = scene.ana.open(opened.place)
    assert "Hello <a href" in page.text
    assert "<strong>why</strong>" in page.text
    assert re.search(r'href="/ana/one/discussions/1#[0-9a-f]{24}"', page.text)
    assert 'aria-label="Notifications: 2 unread"' in page.text

    act(scene.ana, f"{HERE}?open={mention}", one=mention, act="unread")
    assert badge(scene.hub, scene.owner) == 3
    page = scene.ana.open(act(scene.ana, HERE, open=security).place)
    assert 'href="/settings/security-log"' in page.text
    assert question in rows(page)


def test_filters_and_everything_that_matches(scene: Scene) -> None:
    mentioned = scene.ana.open(f"{HERE}?show=mentions")
    assert "Why so small?" in mentioned.text
    assert "How many rows?" not in mentioned.text.split('id="strata-inbox-form"')[1]
    assert len(rows(scene.ana.open(f"{HERE}?show=participating"))) == 1
    narrowed = f"{HERE}?repo=datasets%2Fana%2Ftwo"
    assert len(rows(scene.ana.open(narrowed))) == 1
    assert len(rows(scene.ana.open(f"{HERE}?show=nonsense&repo=&after=x&open=x"))) == 3
    assert rows(scene.ana.open(f"{HERE}?repo=a/b/c")) != []
    assert rows(scene.ana.open(f"{HERE}?repo=nobody/nothing")) == []

    done = act(scene.ana, narrowed, all="yes", act="done", repo="datasets/ana/two")
    assert done.place == f"{HERE}?repo=datasets%2Fana%2Ftwo"
    assert "All caught up." in scene.ana.open(done.place).text
    assert len(rows(scene.ana.open(HERE))) == 2
    act(scene.ana, HERE, all="yes", act="read")
    assert rows(scene.ana.open(f"{HERE}?show=unread")) == []
    assert len(rows(scene.ana.open(HERE))) == 2


def test_chosen_ones_are_marked_done_and_muted(scene: Scene) -> None:
    mention, question, security = rows(scene.ana.open(HERE))
    answer = act(scene.ana, HERE, **{f"n-{mention}": "on", f"n-{security}": "on"}, act="read")
    assert (answer.status, answer.place) == (303, HERE)
    assert badge(scene.hub, scene.owner) == 1
    answer = act(scene.ana, HERE, **{f"n-{security}": "on"}, act="done", at=mention)
    assert answer.place == f"{HERE}#n{mention}"
    assert "Done. They come back when there is more news." in scene.ana.open(HERE).text
    answer = act(scene.ana, f"{HERE}?open={question}", one=question, act="mute")
    page = scene.ana.open(answer.place)
    assert "Unmute" in page.text
    says(scene.hub, scene.guest, scene.dataset, "Anybody?")
    assert heard(scene.hub, scene.owner) == [("mention", "discussion.create")]
    act(scene.ana, f"{HERE}?open={question}", one=question, act="unmute")
    says(scene.hub, scene.guest, scene.dataset, "Anybody now?")
    assert len(heard(scene.hub, scene.owner)) == 2
    act(scene.ana, HERE, act="done")
    assert "Choose notifications first." in scene.ana.open(HERE).text


def test_strangers_forgers_and_nonsense_change_nothing(scene: Scene) -> None:
    mention, *_ = rows(scene.ana.open(HERE))
    nobody = Visitor(scene.hub)
    assert nobody.open(HERE).place.startswith("/login?next=")
    assert nobody.client.get(f"{HERE}/unread").json() == {"unread": 0}

    # bob has a proof of his own, and names what is ana's
    proof = scene.bob.open("/settings/account").hidden("/logout")
    for fields in (
        {"n-" + mention: "on", "act": "done"},
        {"open": mention},
        {"act": "done", "all": "yes"},
    ):
        assert scene.bob.send(HERE, proof | fields).status == 303
    gone = scene.bob.open(f"{HERE}?open={mention}")
    assert gone.status == 404
    assert "Why so small?" not in gone.text

    forged = {"act": "done", "all": "yes"}
    assert scene.ana.send(HERE, forged).status == 400
    theirs = {"Sec-Fetch-Site": "cross-site"}
    mine = scene.ana.open(HERE).hidden(HERE)
    assert scene.ana.send(HERE, mine | forged, **theirs).status == 403
    assert scene.ana.send(HERE, mine | {"act": "explode", "all": "yes"}).status == 400
    assert act(scene.ana, HERE, **{"n-x": "on", "n-" + "9" * 30: "on"}, act="done").status == 303
    assert (badge(scene.hub, scene.owner), len(rows(scene.ana.open(HERE)))) == (3, 3)


def test_who_lost_access_sees_no_word_of_it(scene: Scene) -> None:
    says(scene.hub, scene.owner, scene.model, "A secret for @bob")
    told(scene.hub)
    (mention,) = rows(scene.bob.open(HERE))
    with working_as(scene.hub, scene.owner) as work:
        change.change_settings(work, scene.model.repo_id, Settings(private=True))
    for path in (HERE, f"{HERE}?open={mention}", f"{HERE}?show=mentions"):
        page = scene.bob.open(path)
        for word in ("Why so small?", "secret", "ana/one"):
            assert word not in page.text, (path, word)
        assert 'aria-label="Notifications"' in page.text, path
    assert scene.bob.client.get(f"{HERE}/unread").json() == {"unread": 0}


def test_a_page_that_asks_by_itself_keeps_no_session_alive(
    scene: Scene, clock: FrozenClock
) -> None:
    before = seen_at(scene)
    clock.advance(timedelta(minutes=20))
    answer = scene.ana.client.get(f"{HERE}/unread")
    assert answer.json() == {"unread": 3}
    assert answer.headers["cache-control"] == "no-store"
    assert seen_at(scene) == before
    scene.ana.open(HERE)
    assert seen_at(scene) == clock()


def seen_at(scene: Scene) -> datetime:
    """When ana's browser was last seen, once that is written down."""
    app = scene.ana.client.app
    assert isinstance(app, Gateway)
    app.tallies.uses.flush(scene.hub)
    mine = sa.select(sessions.c.seen_at).where(sessions.c.user_id == scene.owner.user_id)
    with scene.hub.database.reading() as db:
        moment: datetime = db.execute(mine).scalar_one()
    return moment
