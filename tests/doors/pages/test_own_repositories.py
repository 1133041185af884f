"""All of one's repositories: many changed at once, or none, after a proof of who sits there."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from fixtures.axe import WCAG, faults, violations
from fixtures.browsers import chromium, settle
from fixtures.contents import changed, created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.shown_repos import Scene, served, session_of, staged
from strata.content.writing.operations import Add
from strata.core.actor import SYSTEM
from strata.core.names import RepoType
from strata.repos.queries import repo_by_id

PAGE = "/settings/repositories"
MODEL = "repo-model:li-wei/flan-t5-large"
SECOND = "repo-dataset:li-wei/words"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    made = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    created(made.hub, made.owner, "words", RepoType.DATASET)
    yield made
    made.hub.database.close()


def states(scene: Scene) -> list[bool | None]:
    """Whether each of the two repos is private; None: gone."""
    with calling(scene.hub, SYSTEM) as call:
        found = [repo_by_id(call, scene.model.id + step) for step in (0, 1)]
    return [repo.private if repo else None for repo in found]


def test_all_of_ones_own_and_nobody_elses(scene: Scene) -> None:
    created(scene.hub, scene.other, "hers")
    page = scene.visitor(scene.owner).get(PAGE).text
    assert "li-wei/flan-t5-large" in page
    (size,) = [float(one) for one in re.findall(r"([\d.]+) KiB", page)]
    assert 839.8 < size < 850  # the large files, and a few small ones that git keeps
    assert "li-wei/words" in page
    assert "ada/hers" not in page
    assert scene.visitor().get(PAGE).headers["location"].startswith("/login")


def test_the_newest_first_when_asked(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)

    def order(query: str = "") -> list[str]:
        return re.findall(r'name="repo-[a-z]+:([^"]+)"', owner.get(f"{PAGE}{query}").text)

    assert order() == ["li-wei/flan-t5-large", "li-wei/words"]
    scene.clock.advance(timedelta(hours=1))
    changed(scene.hub, scene.owner, scene.model, [Add("new.txt", b"new")])
    assert order("?sort=updated") == ["li-wei/flan-t5-large", "li-wei/words"]
    scene.clock.advance(timedelta(hours=1))
    created(scene.hub, scene.owner, "newest")
    assert order("?sort=updated") == ["li-wei/newest", "li-wei/flan-t5-large", "li-wei/words"]
    assert order("?sort=nonsense") == order()


def test_many_are_changed_at_once(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    chosen = {MODEL: "on", SECOND: "on"}
    assert owner.post(PAGE, {**chosen, "act": "private"}).status_code == 303
    assert states(scene) == [True, True]
    for form, sentence in (
        ({"act": "private"}, "Choose at least one repository."),
        ({**chosen, "act": "burn", "confirm": "li-wei"}, "Choose what to do."),
        ({**chosen, "act": "delete"}, "Type your username to confirm."),
        ({**chosen, "act": "public", "confirm": "ada"}, "Type your username to confirm."),
    ):
        refused = owner.post(PAGE, form)
        assert (refused.status_code, sentence in refused.text) == (400, True)
    assert owner.post(PAGE, {**chosen, "act": "public", "confirm": "li-wei"}).status_code == 303
    assert states(scene) == [False, False]
    assert owner.post(PAGE, {**chosen, "act": "delete", "confirm": "li-wei"}).status_code == 303
    assert states(scene) == [None, None]


def test_all_or_none(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    form = {MODEL: "on", "act": "private"}
    stale = owner.post(PAGE, {**form, "repo-model:li-wei/gone": "on"})
    assert (stale.status_code, "has changed meanwhile" in stale.text) == (400, True)
    hers = created(scene.hub, scene.other, "hers")
    foreign = owner.post(PAGE, {**form, f"repo-model:{hers.full_name}": "on"})
    assert foreign.status_code == 403
    for odd in ("repo-planet:x/y", "repo-model:../x", "repo-model:"):
        assert owner.post(PAGE, {**form, odd: "on"}).status_code in (400, 403, 404)
    forged = owner.post(PAGE, form, proof="forged")
    assert forged.status_code == 400
    assert states(scene) == [False, False]


def test_what_cannot_be_taken_back_needs_a_fresh_proof(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    scene.clock.advance(timedelta(minutes=16))
    chosen = {MODEL: "on", "confirm": "li-wei"}
    for act in ("delete", "public"):
        asked = owner.post(PAGE, {**chosen, "act": act})
        assert "Confirm that it is you" in asked.text
    assert states(scene) == [False, False]
    assert owner.post(PAGE, {**chosen, "act": "private"}).status_code == 303


def test_it_fits_the_screen_and_everyone_can_use_it(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context()
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        assert faults(page, base + PAGE) == []


@pytest.mark.slow
def test_shift_chooses_all_between_and_a_bar_counts_them(scene: Scene) -> None:
    for number in range(30):
        created(scene.hub, scene.owner, f"m{number:02d}")
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 390, "height": 700}, locale="zh-CN")
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        page.goto(f"{base}{PAGE}")
        settle(page)
        boxes = page.locator("td input[type=checkbox]")
        bar = page.locator(".bulk-bar")
        assert not bar.is_visible()
        boxes.nth(1).click()
        boxes.nth(6).click(modifiers=["Shift"])
        assert page.locator("td input:checked").count() == 6
        assert "6" in bar.inner_text()
        place = bar.bounding_box()
        assert place is not None
        assert 0 < place["y"] < 700  # in sight, though the end of the list is far below
        boxes.nth(6).click()
        boxes.nth(4).click(modifiers=["Shift"])
        assert page.locator("td input:checked").count() == 3
        assert violations(page, WCAG) == []
