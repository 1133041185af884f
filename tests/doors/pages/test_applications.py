"""The pages on which people let applications in, and those on which they make their own."""

import html
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from doors.pages.applications import CONNECTED, LIST, NEW, address, answered, decided
from doors.pages.visitors import PASSWORD, SITE, Page, Visitor, confirmed, is_accepted
from fixtures import authorizing
from fixtures.accounts import calling, fact_names, made
from fixtures.authorizing import allowed, asking, considered, redeemed
from fixtures.hubs import FrozenClock
from fixtures.oauth import CALLBACK, application
from fixtures.programs import refreshed
from strata.core.errors import ClientRefused
from strata.core.hub import Hub
from strata.credentials.oauth import apps
from strata.credentials.oauth.device import starting

SECRET = re.compile(r"oauth_app_secret_[\w-]{43}")


@pytest.fixture
def ana(hub: Hub) -> Iterator[Visitor]:
    application(hub)
    visitor = confirmed(hub, "ana")
    with visitor.client:
        yield visitor


def test_a_card_says_who_asks_for_what_and_where_it_leads(ana: Visitor) -> None:
    page = ana.open(address())

    assert "Authorize dummy-app?" in page.text
    assert "app.example.com" in page.text
    assert "See your username, name, picture and website" in page.text
    assert "See your e-mail address" not in page.text
    assert "What you authorize lasts at most a year." in page.text
    policy = page.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self' https://app.example.com;" in policy
    assert page.headers["x-frame-options"] == "DENY"
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "same-origin"
    assert "<script>alert" not in page.text
    assert 'a"><script>' not in page.text


def test_yes_then_at_once_then_revoked_then_asked_again(ana: Visitor) -> None:
    back = answered(decided(ana, address(), "allow"))
    assert back["state"] == 'a"><script>'
    assert back["iss"] == SITE
    again = ana.open(address())
    assert answered(again)["code"] != back["code"]
    assert again.headers["cache-control"] == "no-store"
    # The client's own test posts to the address, without a form.
    posted = Page(ana.client.post(address()))
    assert answered(posted)["code"]

    assert "dummy-app" in ana.open(CONNECTED).text
    revoking = f"{CONNECTED}/dummy-app/revoke"
    assert ana.submit(revoking, revoking).place == CONNECTED
    assert "dummy-app" not in ana.open(CONNECTED).text
    assert ana.open(address()).status == 200
    assert ana.open(revoking).status == 404


def test_what_an_application_can_do_is_changed_on_a_page(hub: Hub, ana: Visitor) -> None:
    application(hub, "reader", scopes="openid profile email read-repos write-repos")
    asked = address("reader", scope="openid profile email read-repos write-repos")
    answered(decided(ana, asked, "allow"))
    place = f"{CONNECTED}/reader"
    assert f'href="{place}"' in ana.open(CONNECTED).text
    page = ana.open(place)
    names = re.findall(r'type="checkbox" name="(scope-[a-z-]+)" value="on" checked', page.text)
    assert names == ["scope-profile", "scope-email", "scope-write-repos"]  # which reads, too
    kept = {"scope-profile": "on", "scope-write-repos": "on"}
    assert ana.submit(place, place, **kept).place == CONNECTED
    assert "See your e-mail address" not in ana.open(place).text
    assert "and change your files" in ana.open(place).text
    answered(ana.open(address("reader", scope="openid profile read-repos")))
    ana.submit(place, place, **{"scope-profile": "on"})
    assert "private repositories" not in ana.open(place).text
    assert ana.open(address("reader", scope="openid read-repos")).status == 200  # asked again
    assert confirmed(hub, "eve").open(place).status == 404


@pytest.mark.parametrize(
    "told", [{"Sec-Fetch-Site": "same-origin"}, {"Referer": f"{SITE}/login?next=/oauth/authorize"}]
)
def test_after_a_log_in_a_page_goes_on_because_a_form_may_not(
    ana: Visitor, told: dict[str, str]
) -> None:
    answered(decided(ana, address(), "allow"))

    page = ana.open(address(), **told)
    assert page.status == 200
    assert f'http-equiv="refresh" content="0; url={CALLBACK}?' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"

    answered(ana.open(address(), **{"Sec-Fetch-Site": "cross-site"}))
    answered(ana.open(address(), Referer="https://app.example.com/"))


def test_no_is_told_to_the_application(ana: Visitor) -> None:
    back = answered(decided(ana, address(), "deny"))
    assert back["error"] == "access_denied"
    assert "code" not in back


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid jobs"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"request": "x.y.z"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_uri_not_supported"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"prompt": "none"}, "consent_required"),
    ],
)
def test_mistakes_are_told_to_the_application(
    ana: Visitor, changes: dict[str, str], error: str
) -> None:
    assert answered(ana.open(address(**changes)))["error"] == error


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": f"{CALLBACK}/../x"},
        {"redirect_uri": ""},
        {"client_id": "nobody"},
        {"client_id": "https://evil.example/client.json"},
    ],
)
def test_nobody_is_sent_to_a_stranger(ana: Visitor, changes: dict[str, str]) -> None:
    page = ana.open(address(**changes))
    assert (page.status, page.place) == (400, "")
    assert "evil.example" not in page.headers.get("content-security-policy", "")


