"""The pages of collaborators: invited on the settings page, answered by mail or in the settings."""

import pytest

from doors.pages.visitors import Page, Visitor, confirmed, letter, link_in
from fixtures.accounts import person
from fixtures.buckets import bucket_of
from fixtures.collaborators import roles
from fixtures.contents import created
from fixtures.large_files import access_token
from strata.core.actor import Actor, Role
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.record import Repo

MINE = "/settings/collaborations"


def actor(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, verified=True)


@pytest.fixture
def ana(hub: Hub) -> Visitor:
    return confirmed(hub, "ana")


@pytest.fixture
def bob(hub: Hub) -> Visitor:
    return confirmed(hub, "bob")


@pytest.fixture
def vault(hub: Hub, ana: Visitor) -> Repo:
    del ana
    return created(hub, actor(hub, "ana"), "vault", private=True)


def invited(by: Visitor, who: str, role: str = "read", home: str = "/ana/vault") -> Page:
    at = f"{home}/settings/collaborators"
    return by.submit(at, at, form="invite", who=who, role=role)


def test_a_person_is_invited_accepts_works_and_leaves(
    hub: Hub, ana: Visitor, bob: Visitor, vault: Repo
) -> None:
    assert "/ana/vault/settings/collaborators" in ana.open("/ana/vault/settings").text
    sent = invited(ana, "bob", "write")
    assert (sent.status, sent.place) == (303, "/ana/vault/settings/collaborators")
    page = ana.open(sent.place)
    assert "The collaborators are changed." in page.text
    assert "Take back" in page.text
    assert bob.open("/ana/vault").status == 404
    assert "ana/vault" in bob.open(MINE).text
    at = link_in(letter(hub, "bob@example.com"))
    landing = bob.open(at)
    assert "Invitation to ana/vault" in landing.text
    assert "Write" in landing.text
    accepted = bob.send(at, landing.hidden(at) | {"act": "accept"})
    assert accepted.place == "/ana/vault"
    shown = bob.open("/ana/vault")
    assert "You are a collaborator of this repository now." in shown.text
    assert bob.open(at).status == 404  # used
    settings = bob.open("/ana/vault/settings").text
    assert "strata-visibility-title" in settings
    for of_the_owner in ("rename", "transfer", "delete", "collaborators"):
        assert f"strata-{of_the_owner}-title" not in settings
    assert bob.open("/ana/vault/settings/collaborators").status == 403
    left = bob.submit(MINE, MINE, form="leave")
    assert left.place == MINE
    assert bob.open("/ana/vault").status == 404
    assert roles(hub, vault) == {}


def test_roles_are_changed_and_people_removed(
    hub: Hub, ana: Visitor, bob: Visitor, vault: Repo
) -> None:
    invited(ana, "bob")
    bob.submit(MINE, MINE, form="accept")
    assert roles(hub, vault) == {"bob": Role.READ}
    at = "/ana/vault/settings/collaborators"
    ana.submit(at, at, form="role", user="bob", role="admin")
    assert roles(hub, vault) == {"bob": Role.ADMIN}
    page = bob.open(at)
    assert page.status == 200
    assert 'value="admin"' not in page.text  # makes no other admins
    # Ana has no members: who else sees it is said as it is, to her and to bob.
    assert "private: only ana and its collaborators" in bob.open("/ana/vault/settings").text
    assert "private: only you and its collaborators" in ana.open("/ana/vault/settings").text
    chinese = bob.open("/ana/vault/settings", **{"Accept-Language": "zh-CN"}).text
    assert "只有 ana 和协作者可以看到" in chinese
    refused = bob.submit(at, at, form="invite", who="eve@example.com", role="admin")
    assert refused.status == 403
    gone = ana.submit(at, at, form="remove", user="bob")
    assert gone.place == at
    again = ana.submit(at, at, form="remove", user="bob")
    assert again.status == 400
    assert "no longer a collaborator" in again.text
    assert bob.open(at).status == 404


def test_what_cannot_be_done_is_said_at_its_field(ana: Visitor, bob: Visitor, vault: Repo) -> None:
    del bob, vault
    for who, role, sentence in (
        ("nobody-at-all", "read", "cannot be invited"),
        ("ana", "read", "ana is the owner."),
        ("bob", "no_access", "Choose a role."),
        ("bob", "contributor", "Choose a role."),
    ):
        page = invited(ana, who, role)
        assert page.status == 400
        assert sentence in page.text
        assert "error-summary" in page.text
    stale = ana.submit(
        "/ana/vault/settings/collaborators",
        "/ana/vault/settings/collaborators",
        form="withdraw",
        invite="0" * 24,
    )
    assert "does not work any more" in stale.text


def test_a_decline_and_a_link_of_somebody_else(
    hub: Hub, ana: Visitor, bob: Visitor, vault: Repo
) -> None:
    eve = confirmed(hub, "eve")
    invited(ana, "bob")
    at = link_in(letter(hub, "bob@example.com"))
    assert "for another account" in eve.open(at).text
    forced = eve.send(at, eve.open("/settings/account").hidden("/logout") | {"act": "accept"})
    assert forced.status == 400
    assert f"/login?next={at}" in Visitor(hub).open(at).text.replace("%2F", "/")
    declined = bob.send(at, bob.open(at).hidden(at) | {"act": "decline"})
    assert declined.place == MINE
    assert bob.open(at).status == 404
    assert roles(hub, vault) == {}


