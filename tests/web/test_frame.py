"""The frame of every page: what the header holds, and what no page may hold."""

import gzip
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.testclient import TestClient

from strata.web.pages.frame.answer import (
    content_security_policy,
    frame_of,
    page_answer,
    static_file,
)
from strata.web.pages.frame.assets import assets, icon_names, static_url
from strata.web.pages.frame.avatar import avatar_svg
from strata.web.pages.frame.render import Frame, Viewer, environment, icon, page, with_query
from strata.web.pages.words import figures

GALLERY = (Path(__file__).parent / "gallery.html").read_text("utf-8")
VIEWER = Viewer("li-wei", "Li <b>Wei</b>", unverified_email="l***@qq.com")


def frame(language: str = "en", viewer: Viewer | None = None) -> Frame:
    return Frame(
        "Hub & Co",
        "https://hub.example.com",
        "0.1.0",
        language=language,
        path="/models?search=a%26b",
        viewer=viewer,
        csrf_token="token",
    )


def gallery(language: str, viewer: Viewer | None) -> str:
    return (
        environment(language)
        .from_string(GALLERY)
        .render(
            frame=frame(language, viewer),
            side=True,
            prose="",
            moment=datetime(2026, 3, 4, tzinfo=UTC),
            lines=["<b>a</b>"],
        )
    )


