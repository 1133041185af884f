"""Access tokens in the browser: shown once, listed masked, refreshed, deleted."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from doors.pages.visitors import SITE, Visitor, confirmed, is_accepted, letter, token_in
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.organizations import joins
from strata.app.serving import build_app
from strata.core.actor import Role
from strata.core.hub import Hub
from strata.web.work import Tallies

NEW = "/settings/tokens/new"


@pytest.fixture
def visitor(hub: Hub) -> Visitor:
    """Give the browser of a confirmed person."""
    return confirmed(hub, "li-wei")


def token_id(visitor: Visitor) -> str:
    found = re.search(r"/settings/tokens/(\d+)/delete", visitor.open("/settings/tokens").text)
    assert found is not None
    return found[1]


def test_a_token_is_shown_once_and_then_only_its_ends(visitor: Visitor, hub: Hub) -> None:
    made = visitor.make_token("My First Token", "write")
    value = token_in(made)

    assert made.status == 200
    assert made.headers["cache-control"] == "no-store"
    assert "it is not shown again" in made.text
    assert is_accepted(hub, value)
    listed = visitor.open("/settings/tokens")
    assert value not in listed.text
    assert "My First Token" in listed.text
    assert f"{value[:7]}…{value[-4:]}" in listed.text
    assert "Write" in listed.text
    assert "Never used" in listed.text
    assert re.search(r'badge badge-ok">(?:<svg.*?</svg>)?Active</span>', listed.text)


def test_read_is_the_default_and_no_card_does_nothing(visitor: Visitor) -> None:
    text = visitor.open(NEW).text
    assert re.findall(r'type="radio"[^>]*value="(\w+)"( checked)?', text) == [
        ("fineGrained", ""),
        ("read", " checked"),
        ("write", ""),
    ]
    assert "Generate Token" in text


@pytest.mark.parametrize(
    ("query", "checked"),
    [
        ("tokenType=write&displayName=CI+%3Cx%3E", "write"),
        ("tokenType=fineGrained&displayName=CI+%3Cx%3E", "fineGrained"),
        ("tokenType=admin&displayName=CI+%3Cx%3E", "read"),
    ],
)
def test_a_link_can_fill_the_form_in(visitor: Visitor, query: str, checked: str) -> None:
    answer = visitor.client.get(f"{NEW}?{query}")
    assert 'value="CI &lt;x&gt;"' in answer.text
    assert re.findall(r'type="radio"[^>]*value="(\w+)" checked', answer.text) == [checked]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("", "Give the token a name."),
        ("   ", "Give the token a name."),
        ("DEFAULT", "This name can't be used."),
        ("a\nb", "This name can't be used."),
        ("x" * 101, "Use at most 100 characters."),
        ("my first TOKEN", "You already have a token with this name."),
    ],
)
def test_bad_names_are_explained(visitor: Visitor, name: str, says: str) -> None:
    visitor.make_token("My First Token")
    page = visitor.make_token(name, "write")
    assert says in page.text
    assert 'aria-invalid="true"' in page.text
    assert re.search(r'value="write" checked', page.text)
    assert "hf_" not in page.text.replace("hf_token", "")


def test_a_form_sent_twice_makes_one_token(visitor: Visitor) -> None:
    form = visitor.open(NEW).hidden(NEW) | {"name": "once", "role": "read"}
    visitor.send(NEW, form)
    visitor.send(NEW, form)
    assert visitor.open("/settings/tokens").text.count("/delete") == 1


def test_invalidate_and_refresh_asks_then_shows_a_new_value_once(
    visitor: Visitor, hub: Hub
) -> None:
    old = token_in(visitor.make_token("ci", "write"))
    path = f"/settings/tokens/{token_id(visitor)}/refresh"
    done = visitor.submit(path, path)

    assert done.headers["cache-control"] == "no-store"
    assert is_accepted(hub, token_in(done))
    assert not is_accepted(hub, old)
    assert "refreshed" in letter(hub, "li-wei@example.com").subject
    assert "Refreshed" in visitor.open("/settings/tokens").text


def test_delete_asks_first_and_revokes_at_once(visitor: Visitor, hub: Hub) -> None:
    value = token_in(visitor.make_token("ci"))
    path = f"/settings/tokens/{token_id(visitor)}/delete"
    assert "Delete “ci”?" in visitor.open(path).text
    assert is_accepted(hub, value)
    assert visitor.submit(path, path).place == "/settings/tokens"
    assert not is_accepted(hub, value)
    after = visitor.open("/settings/tokens").text
    assert "The token is deleted." in after
    assert "No tokens yet." in after


@pytest.mark.parametrize("act", ["refresh", "delete"])
def test_other_peoples_tokens_do_not_exist(visitor: Visitor, hub: Hub, act: str) -> None:
    value = token_in(visitor.make_token("mine"))
    path = f"/settings/tokens/{token_id(visitor)}/{act}"
    other = confirmed(hub, "other")
    assert other.open(path).status == 404
    proof = other.open(NEW).hidden(NEW)["csrf_token"]
    assert other.send(path, {"csrf_token": proof}).status == 404
    assert is_accepted(hub, value)


def fields(visitor: Visitor, name: str = "fine", **more: str) -> dict[str, str]:
    """Fill in the form for a fine-grained token."""
    return visitor.open(NEW).hidden(NEW) | {"name": name, "role": "fineGrained"} | more


def whoami(hub: Hub, value: str) -> dict[str, Any]:
    answer = Visitor(hub).client.get("/api/whoami-v2", headers={"Authorization": f"Bearer {value}"})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_a_fine_grained_token_names_what_it_opens(visitor: Visitor, hub: Hub) -> None:
    visitor.send(
        "/new", visitor.open("/new").hidden("/new") | {"name": "secret", "visibility": "private"}
    )
    made = visitor.send(
        NEW,
        fields(
            visitor,
            **{
                "own:collection.read": "on",
                "own:made.up": "on",
                "global:discussion.write": "on",
                "gated": "on",
                "repo-0": " li-wei/secret ",
                "repo-0-may": "settings",
                "repo-7": "http://localhost/li-wei/secret",
                "repo-7-may": "read",
            },
        ),
    )

    auth = whoami(hub, token_in(made))["auth"]["accessToken"]
    assert auth["role"] == "fineGrained"
    assert auth["displayName"] == "fine"
    fine = auth["fineGrained"]
    assert fine["canReadGatedRepos"] is True
    assert fine["global"] == ["discussion.write"]
    user, repo = fine["scoped"]
    assert (user["entity"]["type"], user["entity"]["name"]) == ("user", "li-wei")
    assert user["permissions"] == ["collection.read"]
    assert (repo["entity"]["type"], repo["entity"]["name"]) == ("model", "li-wei/secret")
    assert repo["permissions"] == ["discussion.write", "repo.content.read", "repo.write"]
    assert re.fullmatch(r"[0-9a-f]{24}", repo["entity"]["_id"])
    listed = visitor.open("/settings/tokens").text
    for told in ("Fine-grained", "your account, 1 repository, gated repositories", "li-wei/secret"):
        assert told in listed


def test_the_scopes_of_a_token_change_and_its_value_stays(visitor: Visitor, hub: Hub) -> None:
    value = token_in(visitor.send(NEW, fields(visitor, gated="on")))
    path = f"/settings/tokens/{token_id(visitor)}/edit"

    assert re.search(r'name="gated"[^>]* checked', visitor.open(path).text)
    saved = visitor.submit(path, path, **{"own:repo.content.read": "on"})

    assert saved.place == "/settings/tokens"
    fine = whoami(hub, value)["auth"]["accessToken"]["fineGrained"]
    assert fine["canReadGatedRepos"] is False
    assert [one["permissions"] for one in fine["scoped"]] == [["repo.content.read"]]
    plain = visitor.make_token("plain", "read")
    assert plain.status == 200
    assert visitor.open(f"/settings/tokens/{token_id(visitor)}/edit").status == 404


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"repo-0": "nobody/nothing"}, "There is no repository named nobody/nothing"),
        ({"repo-0": "nothing"}, "Write a repository as owner/name"),
        ({"org:acme:org.write": "on"}, "You belong to no organization named acme."),
        ({"life": "custom"}, "Choose a day."),
        ({"life": "custom", "day": "2001-01-01"}, "This day is over."),
        ({"life": "custom", "day": "soon"}, "Choose a day."),
    ],
)
def test_what_cannot_be_named_is_explained(
    visitor: Visitor, more: dict[str, str], says: str
) -> None:
    page = visitor.send(NEW, fields(visitor, **more))

    assert page.status == 400
    assert says in page.text
    (place,) = re.findall(r'<li><a href="#([^"]+)">', page.text)
    assert f'id="{place}"' in page.text
    assert re.search(r'value="fineGrained" checked', page.text)
    assert "No tokens yet." in visitor.open("/settings/tokens").text


def test_a_private_repo_of_another_cannot_be_named(visitor: Visitor, hub: Hub) -> None:
    other = confirmed(hub, "other")
    other.send("/new", other.open("/new").hidden("/new") | {"name": "x", "visibility": "private"})

    page = visitor.send(NEW, fields(visitor, **{"repo-0": "other/x"}))

    assert "There is no repository named other/x that you may see." in page.text


def test_an_address_fills_the_scopes_in(visitor: Visitor) -> None:
    text = visitor.open(
        f"{NEW}?tokenType=fineGrained&ownUserPermissions=repo.write&ownUserPermissions[]=x%3Cy"
        "&globalPermissions=discussion.write&canReadGatedRepos=true&repos[]=datasets/a/b&repos=c/d"
        "&displayname=ci&lang=en&orgs=li-wei&orgPermissions=repo.write,repo.own&expires=30"
    ).text

    ticked = re.findall(r'type="checkbox" name="([^"]+)"[^>]* checked', text)
    assert ticked == ["own:repo.write", "gated", "global:discussion.write"]
    assert re.findall(r'name="repo-\d" value="([^"]+)"', text) == ["c/d", "datasets/a/b"]
    assert "It was left out:" in text
    left_out = ["displayname", "expires", "x<y", "repo.own", "li-wei"]
    assert re.findall(r"<li><code>(.+?)</code></li>", text) == left_out


def test_an_address_that_asks_for_what_there_is_warns_of_nothing(visitor: Visitor) -> None:
    asked = "displayName=CI&tokenType=fineGrained&repos[]=a/b&globalPermissions[]=discussion.write"
    for text in (visitor.open(NEW).text, visitor.open(f"{NEW}?{asked}").text):
        assert "It was left out:" not in text
    many = ",".join(f"a/b{number}" for number in range(52))  # more than one token names
    text = visitor.open(f"{NEW}?tokenType=fineGrained&repos={many}").text
    assert re.findall(r"<li><code>(.+?)</code></li>", text) == ["a/b50", "a/b51"]


def test_an_address_fills_in_an_organization_and_every_other_key(
    visitor: Visitor, hub: Hub
) -> None:
    visitor.submit(
        "/organizations/new",
        "/organizations/new",
        name="acme",
        full_name="Acme",
        guidelines="on",
        visibility="public",
    )
    visitor.submit(
        "/organizations/new",
        "/organizations/new",
        name="lab",
        full_name="Lab",
        guidelines="on",
        visibility="public",
    )
    address = (
        f"{NEW}?tokenType=fineGrained&displayName=CI&orgs[]=Acme&orgs=elsewhere"
        "&orgPermissions[]=repo.content.read&orgPermissions=org.read,made.up"
        "&ownUserPermissions=collection.read,user.webhooks.read"
    )
    page = visitor.open(address)

    ticked = re.findall(r'type="checkbox" name="([^"]+)"[^>]* checked', page.text)
    assert ticked == [
        "own:collection.read",
        "own:user.webhooks.read",
        "org:acme:repo.content.read",
        "org:acme:org.read",
    ]
    assert 'value="CI"' in page.text
    sent = page.hidden(NEW) | dict.fromkeys(ticked, "on") | {"name": "CI", "role": "fineGrained"}
    fine = whoami(hub, token_in(visitor.send(NEW, sent)))["auth"]["accessToken"]["fineGrained"]
    assert {one["entity"]["name"]: one["permissions"] for one in fine["scoped"]} == {
        "li-wei": ["collection.read", "user.webhooks.read"],
        "acme": ["org.read", "repo.content.read"],
    }


def test_the_old_value_lives_on_for_as_long_as_was_chosen(
    visitor: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    old = token_in(visitor.make_token("ci"))
    path = f"/settings/tokens/{token_id(visitor)}/refresh"
    for bad in ("25", "-1", "x", "9999"):
        page = visitor.submit(path, path, grace=bad)
        assert (page.status, page.text.count("Choose 0 to 24 hours.")) == (400, 2)
        assert '<a href="#strata-grace">' in page.text
    new = token_in(visitor.submit(path, path, grace="8"))

    assert is_accepted(hub, old)
    assert is_accepted(hub, new)
    clock.advance(timedelta(hours=8))
    assert not is_accepted(hub, old)
    assert is_accepted(hub, new)


def test_a_token_has_an_end_and_the_page_says_when(visitor: Visitor, hub: Hub) -> None:
    form = visitor.open(NEW).hidden(NEW) | {"name": "ci", "role": "read", "life": "7"}
    value = token_in(visitor.send(NEW, form))

    listed = visitor.open("/settings/tokens").text
    assert "Expires" in listed
    assert "token-soon" in listed
    answer = Visitor(hub).client.get("/api/models", headers={"Authorization": f"Bearer {value}"})
    topic, _, text = answer.headers["X-HF-Warning"].partition("; ")
    assert (topic, "expires on" in text) == ("token-expiry", True)


def test_an_expired_token_is_told_as_clients_know_it(
    visitor: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    form = visitor.open(NEW).hidden(NEW) | {"name": "ci", "role": "read", "life": "7"}
    value = token_in(visitor.send(NEW, form))
    clock.advance(timedelta(days=7))

    answer = Visitor(hub).client.get("/api/models", headers={"Authorization": f"Bearer {value}"})

    assert answer.status_code == 401
    assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
    assert answer.json() == {"error": "Token expired"}
    visitor.log_in("li-wei")
    listed = visitor.open("/settings/tokens").text
    assert re.search(r'badge badge-danger">(?:<svg.*?</svg>)?Expired</span>', listed)
    assert re.search(r'<span class="token-over">Expired ', listed)
    assert "Active</span>" not in listed


def test_the_uses_of_a_token_are_listed(visitor: Visitor) -> None:
    visitor.make_token("ci")

    assert "Not used since" in visitor.open(f"/settings/tokens?usage={token_id(visitor)}").text
    assert "Last uses" not in visitor.open("/settings/tokens?usage=999").text


def test_the_last_twenty_uses_are_shown_with_address_and_program(
    visitor: Visitor, hub: Hub, clock: FrozenClock
) -> None:
    value = token_in(visitor.make_token("ci"))
    tallies = Tallies.of(hub.settings)
    for number in range(22):
        clock.advance(timedelta(minutes=1))
        script = TestClient(
            build_app(hub, tallies=tallies), base_url=SITE, client=(f"203.0.113.{number}", 1)
        )
        agent = {"User-Agent": f"hf_hub/2.4.{number}; python/3.11"}
        script.get("/api/models", headers={"Authorization": f"Bearer {value}"} | agent)
        tallies.uses.flush(hub)

    drawer = visitor.open(f"/settings/tokens?usage={token_id(visitor)}").text
    rows = re.findall(r'<td data-label="Address" class="mono">([^<]*)</td>', drawer)
    assert rows == [f"203.0.113.{number}" for number in range(21, 1, -1)]
    assert '<td data-label="Program">hf_hub/2.4.21</td>' in drawer
    other = confirmed(hub, "other")
    assert "203.0.113" not in other.open(f"/settings/tokens?usage={token_id(visitor)}").text


def test_the_drawer_names_the_browser_a_token_was_made_in_while_that_is_logged_in(
    visitor: Visitor, hub: Hub
) -> None:
    elsewhere = Visitor(hub)
    elsewhere.client.headers["User-Agent"] = (
        "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
    )
    elsewhere.log_in("li-wei")
    elsewhere.make_token("ci")
    drawer = f"/settings/tokens?usage={token_id(visitor)}"

    assert "still logged in: Firefox on Linux." in visitor.open(drawer).text
    assert "still logged in" not in visitor.open("/settings/tokens").text
    elsewhere.submit("/settings/tokens", "/logout")
    assert "still logged in" not in visitor.open(drawer).text


def test_all_tokens_are_deleted_at_once(visitor: Visitor, hub: Hub) -> None:
    values = [token_in(visitor.make_token(name)) for name in ("a", "b")]
    path = "/settings/tokens/revoke-all"

    assert "2 tokens stop working" in visitor.open(path).text
    assert visitor.submit(path, path).place == "/settings/tokens"
    assert not any(is_accepted(hub, value) for value in values)


def test_a_reported_token_is_shown_in_red(visitor: Visitor, hub: Hub) -> None:
    visitor.make_token("other")
    value = token_in(visitor.make_token("ci"))

    # What is no text is no token, and keeps nobody from reporting the one beside it.
    for report in (["hf_x", 7, None, {"token": "x"}, value], [value], [7]):
        answer = Visitor(hub).client.post("/api/credentials/revoke", json={"credentials": report})
        assert (answer.status_code, answer.json()) == (202, {})

    assert not is_accepted(hub, value)
    listed = visitor.open("/settings/tokens").text
    reported, other = re.findall(r'<li id="token-\d+">.*?</li>\n', listed, re.DOTALL)[:2]
    red = re.findall(r'<span class="badge badge-danger">(?:<svg.*?</svg>)?([^<]*)</span>', reported)
    assert red == ["Leaked and revoked"]
    assert "Somebody reported that they know its value." in reported
    assert ("<strong>other</strong>" in other, "badge-danger" in other) == (True, False)


def test_a_profile_that_tells_a_token_is_not_kept(visitor: Visitor, hub: Hub) -> None:
    value = token_in(visitor.make_token("ci"))
    page = "/settings/profile"
    refused = visitor.submit(page, page, full_name="Li Wei", bio=f"I use {value}")
    assert refused.status == 422
    assert "In line 1 of this text is an access token that works" in refused.text
    assert value not in visitor.open(page).text + visitor.open("/li-wei").text
    assert is_accepted(hub, value)


def test_an_organization_decides_about_tokens_on_its_page(visitor: Visitor, hub: Hub) -> None:
    visitor.submit(
        "/organizations/new",
        "/organizations/new",
        name="acme",
        full_name="Acme",
        guidelines="on",
        visibility="public",
    )
    member = confirmed(hub, "bob")
    joins(hub, "bob", Role.WRITE)
    path = "/organizations/acme/settings/tokens"
    visitor.submit(path, path, form="rules", policy="approved", days="90")
    for missing in ("", "everything"):  # stands for no rule of ours, least of all for none
        assert visitor.submit(path, path, form="rules", policy=missing, days="90").status == 400
    named = {"org:acme:repo.content.read": "on", "life": "30"}
    value = token_in(member.send(NEW, fields(member, **named)))
    bearer = {"Authorization": f"Bearer {value}"}
    storage = "/api/organizations/acme/settings/repositories"

    asked = visitor.open(path).text
    assert "Pending" in asked
    assert "acme has yet to approve it" in member.open("/settings/tokens").text
    refused = Visitor(hub).client.get(storage, headers=bearer)
    assert refused.status_code == 403
    assert "needs to be approved by the organization" in refused.headers["X-Error-Message"]
    token = re.findall(r'name="token" value="(\d+)"', asked)[0]
    seen = re.findall(r'name="seen" value="(\w+)"', asked)[0]
    # What stood there when the admin opened the page is not what they would approve now.
    edit, wider = f"/settings/tokens/{token}/edit", {"org:acme:repo.write": "on"}
    member.send(edit, member.open(edit).hidden(edit) | named | wider)
    stale = {"form": "decide", "token": token, "seen": seen, "state": "approved"}
    late = visitor.send(path, visitor.open(path).hidden(path) | stale)
    assert (late.status, "changed since you opened this page" in late.text) == (400, True)
    assert Visitor(hub).client.get(storage, headers=bearer).status_code == 403
    seen = re.findall(r'name="seen" value="(\w+)"', late.text)[0]
    visitor.submit(path, path, form="decide", token=token, seen=seen, state="approved")
    assert Visitor(hub).client.get(storage, headers=bearer).status_code == 200
    visitor.submit(path, path, form="decide", token=token, state="revoked")
    assert (
        "revoked by the organization administrator"
        in (Visitor(hub).client.get(storage, headers=bearer).headers["X-Error-Message"])
    )
    assert member.open(path).status == 403
    too_long = member.send(NEW, fields(member, "more", **(named | {"life": "365"})))
    assert "This is later than the site or an organization allows." in too_long.text


@pytest.mark.parametrize("strange", ["x", "0", "9" * 30, "-1", "%C2%B2"])
def test_strange_ids_are_missing(visitor: Visitor, strange: str) -> None:
    assert visitor.open(f"/settings/tokens/{strange}/delete").status == 404


def test_the_unconfirmed_see_the_pages_and_why_they_cannot_create(hub: Hub) -> None:
    visitor = Visitor(hub)
    visitor.join("new-one")
    listed, form = visitor.open("/settings/tokens"), visitor.open(NEW)
    assert "Confirm your e-mail first." in listed.text
    assert f'href="{NEW}"' not in listed.text
    assert "Confirm your e-mail to do this. We sent a link to n•••@example.com." in form.text
    proof = form.hidden("/logout")["csrf_token"]
    refused = visitor.send(NEW, {"csrf_token": proof, "name": "x", "role": "read"})
    assert refused.status == 403
    assert refused.headers["x-error-code"] == "EmailNotVerified"
    assert "We sent a link to n•••@example.com." in refused.text


def test_a_full_list_says_what_to_do(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(
        tmp_path / "data", clock=clock, database_url=None, **{"accounts.tokens_per_user": 1}
    )
    visitor = confirmed(hub, "li-wei")
    visitor.make_token("the only one")
    full = visitor.make_token("one more").text
    assert "You have 1 of 1 access tokens. Delete one, or ask for more under Plan" in full
    hub.database.close()


def test_settings_lead_to_the_account(visitor: Visitor) -> None:
    assert visitor.open("/settings").place == "/settings/profile"
    account = visitor.open("/settings/account").text
    assert "li-wei@example.com" in account
    assert "Confirmed" in account
    assert ">Access Tokens</a>" in account


def test_chinese_labels_are_the_tutorials(visitor: Visitor) -> None:
    chinese = {"Accept-Language": "zh-CN"}
    listed = visitor.open("/settings/tokens", **chinese).text
    assert all(word in listed for word in ("设置", "访问令牌", "新建令牌"))
    assert "生成令牌" in visitor.open(NEW, **chinese).text
