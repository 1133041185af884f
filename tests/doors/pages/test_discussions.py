"""Discussions and pull requests as people read and write them, without a script and with one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page as Tab

from fixtures.axe import violations
from fixtures.browsers import chromium
from fixtures.contents import at, changed, texts
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, working_as
from fixtures.shown_repos import PICTURE, Scene, served, session_of, staged
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.queries import Discussion
from strata.community.discussions.reading import details
from strata.community.pulls.propose import propose
from strata.content.writing.operations import Add, Change
from strata.core.actor import SYSTEM

LIST = "/li-wei/flan-t5-large/discussions"
PULL = f"{LIST}/1"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    hub = build_test_hub(tmp_path / "data", clock=clock)
    yield staged(hub, clock)
    hub.database.close()


def found(scene: Scene, number: int = 1) -> Discussion:
    with calling(scene.hub, SYSTEM) as call:
        return details(call, scene.model.repo_id, number).discussion


def said(scene: Scene, number: int) -> list[str]:
    with calling(scene.hub, SYSTEM) as call:
        events = details(call, scene.model.repo_id, number).events
    return [str(event.content.get("text", "")) for event in events if event.kind == "comment"]


def keys(scene: Scene, number: int = 1) -> list[str]:
    with calling(scene.hub, SYSTEM) as call:
        events = details(call, scene.model.repo_id, number).events
    return [event.key for event in events if event.kind == "comment"]


def test_a_discussion_is_opened_and_goes_on_without_a_script(scene: Scene) -> None:
    reader, owner = scene.visitor(scene.other), scene.visitor(scene.owner)
    assert f'href="{LIST}/new"' in reader.get(LIST).text
    form = {"type": "discussion", "title": "A question", "description": "Is it **good**?\r\nYes?"}
    shown = reader.post(f"{LIST}/new", {**form, "preview": "yes"})
    assert (shown.status_code, "<strong>good</strong>" in shown.text) == (200, True)
    assert 'value="A question"' in shown.text
    answer = reader.post(f"{LIST}/new", form)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{LIST}/2")
    here = answer.headers["location"]
    assert said(scene, 2) == ["Is it **good**?\nYes?"]
    told = owner.post(here, {"form": "comment", "comment": "It is, @ada."})
    assert told.headers["location"] == f"{here}#strata-event-{keys(scene, 2)[1]}"
    page = reader.get(here).text
    assert '<a href="/ada" rel="nofollow noopener">@ada</a>' in page
    first, second = keys(scene, 2)
    assert f"?edit={first}" in page
    assert f"?edit={second}" not in page, "it is not the reader's own"
    quoted = reader.get(f"{here}?quote={second}").text
    assert "&gt; It is, @ada.\n\n</textarea>" in quoted
    editing = reader.get(f"{here}?edit={first}").text
    assert "Is it **good**?\nYes?</textarea>" in editing
    edited = {"form": "edit", "key": first, "comment": "Is it better?"}
    assert reader.post(here, edited).status_code == 303
    assert "1 earlier version" in reader.get(here).text
    assert reader.post(here, {"form": "react", "key": second, "give": "🚀"}).status_code == 303
    assert 'aria-pressed="true"' in reader.get(here).text
    assert 'aria-label="rocket"' in scene.visitor().get(here).text
    assert reader.post(here, {"form": "react", "key": second, "take": "🚀"}).status_code == 303
    assert reader.post(here, {"form": "title", "title": "Renamed"}).status_code == 303
    assert owner.post(here, {"form": "pin", "pinned": "yes"}).status_code == 303
    assert owner.post(here, {"form": "lock", "locked": "yes"}).status_code == 303
    assert reader.post(here, {"form": "comment", "comment": "More"}).status_code == 403
    assert "This discussion is locked" in reader.get(here).text
    assert owner.post(here, {"form": "lock", "locked": "no"}).status_code == 303
    closing = {"form": "close", "comment": "Thank you"}
    assert reader.post(here, closing).status_code == 303
    one = found(scene, 2)
    assert (one.title, one.status, one.pinned, one.locked) == ("Renamed", "closed", True, False)
    assert reader.post(here, {"form": "open", "comment": ""}).status_code == 303
    assert reader.post(here, {"form": "hide", "key": first}).status_code == 303
    assert "This comment has been hidden." in reader.get(here).text
    assert reader.post(here, {"form": "delete"}).status_code == 403
    gone = owner.post(here, {"form": "delete"})
    assert gone.headers["location"] == LIST
    assert reader.get(here).status_code == 404


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("/new", {"title": "ab", "description": ""}, "3 to 200 characters"),
        ("/new", {"title": "x" * 201, "description": ""}, "3 to 200 characters"),
        ("/new", {"title": "fine", "description": "x" * 65_537}, "64 KiB"),
        ("/1", {"form": "comment", "comment": " "}, "Write something first."),
        ("/1", {"form": "comment", "comment": "é" * 32_769}, "64 KiB"),
        ("/1", {"form": "title", "title": ""}, "3 to 200 characters"),
    ],
)
def test_a_form_with_a_mistake_comes_back_filled_in(
    scene: Scene, path: str, form: dict[str, str], sentence: str
) -> None:
    answer = scene.visitor(scene.other).post(LIST + path, form)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert max(form.values(), key=len)[:100] in answer.text


def test_a_draft_is_published_and_merged(scene: Scene) -> None:
    reader, owner = scene.visitor(scene.other), scene.visitor(scene.owner)
    new = reader.get(f"{LIST}/new?type=pull_request").text
    assert "begins as a draft" in new
    form = {"type": "pull_request", "title": "Better", "description": ""}
    here = reader.post(f"{LIST}/new", form).headers["location"]
    page = reader.get(here).text
    assert "This pull request is a draft." in page
    assert "git push origin pr/2:refs/pr/2" in page
    assert 'value="merge"' not in owner.get(here).text
    changed(scene.hub, scene.other, scene.model, [Add("new.txt", b"new\n")], "refs/pr/2")
    assert reader.post(here, {"form": "open"}).status_code == 303
    assert "Only those who may write to this repository can merge it." in reader.get(here).text
    page = owner.get(here).text
    assert "This pull request can be merged." in page
    head = re.findall(r'name="head" value="([0-9a-f]{40})"', page)
    assert head == [at(scene.hub, scene.owner, scene.model, "refs/pr/2").commit]
    merging = {"form": "merge", "head": head[0], "commit_title": "Take it", "commit_body": "Why"}
    assert reader.post(here, merging).status_code == 403
    changed(scene.hub, scene.other, scene.model, [Add("evil.txt", b"x")], "refs/pr/2")
    late = owner.post(here, merging)
    assert (late.status_code, "Please refresh" in late.text) == (409, True)
    merging["head"] = at(scene.hub, scene.owner, scene.model, "refs/pr/2").commit
    assert owner.post(here, merging).status_code == 303
    assert "new.txt" in texts(scene.hub, scene.owner, scene.model)
    page = owner.get(here).text
    assert "This pull request is merged." in page
    assert "Delete refs/pr/2" in page
    again = owner.post(here, merging)
    assert (again.status_code, "was merged already" in again.text) == (409, True)
    assert owner.post(here, {"form": "delete-ref"}).status_code == 303
    page = owner.get(here).text
    assert "Delete refs/pr/2" not in page
    assert "new.txt" in owner.get(f"{here}/files").text
    assert "Change" in owner.get(f"{here}/commits").text


def test_conflicts_are_named_and_cannot_be_merged(scene: Scene) -> None:
    changed(scene.hub, scene.owner, scene.model, [Add("docs/notes.md", b"# Mine\n")])
    owner = scene.visitor(scene.owner)
    page = owner.get(PULL).text
    assert "These files were changed on both sides" in page
    assert '<li class="mono">docs/notes.md</li>' in page
    assert 'value="merge"' not in page
    head = at(scene.hub, scene.owner, scene.model, "refs/pr/1").commit
    answer = owner.post(PULL, {"form": "merge", "head": head})
    assert (answer.status_code, "docs/notes.md" in answer.text) == (409, True)
    zh = scene.visitor(scene.owner, "zh-CN").get(PULL).text
    assert "请将目标分支合并到该合并请求" in zh


def test_lists_are_filtered_by_their_address(scene: Scene) -> None:
    with calling(scene.hub, scene.owner) as call:
        for title in ("Alpha", "Beta"):
            open_discussion(call, scene.model.repo_id, title, "")
        thread.change_status(call, scene.model.repo_id, 2, "closed")
    with working_as(scene.hub, scene.owner) as work:
        thread.pin(work, scene.model.repo_id, 1, pinned=True)
    visitor = scene.visitor()

    def numbers(query: str) -> list[str]:
        return re.findall(
            rf'class="commit-title" href="{LIST}/(\d+)"', visitor.get(LIST + query).text
        )

    assert numbers("") == ["1", "3"]
    assert numbers("?status=closed") == ["2"]
    assert numbers("?status=all&type=discussion") == ["3", "2"]
    assert numbers("?author=ada") == ["1"]
    assert numbers("?status=all&q=ALPHA") == ["2"]
    assert numbers("?status=merged") == []
    assert numbers("?status=nonsense&sort=nonsense&type=nonsense") == ["1", "3"]
    page = visitor.get(f"{LIST}?type=discussion&author=li-wei").text
    assert f'href="{LIST}?status=closed&amp;type=discussion&amp;author=li-wei"' in page
    assert "No discussion matches these filters." in visitor.get(f"{LIST}?q=zzz").text


def test_strangers_see_no_form_and_are_led_to_the_log_in(scene: Scene) -> None:
    page = scene.visitor().get(PULL).text
    assert "<form" not in page.partition('<div class="thread-head">')[2].partition("<footer")[0]
    assert "Log in to take part." in page
    answer = scene.visitor().get(f"{LIST}/new")
    assert answer.headers["location"].startswith("/login?next=")
    assert scene.visitor().post(PULL, {"form": "comment", "comment": "x"}).status_code == 400
    forged = scene.visitor(scene.owner).post(PULL, {"form": "delete"}, proof="forged")
    assert forged.status_code == 400
    assert found(scene).number == 1


def test_discussions_are_switched_off_and_on(scene: Scene) -> None:
    owner, reader = scene.visitor(scene.owner), scene.visitor(scene.other)
    settings = "/li-wei/flan-t5-large/settings"
    off = {"form": "discussions", "discussions": "off"}
    assert reader.post(settings, off).status_code == 403
    assert owner.post(settings, off).status_code == 303
    page = reader.get(LIST)
    assert (page.status_code, "switched off" in page.text) == (200, True)
    assert "Fix the docs" not in page.text
    assert f'href="{settings}#strata-discussions-title"' in owner.get(LIST).text
    assert reader.get(PULL).status_code == 403
    assert reader.get(f"{LIST}/new").status_code == 403
    assert owner.post(settings, {"form": "discussions", "discussions": "on"}).status_code == 303
    assert reader.get(PULL).status_code == 200


def test_the_middle_of_a_long_timeline_is_shown_when_asked_for(scene: Scene) -> None:
    with calling(scene.hub, scene.other) as call:
        said = [thread.comment(call, scene.model.repo_id, 1, f"no. {n}") for n in range(300)]
    reader = scene.visitor(scene.other)
    short = reader.get(PULL).text
    assert "Show 52 events in between" in short  # 302 events, of which 250 are shown
    assert ("It <strong>was</strong>" in short, "no. 299" in short) == (True, True)
    assert ("no. 0" in short, "no. 50" in short, "no. 51" in short) == (False, False, True)
    assert "no. 0" in reader.get(f"{PULL}?all=yes").text
    assert "no. 0</textarea>" in reader.get(f"{PULL}?edit={said[0].key}").text


def everything(scene: Scene) -> list[str]:
    """Pages in every state; their addresses."""
    repo_id = scene.model.repo_id
    code = (
        "```python\n" + "x = " * 60 + "\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n" + "long" * 60
    )
    with calling(scene.hub, scene.other) as call:
        talk = open_discussion(call, repo_id, "W" * 120, code).number
        draft = open_discussion(call, repo_id, "A draft", "", pull_request=True).number
        clash = Change("Clash", "", [Add("config.json", b"{}\n"), Add("new.txt", b"n")])
        conflict = propose(call, repo_id, "main", clash).number
        event = thread.comment(call, repo_id, talk, "one")
        thread.edit(call, repo_id, talk, event.key, "two")
        hidden = thread.comment(call, repo_id, talk, "three")
    with working_as(scene.hub, scene.owner) as work:
        thread.react(work, repo_id, talk, event.key, "🔥", given=True)
        thread.hide(work, repo_id, talk, hidden.key)
        thread.rename(work, repo_id, talk, "V" * 120)
        thread.pin(work, repo_id, talk, pinned=True)
        thread.lock(work, repo_id, talk, locked=True)
    with calling(scene.hub, scene.owner) as call:
        thread.change_status(call, repo_id, talk, "closed", "Enough")
    changed(scene.hub, scene.owner, scene.model, [Add("config.json", b"[]\n")])
    return [
        LIST,
        f"{LIST}?status=all&q=nothing",
        f"{LIST}/new",
        f"{LIST}/new?type=pull_request",
        f"{LIST}/{talk}",
        f"{LIST}/{talk}?edit={event.key}",
        f"{LIST}/{draft}",
        f"{LIST}/{conflict}",
        PULL,
        f"{PULL}/commits",
        f"{PULL}/files",
        "/li-wei/flan-t5-large/settings",
    ]


def test_every_state_is_accessible_and_fits_a_phone(scene: Scene) -> None:
    pages = everything(scene)
    with served(scene.hub) as base, chromium() as browser:
        for person, language, theme, width in (
            (scene.owner, "en", "light", 320),
            (scene.owner, "zh-CN", "dark", 1280),
            (scene.other, "en", "dark", 1280),
        ):
            context = browser.new_context(
                viewport={"width": width, "height": 900}, locale=language, reduced_motion="reduce"
            )
            session = session_of(scene.hub, person)
            context.add_cookies([{"name": "sid", "value": session, "url": base}])
            context.add_cookies([{"name": "theme", "value": theme, "url": base}])
            tab = context.new_page()
            for path in pages:
                answer = tab.goto(base + path)
                if answer is None or answer.status == 403:  # settings are the owner's
                    assert person is scene.other
                    continue
                assert answer.status == 200, path
                for panel in tab.locator("details:not([data-dialog]):not(.menu)").all():
                    panel.evaluate("panel => panel.open = true")
                wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, (path, width)
                problems = violations(tab)
                shown = [(one["id"], one["nodes"][0]["html"]) for one in problems]
                assert shown == [], (path, language, theme)
            context.close()


def typed(tab: Tab, name: str, text: str) -> None:
    tab.locator(f"textarea[name={name}]").fill(text)


def test_a_browser_attaches_a_picture_and_sends_with_the_keyboard(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context()
        session = session_of(scene.hub, scene.other)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        tab = context.new_page()
        refused: list[str] = []
        tab.on("console", lambda said: refused.append(said.text) if said.type == "error" else None)
        tab.goto(base + PULL)
        typed(tab, "comment", "Look:")
        picture = FilePayload(name="a [b].png", mimeType="image/png", buffer=PICTURE)
        tab.locator(".editor input[type=file]").set_input_files(picture)
        tab.get_by_text("The file is attached.").wait_for()
        text = tab.locator("textarea[name=comment]").input_value()
        assert re.fullmatch(rf"Look:\n!\[a b\.png\]\({base}/uploads/[0-9a-f]{{32}}\.png\)\n", text)
        tab.locator("textarea[name=comment]").press("Control+Enter")
        shown = tab.locator(".comment .prose img")
        shown.wait_for()
        assert shown.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1
        summary = tab.locator(".comment summary.icon-button").last
        summary.focus()
        summary.press("Enter")
        tab.get_by_role("link", name="Edit").press("Enter")
        typed(tab, "comment", "Changed by the keyboard")
        tab.get_by_role("button", name="Save").press("Enter")
        tab.get_by_text("Changed by the keyboard").wait_for()
        page = FilePayload(name="x.html", mimeType="text/html", buffer=b"<b>")
        tab.locator(".editor input[type=file]").set_input_files(page)
        tab.get_by_text("The file could not be attached:").wait_for()
        assert [line for line in refused if "400" not in line] == []
