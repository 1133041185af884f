"""Mallory has an account too, and wants Ana's: by number, by form, by address, by page.

Each story walks the route table: a page, a form or an address that is new is attacked as well.
"""

import html
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from httpx2 import Response
from starlette.testclient import TestClient

from fixtures.accounts import calling, person
from fixtures.hubs import FrozenClock
from fixtures.lived_in import (
    MARK,
    NO_PAGES,
    OF_STRANGERS,
    OWNER,
    SITE,
    LivedIn,
    account_pages,
    lived_in,
)
from strata.app.serving import build_app
from strata.core.actor import SYSTEM
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.tables import metadata
from strata.sessions.signed_in import csrf, sessions
from strata.web.paths import Match, Routes
from strata.web.routes import ROUTES

EVIL: Final = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "/\t/evil.example/",
    "javascript:alert(1)",
    "/%2F/evil.example",
    "https:evil.example",
)
# What is written down about anybody who asks: how often they tried, what happened, what is due.
BESIDE: Final = frozenset(
    {"attempts", "jobs", "facts", "mails", "blocks", "spent_challenges", "oauth_app_days"}
)
_FORM: Final = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_LINK: Final = re.compile(r'<a\b[^>]*href="(/[^"]*)"')
_FIELD: Final = re.compile(r"<(?:input|button|select|textarea)\b[^>]*>")
_OPTION: Final = re.compile(r'<option value="([^"]+)"')
INLINE: Final = re.compile(
    r"<script(?![^>]*\bsrc=)|<style\b|\son[a-z]+\s*=\s*[\"']|\sstyle=|javascript:"
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LivedIn]:
    built = lived_in(tmp_path_factory.mktemp("lived"), FrozenClock())
    yield built
    built.hub.database.close()


def browser(hub: Hub, **cookies: str) -> TestClient:
    return TestClient(
        build_app(hub),
        base_url=SITE,
        follow_redirects=False,
        headers={"Accept": "text/html"},
        cookies=cookies,
    )


def mallory(scene: LivedIn, name: str = "mallory") -> tuple[TestClient, str]:
    """Her browser, in which she has just shown who she is, and the proof that her forms carry."""
    with calling(scene.hub, SYSTEM) as call, working(call) as work:
        user_id = person(scene.hub, name).id
        cookie = sessions.start(work, user_id, admin=False, remember=True).cookie
        actor = sessions.actor_for_session(work.db, scene.hub, cookie)
    assert actor is not None
    return browser(scene.hub, sid=cookie), csrf.token_for(scene.hub, actor.session_mark)


def of_owner(scene: LivedIn) -> list[tuple[str, str]]:
    """The pages that their owner opens: template and address."""
    return [
        (template, path)
        for template, path in scene.places().items()
        if template not in NO_PAGES | OF_STRANGERS
    ]


def test_everything_is_there_and_every_page_of_it_opens(scene: LivedIn) -> None:
    """Without this the walks would look at pages on which there is nothing."""
    ana = browser(scene.hub, sid=scene.cookie)
    closed = [
        (path, browser(scene.hub, **scene.cookies_of(template)).get(path).status_code)
        for template, path in scene.places().items()
        if template not in NO_PAGES
    ]
    assert [(path, status) for path, status in closed if status != 200] == []
    for place in ("tokens", "keys", "authentication", "applications", "webhooks", "account"):
        assert MARK in ana.get(f"/settings/{place}").text, place


# --- other people's things


def test_no_form_of_ana_does_anything_for_mallory(scene: LivedIn) -> None:
    """Every form on every page that Ana can open, with all its numbers, sent by somebody else."""
    forms = forms_of(scene)
    actions = {urlsplit(action).path for action, _ in forms}
    assert len(actions) >= 35, sorted(actions)
    her_browser, proof = mallory(scene)
    before = rows(scene)
    done = set()
    for action, fields in forms:
        answer = her_browser.post(
            action,
            data={**fields, "csrf_token": proof},
            headers={"Sec-Fetch-Site": "same-origin"},
        )
        assert answer.status_code < 500, (action, answer.text)
        if answer.status_code in (200, 303):
            done.add(urlsplit(action).path)
    after = rows(scene)
    lost = {
        name: gone
        for name, held in before.items()
        if (gone := [row for row in held if row not in after[name]])
    }
    assert lost == {}
    assert "/settings/preferences" in done  # her own preferences: the forms were good ones


def addresses(scene: LivedIn) -> dict[str, str]:
    """Where Ana can go: the pages of the table, and what their links lead to; with the template."""
    ana, table = browser(scene.hub, sid=scene.cookie), Routes(ROUTES)
    found = {path: template for template, path in scene.places().items()}
    for _, path in of_owner(scene):
        for link in _LINK.findall(ana.get(path).text):
            match = table.match("GET", urlsplit(html.unescape(link)).path)
            if isinstance(match, Match) and match.route in account_pages():
                found.setdefault(html.unescape(link), match.route.template)
    return found


