"""What a person prefers holds on every device, and each choice does something."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page

from fixtures.axe import WCAG, violations
from fixtures.browsers import chromium, settle
from fixtures.contents import uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.shown_repos import Scene, served, session_of, staged
from strata.accounts import people
from strata.content.making import new_repo
from strata.core.actor import SYSTEM
from strata.core.names import RepoType
from strata.repos.create import Wish

PAGE = "/settings/preferences"
CHOSEN = {
    "language": "zh-CN",
    "theme": "dark",
    "tab_width": "2",
    "compact": "on",
    "private_repos": "on",
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    made = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    yield made
    made.hub.database.close()


def test_what_is_chosen_holds_on_another_device(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    assert 'data-theme="system"' in owner.get(PAGE).text
    assert owner.post(PAGE, CHOSEN).status_code == 303
    for path in (PAGE, "/models", "/li-wei/flan-t5-large"):
        page = scene.visitor(scene.owner).get(path).text
        for sign in ('lang="zh-CN"', 'data-theme="dark"', "data-compact", 'data-tab-width="2"'):
            assert sign in page.split("<head>")[0], (path, sign)
        assert "data-no-shortcuts" in page
    plain = scene.visitor(scene.other).get("/models").text.split("<head>")[0]
    assert 'lang="en" data-theme="system" data-now=' in plain
    with calling(scene.hub, SYSTEM) as call:
        found = people.by_name(call, "li-wei")
        assert found is not None
        assert found.language == "zh-CN"  # of mails


def test_a_choice_of_this_browser_stands_until_another_is_saved(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    owner.post(PAGE, CHOSEN)
    assert 'data-theme="light"' in owner.get("/models?theme=light").text
    assert 'data-theme="light"' in owner.get("/models").text
    owner.post(PAGE, {**CHOSEN, "theme": "dark", "language": ""})
    assert 'data-theme="dark"' in owner.get("/models").text
    assert '<html lang="en"' in owner.get("/models").text


def test_new_repos_are_private_for_who_prefers_that(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    wishes = [Wish(RepoType.MODEL, None, name) for name in ("before", "after")]
    with calling(scene.hub, scene.owner) as call:
        assert not new_repo.create(call, wishes[0], files={}).private
    owner.post(PAGE, CHOSEN)
    with calling(scene.hub, scene.owner) as call:
        assert new_repo.create(call, wishes[1], files={}).private
        assert not new_repo.create(
            call, Wish(RepoType.MODEL, None, "open", private=False), files={}
        ).private
    form = scene.visitor(scene.owner).get("/new").text
    assert 'value="private" checked' in form


def test_the_root_and_logging_in_lead_where_one_wants_to_begin(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    assert owner.get("/").status_code == 200
    for landing, place in (
        ("datasets", "/datasets"),
        ("profile", "/li-wei"),
        ("models", "/models"),
    ):
        owner.post(PAGE, {**CHOSEN, "landing": landing})
        answer = owner.get("/")
        assert (answer.status_code, answer.headers["location"]) == (303, place)
    assert scene.visitor(scene.other).get("/").status_code == 200
    assert scene.visitor().get("/").status_code == 200
    owner.post(PAGE, CHOSEN)
    assert owner.get("/").status_code == 200


def test_times_are_told_by_the_clocks_of_the_reader(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    page = f"/{scene.model.full_name}/commits/main"
    told = {}
    for zone in ("", "Asia/Shanghai", "America/St_Johns"):
        owner.post(PAGE, {**CHOSEN, "language": "en", "timezone": zone})
        told[zone] = re.findall(r'<time [^>]*title="([^"]+)"', owner.get(page).text)[0]
    assert told == {
        "": "Nov 28, 2026, 9:00:00\u202fAM UTC",
        "Asia/Shanghai": "Nov 28, 2026, 5:00:00\u202fPM UTC+8",
        "America/St_Johns": "Nov 28, 2026, 5:30:00\u202fAM UTC-3:30",
    }
    assert 'data-timezone="America/St_Johns"' in owner.get(page).text
    stranger = scene.visitor(scene.other).get(page).text
    assert told[""] in stranger


def test_moments_are_told_by_the_clocks_of_the_browser_until_others_are_chosen(
    scene: Scene,
) -> None:
    told = {}
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context(timezone_id="Asia/Shanghai", locale="en")
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        page.goto(f"{base}/settings/account")
        page.get_by_label("Another address").fill("new@example.org")
        page.get_by_role("button", name="Add address").click()
        for zone in ("", "UTC", "America/St_Johns"):
            page.goto(f"{base}{PAGE}")
            page.select_option("#strata-timezone", zone)
            page.get_by_role("button", name="Save").click()
            page.goto(f"{base}/settings/account")
            settle(page)
            told[zone] = page.locator("time[data-told=moment]").inner_text()
    assert told == {
        "": "Nov 28, 2026, 11:00:00 PM GMT+8",
        "UTC": "Nov 28, 2026, 3:00:00\u202fPM UTC",
        "America/St_Johns": "Nov 28, 2026, 11:30:00\u202fAM UTC-3:30",
    }


def test_what_is_not_offered_is_refused(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    for odd in (
        {"language": "xx"},
        {"theme": "pink"},
        {"tab_width": "3"},
        {"tab_width": ""},
        {"code_theme": "x"},
        {"landing": "//evil.example"},
        {"timezone": "Mars/Base"},
    ):
        assert owner.post(PAGE, {**CHOSEN, **odd}).status_code == 400
    assert owner.post(PAGE, CHOSEN, proof="forged").status_code == 400
    assert scene.visitor().get(PAGE).headers["location"].startswith("/login")
    assert 'data-theme="system"' in owner.get(PAGE).text


def test_each_choice_is_seen_in_a_browser(scene: Scene) -> None:
    uploaded(scene.hub, scene.owner, scene.model, {"tabs.py": b"if 1:\n\tpass\n"})
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 1320, "height": 860})
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        before = _seen(page, base)
        page.goto(f"{base}{PAGE}")
        assert violations(page, WCAG) == []
        page.select_option("#strata-tab_width", "8")
        page.select_option("#strata-theme", "dark")
        page.check("#strata-compact")
        page.uncheck("#strata-shortcuts")
        page.get_by_role("button", name="Save").click()
        settle(page)
        after = _seen(page, base)
        page.set_viewport_size({"width": 320, "height": 860})
        page.goto(f"{base}{PAGE}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert (before["tab"], after["tab"]) == ("4", "8")
    assert before["ground"] != after["ground"]
    assert after["row"] < before["row"]
    assert (before["focus"], after["focus"]) == ("strata-search", "")


def _seen(page: Page, base: str) -> dict[str, str]:
    page.goto(f"{base}/li-wei/flan-t5-large/blob/main/tabs.py")
    settle(page)
    look = "(name) => getComputedStyle(document.querySelector(name))"
    page.keyboard.press("/")
    seen = {
        "tab": page.evaluate(f"({look})('.code-lines .line').tabSize"),
        "ground": page.evaluate(f"({look})('body').backgroundColor"),
        "focus": page.evaluate("document.activeElement.id"),
    }
    page.goto(f"{base}/settings/repositories")
    return seen | {"row": page.evaluate(f"({look})('.table td').paddingTop.padStart(6, '0')")}


PAGES = ("/", PAGE, "/models", "/li-wei/flan-t5-large", "/settings/billing")
ENHANCED = {"type": "rule", "values": ["color-contrast-enhanced"]}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_high_contrast_and_code_colours_in_a_browser(
    scene: Scene, scheme: Literal["light", "dark"]
) -> None:
    uploaded(scene.hub, scene.owner, scene.model, {"code.py": b"def f():\n    return 'x'  # why\n"})
    file = "/li-wei/flan-t5-large/blob/main/code.py"
    owner = scene.visitor(scene.owner)
    look = "getComputedStyle(document.querySelector('.highlight .k, .code-lines .k')).color"
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 1320, "height": 860}, color_scheme=scheme)
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        keywords = {}
        for colours in ("", "warm", "ink"):
            owner.post(PAGE, {**CHOSEN, "theme": "system", "code_theme": colours})
            page.goto(base + file)
            keywords[colours] = page.evaluate(look)
        assert len(set(keywords.values())) == 3
        owner.post(PAGE, {**CHOSEN, "theme": "high-contrast", "code_theme": "warm"})
        for path in (*PAGES, file):
            page.goto(base + path)
            settle(page)
            assert page.evaluate("document.documentElement.dataset.theme") == "high-contrast"
            weak = violations(page, ENHANCED)
            assert weak == [], (path, weak)
