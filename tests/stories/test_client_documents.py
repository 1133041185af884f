"""Applications whose client_id is the address of a document, and who abuses that we read it."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import sqlalchemy as sa

from doors.pages.visitors import Page, Visitor, confirmed
from fixtures.accounts import calling, log_of
from fixtures.documents import HOST, Site, describing
from fixtures.hubs import FrozenClock
from fixtures.oauth import CHALLENGE, VERIFIER
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.oauth import apps
from strata.credentials.oauth.making import documents, registration
from strata.credentials.oauth.tables import oauth_apps
from strata.events.tables import facts
from strata.lib.http.guard import Allowed, Guard
from strata.lib.http.outbound import Outbound

CONNECTED = "/settings/connected-applications"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with describing(tmp_path_factory.mktemp("tls")) as running:
        yield running


@pytest.fixture
def reading(hub: Hub, site: Site, monkeypatch: pytest.MonkeyPatch) -> Hub:
    """A hub that reads documents, and knows the way to this one site."""
    monkeypatch.setenv("SSL_CERT_FILE", str(site.certificate))
    site.pages.clear()
    site.asked.clear()
    known = {HOST: ["127.0.0.1"], "inside.example": ["10.0.0.7"]}
    guard = Guard(allowed=Allowed.parse((HOST,)), own_hosts=frozenset({"hub.example.com"}))
    oauth = replace(hub.settings.oauth, client_documents=True)
    return replace(
        hub,
        settings=replace(hub.settings, oauth=oauth),
        outbound=Outbound(guard, lambda host: known.get(host, [])),
    )


@pytest.fixture
def ana(reading: Hub) -> Iterator[Visitor]:
    visitor = confirmed(reading, "ana")
    with visitor.client:
        yield visitor


def asking(client_id: str, redirect_uri: str, **changes: str) -> str:
    asked = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "openid profile",
        "state": "here",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"/oauth/authorize?{urlencode(asked | changes)}"


def decided(visitor: Visitor, path: str) -> Page:
    page = visitor.open(path)
    assert page.status == 200, page.text
    action = re.findall(r'action="(/oauth/authorize[^"]*)"', page.text)[0]
    proof = dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', page.text))
    return visitor.send(html.unescape(action), proof | {"decision": "allow"})


def redeemed(visitor: Visitor, client_id: str, redirect_uri: str, page: Page) -> dict[str, Any]:
    assert page.status == 303, page.text
    assert page.place.startswith(f"{redirect_uri}?")
    (code,) = parse_qs(urlsplit(page.place).query)["code"]
    told: dict[str, Any] = visitor.client.post(
        "/oauth/token",
        data={
            "grant_type": "authorization_code", "client_id": client_id, "code": code,
            "redirect_uri": redirect_uri, "code_verifier": VERIFIER,
        },
    ).json()  # fmt: skip
    return told


def test_a_site_is_let_in_by_what_its_document_says(site: Site, ana: Visitor) -> None:
    client_id, back = site.describe(), site.address("/callback")
    card = ana.open(asking(client_id, back))
    assert "Authorize A site far away?" in card.text
    assert card.text.count(site.host) >= 3  # who asks, its homepage, where one is sent
    assert "Nobody of this site knows it" in card.text
    assert "Unknown publisher" in card.text
    assert "logo.png" not in card.text
    told = redeemed(ana, client_id, back, decided(ana, asking(client_id, back)))
    assert told["scope"] == "openid profile"
    assert site.asked == ["/client.json"]  # once: neither the logo nor the homepage
    again = ana.client.post(
        "/oauth/token",
        data={
            "grant_type": "refresh_token", "client_id": client_id,
            "refresh_token": told["refresh_token"],
        },
    )  # fmt: skip
    assert again.status_code == 200
    listed = ana.open(CONNECTED).text
    assert "A site far away" in listed
    assert site.host in listed
    action = html.unescape(re.findall(rf'href="({CONNECTED}/[^"]+/revoke)"', listed)[0])
    assert ana.submit(action, action).place == CONNECTED
    assert "A site far away" not in ana.open(CONNECTED).text
    bearer = {"Authorization": f"Bearer {again.json()['access_token']}"}
    assert ana.client.get("/oauth/userinfo", headers=bearer).status_code == 401
    about = ana.client.get("/.well-known/openid-configuration").json()
    assert about["client_id_metadata_document_supported"] is True


def test_a_document_that_names_no_refresh_tokens_gets_none(site: Site, ana: Visitor) -> None:
    client_id, back = site.describe(grant_types=None), site.address("/callback")
    told = redeemed(ana, client_id, back, decided(ana, asking(client_id, back)))
    assert "access_token" in told
    assert "refresh_token" not in told


def test_where_it_is_off_it_is_refused_and_not_announced(hub: Hub, site: Site) -> None:
    site.asked.clear()
    visitor = confirmed(hub, "ana")
    page = visitor.open(asking(site.describe(), site.address("/callback")))
    assert (page.status, page.place) == (400, "")
    assert "does not read client metadata documents" in page.text
    chinese = visitor.open(
        asking(site.address(), "https://x.example/"), **{"Accept-Language": "zh-CN"}
    )
    assert "本站不读取客户端元数据文档" in chinese.text
    about = visitor.client.get("/.well-known/openid-configuration").json()
    assert about["client_id_metadata_document_supported"] is False
    assert site.asked == []


def test_switched_off_what_was_let_in_gets_nothing_new(
    reading: Hub, site: Site, ana: Visitor
) -> None:
    client_id, back = site.describe(), site.address("/callback")
    told = redeemed(ana, client_id, back, decided(ana, asking(client_id, back)))
    oauth = replace(reading.settings.oauth, client_documents=False)
    off = Visitor(replace(reading, settings=replace(reading.settings, oauth=oauth)))
    refused = off.client.post(
        "/oauth/token",
        data={
            "grant_type": "refresh_token", "client_id": client_id,
            "refresh_token": told["refresh_token"],
        },
    )  # fmt: skip
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")


def test_nobody_makes_the_hub_read_before_they_are_known(reading: Hub, site: Site) -> None:
    path = asking(site.describe(), site.address("/callback"))
    stranger = Visitor(reading)
    for more in ("", "&prompt=none"):
        page = stranger.open(path + more)
        assert (page.status, page.place.partition("?")[0]) == (303, "/login")
    newcomer = Visitor(reading)
    newcomer.join("newcomer")
    assert newcomer.open(path).status == 403
    for form in (
        {"grant_type": "refresh_token", "refresh_token": "x"},
        {"grant_type": "authorization_code", "code": "x", "redirect_uri": site.address("/cb")},
    ):
        answer = stranger.client.post("/oauth/token", data=form | {"client_id": site.address()})
        assert answer.status_code in {400, 401}
    started = stranger.client.post("/oauth/device", data={"client_id": site.address()})
    assert (started.status_code, started.json()["error"]) == (401, "invalid_client")
    assert site.asked == []


UNFIT: dict[str, dict[str, Any]] = {
    "a copy of somebody else's document": {"client_id": "https://other.example/client.json"},
    "no client_id": {"client_id": None},
    "a secret that everybody reads": {"client_secret": "s3cret"},
    "another way to show who it is": {"token_endpoint_auth_method": "private_key_jwt"},
    "no address": {"redirect_uris": []},
    "addresses that are no list": {"redirect_uris": "https://app.example/callback"},
    "an address of another host": {"redirect_uris": ["https://evil.example/callback"]},
    "an address without TLS": {"redirect_uris": ["http://app.example/callback"]},
    "a script": {"redirect_uris": ["javascript:alert(1)"]},
    "a name with markup": {"client_name": "<b>The hub</b>"},
    "another grant": {"grant_types": ["client_credentials"]},
    "another answer": {"response_types": ["token"]},
}


@pytest.mark.parametrize("changes", UNFIT.values(), ids=UNFIT.keys())
def test_a_document_that_is_not_in_order_lets_nobody_ask(
    reading: Hub, site: Site, ana: Visitor, changes: dict[str, Any]
) -> None:
    site.describe(**changes)
    addresses = changes.get("redirect_uris") or [site.address("/callback")]
    wanted = addresses[0] if isinstance(addresses, list) else addresses
    page = ana.open(asking(site.address(), wanted))
    assert (page.status, page.place) == (400, "")
    assert "is not in order" in page.text
    assert "evil.example" not in page.headers.get("content-security-policy", "")
    with calling(reading) as call:
        assert apps.find(call, site.address()) is None


def test_only_addresses_that_the_document_names(site: Site, ana: Visitor) -> None:
    client_id = site.describe()
    for bad in ("/callback/", "/other", "/callback?x=1"):
        page = ana.open(asking(client_id, site.address(bad)))
        assert (page.status, page.place) == (400, "")
    assert ana.open(asking(client_id, "http://localhost:5000/callback")).status == 200


@pytest.mark.parametrize(
    "client_id",
    [
        "https://app.example/",
        "https://app.example",
        "https://app.example/a/../client.json",
        "https://app.example/client.json?x=1",
        "https://app.example/client.json#x",
        "https://user@app.example/client.json",
        f"https://app.example/{'x' * 200}",
    ],
)
@pytest.mark.usefixtures("site")
def test_an_address_that_could_be_two_is_none(ana: Visitor, client_id: str) -> None:
    page = ana.open(asking(client_id, "https://app.example/callback"))
    assert (page.status, page.place) == (400, "")
    assert "A client_id that is an address" in page.text


@pytest.mark.parametrize(
    "client_id",
    [
        "https://inside.example/client.json",
        "https://10.0.0.7/client.json",
        "https://127.0.0.1/client.json",
        "https://[::1]/client.json",
        "https://169.254.169.254/latest/meta-data",
        "https://localhost/client.json",
        "https://hub.example.com/client.json",
        "https://nowhere.example/client.json",
    ],
)
@pytest.mark.usefixtures("site")
def test_nothing_inside_is_read_and_every_refusal_is_the_same(ana: Visitor, client_id: str) -> None:
    page = ana.open(asking(client_id, "https://app.example/callback"))
    assert (page.status, page.place) == (400, "")
    assert documents.NOT_READ in html.unescape(page.text)


def test_an_answer_that_is_no_document_is_none(site: Site, ana: Visitor) -> None:
    good = site.pages
    site.describe("/good.json")
    body = good["/good.json"][2]
    for name, served in {
        "/moved": (307, {"Location": site.address("/good.json")}, b""),
        "/found": (302, {"Location": site.address("/good.json")}, b""),
        "/gone": (404, {"Content-Type": "application/json"}, body),
        "/page": (200, {"Content-Type": "text/html"}, body),
        "/long": (200, {"Content-Type": "application/json"}, b" " * 20_000 + body),
        "/list": (200, {"Content-Type": "application/json"}, b"[]"),
        "/deep": (200, {"Content-Type": "application/json"}, b'{"a":' + b"[" * 9_000),
        "/broken": (200, {"Content-Type": "application/json"}, b"{\xff"),
    }.items():
        site.pages[name] = served
        page = ana.open(asking(site.address(name), site.address("/callback")))
        assert (page.status, page.place) == (400, ""), name
        assert documents.NOT_READ in html.unescape(page.text), name
    assert "/good.json" not in site.asked


def test_a_person_cannot_have_many_documents_read(site: Site, ana: Visitor) -> None:
    for number in range(documents.PER_PERSON):
        assert ana.open(asking(site.address(f"/none-{number}"), "https://x.example/")).status == 400
    assert ana.open(asking(site.describe(), site.address("/callback"))).status == 429
    assert len(site.asked) == documents.PER_PERSON


def told_of(hub: Hub) -> list[tuple[str, str, dict[str, Any]]]:
    """What the log says of applications, and who did it."""
    with calling(hub) as call:
        about = sa.select(facts).where(facts.c.name.like("oauth.app_%")).order_by(facts.c.id)
        return [(row.name, row.actor_kind, dict(row.detail)) for row in call.db.execute(about)]


def test_the_log_tells_where_the_answers_of_an_application_went(
    reading: Hub, site: Site, ana: Visitor, clock: FrozenClock
) -> None:
    client_id, back = site.describe(), site.address("/callback")
    assert ana.open(asking(client_id, back)).status == 200
    ((name, who, detail),) = told_of(reading)
    assert (name, who) == ("oauth.app_create", "system")
    assert (detail["client_id"], detail["by"]) == (client_id, "document")
    assert detail["after"]["redirect_uris"] == [back, "http://localhost:3000/callback"]

    clock.advance(documents.KEPT_FOR)
    assert ana.open(asking(client_id, back)).status == 200
    assert len(told_of(reading)) == 1  # it says what it said

    site.describe(redirect_uris=[site.address("/new")])
    clock.advance(documents.KEPT_FOR)
    assert ana.open(asking(client_id, site.address("/new"))).status == 200
    _, (name, who, detail) = told_of(reading)
    assert (name, who) == ("oauth.app_update", "system")
    assert detail["before"] == {"redirect_uris": [back, "http://localhost:3000/callback"]}
    assert detail["after"] == {"redirect_uris": [site.address("/new")]}
    assert "oauth.app_create" not in log_of(reading, "ana")


def test_a_document_is_read_anew_and_the_new_one_counts(
    reading: Hub, site: Site, ana: Visitor, clock: FrozenClock
) -> None:
    client_id, back = site.describe(), site.address("/callback")
    assert ana.open(asking(client_id, back)).status == 200
    site.describe(redirect_uris=[site.address("/new")], client_name="Renamed")
    assert ana.open(asking(client_id, back)).status == 200  # within the hour
    clock.advance(documents.KEPT_FOR)
    assert ana.open(asking(client_id, back)).status == 400
    assert "Renamed" in ana.open(asking(client_id, site.address("/new"))).text
    assert site.asked == ["/client.json"] * 2
    # A site that is gone is no longer asked about.
    site.pages.clear()
    clock.advance(documents.KEPT_FOR)
    assert ana.open(asking(client_id, site.address("/new"))).status == 400
    clock.advance(timedelta(days=31))
    with calling(reading) as call, working(call) as work:
        registration.forget_unused(work)
        assert work.db.scalar(sa.select(sa.func.count()).select_from(oauth_apps)) == 0