def forms_of(scene: LivedIn) -> list[tuple[str, dict[str, str]]]:
    """The forms on Ana's pages: where each goes and what each of its buttons sends."""
    ana, found = browser(scene.hub, sid=scene.cookie), {}
    for path, template in addresses(scene).items():
        if template in NO_PAGES | OF_STRANGERS:
            continue
        for head, inner in _FORM.findall(ana.get(path).text):
            action = attribute(head, "action") or path
            # A link works for whoever has it.
            if 'method="post"' not in head or action == "/logout" or "/confirm/" in action:
                continue
            for fields in sent_by(inner):
                found[action, tuple(sorted(fields.items()))] = (action, fields)
    return list(found.values())


def attribute(tag: str, name: str) -> str:
    match = re.search(rf'\b{name}="([^"]*)"', tag)
    return html.unescape(match[1]) if match else ""


def sent_by(inner: str) -> Iterator[dict[str, str]]:
    """All fields of a form, every box ticked: for each of its buttons, as it is and changed."""
    fields: dict[str, str] = {}
    typed: dict[str, str] = {}
    buttons: list[dict[str, str]] = []
    for tag in _FIELD.findall(inner):
        name, value = attribute(tag, "name"), attribute(tag, "value")
        if not name or name == "csrf_token" or 'type="file"' in tag:
            continue
        if tag.startswith("<button"):
            buttons.append({name: value})
        elif tag.startswith("<select"):
            after = inner[inner.index(tag) :]
            fields[name] = html.unescape(next(iter(_OPTION.findall(after)), ""))
        elif tag.startswith("<textarea") or 'type="text"' in tag or "type=" not in tag:
            typed[name] = value
        else:
            fields[name] = value or ("on" if 'type="checkbox"' in tag else "")
    for extra in buttons or [{}]:
        yield fields | typed | extra
        yield fields | dict.fromkeys(typed, "mallory") | extra


def rows(scene: LivedIn) -> dict[str, list[Any]]:
    """What is kept of everybody but Mallory, table by table."""
    hers = str(person(scene.hub, "mallory").id)
    with scene.hub.database.reading() as db:
        return {
            table.name: [
                tuple(row) for row in db.execute(sa.select(table)) if not is_of(table, row, hers)
            ]
            for table in metadata.sorted_tables
            if table.name not in BESIDE
        }


def is_of(table: sa.Table, row: Any, user_id: str) -> bool:
    """Whether a row is about a person: a column of it refers to them."""
    about = [
        column.name
        for column in table.columns
        if any(key.column.table.name in ("users", "namespaces") for key in column.foreign_keys)
    ]
    named = [
        column.name
        for column in table.columns
        if table.name == "namespaces" and column.name == "id"
    ]
    return any(str(getattr(row, name)) == user_id for name in about + named)


def test_no_address_of_ana_shows_a_stranger_anything(scene: LivedIn) -> None:
    her_browser, _ = mallory(scene, "eve")
    for path, template in addresses(scene).items():
        answer = her_browser.get(path)
        assert answer.status_code < 500 or "/callback/" in path, path
        assert MARK not in answer.text, path
        if OF_ONE_PERSON.match(template):
            assert answer.status_code in (401, 403, 404), (path, answer.status_code)


OF_ONE_PERSON: Final = re.compile(
    r"/settings/(?!emails/confirm|notifications/unsubscribe|collaborations).*\{|/organizations/\{name\}/settings"
)


def asked_in_every_way(term: str) -> Iterator[str]:
    """Every address without names in it, asked for a term in each way that some of them know."""
    for route in ROUTES:
        if "GET" in route.methods and "{" not in route.template and route.template not in NO_PAGES:
            for name in ("q", "search", "query", "prefix", "name", "author", "owner", "filter"):
                yield f"{route.template}?{name}={term}&limit=100&type=all&full=true"


def test_no_search_of_a_stranger_finds_or_counts_anything_of_ana(scene: LivedIn) -> None:
    """Half of the name finds it for her; a stranger hears what a name that nobody bears gives."""
    half, nothing = MARK[:-2], "zzzz-zzzz"[: len(MARK) - 2]
    hers = browser(scene.hub, sid=scene.cookie)
    found = [path for path in asked_in_every_way(half) if MARK in hers.get(path).text]
    assert {urlsplit(path).path for path in found} >= {"/api/quicksearch", "/api/models", "/models"}
    for stranger in (browser(scene.hub), mallory(scene)[0]):
        for path in found:
            answer, told = stranger.get(path), stranger.get(path.replace(half, nothing))
            assert MARK not in answer.text, path
            assert answer.status_code == told.status_code, path
            if answer.headers.get("content-type", "").startswith("application/json"):
                assert answer.text.replace(half, nothing) == told.text, path
                assert answer.headers.get("link") == told.headers.get("link"), path


# --- ways out of the site


