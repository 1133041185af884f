"""A hub that shares its host with others: all of it is below a prefix, and nothing else."""

import re
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

import httpx
import pytest
from playwright.sync_api import Page

import strata.web.pages
from fixtures.accounts import PASSWORD, made
from fixtures.browsers import chromium, settle
from fixtures.contents import changed, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import working_as
from fixtures.shown_repos import PICTURE, Scene, served, session_of, staged
from strata.content.writing.operations import Add
from strata.core.actor import TokenRole
from strata.credentials.tokens import making

PREFIX = "/hub"
REPO = "/li-wei/flan-t5-large"
CARD = """# Card

[page](docs/notes.md) [list](/models?search=a) [pasted](/hub/datasets) [paper](https://example.org/)

![picture](picture.png)
"""
LISTS = ["/", "/models", "/models?search=flan", "/datasets", "/spaces", "/search/full-text?q=flan"]
OF_REPO = [
    "", "/tree/main", "/tree/main/docs", "/tree/refs%2Fpr%2F1", "/blob/main/README.md",
    "/blob/main/README.md?code=true", "/blob/main/load.py", "/blob/main/picture.png",
    "/blob/main/model.safetensors", "/commits/main", "/commit/main", "/branches", "/discussions",
    "/discussions?status=all", "/discussions/1",
]  # fmt: skip
PAGES = [
    *LISTS, *(REPO + rest for rest in OF_REPO), "/li-wei", "/docs", "/terms-of-service", "/privacy",
    "/content-guidelines",
]  # fmt: skip
OF_STRANGERS = [*PAGES, "/join", "/login", "/login?next=/settings/tokens"]
OF_OWNER = [
    *PAGES, f"{REPO}/settings", f"{REPO}/settings/storage", "/collections", "/collections/new",
    f"/collections/add?item=models{REPO}", "/new", "/new-dataset", "/new-space",
    "/settings/account",
    "/settings/tokens", "/settings/tokens/new", "/verify-email",
]  # fmt: skip
SEEN = ("href", "src", "action", "formaction", "poster", "data-verify", "data-verify-next")
_ATTRIBUTE = re.compile(r'\b(?:href|src|action|formaction|poster|data-verify[a-z-]*)="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Site:
    """A hub at an address with a path."""

    scene: Scene
    root: str  # http://localhost:PORT

    @property
    def url(self) -> str:
        return f"{self.root}{PREFIX}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Serve a hub with something to look at by a real server."""
    clock = FrozenClock()
    port = _free_port()
    folder = tmp_path_factory.mktemp("prefix") / "data"
    hub = build_test_hub(folder, clock=clock, public_url=f"http://localhost:{port}{PREFIX}")
    scene = staged(hub, clock)
    operations = [Add("README.md", CARD.encode()), Add("docs/README.md", b"[code](../load.py)\n")]
    changed(hub, scene.owner, scene.model, operations)
    with working_as(hub, scene.owner) as work:
        making.create(work, "laptop", TokenRole.READ)
    with served(hub, port) as root:
        yield Site(scene, root)
    hub.database.close()


class Addresses(HTMLParser):
    """Collects every address of a page that the browser or a script would ask for."""

    def __init__(self) -> None:
        super().__init__()
        self.posted: set[str] = set()
        self.found: set[str] = set()

    def handle_starttag(  # type: ignore[explicit-override]  # the standard library has no override in 3.11
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        named = {name: value or "" for name, value in attrs}
        posts = tag == "form" and named.get("method") == "post"
        (self.posted if posts else self.found).update(
            named[name] for name in SEEN if named.get(name)
        )


@pytest.mark.parametrize("known", [False, True], ids=["stranger", "owner"])
def test_every_address_of_every_page_is_below_the_prefix_and_answers(
    site: Site, *, known: bool
) -> None:
    session = session_of(site.scene.hub, site.scene.owner) if known else ""
    with httpx.Client(
        headers={"Accept": "text/html"}, cookies={"sid": session} if known else None,
        trust_env=False,
    ) as browser:  # fmt: skip
        asked: dict[str, int] = {}
        for path in OF_OWNER if known else OF_STRANGERS:
            page = browser.get(site.url + path)
            assert page.status_code == 200, path
            for place in _own_addresses(site, page):
                if place not in asked:
                    answer = browser.get(place, follow_redirects=True)
                    assert urlsplit(str(answer.url)).path.startswith(PREFIX), place
                    asked[place] = answer.status_code
        assert len(asked) > 60
        assert {place: status for place, status in asked.items() if status >= 400} == {}


def _own_addresses(site: Site, page: httpx.Response) -> set[str]:
    """The addresses of our host in a page; each of them below the prefix."""
    addresses = Addresses()
    addresses.feed(page.text)
    settled = {
        urldefrag(urljoin(str(page.url), address)).url
        for address in addresses.found | addresses.posted
    }
    ours = {place for place in settled if place.startswith(site.root)}
    stray = {place for place in ours if not f"{place}/".startswith(f"{site.url}/")}
    assert stray == set(), page.url
    twice = {place for place in ours if place.startswith(f"{site.url}{PREFIX}/")}
    assert twice == set(), page.url
    posted = {urljoin(str(page.url), address) for address in addresses.posted}
    return ours - posted


def test_links_of_a_card_stay_on_the_hub(site: Site) -> None:
    card = httpx.get(site.url + REPO, trust_env=False).text
    article = card[card.index('<article class="prose">') :]
    assert f'href="{PREFIX}{REPO}/blob/main/docs/notes.md"' in article
    assert f'href="{PREFIX}/models?search=a"' in article
    assert f'href="{PREFIX}/datasets"' in article
    assert f'src="{PREFIX}{REPO}/resolve/main/picture.png"' in article
    assert 'href="https://example.org/"' in article


def test_every_template_writes_its_addresses_with_the_prefix() -> None:
    templates = Path(str(strata.web.pages.__file__)).parent / "templates"
    elsewhere = r"\{\{ (mailbox\[1\]|elsewhere) \}\}"  # addresses of other sites
    kept = re.compile(
        rf"\{{\{{ (at|static_url)\(|#|$|mailto:|{elsewhere}|\{{\{{ frame\.base_url \}}\}}"
    )
    bare = [
        (template.name, address)
        for template in sorted(templates.rglob("*.html"))
        for address in _ATTRIBUTE.findall(template.read_text())
        if not kept.match(address)
    ]
    assert bare == []


def test_redirects_lead_below_the_prefix(site: Site) -> None:
    with httpx.Client(headers={"Accept": "text/html"}, trust_env=False) as browser:
        place = {
            path: browser.get(site.url + path).headers["location"]
            for path in ("/settings/tokens", "/signup", f"{REPO}/tree/main/load.py")
        }
    assert place == {
        "/settings/tokens": f"{PREFIX}/login?next=%2Fsettings%2Ftokens",
        "/signup": f"{PREFIX}/join",
        f"{REPO}/tree/main/load.py": f"{PREFIX}{REPO}/blob/main/load.py",
    }


def test_neighbours_on_the_host_are_sent_no_cookie(site: Site) -> None:
    with httpx.Client(trust_env=False) as browser:
        given = [
            cookie
            for path in ("/join", "/models?lang=zh-CN&theme=dark")
            for cookie in browser.get(site.url + path).headers.get_list("set-cookie")
        ]
    assert len(given) == 3
    assert [cookie for cookie in given if f"; Path={PREFIX}" not in cookie] == []


def test_robots_are_kept_from_the_same_places_below_the_prefix(site: Site) -> None:
    rules = httpx.get(f"{site.url}/robots.txt", trust_env=False).text
    assert f"Disallow: {PREFIX}/settings/" in rules
    assert "Disallow: /api" not in rules


def test_a_browser_logs_in_chooses_a_theme_and_leaves_below_the_prefix(site: Site) -> None:
    def seen(page: Page) -> None:
        page.goto(f"{site.url}{REPO}/tree/main")
        page.get_by_role("banner").get_by_role("link", name="Log In").click()
        page.get_by_label("Username or e-mail").fill("mei")
        page.get_by_role("main").locator("input[type=password]").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Log In", exact=True).click()
        page.wait_for_url(f"{site.url}/")
        page.locator("details.site-theme summary").click()
        page.locator("details.site-theme").get_by_role("link", name="Dark theme").click()
        page.goto(f"{site.url}/models")
        assert page.locator("html").get_attribute("data-theme") == "dark"
        page.locator("details.site-account summary").click()
        page.get_by_role("button", name="Log Out").click()
        settle(page)
        assert page.get_by_role("banner").get_by_role("link", name="Log In").is_visible()

    made(site.scene.hub, "mei", password=PASSWORD)
    asked, cookies = _browsing(seen)
    assert [url for url in asked if not url.startswith(f"{site.url}/")] == []
    assert {path for name, path in cookies} == {PREFIX}
    assert "theme" in {name for name, path in cookies}


def _browsing(act: Callable[[Page], None]) -> tuple[list[str], list[tuple[str, str]]]:
    """Run a visit in Chromium; what it asked for, and the cookies (name, path) at its end."""
    asked: list[str] = []
    with chromium() as browser:
        context = browser.new_context(locale="en", viewport={"width": 1320, "height": 860})
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        act(page)
        cookies = [(cookie["name"], cookie["path"]) for cookie in context.cookies()]
    return asked, cookies


def test_with_https_a_prefix_narrows_the_path_and_drops_the_host_mark(tmp_path: Path) -> None:
    public = f"https://example.org{PREFIX}"
    hub = build_test_hub(tmp_path / "data", clock=FrozenClock(), public_url=public)
    with served(hub) as root:
        given = httpx.get(f"{root}/join", trust_env=False).headers.get_list("set-cookie")
    hub.database.close()
    assert len(given) == 1
    assert given[0].startswith("__Secure-form=")
    assert f"; Path={PREFIX};" in given[0]
    assert given[0].endswith("; Secure")


def test_pictures_of_a_card_are_shown_below_the_prefix(site: Site) -> None:
    uploaded(site.scene.hub, site.scene.owner, site.scene.model, {"picture.png": PICTURE})
    widths: list[object] = []

    def seen(page: Page) -> None:
        page.goto(site.url + REPO)
        picture = page.locator("article.prose img")
        picture.scroll_into_view_if_needed()
        settle(page)
        widths.append(picture.evaluate("image => image.naturalWidth"))

    asked, _ = _browsing(seen)
    assert widths == [1]
    assert f"{site.url}{REPO}/resolve/main/picture.png" in asked


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
