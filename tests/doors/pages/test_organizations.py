"""Organisations and people on pages: profiles, members, following, where a new repo goes."""

from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.organizations import joins, organization, today
from fixtures.shown_repos import Scene, staged
from strata.content import new_repo
from strata.core.actor import SYSTEM, Role
from strata.core.names import RepoId, RepoType
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.repos.record import Repo


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    """Give a hub with Li Wei's organisations: an open one, and one that hides everything."""
    clock = FrozenClock()
    staged_scene = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    hub = staged_scene.hub
    organization(hub, "li-wei", "acme", full_name="Acme & Sons")
    organization(hub, "li-wei", "hidden", private_by_default=True, members_hidden=True)
    owner = today(hub, staged_scene.owner)
    for namespace, name in (("acme", "tiny"), ("hidden", "secret")):
        with calling(hub, owner) as call:
            new_repo.create(call, Wish(RepoType.MODEL, namespace, name), files={})
    return staged_scene


def found(scene: Scene, owner: str, name: str) -> Repo:
    with calling(scene.hub, SYSTEM) as call:
        return lookup(call, RepoId(RepoType.MODEL, owner, name))


def test_an_organization_shows_its_repos_and_members(scene: Scene) -> None:
    joins(scene.hub, "ada", Role.READ)
    page = scene.visitor().get("/ACME")
    assert page.status_code == 200
    assert "Acme &amp; Sons" in page.text
    for shown in ('href="/acme/tiny"', 'href="/li-wei"', 'href="/ada"', "2 members"):
        assert shown in page.text
    assert "/new?owner=acme" not in page.text
    assert "/new?owner=acme" in scene.visitor(scene.owner).get("/acme").text
    assert "/new?owner=acme" not in scene.visitor(scene.other).get("/acme").text


def test_what_an_organization_hides_stays_hidden(scene: Scene) -> None:
    for visitor in (scene.visitor(), scene.visitor(scene.other)):
        page = visitor.get("/hidden").text
        assert "Nothing published yet." in page
        for name in ("secret", "li-wei", "member"):
            assert name not in page
        assert 'href="/hidden"' not in visitor.get("/li-wei").text
    own = scene.visitor(scene.owner).get("/hidden").text
    assert 'href="/hidden/secret"' in own
    assert "1 member" in own
    joins(scene.hub, "ada", Role.NO_ACCESS, name="hidden")
    listed = scene.visitor(scene.other).get("/hidden").text
    assert "2 members" in listed
    assert "secret" not in listed


def test_a_profile_names_the_organizations(scene: Scene) -> None:
    page = scene.visitor().get("/li-wei").text
    assert 'href="/acme"' in page
    assert "0 followers" in page
    assert 'href="/hidden"' in scene.visitor(scene.owner).get("/li-wei").text


@pytest.mark.parametrize("name", ["li-wei", "acme"])
def test_people_follow_from_the_page(scene: Scene, name: str) -> None:
    ada = scene.visitor(scene.other)
    assert ada.get(f"/{name}").text.count('action="/settings/following"') == 1
    for follow, count in (("yes", "1 follower<"), ("yes", "1 follower<"), ("no", "0 followers")):
        answer = ada.post("/settings/following", {"name": name.upper(), "follow": follow})
        assert (answer.status_code, answer.headers["location"]) == (303, f"/{name}")
        assert count in ada.get(f"/{name}").text
    assert "/settings/following" not in scene.visitor().get(f"/{name}").text


def test_nobody_follows_themselves_or_nobody(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    assert "/settings/following" not in owner.get("/li-wei").text
    assert owner.post("/settings/following", {"name": "li-wei", "follow": "yes"}).status_code == 400
    assert owner.post("/settings/following", {"name": "none", "follow": "yes"}).status_code == 404


def test_a_repo_is_created_for_an_organization(scene: Scene) -> None:
    visitor = scene.visitor(scene.owner)
    form = visitor.get("/new?owner=acme").text
    assert '<option value="acme" selected>' in form
    assert '<option value="hidden">' in form
    assert "Private in hidden, public elsewhere." in form
    wishes = (
        ("acme", "default", False),
        ("hidden", "default", True),
        ("hidden", "public", False),
        ("acme", "private", True),
    )
    for owner, visibility, private in wishes:
        name = f"new-{visibility}"
        sent = {"owner": owner, "name": name, "visibility": visibility}
        answer = visitor.post("/new", sent)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/{owner}/{name}")
        assert found(scene, owner, name).private is private


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_may_create_are_offered_an_organization(scene: Scene, role: Role) -> None:
    joins(scene.hub, "ada", role)
    visitor = scene.visitor(scene.other)
    offered = 'name="owner"' in visitor.get("/new").text
    assert offered is role.reaches(Role.CONTRIBUTOR)
    answer = visitor.post("/new", {"owner": "acme", "name": "hers"})
    assert answer.status_code == (303 if offered else 403)


def test_a_person_without_organizations_is_asked_nothing_more(scene: Scene) -> None:
    page = scene.visitor(scene.other).get("/new?owner=acme").text
    assert 'name="owner"' not in page
    assert "As the owner has it" not in page
    assert 'value="public" checked' in page


def test_the_search_box_finds_organizations(scene: Scene) -> None:
    page = scene.visitor().get("/search/full-text?q=Acme").text
    assert 'class="person person-large" href="/acme"' in page


def test_settings_of_an_organizations_repo_are_for_those_who_manage_it(scene: Scene) -> None:
    joins(scene.hub, "ada", Role.CONTRIBUTOR, name="hidden")
    ada = scene.visitor(scene.other)
    assert ada.get("/hidden/secret").status_code == 200
    assert ada.get("/hidden/secret/settings").status_code == 403
    page = scene.visitor(scene.owner).get("/hidden/secret/settings").text
    assert "only members of hidden who may read it can see it." in page
    joins(scene.hub, "ada", Role.WRITE, name="hidden")
    assert ada.get("/hidden/secret/settings").status_code == 200


def test_many_members_are_counted_not_all_shown(scene: Scene) -> None:
    for number in range(30):
        made(scene.hub, f"member{number}", password=None)
        joins(scene.hub, f"member{number}", Role.READ)
    page = scene.visitor().get("/acme").text
    assert "31 members" in page
    assert "And 7 more." in page


def test_the_pages_speak_chinese(scene: Scene) -> None:
    made(scene.hub, "zoe")
    joins(scene.hub, "zoe", Role.READ)
    created(scene.hub, scene.owner, "more")
    visitor = scene.visitor(scene.owner, "zh-CN")
    assert "2 位成员" in visitor.get("/acme").text
    assert "0 位关注者" in visitor.get("/li-wei").text
    assert "按所有者的默认设置" in visitor.get("/new").text