def test_nobody_is_sent_to_another_site_whatever_an_address_or_a_form_asks(
    scene: LivedIn,
) -> None:
    her_browser, proof = mallory(scene)
    strangers = browser(scene.hub)
    for template, path in scene.places().items():
        if template == "/login/with/{provider}":  # which its operator has named
            continue
        for evil in EVIL:
            for who in (her_browser, strangers):
                answer = who.get(path, params={"next": evil, "to": evil, "return": evil})
                assert is_here(answer) or "app.example.com" in answer.headers["location"], path
                assert not re.search(r'href="(//|\\|https?:/*evil|/\\|javascript:)', answer.text), (
                    path
                )
    for action in ("/settings/confirm-access", "/agree", "/login/link"):
        for evil in EVIL:
            form = {"csrf_token": proof, "next": evil, "sudo_password": "x", "consents": "on"}
            answer = her_browser.post(action, data=form, headers={"Sec-Fetch-Site": "same-origin"})
            assert is_here(answer), (action, evil)


def is_here(answer: Response) -> bool:
    place = answer.headers.get("location", "/")
    return place.startswith("/") and not place.startswith(("//", "/\\")) and "\\" not in place


# --- what a browser is told


def filled(template: str) -> str:
    words = {
        "web": "",
        "repo": f"{OWNER}/{MARK}-vault",
        "revision": "main",
        "path": "a",
        "name": "acme",
    }
    return re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], "1"), template)


def test_every_page_of_the_route_table_keeps_a_browser_safe(scene: LivedIn) -> None:
    """Whatever it answers: no strange script, no frame, no guess at types, no address told."""
    places = scene.places()
    ana, anybody, seen = browser(scene.hub, sid=scene.cookie), browser(scene.hub), 0
    for route in (one for one in ROUTES if one.page and "GET" in one.methods):
        path = places.get(route.template) or filled(route.template)
        for who in (ana, anybody):
            answer = who.get(path)
            assert answer.status_code < 500 or "callback" in path, path
            if "text/html" in answer.headers.get("content-type", ""):
                seen += 1
                safe(answer, path)
    assert seen > 140


def safe(answer: Response, path: str) -> None:
    """Check the headers and the body of one page."""
    policy = dict(
        part.strip().partition(" ")[::2]
        for part in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'", path
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'", path
    assert policy["form-action"].startswith("'self'"), path
    assert not {"script-src", "style-src", "connect-src"} & policy.keys(), path
    assert "unsafe" not in str(policy), path
    assert "*" not in str(policy), path
    assert answer.headers["x-frame-options"] == "DENY", path
    assert answer.headers["x-content-type-options"] == "nosniff", path
    assert answer.headers["referrer-policy"] in REFERRERS, path
    assert not INLINE.search(answer.text), (path, INLINE.search(answer.text))
    elsewhere = re.findall(r'(?:src|srcset|data|poster)="((?:https?:)?//[^"]*)', answer.text)
    assert elsewhere == [], (path, elsewhere)


REFERRERS: Final = ("strict-origin-when-cross-origin", "same-origin", "no-referrer")


def test_no_browser_keeps_a_page_of_an_account(scene: LivedIn) -> None:
    """On a machine that several people use, "back" shows nothing of who has logged out."""
    ana, anybody, places = browser(scene.hub, sid=scene.cookie), browser(scene.hub), scene.places()
    kept = []
    for route in account_pages():
        if route.template in ("/terms-of-service", "/privacy", "/content-guidelines"):
            continue
        for who in (ana, anybody):
            answer = who.get(places[route.template])
            if answer.text and "no-store" not in answer.headers.get("cache-control", ""):
                kept.append((route.template, answer.headers.get("cache-control")))
    assert kept == []


def test_no_page_of_an_account_passes_for_a_file(scene: LivedIn) -> None:
    """A cache that keeps whatever ends in `.css` is sent no page of ana under such a name."""
    ana, places = browser(scene.hub, sid=scene.cookie), scene.places()
    for route in account_pages():
        for ending in ("/a.css", ".css", "/a.js", "%2Fa.png", ";a.css"):
            answer = ana.get(f"{places[route.template].partition('?')[0]}{ending}")
            kept = "public" in answer.headers.get("cache-control", "")
            assert not kept or answer.status_code != 200, (route.template, ending)
            if answer.status_code == 200:
                assert "no-store" in answer.headers["cache-control"], (route.template, ending)


def test_a_method_that_is_written_elsewhere_counts_for_nothing(scene: LivedIn) -> None:
    ana, before = browser(scene.hub, sid=scene.cookie), rows(scene)
    for route in (one for one in ROUTES if one.page and "POST" in one.methods):
        path = scene.places().get(route.template) or filled(route.template)
        for headers in ({"X-HTTP-Method-Override": "POST"}, {"X-HTTP-Method": "DELETE"}):
            ana.get(path, headers=headers, params={"_method": "POST"})
    after = rows(scene)
    assert {name for name, held in before.items() if held != after[name]} - {"sessions"} == set()


def test_the_table_knows_which_page_an_address_is() -> None:
    """The walks go by templates; an address that another template takes would not be walked."""
    table = Routes(ROUTES)
    for route in account_pages():
        found = table.match("GET", filled(route.template))
        assert isinstance(found, Match), route.template
        assert found.route.template == route.template