def test_an_address_is_told_how_to_answer(
    hub: Hub, ana: Visitor, bob: Visitor, vault: Repo
) -> None:
    del vault
    known, unknown = invited(ana, "bob@example.com"), invited(ana, "new@example.net")
    assert (known.status, known.place) == (unknown.status, unknown.place)
    page = ana.open("/ana/vault/settings/collaborators")
    assert "bob@example.com" in page.text
    assert 'href="/bob"' not in page.text
    at = link_in(letter(hub, "new@example.net"))
    assert "not a confirmed address of this account" in bob.open(at).text
    mine = link_in(letter(hub, "bob@example.com"))
    assert "Accept invitation" in bob.open(mine).text


@pytest.mark.parametrize("kind", list(RepoType))
def test_every_kind_of_repo_has_the_page(
    hub: Hub, ana: Visitor, bob: Visitor, kind: RepoType
) -> None:
    owner = actor(hub, "ana")
    if kind is RepoType.BUCKET:
        bucket_of(hub, owner, "shelf", private=True)
    else:
        sdk = "static" if kind is RepoType.SPACE else None
        created(hub, owner, "shelf", kind, private=True, sdk=sdk)
    home = f"/{kind.web_prefix}ana/shelf"
    assert bob.open(home).status == 404
    assert invited(ana, "bob", "read", home).status == 303
    assert bob.submit(MINE, MINE, form="accept").place == home
    assert bob.open(home).status == 200
    assert "bob" in ana.open(f"{home}/settings/collaborators").text


def test_the_pages_speak_chinese(hub: Hub, ana: Visitor, bob: Visitor, vault: Repo) -> None:
    del ana, bob, vault
    invited(reader(hub, "ana"), "bob")
    page = reader(hub, "ana").open("/ana/vault/settings/collaborators")
    assert "协作者" in page.text
    assert "Collaborators" not in page.text
    assert "与你共享" in reader(hub, "bob").open(MINE).text


def reader(hub: Hub, name: str) -> Visitor:
    """A browser that asks for Chinese."""
    visitor = Visitor(hub, language="zh-CN")
    assert visitor.log_in(name).status == 303
    return visitor


def test_scripts_ask_by_json(hub: Hub, ana: Visitor, bob: Visitor, vault: Repo) -> None:
    del vault
    at = "/api/models/ana/vault/collaborators"
    sent = ana.client.post(at, json={"user": "bob", "role": "read"}).json()
    assert (sent["user"], sent["role"], sent["invitedBy"]) == ("bob", "read", "ana")
    by_mail = ana.client.post(at, json={"email": "bob@example.com", "role": "read"}).json()
    assert "user" not in by_mail
    mine = bob.client.get("/api/settings/collaborations").json()
    assert [one["repo"] for one in mine["invitations"]] == [
        {"type": "model", "name": "ana/vault"}
    ] * 2
    key = sent["id"]
    assert bob.client.post(f"/api/settings/collaborations/{key}/accept").json() == {
        "repo": {"type": "model", "name": "ana/vault"}
    }
    mine = bob.client.get("/api/settings/collaborations").json()
    assert [one["role"] for one in mine["collaborations"]] == ["read"]
    assert ana.client.put(f"{at}/bob", json={"role": "write"}).status_code == 200
    withdrawn = ana.client.delete(f"{at}/invitations/{by_mail['id']}")
    assert withdrawn.status_code == 200
    listed = ana.client.get(at).json()
    assert [(one["user"]["user"], one["role"]) for one in listed["collaborators"]] == [
        ("bob", "write")
    ]
    assert listed["invitations"] == []
    info = bob.client.get("/api/models/ana/vault").json()
    assert "collaborators" not in info
    assert bob.client.get(at).status_code == 403
    assert bob.client.post(f"{at}/leave").status_code == 200
    assert bob.client.get("/api/models/ana/vault").status_code == 404
    assert bob.client.get(at).status_code == 404
    assert ana.client.delete(f"{at}/bob").status_code == 404
    token = access_token(hub, actor(hub, "ana"))
    refused = Visitor(hub).client.post(
        at, json={"user": "bob", "role": "read"}, headers={"Authorization": f"Bearer {token}"}
    )
    assert (refused.status_code, "in a browser" in refused.text) == (403, True)


@pytest.mark.parametrize(
    "body",
    [
        {"role": "read"},
        {"role": "read", "user": "bob", "email": "bob@example.com"},
        {"role": "read", "user": "bob@example.com"},
        {"role": "read", "email": "bob"},
        {"role": "contributor", "user": "bob"},
        {"user": "bob"},
    ],
)
def test_a_question_that_is_not_clear_is_refused(
    ana: Visitor, bob: Visitor, vault: Repo, body: dict[str, str]
) -> None:
    del bob, vault
    assert ana.client.post("/api/models/ana/vault/collaborators", json=body).status_code == 400


def test_what_is_renamed_is_found_under_its_old_address(
    hub: Hub, ana: Visitor, bob: Visitor, vault: Repo
) -> None:
    invited(ana, "bob")
    bob.submit(MINE, MINE, form="accept")
    settings = "/ana/vault/settings"
    assert ana.submit(settings, settings, form="rename", new_name="safe").place == "/ana/safe"
    assert bob.open("/ana/safe").status == 200
    assert bob.open("/ana/vault").status in (301, 307)
    assert confirmed(hub, "eve").open("/ana/vault").status == 404
    del vault
