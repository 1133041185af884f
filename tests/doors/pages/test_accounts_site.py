"""The small things beside the account pages: rules as JSON, pictures, files, documents."""

import re
from pathlib import Path

import pytest

from doors.pages.visitors import PASSWORD, Visitor
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.passwords.policy import faults
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.membership.joining.signup import CLOSED
from strata.web.pages.frame.assets import assets, static_url
from strata.web.pages.routes.accounts import ROUTES
from strata.web.pages.words.account import told, wait_text


def test_the_sites_rules_are_served_as_data(hub: Hub) -> None:
    rules = Visitor(hub).client.get("/api/site-config").json()
    assert rules["password"]["minLength"] == 8
    assert rules["signUp"] == {"mode": "open", "providers": [], "workBits": 0}
    assert rules["documents"]["terms"]["path"] == "/terms-of-service"
    shortest = "Zyxwvut!"
    assert len(shortest) == rules["password"]["minLength"]
    assert faults(shortest) == ()
    assert faults(PASSWORD) == ()


def test_the_checklist_has_the_rules_that_are_served(hub: Hub) -> None:
    page = Visitor(hub).open("/join").text
    rules = Visitor(hub).client.get("/api/site-config").json()["password"]
    shown = re.findall(r'data-rule="(\w+)"', page)
    assert shown == ["length", "upper", "lower", "special"]
    assert f"{rules['minLength']} or more characters" in page


def test_the_other_policy_is_served_and_listed_and_said(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(tmp_path, clock=clock, **{"accounts.password_policy": "passphrase"})
    rules = Visitor(hub).client.get("/api/site-config").json()["password"]
    assert rules == {
        "policy": "passphrase",
        "minLength": 12,
        "maxLength": 128,
        "uppercase": False,
        "lowercase": False,
        "special": False,
    }
    page = Visitor(hub).open("/join").text
    assert re.findall(r'data-rule="(\w+)"', page) == ["length"]
    assert 'data-least="12"' in page
    assert "12 or more characters" in page
    chinese = Visitor(hub, language="zh-CN")
    assert "至少 12 个字符" in chinese.open("/join").text
    assert "至少 12 个字符。" in chinese.begin("li@example.org", "Abcdef1!").text
    sent = {"email": "li@example.org", "password": "Abcdef1!", "username": "li"}
    answer = Visitor(hub).client.post("/api/signup", json=sent)
    assert "pw.too_short_phrase" in answer.text
    hub.database.close()


def test_an_avatar_is_drawn_here_and_is_the_same_every_time(hub: Hub) -> None:
    client = Visitor(hub).client
    one, two = (client.get(f"/avatars/{'0123456789ab' * 2}.svg") for _ in range(2))
    assert one.headers["content-type"] == "image/svg+xml"
    assert one.content == two.content
    assert client.get("/avatars/x.svg").status_code == 404
    assert client.get("/avatars/..%2Fsecret.svg").status_code == 404


def test_files_of_pages_are_found_by_their_raw_path(hub: Hub) -> None:
    client = Visitor(hub).client
    answer = client.get(static_url("css/accounts.css"))
    assert answer.content == assets().by_name["css/accounts.css"].body
    assert "immutable" in answer.headers["cache-control"]
    assert client.get(f"/static/{assets().version}/..%2Frender.py").status_code == 404
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"
    assert "Disallow: /settings/" in client.get("/robots.txt").text


@pytest.mark.parametrize(
    ("path", "language", "title"),
    [
        ("/terms-of-service", "en", "User agreement"),
        ("/privacy", "en", "Privacy policy"),
        ("/content-guidelines", "en", "Content guidelines"),
        ("/terms-of-service", "zh-CN", "用户协议"),
        ("/privacy", "zh-CN", "隐私政策"),
        ("/content-guidelines", "zh-CN", "内容准则"),
    ],
)
def test_documents_are_in_the_readers_language(
    hub: Hub, path: str, language: str, title: str
) -> None:
    page = Visitor(hub, language=language).open(path)
    assert f"<h1>{title}</h1>" in page.text
    assert page.text.count("<h1") == 1
    assert "sample-1" in page.text
    assert "**" not in page.text  # bold text that ends in Chinese punctuation is none


def test_no_page_has_inline_code(hub: Hub) -> None:
    visitor = Visitor(hub)
    for path in ("/join", "/login", "/terms-of-service", "/nothing/at/all"):
        page = visitor.open(path)
        assert "unsafe" not in page.headers["content-security-policy"]
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", page.text), path


def test_people_read_pages_and_scripts_read_data() -> None:
    for route in ROUTES:
        data = (
            "/api/",
            "/avatars/",
            "/oauth/logos/",
            "/static/",
            "/verify-email/state",
            "/notifications/unread",
            "/settings/tokens/repositories",
            "/settings/tokens/summary",
            "/favicon",
            "/robots",
        )
        assert route.page is not route.template.startswith(data), route.template


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"),
    [
        (1, "1 second", "1秒钟"),
        (120, "120 seconds", "120秒钟"),
        (121, "3 minutes", "3分钟"),
        (7200, "2 hours", "2小时"),
        (7201, "3 hours", "3小时"),
    ],
)
def test_waits_are_never_told_too_short(seconds: int, english: str, chinese: str) -> None:
    assert wait_text("en", seconds) == english
    assert wait_text("zh-CN", seconds) == chinese


def test_every_message_key_of_the_rooms_has_a_sentence() -> None:
    keys = (
        "pw.too_short", "pw.too_long", "pw.need_upper", "pw.need_lower", "pw.need_special",
        "pw.control_char", "pw.common", "pw.contains_identity", "pw.contains_username",
        "email.invalid", "email.blocked_domain", "name.invalid", "name.reserved", "name.taken",
        "full_name.too_long", "full_name.invalid", "consent.required", "consent.changed",
        "token.name_empty", "token.name_too_long", "token.bad_name", "token.dup", "token.too_many",
        "auth.bad_credentials", CLOSED, "name.length",
    )  # fmt: skip
    for language in ("en", "zh-CN"):
        error = InvalidFields({"field": keys}, has="1", total="2")
        wrong = told(language, error, name="n", domain="d")
        assert len(wrong.summary) == len(keys)
        assert "%(" not in wrong.of("field")