class Rules(HTMLParser):
    """Collects breaches of the content security policy and of labels and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.breaches: list[str] = []
        self.ids: list[str] = []
        self.wanted: list[str] = []

    def handle_starttag(  # type: ignore[explicit-override]  # the standard library has no override in 3.11
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        named = dict(attrs)
        self.ids += [named["id"] or ""] if "id" in named else []
        self.wanted += [
            word
            for key in ("for", "aria-describedby", "aria-labelledby", "aria-controls")
            for word in (named.get(key) or "").split()
        ]
        inline = tag == "style" or (tag == "script" and "src" not in named)
        if inline or any(name == "style" or name.startswith("on") for name in named):
            self.breaches.append(self.get_starttag_text() or "")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("viewer", [None, VIEWER])
def test_every_part_keeps_the_policy_and_its_references(
    language: str, viewer: Viewer | None
) -> None:
    rules = Rules()
    rules.feed(gallery(language, viewer))

    assert rules.breaches == []
    assert sorted(rules.ids) == sorted(set(rules.ids))
    assert [name for name in rules.wanted if name not in rules.ids] == []


def test_strangers_see_log_in_and_sign_up_last() -> None:
    html = page(
        "page_error.html",
        frame(),
        status=404,
        message="",
        request_id="r1",
        wait="",
        gate_path="",
        told_whole=False,
        onward="/models?search=a%26b",
    )
    header = html[html.index("<header") : html.index("</header>")]

    assert re.findall(r'<a class="button[^"]*" href="([^"]+)"', header) == ["/login", "/join"]
    assert "Hub &amp; Co" in header
    assert "r1" in html
    assert 'href="/login?next=%2Fmodels%3Fsearch%3Da%2526b"' in html


def test_people_see_their_menu_and_leave_by_a_form() -> None:
    html = gallery("en", VIEWER)

    assert 'action="/logout" method="post" data-once><input type="hidden" name="csrf_token"' in html
    assert 'href="/settings/profile"' in html
    assert "Li &lt;b&gt;Wei" in html
    assert "l***@qq.com" in html
    assert 'action="/verify-email/resend"' in html
    assert "/admin" not in html


def test_chinese_pages_say_so_and_speak_it() -> None:
    html = gallery("zh-CN", None)

    assert '<html lang="zh-CN"' in html
    assert "注册" in html
    assert "Sign Up" not in html


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 418, 429, 500, 502, 503])
def test_every_error_has_a_page(status: int) -> None:
    html = page(
        "page_error.html",
        frame(),
        status=status,
        message="",
        request_id="",
        wait="20 s",
        gate_path="",
        told_whole=False,
        onward=None,
    )

    assert html.count("<h1>") == 1
    assert str(status) in html


async def home(request: Request) -> Response:
    shown = frame_of(request, site_name="Hub", base_url="https://hub.example.com", version="0.1.0")
    return page_answer(
        request,
        "page_error.html",
        shown,
        message="",
        request_id="",
        wait="",
        gate_path="",
        told_whole=False,
        onward=None,
    )


def client() -> TestClient:
    return TestClient(
        Starlette(
            routes=[Route("/static/{version}/{name:path}", static_file), Route("/{p:path}", home)]
        )
    )


def test_a_page_is_answered_with_headers_that_protect_it() -> None:
    answer = client().get("/a?lang=zh-CN&theme=dark")

    assert 'lang="zh-CN" data-theme="dark"' in answer.text
    assert answer.cookies == {"lang": "zh-CN", "theme": "dark"}
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "set-cookie" not in client().get("/a", headers={"Accept-Language": "zh"}).headers


def test_a_source_cannot_smuggle_a_directive() -> None:
    assert "https://s3.example.com" in content_security_policy(("https://s3.example.com",))
    with pytest.raises(ValueError, match="origin"):
        content_security_policy(("https://a.example; script-src *",))


def test_static_files_are_cached_for_ever_under_their_own_address() -> None:
    answer = client().get(static_url("css/tokens.css"))

    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert answer.content == assets().by_name["css/tokens.css"].body
    assert client().get("/static/old/css/tokens.css").headers["Cache-Control"] == "no-cache"
    assert client().get("/static/x/%2e%2e%2frender.py").status_code == 404
    assert client().get("/static/x/nothing.css").status_code == 404


def test_static_files_fit_their_budget() -> None:
    files = assets().by_name

    assert sum(len(file.body) for name, file in files.items() if name.endswith("woff2")) <= 200_000
    assert all(
        gzip.decompress(file.gzipped) == file.body for file in files.values() if file.gzipped
    )
    assert "OFL" in files["fonts/hanken-grotesk-OFL.txt"].body.decode()
    assert "ISC" in files["icons-LICENSE.txt"].body.decode()


def test_style_sheets_name_only_files_that_exist() -> None:
    for name, file in assets().by_name.items():
        for address in re.findall(r'(?:url\(|from )"(\.[^"]+)"', file.body.decode("latin-1")):
            folder = Path("/") / Path(name).parent
            target = (folder / address).resolve().relative_to("/")
            assert str(target) in assets().by_name, name


def test_unknown_icons_and_files_are_mistakes() -> None:
    assert "box" in icon_names()
    assert 'aria-label="&lt;x&gt;"' in icon("box", label="<x>")
    with pytest.raises(LookupError):
        icon("no-such-icon")
    with pytest.raises(LookupError):
        static_url("no-such-file.css")


@pytest.mark.parametrize(
    ("address", "changes", "changed"),
    [
        ("/models", {"p": 2}, "/models?p=2"),
        ("/models?p=2&search=a%26b", {"p": None}, "/models?search=a%26b"),
        ("/models?lang=en", {"lang": "zh-CN"}, "/models?lang=zh-CN"),
        ("//evil.example/x", {"lang": "en"}, "/x?lang=en"),
        ("///evil.example/x", {}, "/evil.example/x"),
        ("https://evil.example/x", {}, "/x"),
    ],
)
def test_a_query_is_changed_on_this_site_only(
    address: str, changes: dict[str, object], changed: str
) -> None:
    assert with_query(address, **changes) == changed


@settings(deadline=None)
@given(st.text())
def test_an_avatar_is_the_same_for_the_same_name(name: str) -> None:
    assert avatar_svg(name) == avatar_svg(name)
    assert avatar_svg(name).count("<rect") == 5


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (999_600, "1 MB"),
        (2_834_567_890, "2.8 GB"),
        (123_456_789, "123 MB"),
        (5 * 10**21, "5000 EB"),
    ],
)
def test_sizes_are_decimal(size: int, text: str) -> None:
    assert figures.size_text(size) == text


@pytest.mark.parametrize(
    ("number", "english", "chinese"),
    [
        (7, "7", "7"),
        (1234, "1.2k", "1,234"),
        (12_345, "12k", "1.2 万"),
        (1_500_000, "1.5M", "150 万"),
        (2_000_000_000, "2B", "20 亿"),
    ],
)
def test_counts_are_shortened(number: int, english: str, chinese: str) -> None:
    assert figures.compact_text(number, "en") == english
    assert figures.compact_text(number, "zh-CN") == chinese


def test_dates_follow_the_language() -> None:
    when = datetime(2026, 3, 4, 15, 6, tzinfo=UTC)

    assert figures.date_text(when, "en") == "Mar 4, 2026"
    assert figures.date_text(when, "zh-CN") == "2026年3月4日"
    assert figures.moment_text(when, "zh-CN").endswith("UTC")


@pytest.mark.slow
def test_a_template_is_compiled_to_the_same_in_each_language_and_below_each_prefix() -> None:
    """Else the environments could not share what was compiled; a filter of a literal is a case."""
    english, *others = environment("en"), environment("zh-CN"), environment("en", "/hub")
    for name in english.list_templates():
        assert english.loader is not None
        source = english.loader.get_source(english, name)[0]
        first = english.compile(source, name, raw=True)
        assert all(other.compile(source, name, raw=True) == first for other in others), name


def test_pages_of_one_process_share_their_templates_and_not_their_language() -> None:
    """The second language is not compiled anew, and is not the first one's."""
    english, chinese, below = (environment(*key) for key in (("en",), ("zh-CN",), ("en", "/hub")))
    shared = [one.get_template("base.html").root_render_func.__code__ for one in (english, chinese)]
    assert shared[0] is shared[1]
    assert english.from_string("{{ _('Log In') }}").render() == "Log In"
    assert chinese.from_string("{{ _('Log In') }}").render() == "登录"
    assert below.from_string("{{ at('/x') }}").render() == "/hub/x"