def test_a_parameter_that_comes_twice_is_refused(ana: Visitor) -> None:
    page = ana.open(f"{address()}&redirect_uri=https%3A%2F%2Fevil.example%2F")
    assert (page.status, page.place) == (400, "")


def test_another_site_cannot_answer_for_a_person(ana: Visitor) -> None:
    decision = {"decision": "allow", "csrf_token": "x" * 64}
    assert ana.send(address(), decision).status == 400
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    proof = ana.open(address()).text
    genuine = dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', proof))
    assert ana.send(address(), genuine | {"decision": "allow"}, **foreign).status == 403
    assert ana.open(address()).status == 200  # nothing was agreed to


def test_over_plain_http_the_card_is_answered_from_where_its_policy_lets_a_form_come(
    ana: Visitor,
) -> None:
    """There browsers send no `Sec-Fetch-Site`, and `Origin: null` from a page without referrers."""
    page = ana.open(address())
    origin = "null" if page.headers["referrer-policy"] == "no-referrer" else SITE
    action = html.unescape(re.findall(r'action="(/oauth/authorize[^"]*)"', page.text)[0])
    proof = dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', page.text))
    sent = ana.send(action, proof | {"decision": "allow"}, Origin=origin)
    assert "code" in answered(sent)


def test_who_is_not_logged_in_comes_back_to_the_question(hub: Hub) -> None:
    application(hub)
    confirmed(hub, "bob")
    visitor = Visitor(hub)
    page = visitor.open(address())
    assert (page.status, page.place.partition("?")[0]) == (303, "/login")
    entered = visitor.submit(page.place, "/login", username="bob", password=PASSWORD)
    assert entered.place == address()
    assert visitor.open(entered.place).status == 200
    silent = Visitor(hub).open(address(prompt="none"))
    assert answered(silent)["error"] == "login_required"


def test_an_unconfirmed_person_lets_nobody_in(hub: Hub) -> None:
    application(hub)
    visitor = Visitor(hub)
    visitor.join("newcomer")
    page = visitor.open(address())
    assert (page.status, page.headers["x-error-code"]) == (403, "EmailNotVerified")
    assert "Confirm your e-mail" in visitor.open("/device?user_code=BCDF-GHJK").text


def test_prompt_login_asks_for_the_password_and_goes_on(ana: Visitor) -> None:
    answered(decided(ana, address(), "allow"))
    page = ana.open(address(prompt="login"))
    assert page.place.startswith("/settings/confirm-access?next=")
    action = "/settings/confirm-access"
    onward = ana.submit(page.place, action, sudo_password=PASSWORD)
    assert "prompt" not in onward.place
    assert answered(ana.open(onward.place))["code"]


def test_a_code_typed_in_any_way(hub: Hub, ana: Visitor) -> None:
    with calling(hub) as call:
        user_code = starting.start(call, apps.Credentials(apps.COMMAND_LINE), "").user_code
    plain = user_code.replace("-", "").lower()
    opened = ana.open(f"/device?user_code={plain}")
    assert f'value="{user_code}"' in opened.text
    card = ana.submit("/device", "/device", user_code=f" {plain[:3]} {plain[3:]} ")
    assert card.status == 200
    assert "Hub CLI / Python library" in card.text
    assert "203.0.113.7" in card.text  # from where it was asked
    assert "a browser" in card.text
    done = ana.send("/device", card.hidden("/device") | {"decision": "allow"})
    assert "You are done" in done.text
    again = ana.send("/device", card.hidden("/device") | {"decision": "allow"})
    assert "This code is wrong, was used already" in again.text


