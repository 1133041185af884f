"""The administration of the site: who gets in, what the audit log shows there, if it holds."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Visitor, confirmed, token_in
from fixtures.accounts import calling, fact_names, made
from fixtures.authenticators import Authenticator
from fixtures.axe import violations
from fixtures.browsers import chromium
from fixtures.factors import SETTINGS, set_up
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.shown_repos import served
from strata.accounts.people import by_name
from strata.accounts.tables import users
from strata.core.actor import SYSTEM
from strata.core.call import Origin, working
from strata.core.hub import Hub
from strata.events.audit import verify
from strata.events.audit.sealing.seal import newest, seal_all
from strata.events.facts import record
from strata.events.tables import facts
from strata.membership.closing.suspend import Suspension, suspend

ASK = "/settings/confirm-access"
LOG = "/admin/audit"
HTTPS = "https://hub.example.com"
MAIL = "/admin/mail"
PLACES = ("/admin", LOG, f"{LOG}/chain", f"{LOG}/export", MAIL, f"{MAIL}/domain")


@pytest.fixture
def root(hub: Hub) -> Visitor:
    """The browser of an admin of the site."""
    made(hub, "ruth", admin=True, password=PASSWORD)
    visitor = Visitor(hub)
    assert visitor.log_in("ruth").status == 303
    return visitor


def entered(visitor: Visitor) -> Visitor:
    visitor.submit("/admin", "/admin")
    return visitor


def happen(hub: Hub, name: str, target: str, times: int = 1) -> None:
    with calling(hub, SYSTEM, Origin(ip="203.0.113.7")) as call, working(call) as work:
        for _ in range(times):
            record(work, name, target=target)


def test_to_everybody_else_the_console_is_not_there(hub: Hub, root: Visitor) -> None:
    eve = confirmed(hub, "eve")
    bearer = {"Authorization": f"Bearer {token_in(root.make_token('all', 'write'))}"}
    for place in PLACES:
        there = Visitor(hub).open("/admin/nothing-here")
        for visitor, headers in ((Visitor(hub), {}), (eve, {}), (Visitor(hub), bearer)):
            answer = visitor.open(place, **headers)
            assert answer.status == there.status == 404, place
    stranger = eve.send("/admin", eve.open("/settings/profile").hidden("/settings/profile"))
    assert stranger.status == 404
    assert "/admin" not in eve.open("/").text
    assert "admin.login" not in fact_names(hub)


def test_an_admin_enters_once_a_session_and_proves_who_it_is(
    hub: Hub, root: Visitor, clock: FrozenClock
) -> None:
    assert root.open("/").text.count('href="/admin"') == 1
    for place in (LOG, f"{LOG}/chain"):
        page = root.open(place)
        assert (page.status, "account.login" in page.text) == (200, False)
        assert f'name="next" value="{place}"' in page.text
    assert root.open(f"{LOG}/export").status == 403
    clock.advance(timedelta(minutes=16))
    form = root.open(LOG).hidden("/admin")
    asked = root.send("/admin", form)
    assert (asked.status, 'name="sudo_password' in asked.text) == (403, True)
    assert "admin.login" not in fact_names(hub)
    done = root.send("/admin", form | {"sudo_password": PASSWORD})
    assert (done.status, done.place) == (303, LOG)
    assert fact_names(hub)[-2:] == ["account.sudo", "admin.login"]
    page = root.open(LOG)
    assert page.headers["cache-control"] == "no-store"
    assert "Administration of the site entered" in page.text
    other = Visitor(hub)
    other.log_in("ruth")
    assert "Administration of the site entered" not in other.open(LOG).text
    form = other.open(LOG).hidden("/admin")
    assert other.send("/admin", form | {"next": "//evil.example"}).place == LOG


def test_a_page_that_asks_by_itself_is_told_what_the_console_takes(
    tmp_path: Path, clock: FrozenClock
) -> None:
    chosen = {"accounts.console_factor": "second"}
    hub = build_test_hub(tmp_path / "data", clock=clock, **chosen)
    made(hub, "ruth", admin=True, password=PASSWORD)
    root = Visitor(hub)
    root.log_in("ruth")
    app, _ = set_up(root)
    root.submit(ASK, ASK, sudo_password=PASSWORD)  # a fresh proof, and not the one that is wanted
    mark = "0123456789abcdef" * 2
    answer = root.send("/admin", root.open(LOG).hidden("/admin") | {"sudo_stay": mark})
    assert answer.status == 204
    (told,) = [one.partition(";")[0] for one in answer.cookies]
    assert told == f"proof-{mark}=console.second"
    sentence = "The administration of this site takes a passkey, or a code"
    assert sentence in root.open(f"{ASK}?why=console.second").text
    for other in ("wanted", "pw.wrong", "<b>"):
        assert 'class="error-summary"' not in root.open(f"{ASK}?why={other}").text
    clock.advance(timedelta(seconds=30))
    root.submit(ASK, ASK, sudo_code=app.code())
    assert root.send("/admin", root.open(LOG).hidden("/admin")).status == 303
    hub.database.close()


def test_what_was_seen_of_a_session_before_does_not_enter_with_it(hub: Hub, root: Visitor) -> None:
    """The session has more rights from here on: it goes on under another id (product §3.8)."""
    before = root.client.cookies["sid"]
    entered(root)
    assert root.client.cookies["sid"] != before
    assert "Administration of the site entered" in root.open(LOG).text
    thief = Visitor(hub)
    thief.client.cookies.set("sid", before)
    assert thief.open("/settings/account").place.startswith("/login")


@pytest.mark.parametrize("how", ["network", "browser"])
def test_a_stolen_cookie_does_not_open_the_console_elsewhere(
    hub: Hub, root: Visitor, how: str
) -> None:
    """The thief comes at once, while the proof of the admin is still fresh."""
    entered(root)
    root.client.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Firefox/130.0"
    form = root.open(LOG).hidden("/admin")
    root.send("/admin", form | {"sudo_password": PASSWORD})  # her own new browser shows it
    assert "Administration of the site entered" in root.open(LOG).text
    thief = Visitor(hub, ip="203.0.113.7" if how == "network" else "testclient")
    agent = {"network": root.client.headers["User-Agent"], "browser": "curl/8"}[how]
    thief.client.headers["User-Agent"] = agent
    thief.client.cookies = root.client.cookies
    page = thief.open(LOG)
    assert "Administration of the site entered" not in page.text
    assert thief.open(f"{LOG}/export").status == 403
    asked = thief.send("/admin", page.hidden("/admin"))
    assert (asked.status, 'name="sudo_password' in asked.text) == (403, True)
    assert "Administration of the site entered" in root.open(LOG).text
    assert fact_names(hub).count("admin.login") == 2


@pytest.mark.parametrize(
    ("language", "lacks", "wants"),
    [
        ("en", "is entered with a passkey. Add one", "takes a passkey. Use yours."),
        ("zh-CN", "请先在“设置 → 身份验证”中添加", "请使用你的通行密钥。"),
    ],
)
def test_over_https_it_takes_a_passkey_and_says_so(
    tmp_path: Path, clock: FrozenClock, language: str, lacks: str, wants: str
) -> None:
    hub = build_test_hub(tmp_path / "https", clock=clock, public_url=HTTPS)
    made(hub, "ruth", admin=True, password=PASSWORD)
    visitor = Visitor(hub, language=language, site=HTTPS)
    assert visitor.log_in("ruth").status == 303
    refused = visitor.submit("/admin", "/admin")
    assert (refused.status, lacks in refused.text) == (403, True)

    key, adding = Authenticator(origin=HTTPS), f"{SETTINGS}/passkeys/new"
    page = visitor.open(adding)
    made_by = key.make(options_on(page.text))
    added = visitor.send(adding, page.hidden(adding) | {"passkey": made_by, "name": "key"})
    assert added.status == 200, added.text
    asked = visitor.submit("/admin", "/admin")
    assert (asked.status, wants in asked.text) == (403, True)
    shown = asked.hidden("/admin") | {"sudo_passkey": key.show(options_on(asked.text))}
    assert visitor.send("/admin", shown).place == LOG
    assert visitor.open(LOG).headers["cache-control"] == "no-store"
    assert "ruth" in visitor.open(LOG).text
    hub.database.close()


def options_on(text: str) -> str:
    found = re.search(r'data-options="(\{.*?\})"', text)
    assert found is not None, text
    return found[1]


def test_an_account_that_is_closed_sees_nothing_more(hub: Hub, root: Visitor) -> None:
    entered(root)
    with calling(hub, SYSTEM) as call, working(call) as work:
        person = by_name(work, "ruth")
        assert person is not None
        suspend(work, person, Suspension("left the company", None, hide_content=False))
    for place in PLACES:
        assert root.open(place).status in (303, 404)


def test_an_account_that_is_about_to_go_sees_nothing_more(hub: Hub, root: Visitor) -> None:
    entered(root)
    with hub.database.writing() as db:  # its session lives on, so that it can be taken back
        db.execute(sa.update(users).where(users.c.admin).values(standing="deletion_scheduled"))
    for place in PLACES:
        assert root.open(place).status == 403, place


def test_the_log_is_filtered_by_actor_event_target_and_day(
    hub: Hub, root: Visitor, clock: FrozenClock
) -> None:
    entered(root)
    happen(hub, "token.create", "someone")
    happen(hub, "repo.content", "acme/model")
    happen(hub, "org.create", "acme")

    def shown(query: str) -> list[str]:
        return re.findall(r'<code class="muted">([a-z_.2A-Z]+)</code>', root.open(query).text)

    assert shown(LOG)[:3] == ["org.create", "repo.commit", "token.create"]
    assert shown(f"{LOG}?actor=ruth") == ["admin.login", "account.login"]
    assert shown(f"{LOG}?actor=nobody") == []
    assert shown(f"{LOG}?event=repo.commit") == ["repo.commit"]
    assert shown(f"{LOG}?event=repo.push") == []
    assert shown(f"{LOG}?kind=org&target=acme") == ["org.create"]
    assert shown(f"{LOG}?from=2020-01-01&to=2020-01-02") == []
    assert shown(f"{LOG}?from={clock():%Y-%m-%d}")[0] == "org.create"
    happen(hub, "token.delete", "x", 60)
    assert shown(f"{LOG}?event=org.create") == ["org.create"]
    only = root.open(f"{LOG}?event=repo.commit&kind=repo")
    assert "acme/model" in only.text
    assert root.open(f"{LOG}?from=yesterday").status == 400


def test_it_is_exported_whole_and_that_is_written_down(hub: Hub, root: Visitor) -> None:
    entered(root)
    happen(hub, "token.create", "t", 1100)
    answer = root.open(f"{LOG}/export?format=json&kind=token")
    assert len(json.loads(answer.text)) == 1100
    assert 'filename="audit-log.json"' in answer.headers["content-disposition"]
    assert fact_names(hub)[-1] == "admin.audit_log_export"
    assert root.open(f"{LOG}/export?format=csv").text.startswith("id,date,type")


def test_the_chain_is_shown_and_checked_against_a_noted_seal(hub: Hub, root: Visitor) -> None:
    entered(root)
    assert "Nothing is sealed yet" in root.open(LOG).text
    with calling(hub, SYSTEM) as call:
        seal_all(call)
        seal = newest(call)
    assert seal is not None
    assert seal.line in root.open(LOG).text
    assert "The log is whole" in root.open(f"{LOG}/chain?seal={seal.line}").text
    assert "A seal is a line" in root.open(f"{LOG}/chain?seal=nonsense").text
    with hub.database.writing() as db:  # an owner of the database takes the guards away
        db.execute(sa.text("DROP TRIGGER facts_stay_the_same"))
        db.execute(sa.update(facts).where(facts.c.name == "admin.login").values(ip="192.0.2.1"))
    page = root.open(f"{LOG}/chain")
    assert ("The log is broken" in page.text, "does not say what it said" in page.text) == (
        True,
        True,
    )


def test_a_long_log_is_checked_a_part_a_request_and_nobody_says_where_it_was(
    hub: Hub, root: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify.verify_part, "__kwdefaults__", {"most": 10})
    entered(root)
    happen(hub, "token.create", "x", 35)
    with calling(hub, SYSTEM) as call:
        seal_all(call)
        seal = newest(call)
    assert seal is not None
    places, page = [f"{LOG}/chain?seal={seal.line}"], root.open(f"{LOG}/chain?seal={seal.line}")
    while "http-equiv" in page.text:
        assert f"{10 * len(places)} of {seal.number} entries" in page.text
        assert "The log is" not in page.text
        (onward,) = re.findall(r'url=([^"]+)"', page.text)
        places.append(onward)
        page = root.open(onward)
    assert len(places) == seal.number // 10 + 1
    assert "still leads to your seal" in page.text
    # Another seal, a forged place and one of another time begin at the beginning.
    at = places[-1].partition("at=")[2]
    for place in (f"{LOG}/chain?at={at}", f"{places[1]}x", f"{LOG}/chain?at=36::"):
        assert f"10 of {seal.number} entries" in root.open(place).text, place
    with hub.database.writing() as db:
        db.execute(sa.text("DROP TRIGGER facts_stay_the_same"))
        db.execute(sa.update(facts).where(facts.c.chain_no == 25).values(ip="192.0.2.1"))
    assert "of" in root.open(places[1]).text
    assert "does not say what it said" in root.open(places[2]).text


@pytest.mark.slow
def test_pages_fit_the_screen_and_everyone_can_use_them(hub: Hub, root: Visitor) -> None:
    assert root.open(LOG).status == 200
    with served(hub) as base, chromium() as browser:
        for language, heading in (("en-US", "Audit log of the site"), ("zh-CN", "站点审计日志")):
            context = browser.new_context(locale=language, viewport={"width": 320, "height": 700})
            page = context.new_page()
            page.goto(f"{base}/login")
            page.fill("[name=username]", "ruth")
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(f"{base}/")
            page.click(".site-account summary")
            page.click(".site-account a[href='/admin']")
            assert violations(page) == []
            page.click("main button[type=submit]")
            page.wait_for_url(f"{base}{LOG}")
            for place in (f"{LOG}/chain", LOG):
                page.goto(f"{base}{place}")
                assert page.locator("h1").count() == 1
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth") <= 320, place
            assert page.locator("h1").inner_text() == heading
            page.set_viewport_size({"width": 1200, "height": 900})
            with page.expect_download() as download:
                page.click("a[download]")
            assert download.value.suggested_filename == "audit-log.json"
            context.close()
