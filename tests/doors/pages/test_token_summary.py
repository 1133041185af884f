"""What the form for a token asks for: repos to choose, and a sentence on what it opens."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from doors.pages.visitors import Visitor, confirmed, token_in
from fixtures.accounts import calling
from fixtures.contents import created
from fixtures.gated import gate
from fixtures.organizations import joins, organization, today
from strata.community.tokens.scopes import Wanted, settled
from strata.content.making import new_repo
from strata.core.actor import Actor, Role, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.tokens import making, owned
from strata.credentials.tokens.making import Terms
from strata.credentials.tokens.presented import recognising
from strata.repos.change import Settings
from strata.repos.create import Wish

NEW = "/settings/tokens/new"
CHINESE = {"Accept-Language": "zh-CN"}
READ, WRITE = "repo.content.read", "repo.content.write"


@pytest.fixture
def ana(hub: Hub) -> Visitor:
    return confirmed(hub, "ana")


def actor_of(hub: Hub, visitor: Visitor) -> Actor:
    """Who is logged in there, as a request has them."""
    value = token_in(visitor.make_token("for a test", "write"))
    with calling(hub) as call:
        actor = recognising.actor_for_token(call.db, hub, value)
    assert actor is not None
    return actor


def of_acme(hub: Hub, member: Actor, name: str) -> None:
    """Have a member make a private model there."""
    wish = Wish(RepoType.MODEL, "acme", name, private=True)
    with calling(hub, today(hub, member)) as call:
        new_repo.create(call, wish, files={})


def asked(visitor: Visitor, path: str, fields: dict[str, str], **headers: str) -> dict[str, Any]:
    answer = visitor.client.get(f"{path}?{urlencode(fields)}", headers=headers)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def said(visitor: Visitor, fields: dict[str, str], **headers: str) -> str:
    form = {"role": "fineGrained", "life": "30"} | fields
    return str(asked(visitor, "/settings/tokens/summary", form, **headers)["sentence"])


def found(visitor: Visitor, typed: str = "", owner: str = "") -> list[str]:
    told = asked(visitor, "/settings/tokens/repositories", {"q": typed, "owner": owner})
    return [one["name"] for one in told["found"]]


def repos(*lines: tuple[str, str]) -> dict[str, str]:
    """The fields of some chosen repos, each with what it may do there."""
    fields: dict[str, str] = {}
    for number, (name, level) in enumerate(lines):
        fields |= {f"repo-{number}": name, f"repo-{number}-may": level}
    return fields


def test_the_sentence_counts_repos_and_names_a_few(hub: Hub, ana: Visitor) -> None:
    me = actor_of(hub, ana)
    for name in ("a", "b", "c", "d"):
        created(hub, me, name, private=True)
    created(hub, me, "data", RepoType.DATASET)
    organization(hub, "ana")
    two = repos(("ana/a", "read"), ("ana/b", "read"))
    whole = {f"org:acme:{WRITE}": "on"}

    assert said(ana, two | whole) == (
        "This token can read 2 private models (ana/a, ana/b) and write to acme/*."
    )
    assert said(ana, repos(("ana/a", "read"))) == "This token can read 1 private model (ana/a)."
    many = repos(*((f"ana/{name}", "write") for name in "abcd"), ("datasets/ana/data", "write"))
    assert said(ana, many) == "This token can write to 4 private models and 1 public dataset."
    # Chinese has one form for every number, and joins acts otherwise than things.
    assert said(ana, two | whole, **CHINESE) == (
        "此令牌可以读取 2 个私有模型（ana/a、ana/b），并写入 acme/*。"  # noqa: RUF001
    )
    assert said(ana, many, **CHINESE) == "此令牌可以写入 4 个私有模型和 1 个公开数据集。"


def test_what_holds_more_is_said_instead_of_its_parts(ana: Visitor) -> None:
    everything = {
        f"own:{name}": "on"
        for name in (READ, WRITE, "repo.write", "repo.access.read", "user.webhooks.write")
    }
    assert said(ana, everything | {"gated": "on"}) == (
        "This token can create, change and delete repositories in ana/*, change the webhooks of "
        "ana and read the gated repositories that let you in."
    )
    assert said(ana, {}) == "This token can read public content, and nothing else."
    assert said(ana, {}, **CHINESE) == "此令牌只能读取公开内容。"


def test_repos_that_nobody_shows_them_are_neither_counted_nor_told_apart(
    hub: Hub, ana: Visitor
) -> None:
    bob = confirmed(hub, "bob")
    created(hub, actor_of(hub, bob), "secret", private=True)
    hidden, missing = (said(ana, repos((name, "read"))) for name in ("bob/secret", "bob/none"))
    assert hidden == missing == "This token can read public content, and nothing else."
    assert "bob/secret" in said(bob, repos(("bob/secret", "read")))


def test_no_token_is_told_what_another_could_open(ana: Visitor) -> None:
    """What the form offers first is what its person belongs to."""
    headers = {"Authorization": f"Bearer {token_in(ana.make_token('mine', 'write'))}"}
    for path in ("/settings/tokens/repositories", "/settings/tokens/summary"):
        answer = ana.client.get(path, headers=headers)
        assert (answer.status_code, "settings page" in answer.json()["error"]) == (403, True)


def test_broad_choices_are_warned_of(hub: Hub, ana: Visitor) -> None:
    created(hub, actor_of(hub, ana), "a", private=True)
    organization(hub, "ana")

    def warned(fields: dict[str, str]) -> list[str]:
        form = {"role": "fineGrained"} | fields
        return list(asked(ana, "/settings/tokens/summary", form)["warnings"])

    assert warned({"life": "never", f"own:{READ}": "on"}) == []
    forever = warned({"life": "never", f"org:acme:{WRITE}": "on"})
    assert "every repository of acme, also to those that come later" in forever[0]
    assert "never expires" in forever[1]
    assert warned({"life": "30"} | repos(("ana/a", "settings"))) == ["It can delete ana/a."]
    narrowed = {"life": "30", f"org:acme:{WRITE}": "on", "only:acme": "x"}
    assert warned(narrowed) == []


def test_only_what_somebody_may_read_is_offered_their_own_first(hub: Hub, ana: Visitor) -> None:
    me, bob = actor_of(hub, ana), actor_of(hub, confirmed(hub, "bob"))
    organization(hub, "bob")
    joins(hub, "ana", Role.NO_ACCESS)
    created(hub, me, "vault", private=True)
    created(hub, bob, "vault-hidden", private=True)
    created(hub, bob, "vault-open")
    gate(hub, bob, created(hub, bob, "vault-gated"), Settings(gated="manual"))

    of_acme(hub, bob, "vault-of-acme")

    assert found(ana, "vault") == ["ana/vault", "bob/vault-open"]
    assert found(ana) == ["ana/vault"]
    assert found(ana, "http://hub.example.com/bob/vault-open") == ["bob/vault-open"]
    assert found(ana, "datasets/vault") == []
    assert found(ana, "vault", owner="acme") == []
    joins(hub, "ana", Role.READ)
    assert found(ana, "vault", owner="acme") == ["acme/vault-of-acme"]
    assert found(ana, "100%_") == []


@pytest.mark.parametrize("path", ["repositories", "summary"])
def test_nobody_else_asks(hub: Hub, path: str) -> None:
    stranger = Visitor(hub).client.get(f"/settings/tokens/{path}?q=x")
    assert stranger.status_code == 401
    waiting = Visitor(hub)
    waiting.join("new-one")
    assert waiting.client.get(f"/settings/tokens/{path}?q=x").status_code == 403


def test_an_organization_is_narrowed_to_some_repos_and_comes_back_so(
    hub: Hub, ana: Visitor
) -> None:
    organization(hub, "ana")
    me = actor_of(hub, ana)
    for name in ("a", "b", "c"):
        of_acme(hub, me, name)
    boxes = {f"org:acme:{READ}": "on", "org:acme:repo.access.read": "on", "org:acme:org.read": "on"}
    form = ana.open(NEW).hidden(NEW) | {"name": "ci", "role": "fineGrained"} | boxes
    value = token_in(ana.send(NEW, form | {"only:acme": "acme/a, b"}))

    def opens() -> dict[str, int]:
        bearer = {"Authorization": f"Bearer {value}"}
        return {
            name: ana.client.get(f"/api/models/acme/{name}", headers=bearer).status_code
            for name in ("a", "b", "c")
        }

    assert opens() == {"a": 200, "b": 200, "c": 404}
    assert "see who asked for access to 2 private models (acme/a, b)" in said(
        ana, boxes | {"only:acme": "acme/a, b"}
    )

    listed = ana.open("/settings/tokens").text
    path = listed.split('/edit"')[0].rpartition('href="')[2] + "/edit"
    page = ana.open(path)
    assert 'name="only:acme" value="acme/a, acme/b"' in page.text
    assert 'name="repo-0" value=""' in page.text
    assert ana.submit(path, path, **boxes, **{"only:acme": "acme/c"}).place == "/settings/tokens"
    assert opens() == {"a": 404, "b": 404, "c": 200}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({f"org:acme:{READ}": "on", "only:acme": "ana/mine"}, "does not belong to that"),
        ({f"org:acme:{READ}": "on", "only:acme": "acme/none"}, "no repository named acme/none"),
        ({"org:acme:org.read": "on", "only:acme": "acme/x"}, "Choose what the token may do with"),
        ({f"org:acme:{READ}": "on", "only:acme": "a/b/c/d"}, "Write a repository as owner/name"),
        ({"repo-0": "ana/mine", "repo-0-may": "as-before"}, "may do with ana/mine"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(
    hub: Hub, ana: Visitor, more: dict[str, str], says: str
) -> None:
    organization(hub, "ana")
    created(hub, actor_of(hub, ana), "mine")
    form = ana.open(NEW).hidden(NEW) | {"name": "ci", "role": "fineGrained"} | more
    answer = ana.send(NEW, form)
    assert answer.status == 400
    assert says in answer.text
    assert f'name="repo-0" value="{more.get("repo-0", "")}"' in answer.text


def test_what_no_level_says_of_a_repo_stays_as_it_was(hub: Hub, ana: Visitor) -> None:
    """An operator gave a token one permission for a repo; changing another thing keeps that."""
    me = actor_of(hub, ana)
    created(hub, me, "mine", private=True)
    odd = frozenset({"repo.access.read"})
    with calling(hub, me) as call:
        kept = settled(call, Wanted(repos={RepoId(RepoType.MODEL, "ana", "mine"): odd})).grants
        with working(call) as work:
            making.create_for(
                work, me.user_id or 0, "odd", TokenRole.FINE_GRAINED, terms=Terms(kept)
            )
        (token,) = [one for one in owned.of(call, me.user_id or 0) if one.name == "odd"]
    path = f"/settings/tokens/{token.id}/edit"
    page = ana.open(path).text
    assert '<option value="as-before" selected>As before</option>' in page
    ana.submit(path, path, **repos(("ana/mine", "as-before")), gated="on")
    with calling(hub) as call:
        (token,) = [one for one in owned.of(call, me.user_id or 0) if one.name == "odd"]
    assert token.grants is not None
    assert token.grants["gated"] is True
    assert list(token.grants["repos"].values()) == [["repo.access.read"]]  # type: ignore[attr-defined]