def test_ones_own_application(ana: Visitor, hub: Hub, clock: FrozenClock) -> None:
    fields = {
        "name": "My site", "homepage": "https://site.example", "kind": "confidential",
        "redirect_uris": f"{CALLBACK}\r\n\r\n{CALLBACK}\r\nhttp://localhost:3000/cb",
        "scope-openid": "on", "scope-email": "on",
    }  # fmt: skip
    page = ana.submit(NEW, NEW, **fields)
    assert page.headers["cache-control"] == "no-store"
    secret = SECRET.findall(page.text)[0]
    with calling(hub) as call:
        (app,) = [one for one in apps.everyone(call) if one.name == "My site"]
        assert apps.authenticated(call, apps.Credentials(app.client_id, secret)).id == app.id
    assert app.redirect_uris == (CALLBACK, "http://localhost:3000/cb")
    assert app.scopes == ("openid", "email")
    here = f"{LIST}/{app.client_id}"
    assert secret not in ana.open(here).text
    assert "My site" in ana.open(LIST).text

    changed = ana.submit(here, here, **fields | {"name": "Our site", "scope-profile": "on"})
    assert changed.place == here
    bad = ana.submit(here, here, **fields | {"redirect_uris": "http://site.example/"})
    assert "must begin with https://" in bad.text

    clock.advance(timedelta(minutes=16))  # the session is no longer freshly proved
    asking = ana.submit(f"{here}/secret", f"{here}/secret")
    assert (asking.status, "Confirm that it is you" in asking.text) == (403, True)
    proof = asking.hidden(f"{here}/secret")
    rotated = ana.send(f"{here}/secret", proof | {"sudo_password": PASSWORD})
    fresh = SECRET.findall(rotated.text)[0]
    with calling(hub) as call:
        apps.authenticated(call, apps.Credentials(app.client_id, fresh))
        with pytest.raises(ClientRefused):
            apps.authenticated(call, apps.Credentials(app.client_id, secret))

    stranger = confirmed(hub, "bob")
    for path in (here, f"{here}/secret", f"{here}/delete"):
        assert stranger.open(path).status == 404
        proof = stranger.open(NEW).hidden(NEW)
        assert stranger.send(path, proof | fields).status == 404
    gone = ana.submit(f"{here}/delete", f"{here}/delete")
    assert gone.place == LIST
    with calling(hub) as call:
        assert apps.find(call, app.client_id) is None


def test_an_application_gets_a_secret_and_loses_it(hub: Hub, ana: Visitor) -> None:
    """Without the secret nobody goes on with what was given while there was one."""
    app = created_by_form(hub, ana)
    here = f"{LIST}/{app.client_id}"
    assert "Give it a secret" in ana.open(here).text
    assert "without it cannot log anybody in" in ana.open(f"{here}/secret").text
    secret = SECRET.findall(ana.submit(f"{here}/secret", f"{here}/secret").text)[0]
    with_it = apps.Credentials(app.client_id, secret)
    with calling(hub) as call, pytest.raises(ClientRefused):
        apps.authenticated(call, apps.Credentials(app.client_id))
    bob = made(hub, "bob")
    asked = asking(app.client_id, scope="openid")
    given = authorizing.answered(hub, allowed(hub, bob, asked)["code"], with_it)
    waiting = allowed(hub, bob, asked)["code"]

    assert "everybody logs in there again" in ana.open(f"{here}/public").text
    assert ana.submit(f"{here}/public", f"{here}/public").place == here
    assert "it is a public client" in ana.open(here).text
    public = apps.Credentials(app.client_id)
    assert not is_accepted(hub, given.access_token)
    assert refreshed(hub, given.refresh_token, credentials=public) == "invalid_grant"
    assert redeemed(hub, waiting, public) == "invalid_grant"
    assert considered(hub, bob, asked) is None  # what was agreed to stays
    again = authorizing.answered(hub, allowed(hub, bob, asked)["code"], public)
    assert is_accepted(hub, again.access_token)
    assert fact_names(hub).count("oauth.app_update") == 1


def created_by_form(hub: Hub, owner: Visitor) -> apps.App:
    """Make a public application in the browser."""
    fields = {"name": "Notes", "redirect_uris": CALLBACK, "scope-openid": "on", "kind": "public"}
    owner.submit(NEW, NEW, **fields)
    with calling(hub) as call:
        (app,) = [one for one in apps.everyone(call) if one.name == "Notes"]
    return app


def test_a_form_with_faults_says_all_of_them(ana: Visitor) -> None:
    page = ana.submit(NEW, NEW, name=" ", kind="public", homepage="ftp://x", redirect_uris="")
    for sentence in (
        "Enter a name.",
        "Enter an address that begins with https:// or http://.",
        "Enter at least one address.",
        "Choose at least one.",
    ):
        assert page.text.count(sentence) >= 2  # above, and beside the field
    assert page.status == 400


@pytest.mark.parametrize("star", ["https://app.example.com/*", "https://*.example.com/callback"])
def test_a_star_in_an_address_is_refused_and_not_taken_for_a_letter(
    ana: Visitor, star: str
) -> None:
    fields = {"name": "wild", "kind": "public", "scope-openid": "on", "redirect_uris": star}
    page = ana.submit(NEW, NEW, **fields)
    assert (page.status, "without a user name, a * or a #" in page.text) == (400, True)
    assert "wild" not in ana.open("/settings/applications").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"client_id": "nobody"}, "没有使用此 client_id 的应用"),
        ({"redirect_uri": "https://evil.example/"}, "未为其登记的地址"),
        ({"client_id": "https://evil.example/client.json"}, "本站不读取客户端元数据文档"),
    ],
)
def test_why_nobody_is_sent_on_is_said_in_the_readers_language(
    ana: Visitor, changes: dict[str, str], sentence: str
) -> None:
    page = ana.open(address(**changes), **{"Accept-Language": "zh-CN"})
    assert page.status == 400
    assert sentence in page.text
    assert "检查填写的内容" not in page.text  # there is nothing that they filled in
