"""Pictures that people upload are shown, wherever they are stored, and never run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Page

from fixtures.browsers import chromium, settle
from fixtures.contents import changed, given, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.radosgw import S3Server
from fixtures.shown_repos import PICTURE, Scene, served, session_of, staged
from strata.content.writing.operations import Add
from strata.core.hub import Hub
from strata.lib.clock import now
from strata.lib.objects.s3 import S3Place, S3Store
from strata.web.pages.frame.addresses.media import media_headers

HOME: Final = "/li-wei/flan-t5-large"
CARD: Final = b"# Card\n\n![drawing](drawing.svg)\n\n![photo](photo.png)\n"
DRAWING: Final = b"""\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
     width="40" height="30" onload="document.documentElement.setAttribute('data-owned', 'onload')">
<style>@import url("/api/version?style"); rect { fill: green }</style>
<script>
document.documentElement.setAttribute("data-owned", "script");
fetch("/api/whoami-v2").then((answer) => answer.text()).then((text) =>
  fetch("/api/telemetry/stolen/" + encodeURIComponent(text), { method: "HEAD" }));
</script>
<script href="/api/version?script"/>
<rect width="40" height="30"/>
<image href="/api/version?image" width="5" height="5"/>
<animate attributeName="x" begin="0s" dur="1s"
  onbegin="document.documentElement.setAttribute('data-owned', 'animate')"/>
<foreignObject width="40" height="30"><body xmlns="http://www.w3.org/1999/xhtml">
<iframe src="/api/version?frame"></iframe>
<iframe srcdoc="&lt;script&gt;
parent.document.documentElement.setAttribute('data-owned', 'frame')&lt;/script&gt;"></iframe>
<form action="/logout" method="post" id="leave"></form></body></foreignObject>
</svg>
"""
TO_S3: Final[dict[str, Any]] = {
    "objects.url": "s3://bucket",
    "objects.access_key": "key",
    "objects.secret_key": "secret",
}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    hub = build_test_hub(tmp_path / "data", clock=clock)
    staged_scene = staged(hub, clock)
    files = {"README.md": CARD, "drawing.svg": DRAWING, "photo.png": PICTURE}
    uploaded(hub, staged_scene.owner, staged_scene.model, files)
    yield staged_scene
    hub.database.close()


@contextmanager
def browsing(scene: Scene) -> Iterator[tuple[Page, str, list[str]]]:
    """Open Chromium, logged in as the owner; the page, the address, and what it was answered."""
    answered: list[str] = []
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context()
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        # Requests that the policy forbids are begun, too, but never answered.
        page.on("response", lambda response: answered.append(response.url))
        yield page, base, answered


def width(page: Page, name: str) -> object:
    """How wide a picture of the card is, once it was loaded; 0 when it stays blank."""
    picture = page.locator(f"article.prose img[alt={name}]")
    picture.scroll_into_view_if_needed()
    settle(page)
    return picture.evaluate("image => image.naturalWidth")


def test_a_drawing_is_shown_in_a_card_and_runs_nothing(scene: Scene) -> None:
    with browsing(scene) as (page, base, answered):
        page.goto(base + HOME)
        assert width(page, "drawing") == 40
        assert width(page, "photo") == 1
        assert page.locator("html").get_attribute("data-owned") is None
    assert f"{base}{HOME}/resolve/main/drawing.svg" in answered
    assert [url for url in answered if "/api/" in url] == []


@pytest.mark.parametrize("door", ["resolve", "raw"])
def test_a_drawing_opened_by_itself_is_of_no_origin_and_runs_nothing(
    scene: Scene, door: str
) -> None:
    with browsing(scene) as (page, base, answered):
        answer = page.goto(f"{base}{HOME}/{door}/main/drawing.svg")
        assert answer is not None
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
        page.wait_for_timeout(500)
        root = page.locator("svg").first
        assert root.get_attribute("data-owned") is None
        assert page.evaluate("self.origin") == "null"
    ours = [url for url in answered if url.startswith(base)]
    assert ours == [f"{base}{HOME}/{door}/main/drawing.svg"]


def test_the_drawing_would_have_run_without_the_sandbox(scene: Scene, tmp_path: Path) -> None:
    """The attack is real: the same file from a place that does not guard it."""
    unguarded = tmp_path / "drawing.svg"
    unguarded.write_bytes(DRAWING)
    with browsing(scene) as (page, _, _):
        page.goto(unguarded.as_uri())
        assert page.locator("svg").first.get_attribute("data-owned") is not None


def test_a_picture_in_a_store_that_downloads_are_sent_to_is_shown(
    tmp_path: Path,
    radosgw: S3Server,
) -> None:
    clock = FrozenClock()
    built = build_test_hub(tmp_path / "data", clock=clock, **TO_S3)
    store = S3Store(radosgw.bucket(), built.objects.staging(), now)
    hub = replace(built, objects=store)
    scene = staged(hub, clock)
    photo = given(hub, scene.owner, scene.model, "photo.png", PICTURE)
    changed(hub, scene.owner, scene.model, [Add("README.md", CARD), photo])
    with browsing(scene) as (page, base, answered):
        page.goto(base + HOME)
        assert width(page, "photo") == 1
        page.goto(f"{base}{HOME}/blob/main/photo.png")
        shown = page.locator("figure.picture img")
        settle(page)
        assert shown.evaluate("image => image.naturalWidth") == 1
        policies = {
            path: scene.visitor().get(path).headers["content-security-policy"]
            for path in (HOME, f"{HOME}/blob/main/load.py", f"{HOME}/commits/main", "/models")
        }
    hub.database.close()
    assert [url for url in answered if url.startswith(radosgw.endpoint)] != []
    assert [radosgw.endpoint in policy for policy in policies.values()] == [
        True,
        True,
        False,
        False,
    ]


def with_store(folder: Path, *, redirect: bool, path_style: bool) -> Hub:
    settings = TO_S3 | {"objects.redirect": redirect}
    built = build_test_hub(folder, clock=FrozenClock(), **settings)
    place = S3Place(
        "bucket", "key", "secret", "http://10.0.0.5:9000", path_style=path_style,
        public_endpoint="https://files.example.org",
    )  # fmt: skip
    return replace(built, objects=S3Store(place, built.objects.staging(), now))


@pytest.mark.parametrize(
    ("path_style", "origin"),
    [(True, "https://files.example.org"), (False, "https://bucket.files.example.org")],
)
def test_the_policy_names_the_store_as_browsers_reach_it(
    tmp_path: Path, *, path_style: bool, origin: str
) -> None:
    hub = with_store(tmp_path / "data", redirect=True, path_style=path_style)
    policy = media_headers(hub)["Content-Security-Policy"]
    hub.database.close()
    assert f"img-src 'self' {origin}; media-src 'self' {origin};" in policy
    assert policy.startswith("default-src 'self';")


def test_the_policy_names_no_store_that_browsers_are_not_sent_to(
    tmp_path: Path, scene: Scene
) -> None:
    piped = with_store(tmp_path / "piped", redirect=False, path_style=True)
    assert media_headers(piped) == {}
    piped.database.close()
    assert media_headers(scene.hub) == {}
