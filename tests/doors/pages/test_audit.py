"""The security log of a person and the audit log of an organisation, on pages and as files."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from doors.pages.visitors import PASSWORD, SITE, Visitor, confirmed, token_in
from fixtures.accounts import calling, made, person
from fixtures.axe import violations
from fixtures.browsers import chromium
from fixtures.hubs import FrozenClock
from fixtures.organizations import joins, leaves, organization
from fixtures.shown_repos import served
from strata.app.serving import build_app
from strata.core.actor import Actor, Role
from strata.core.call import Origin, working
from strata.core.hub import Hub
from strata.events.facts import record

LOG, EXPORT = "/settings/security-log", "/settings/security-log/export"
ORG = "/organizations/acme/settings/audit"
API = "/api/organizations/acme/audit-log/export"


@pytest.fixture
def li(hub: Hub) -> Visitor:
    """A browser in which Li is logged in, who administers acme."""
    visitor = confirmed(hub, "li")
    organization(hub, "li")
    return visitor


def _actor(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, session_id=0)


def test_log_ins_are_listed_with_device_and_address(hub: Hub, li: Visitor) -> None:
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    stranger = Visitor(hub)
    form = stranger.open("/login").hidden("/login")
    stranger.send(
        "/login", form | {"username": "li", "password": "Wr0ng!aaa"}, **{"User-Agent": agent}
    )
    page = li.open(LOG)
    assert page.headers["cache-control"] == "no-store"
    for shown in ("Failed log-in", "A stranger", "Firefox on Linux", "testclient", "Logged in"):
        assert shown in page.text
    assert li.open("/settings/authentication").text.count(f'href="{LOG}"') == 1


def test_it_is_filtered_and_read_on_page_by_page(hub: Hub, li: Visitor, clock: FrozenClock) -> None:
    with calling(hub, _actor(hub, "li"), Origin(ip="203.0.113.7")) as call, working(call) as work:
        for number in range(60):
            record(work, "token.create", target=f"t{number}-")
    only = li.open(f"{LOG}?kind=token")
    assert (only.text.count("t59-"), only.text.count("t9-"), "Logged in" in only.text) == (
        1,
        0,
        False,
    )
    (further,) = re.findall(r'href="([^"]*after=[^"]*)"', only.text)
    assert "kind=token" in further
    assert li.open(further).text.count("t9-") == 1
    day = f"{clock():%Y-%m-%d}"
    assert "Logged in" in li.open(f"{LOG}?from={day}&to={day}&kind=account").text
    assert "Nothing matches." in li.open(f"{LOG}?to=2020-01-01").text
    wrong = li.open(f"{LOG}?from=yesterday")
    assert (wrong.status, "Write a date as year-month-day" in wrong.text) == (400, True)
    assert li.open(f"{LOG}?kind=nonsense&after=x-y").status == 200


def test_it_is_exported_whole_as_json_and_as_csv(hub: Hub, li: Visitor) -> None:
    with calling(hub, _actor(hub, "li")) as call, working(call) as work:
        for _ in range(1200):
            record(work, "token.create", target="=cmd()")
    answer = li.open(EXPORT)
    entries = json.loads(answer.text)
    assert len(entries) == 1203  # and the log-in, and an account that is the first admin
    assert 'filename="security-log.json"' in answer.headers["content-disposition"]
    assert len({entry["id"] for entry in entries}) == len(entries)
    assert entries[0]["actor"] == {"kind": "person", "name": "li", "tokenId": None}
    rows = list(csv.DictReader(io.StringIO(li.open(f"{EXPORT}?format=csv&kind=token").text)))
    assert len(rows) == 1200
    assert {row["target"] for row in rows} == {"'=cmd()"}
    assert li.open(f"{EXPORT}?format=xml").status == 400
    assert json.loads(li.open(f"{EXPORT}?to=2020-01-01").text) == []


def test_nobody_reads_the_log_of_somebody_else(hub: Hub, li: Visitor) -> None:
    for place in (LOG, EXPORT, ORG, f"{ORG}/export"):
        assert Visitor(hub).open(place).place.startswith("/login")
        bearer = {"Authorization": f"Bearer {token_in(li.make_token(place, 'write'))}"}
        with_token = Visitor(hub).open(place, **bearer)
        assert with_token.status in {303, 401, 403}
    eve = confirmed(hub, "eve")
    assert {entry["target"] for entry in json.loads(eve.open(EXPORT).text)} == {"eve"}
    assert "Failed" not in eve.open(LOG).text


def test_the_log_of_an_organization_is_for_its_admins_of_now(hub: Hub, li: Visitor) -> None:
    bob, eve = confirmed(hub, "bob"), confirmed(hub, "eve")
    joins(hub, "bob", Role.ADMIN)
    for admin in (li, bob):
        page = admin.open(ORG)
        assert (page.status, "Member added" in page.text) == (200, True)
    assert json.loads(bob.open(f"{ORG}/export").text)[0]["type"] == "org.audit_log.export"
    assert "Member added" not in bob.open(f"{ORG}?actor=nobody-has-this").text
    assert "Audit log exported" in bob.open(f"{ORG}?actor=bob&kind=org&target=acme").text

    joins(hub, "bob", Role.WRITE)
    leaves(hub, "bob")
    for outsider in (bob, eve):
        for place in (ORG, f"{ORG}/export"):
            assert outsider.open(place).status == 403
    exports = [
        entry for entry in json.loads(li.open(f"{ORG}/export").text) if "export" in entry["type"]
    ]
    assert [entry["actor"]["name"] for entry in exports] == ["li", "bob"]  # refusals are no exports


def test_programs_export_with_a_token_of_an_admin(hub: Hub, li: Visitor) -> None:
    eve = confirmed(hub, "eve")
    joins(hub, "eve", Role.WRITE)
    client = TestClient(build_app(hub), base_url=SITE)

    def answer(visitor: Visitor | None, role: str = "write") -> tuple[int, object]:
        bearer = f"Bearer {token_in(visitor.make_token(role, role))}" if visitor else ""
        got = client.get(API, headers={"Authorization": bearer} if bearer else {})
        return got.status_code, got.json()

    status, entries = answer(li)
    assert status == 200
    assert isinstance(entries, list)
    assert [entry["type"] for entry in entries][:2] == ["org.audit_log.export", "org.add_user"]
    by = entries[0]["actor"]
    assert by["kind"] == "token"
    assert "with the access token write" in li.open(ORG).text
    assert "使用访问令牌 write" in li.open(ORG, **{"Accept-Language": "zh-CN"}).text
    rows = csv.DictReader(io.StringIO(li.open(f"{ORG}/export?format=csv").text))
    assert [row["tokenId"] for row in rows if row["actorKind"] == "token"] == [str(by["tokenId"])]
    assert answer(li, "read")[0] == 403
    assert answer(eve)[0] == 403
    assert answer(None)[0] == 401


def test_people_see_what_happens_in_other_browsers(hub: Hub, clock: FrozenClock) -> None:
    """J21: two browsers, one is signed out, the log tells of it and can be taken along."""
    made(hub, "li", password=PASSWORD)
    organization(hub, "li")
    first, second = Visitor(hub), Visitor(hub)
    assert first.log_in("li").status == second.log_in("li").status == 303
    clock.advance(timedelta(minutes=1))
    action = "/settings/authentication/sessions/others"
    first.submit("/settings/authentication", action)
    assert second.open(LOG).place.startswith("/login")
    assert "Browser signed out" in first.open(LOG).text
    types = [entry["type"] for entry in json.loads(first.open(EXPORT).text)]
    assert types.count("account.login") == 2


def test_pages_fit_the_screen_and_everyone_can_use_them(hub: Hub, li: Visitor) -> None:
    assert li.open(LOG).status == 200
    with served(hub) as base, chromium() as browser:
        for language, heading in (("en-US", "Security log"), ("zh-CN", "安全日志")):
            context = browser.new_context(locale=language, viewport={"width": 320, "height": 700})
            page = context.new_page()
            page.goto(f"{base}/login")
            page.fill("[name=username]", "li")
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(f"{base}/")
            for place in (LOG, ORG):
                page.goto(f"{base}{place}")
                assert page.locator("h1").count() == 1
                assert violations(page) == []
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= 320, place
            page.goto(f"{base}{LOG}")
            assert page.locator("h1").inner_text() == heading
            page.set_viewport_size({"width": 1200, "height": 900})
            with page.expect_download() as download:
                page.click("a[download]")
            assert download.value.suggested_filename == "security-log.json"
            context.close()


def test_what_changed_is_told_in_the_language_of_the_reader(hub: Hub, li: Visitor) -> None:
    changed = {
        "role": "fineGrained",
        "fields": ["full_name"],
        "before": {"anybody": False, "full_name": "True"},
        "after": {"anybody": True, "full_name": "private"},
    }
    with calling(hub, _actor(hub, "li")) as call, working(call) as work:
        record(work, "token.create", target="t", detail=changed)
    english = (
        "fields: full name · role: fine-grained · "
        "open to everybody: no → yes · full name: True → private"
    )
    chinese = "字段：姓名 · 角色：细粒度 · 对所有人开放：否 → 是 · 姓名：True → private"  # noqa: RUF001
    assert english in li.open(LOG).text
    assert chinese in li.open(f"{LOG}?lang=zh-CN").text
