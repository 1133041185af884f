"""Access tokens in the browser: shown once, listed masked, refreshed, deleted."""

import re
from pathlib import Path

import pytest

from doors.pages.visitors import Visitor, confirmed, is_accepted, letter, token_in
from fixtures.hubs import FrozenClock, build_test_hub
from strata.core.hub import Hub

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


def test_read_is_the_default_and_no_card_does_nothing(visitor: Visitor) -> None:
    text = visitor.open(NEW).text
    assert re.findall(r'type="radio"[^>]*value="(\w+)"( checked)?', text) == [
        ("read", " checked"),
        ("write", ""),
    ]
    assert "Generate Token" in text


@pytest.mark.parametrize(
    ("query", "checked"),
    [
        ("tokenType=write&displayName=CI+%3Cx%3E", "write"),
        ("tokenType=fineGrained&displayName=CI+%3Cx%3E", "read"),
    ],
)
def test_a_link_can_fill_the_form_in(visitor: Visitor, query: str, checked: str) -> None:
    answer = visitor.client.get(f"{NEW}?{query}")
    assert 'value="CI &lt;x&gt;"' in answer.text
    assert re.findall(r'value="(\w+)" checked', answer.text) == [checked]


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
    assert "Delete one first." in visitor.make_token("one more").text
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
