"""Where a log-in came from stands beside its address, where the site knows (product P09)."""

from dataclasses import replace
from pathlib import Path

from doors.pages.visitors import Visitor, confirmed, letter
from fixtures.accounts import made
from fixtures.places import WHERE, written
from strata.core.hub import Hub
from strata.lib.places import Places

PAGE, LOG = "/settings/authentication", "/settings/security-log"
SHOWN = {"en": "Berlin, Germany", "zh-CN": "德国 柏林"}


def knowing(hub: Hub, folder: Path) -> Hub:
    return replace(hub, places=Places(written(folder / "city.mmdb", WHERE)))


def test_sessions_devices_and_the_log_say_where_in_the_language_of_the_reader(
    hub: Hub, tmp_path: Path
) -> None:
    known = knowing(hub, tmp_path)
    made(hub, "first-one", admin=True)
    confirmed(hub, "li")  # from an address that nobody places
    for language, place in SHOWN.items():
        here = Visitor(known, language=language, ip="203.0.113.7")
        here.log_in("li")
        assert place in here.open(PAGE).text
        assert place in here.open(LOG).text
    fox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    for language, words in (("en", "Firefox on Linux"), ("zh-CN", "Linux 上的 Firefox")):
        here = Visitor(known, language=language)
        here.client.headers["User-Agent"] = fox
        here.log_in("li")
        assert words in here.open(PAGE).text
        assert words in here.open(LOG).text
    there = Visitor(hub, ip="203.0.113.7")  # a site without such a database
    there.log_in("li")
    assert not any(
        place in there.open(page).text for page in (PAGE, LOG) for place in SHOWN.values()
    )


def test_the_mail_about_a_new_browser_says_where(hub: Hub, tmp_path: Path) -> None:
    known = knowing(hub, tmp_path)
    made(hub, "first-one", admin=True)
    confirmed(hub, "li")
    Visitor(known, ip="203.0.113.7").log_in("li")
    text = letter(hub, "li@example.com").text
    assert "203.0.113.7 (Berlin, Germany)" in text
    Visitor(known, ip="198.51.100.9").log_in("li")
    assert "198.51.100.9, Nov 23, 2026" in letter(hub, "li@example.com").text
