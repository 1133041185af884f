"""The page on which people say what they want to hear of, and when."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium
from fixtures.contents import created, indexed
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.inboxes import does, listed, opens, telling_hub
from fixtures.large_files import calling, working_as
from fixtures.organizations import organization
from fixtures.shown_repos import Scene, served, session_of, staged
from strata.accounts.notices import heeding
from strata.accounts.notices.choices import Kind, Wanted, choices_of
from strata.accounts.notices.times import Digest, Quiet, Times, times_of
from strata.accounts.profile.preferences import preferences_of
from strata.community.announcements.announce import TellEverybody, announce
from strata.community.inbox.acts import Act
from strata.core.actor import SYSTEM
from strata.events.jobs import Lane, run_due
from strata.repos.record import Repo

PAGE = "/settings/notifications"
WATCH = "/settings/watching"
TIMES = {"form": "times", "digest": "daily", "quiet_from": "22:00", "quiet_until": "07:30"}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    made = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    yield made
    made.hub.database.close()


def watched(scene: Scene, repos: tuple[Repo, ...]) -> list[Repo]:
    """Which of these the other one hears everything of."""
    with calling(scene.hub, SYSTEM) as call:
        return [one for one in repos if scene.other.user_id in heeding.watchers(call, one)]


def test_what_is_chosen_is_kept_and_shown(scene: Scene) -> None:
    other = scene.visitor(scene.other)
    assert (
        other.post(PAGE, {"form": "choices", "mention-web": "on", "watched-mail": "on"}).status_code
        == 303
    )
    assert other.post(PAGE, {**TIMES, "timezone": "Asia/Shanghai"}).status_code == 303
    with calling(scene.hub, SYSTEM) as call:
        user_id = scene.other.user_id or 0
        chosen = choices_of(call, user_id)
        assert chosen[Kind.MENTION] == Wanted(web=True, mail=False)
        assert chosen[Kind.WATCHED] == Wanted(web=False, mail=True)
        assert chosen[Kind.SECURITY] == Wanted(web=True, mail=True)  # a form cannot take it away
        assert times_of(call, user_id) == Times(Digest.DAILY, Quiet(22 * 60, 7 * 60 + 30))
        assert preferences_of(call, user_id).timezone == "Asia/Shanghai"
    page = other.get(PAGE).text
    assert 'value="22:00"' in page
    assert 'value="07:30"' in page
    assert '<option value="Asia/Shanghai" selected>' in page
    assert '<option value="daily" selected>' in page
    assert other.post(PAGE, {**TIMES, "quiet_from": "", "quiet_until": ""}).status_code == 303
    assert 'value="22:00"' not in other.get(PAGE).text


def test_what_is_not_offered_is_refused(scene: Scene) -> None:
    other = scene.visitor(scene.other)
    for odd in ({"digest": "hourly"}, {"timezone": "Mars/Olympus"}, {"form": "else"}):
        assert other.post(PAGE, {**TIMES, **odd}).status_code == 400
    for odd in (
        {"quiet_until": ""},
        {"quiet_until": "22:00"},
        {"quiet_from": "25:00"},
        {"quiet_from": "x"},
    ):
        answer = other.post(PAGE, {**TIMES, **odd})
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
    assert other.post(PAGE, TIMES, proof="forged").status_code == 400
    for odd in ({"heed": "x"}, {"kind": "x"}, {"kind": "account", "heed": "mute"}):
        form = {"kind": "model", "name": scene.model.full_name, "heed": "watch", **odd}
        assert other.post(WATCH, form).status_code == 400
    assert scene.visitor().get(PAGE).headers["location"].startswith("/login")
    with calling(scene.hub, SYSTEM) as call:
        assert times_of(call, scene.other.user_id or 0) == Times()


def test_what_is_found_is_watched_and_muted_and_stopped(scene: Scene) -> None:
    other, name = scene.visitor(scene.other), scene.model.full_name
    both = (scene.model, created(scene.hub, scene.owner, "second"))
    page = other.get(f"{PAGE}?q=li-wei").text
    assert page.count("Watch<span") > 2  # the person and what they have
    assert other.post(WATCH, {"kind": "model", "name": name, "heed": "watch"}).status_code == 303
    assert watched(scene, both) == [both[0]]
    assert "Repositories that you watch" in other.get(PAGE).text
    other.post(WATCH, {"kind": "account", "name": "LI-WEI", "heed": "watch"})
    assert watched(scene, both) == [*both]
    back = other.post(WATCH, {"kind": "model", "name": name, "heed": "mute", "back": "on"})
    assert back.headers["location"] == f"/{name}"
    assert watched(scene, both) == [both[1]]
    page = other.get(PAGE).text
    assert "Repositories that you muted" in page
    assert "People and organizations that you watch" in page
    other.post(WATCH, {"kind": "model", "name": name, "heed": "stop"})
    other.post(WATCH, {"kind": "account", "name": "li-wei", "heed": "stop"})
    assert watched(scene, both) == []
    assert "Nothing was found for" in other.get(f"{PAGE}?q=nobody-at-all").text


def test_a_repo_is_watched_and_muted_from_its_own_page(scene: Scene) -> None:
    other, name = scene.visitor(scene.other), scene.model.full_name
    assert "/settings/watching" not in scene.visitor().get(f"/{name}").text
    for heed, offered in (("watch", 'value="stop"'), ("mute", "Unmute"), ("stop", 'value="mute"')):
        form = {"kind": "model", "name": name, "heed": heed, "back": "on"}
        assert other.post(WATCH, form).headers["location"] == f"/{name}"
        assert offered in other.get(f"/{name}").text, heed
    assert 'value="stop"' not in other.get(f"/{name}").text


def test_people_and_organizations_are_watched_from_their_own_page(scene: Scene) -> None:
    other = scene.visitor(scene.other)
    acme = organization(scene.hub, "li-wei")
    for name in ("li-wei", acme.name):
        assert 'name="heed"' not in scene.visitor().get(f"/{name}").text
        for heed, offered in (("watch", "stop"), ("stop", "watch")):
            assert f'name="heed" value="{heed}"' in other.get(f"/{name}").text
            form = {"kind": "account", "name": name, "heed": heed, "back": "on"}
            done = other.post(WATCH, form)
            assert done.headers["location"] == f"/{name}"
            assert f'name="heed" value="{offered}"' in other.get(f"/{name}").text
            assert watched(scene, (scene.model,)) == (
                [scene.model] if heed == "watch" and name == "li-wei" else []
            )
    assert 'name="heed"' not in scene.visitor(scene.owner).get("/li-wei").text


def test_muted_discussions_are_listed_and_unmuted(tmp_path: Path, clock: FrozenClock) -> None:
    scene = staged(telling_hub(tmp_path / "data", clock), clock)
    opens(scene.hub, scene.owner, scene.model, "@ada, look", title="A muted <i>thread</i>")
    (one,) = [each for each in listed(scene.hub, scene.other) if each.reason == "mention"]
    does(scene.hub, scene.other, Act.MUTE, one.id)
    other = scene.visitor(scene.other)
    assert "A muted &lt;i&gt;thread" in other.get(PAGE).text
    for odd in ("x", "", "9" * 19):
        assert other.post(PAGE, {"form": "unmute", "thread": odd}).status_code == 400
    owner = scene.visitor(scene.owner)
    owner.post(PAGE, {"form": "unmute", "thread": str(one.id)})  # it is not theirs
    assert "A muted" in other.get(PAGE).text
    assert other.post(PAGE, {"form": "unmute", "thread": str(one.id)}).status_code == 303
    assert "A muted" not in other.get(PAGE).text
    scene.hub.database.close()


def test_an_announcement_is_read_by_everybody_in_their_language(
    tmp_path: Path, clock: FrozenClock
) -> None:
    scene = staged(telling_hub(tmp_path / "data", clock), clock)
    english = "# Maintenance\n\nOn **Sunday** <script>alert(1)</script>"
    with working_as(scene.hub, SYSTEM) as work:
        made_id = announce(work, {"en": english, "zh-CN": "# 维护\n\n**周日**"})
    run_due(scene.hub, {TellEverybody.kind: TellEverybody}, Lane(frozenset({TellEverybody.kind})))
    there = f"/notifications/announcements/{made_id}"
    page = scene.visitor().get(there)
    assert page.status_code == 200
    assert "<strong>Sunday</strong>" in page.text
    assert "<script>alert" not in page.text
    assert "<strong>周日</strong>" in scene.visitor(language="zh-CN").get(there).text
    inbox = scene.visitor(scene.other).get("/notifications").text
    assert "News from the people who run this site: Maintenance" in inbox
    for odd in ("999", "x", "9" * 30):
        answer = scene.visitor().get(f"/notifications/announcements/{odd}")
        assert answer.status_code == 404
    scene.hub.database.close()


def test_nobody_learns_of_what_is_hidden_by_watching_it(scene: Scene) -> None:
    secret = created(scene.hub, scene.owner, "secret-thing", private=True)
    indexed(scene.hub, secret)
    made(scene.hub, "waiting")
    other = scene.visitor(scene.other)
    for name in (secret.full_name, "li-wei/no-such-thing"):
        for heed in ("watch", "mute", "stop"):
            form = {"kind": "model", "name": name, "heed": heed}
            assert other.post(WATCH, form).status_code == 404
    assert "secret-thing<" not in other.get(f"{PAGE}?q=secret").text
    with calling(scene.hub, SYSTEM) as call:
        assert heeding.watches(call, scene.other.user_id or 0, secret.id) is None
    owner = scene.visitor(scene.owner)
    owner.post(WATCH, {"kind": "model", "name": secret.full_name, "heed": "mute"})
    assert "secret-thing" in owner.get(PAGE).text


def test_the_table_can_be_used_by_everybody(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 1320, "height": 860})
        session = session_of(scene.hub, scene.other)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        for language in ("en", "zh-CN"):
            page.goto(f"{base}{PAGE}?q=li-wei&lang={language}")
            assert violations(page, WCAG) == []
        page.goto(f"{base}{PAGE}?q=flan&lang=en")
        page.get_by_role("row", name="Mentions").get_by_role(
            "checkbox", name="Mentions By mail"
        ).uncheck()
        assert page.get_by_role("checkbox", name="Security By mail").is_disabled()
        page.get_by_role("button", name="Save").first.click()
        page.wait_for_url(f"**{PAGE}")
        assert not page.get_by_role("checkbox", name="Mentions By mail").is_checked()
        page.set_viewport_size({"width": 320, "height": 860})
        page.goto(f"{base}{PAGE}?q=flan")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        page.get_by_role("button", name="Watch li-wei/flan-t5-large").click()
        page.wait_for_url(f"**{PAGE}")
        assert page.get_by_role("button", name="Stop watching li-wei/flan-t5-large").is_visible()
        box = page.get_by_role("checkbox", name="Mentions In the inbox").bounding_box()
        assert box is not None
        assert box["height"] >= 24
