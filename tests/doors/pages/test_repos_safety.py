"""What people upload never runs, and what they may not see is never shown."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from doors.pages.marks import Marks
from fixtures.axe import faults
from fixtures.browsers import chromium, settle
from fixtures.contents import created, pushed
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import working_as
from fixtures.shown_repos import HOSTILE_NAME, Scene, hostile, served, session_of, staged
from strata.core.names import RepoId, RepoType
from strata.repos import change
from strata.web.pages.frame.addresses.places import Place

DATASET = RepoId(RepoType.DATASET, "ada", "hostile")
PLACE = Place(DATASET, "main")
PAGES = [
    "/",
    "/datasets",
    "/ada",
    "/search/full-text?q=%22%3E%3Cimg%20src%3Dx%20onerror%3Ddocument.title%3D%27owned%27%3E",
    "/datasets?search=%3Cscript%3Edocument.title%3D%27owned%27%3C%2Fscript%3E&other=%22%3E%3Cimg%20src%3Dx%3E",
    PLACE.home,
    PLACE.tree(),
    PLACE.blob(HOSTILE_NAME),
    f"{PLACE.blob(HOSTILE_NAME)}?code=true",
    PLACE.blob("page.html"),
    PLACE.blob("code.py"),
    PLACE.blob("picture.svg"),
    PLACE.raw("page.html"),
    PLACE.resolve("page.html"),
    PLACE.resolve("picture.svg"),
    PLACE.commits(),
    f"{PLACE.home}/commit/main",
    f"{PLACE.home}/discussions",
    f"{PLACE.home}/discussions/1",
]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Give a hub with a repo whose every text attacks."""
    clock = FrozenClock()
    hub = build_test_hub(tmp_path_factory.mktemp("hostile") / "data", clock=clock)
    staged_scene = staged(hub, clock)
    hostile(hub, staged_scene.other)
    yield staged_scene
    hub.database.close()


@pytest.mark.parametrize(
    "path", [path for path in PAGES if "/raw/" not in path and "/resolve/" not in path]
)
def test_hostile_texts_stay_texts(scene: Scene, path: str) -> None:
    answer = scene.visitor().get(path)
    assert answer.status_code == 200
    marks = Marks()
    marks.feed(answer.text)
    assert marks.found == []
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_hostile_texts_stay_inert_in_a_browser(scene: Scene) -> None:
    foreign: list[str] = []
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context()
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        page.on("request", lambda request: foreign.append(request.url))
        page.on("dialog", lambda dialog: foreign.append(f"dialog: {dialog.message}"))
        for path in PAGES:
            page.goto(f"{base}{path}")
            settle(page)
            assert page.title() != "owned", path
        page.goto(f"{base}{PLACE.home}")
        assert page.get_by_text("The last line.").is_visible()
        for link in page.locator("article.prose a").all():
            assert not (link.get_attribute("href") or "").lower().startswith(("java", "data"))
    assert [url for url in foreign if not url.startswith(base)] == []


def test_a_private_repo_looks_missing_to_strangers(scene: Scene) -> None:
    created(scene.hub, scene.owner, "hidden", private=True)
    for person in (None, scene.other):
        visitor = scene.visitor(person)
        for rest in ("", "/tree/main", "/blob/main/.gitattributes", "/commits/main", "/settings"):
            hidden = visitor.get(f"/li-wei/hidden{rest}")
            absent = visitor.get(f"/li-wei/absent{rest}")
            assert hidden.status_code == absent.status_code == 404
            assert _stripped(hidden.text) == _stripped(absent.text)
        assert "li-wei/hidden" not in visitor.get("/li-wei").text
        assert "li-wei/hidden" not in visitor.get("/models").text
        assert "li-wei/hidden" not in visitor.get("/search/full-text?q=li-wei").text
    assert scene.visitor(scene.owner).get("/li-wei/hidden").status_code == 200
    assert "private" in scene.visitor(scene.owner).get("/li-wei").text


def _stripped(html: str) -> str:
    """Leave out what differs between any two pages."""
    plain = re.sub(r"hidden|absent", "repo", html)
    plain = re.sub(r'name="csrf_token" value="[^"]*"', "", plain)
    return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "", plain)


def test_a_renamed_repo_leads_on_with_the_rest_of_the_address(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    with working_as(scene.hub, scene.owner) as work:
        change.move(work, scene.model.repo_id, RepoId(RepoType.MODEL, "li-wei", "flan"))
    answer = scene.visitor().get("/li-wei/flan-t5-large/blob/main/load.py?code=true")
    assert answer.status_code == 307
    assert answer.headers["location"] == "/li-wei/flan/blob/main/load.py?code=true"


def test_a_card_cannot_put_code_into_what_people_copy(tmp_path: Path) -> None:
    clock = FrozenClock()
    scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    card = b"""---
library_name: transformers
pipeline_tag: 'x"); import os; os.system("echo owned") #'
base_model: ["/evil.example/x", "//evil.example", "ok/model"]
---
# Words
"""
    pushed(scene.hub, scene.owner, scene.model, {"README.md": card})
    html = scene.visitor().get("/li-wei/flan-t5-large").text
    panel = html.split('class="dialog-panel"')[1].split("</details>")[0]
    assert "echo owned" not in panel
    assert 'href="//' not in html
    assert 'href="/ok/model"' in html


def test_pages_fit_the_screen_and_everyone_can_use_them(scene: Scene) -> None:
    model = "/li-wei/flan-t5-large"
    rest = ("", "/tree/main", "/commit/main", "/blob/main/load.py", "/discussions/1")
    paths = ("/", "/models", "/docs", "/li-wei", *(f"{model}{path}" for path in rest))
    with served(scene.hub) as base, chromium() as browser:
        page = browser.new_page()
        assert [fault for path in paths for fault in faults(page, base + path)] == []
