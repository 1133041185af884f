"""Organisations and people on pages: profiles, members, following, where a new repo goes."""

import io
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image

from fixtures.accounts import made
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.organizations import PROMISED, joins, organization, today
from fixtures.shown_repos import Scene, staged
from strata.accounts.legal.tables import consents
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.content.making import new_repo
from strata.core.actor import SYSTEM, Role
from strata.core.call import working
from strata.core.names import RepoId, RepoType
from strata.events.tables import facts
from strata.organizations.queries import by_name
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
    assert scene.visitor().get("/ACME").headers["location"] == "/acme"
    page = scene.visitor().get("/acme")
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
    answer = visitor.post("/new", {"owner": "acme", "name": "hers", "visibility": "default"})
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
    assert "only members of hidden who may read it and its collaborators can see it." in page
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


def test_a_person_founds_an_organization(scene: Scene) -> None:
    ada = scene.visitor(scene.other)
    assert 'action="/organizations/new"' in ada.get("/organizations/new").text
    form = PROMISED | {"name": "ada-lab", "full_name": "Ada's Lab", "visibility": "private"}
    answer = ada.post("/organizations/new", {**form, "members_hidden": "on"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/ada-lab")
    assert "Ada&#39;s Lab" in ada.get("/ada-lab").text
    assert "member" not in scene.visitor().get("/ada-lab").text
    assert ada.post("/new", {"owner": "ada-lab", "name": "x", "visibility": "default"}).is_redirect
    assert found(scene, "ada-lab", "x").private


def drawn(colour: str = "red") -> dict[str, tuple[str, bytes]]:
    out = io.BytesIO()
    Image.new("RGB", (90, 70), colour).save(out, "PNG")
    return {"picture": ("logo.png", out.getvalue())}


def logo_of(scene: Scene, name: str) -> str:
    with calling(scene.hub, SYSTEM) as call:
        organization = by_name(call, name)
    assert organization is not None
    return f"/avatars/{organization.public_id}.svg"


FOUNDED = {
    "name": "ada-lab",
    "kind": "lab",
    "homepage": "https://ada.example/",
    "github": "ada-lab",
    "domain": "Ada.Example",
    **PROMISED,
}


def test_an_organization_says_at_once_what_it_is(scene: Scene) -> None:
    ada, stranger = scene.visitor(scene.other), scene.visitor()
    assert ada.post("/organizations/new", FOUNDED, files=drawn()).is_redirect
    page = stranger.get("/ada-lab").text
    for shown in ("Laboratory", 'href="https://ada.example/"', "https://github.com/ada-lab"):
        assert shown in page
    assert "实验室" in scene.visitor(language="zh-CN").get("/ada-lab").text
    logo = logo_of(scene, "ada-lab")
    assert stranger.get(stranger.get(logo).headers["location"]).headers["content-type"] == (
        "image/webp"
    )
    members = ada.get("/organizations/ada-lab/settings/members").text
    assert 'value="ada.example"' in members
    assert "This domain does not count yet" in members


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("kind", "cartel", "Choose one of the kinds."),
        ("homepage", "javascript:alert(1)", "Enter an address that begins with"),
        ("github", "a/b", "Enter your name on that site only"),
        ("domain", "nothing here", "Enter a domain such as example.org."),
        ("picture", "", "Choose a PNG, JPEG, WebP, GIF or AVIF picture."),
        ("name", "acme", "Choose the picture once more"),
    ],
)
def test_what_is_wrong_founds_nothing(scene: Scene, field: str, value: str, sentence: str) -> None:
    files = {"picture": ("logo.svg", b"<svg/>")} if field == "picture" else drawn()
    answer = scene.visitor(scene.other).post(
        "/organizations/new", FOUNDED | {field: value}, files=files
    )
    assert (answer.status_code, sentence in answer.text) == (400, True)
    assert scene.visitor().get("/ada-lab").status_code == 404
    assert list((scene.hub.settings.data / "objects").rglob("*.webp")) == []


def test_a_logo_is_its_admins_to_change(scene: Scene) -> None:
    joins(scene.hub, "ada", Role.WRITE)
    owner, ada, address = (
        scene.visitor(scene.owner),
        scene.visitor(scene.other),
        f"{SETTINGS}/picture",
    )
    logo = logo_of(scene, "acme")
    assert ada.post(address, {}, files=drawn()).status_code == 403
    assert scene.visitor().get(logo).status_code == 200  # drawn
    assert owner.post(address, {}).status_code == 400
    assert owner.post(address, {}, files=drawn()).is_redirect
    first = scene.visitor().get(logo).headers["location"]
    assert owner.post(address, {}, files=drawn("blue")).is_redirect
    assert scene.visitor().get(first).status_code == 404
    assert ada.post(address, {"remove": "yes"}).status_code == 403
    assert owner.post(address, {"remove": "yes"}).is_redirect
    assert scene.visitor().get(logo).status_code == 200
    huge = {"picture": ("logo.png", bytes(3 * 2**20))}
    assert "at most 2 MB" in owner.post(address, {}, files=huge).text


def test_a_founder_promises_to_follow_the_guidelines(scene: Scene) -> None:
    ada = scene.visitor(scene.other)
    page = ada.get("/organizations/new").text
    assert '<a href="/content-guidelines" target="_blank"' in page
    assert 'name="guidelines_version" value="sample-1"' in page
    wanted = {"name": "ada-lab", **PROMISED, "documents_language": "zh-CN"}
    unticked = {name: value for name, value in wanted.items() if name != "guidelines"}
    for form, sentence in (
        (unticked, "Please agree to follow the content guidelines."),
        (wanted | {"guidelines_version": ""}, "Please agree to follow the content guidelines."),
        (wanted | {"guidelines_version": "older"}, "The documents have changed."),
    ):
        refused = ada.post("/organizations/new", form)
        assert (refused.status_code, sentence in refused.text) == (400, True)
    assert scene.visitor().get("/ada-lab").status_code == 404
    assert ada.post("/organizations/new", wanted).is_redirect
    with calling(scene.hub, SYSTEM) as call:
        kept = call.db.execute(sa.select(consents)).one()
        told = call.db.scalars(
            sa.select(facts.c.detail).where(facts.c.name == "account.consent")
        ).one()
    assert (kept.user_id, kept.document, kept.version) == (
        scene.other.user_id, "guidelines", "sample-1",
    )  # fmt: skip
    assert (kept.method, kept.language) == ("organization", "zh-CN")
    assert told == {"documents": {"guidelines": "sample-1"}, "organization": "ada-lab"}


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "acme"}, "acme is taken."),
        ({"name": "li-wei"}, "li-wei is taken."),
        ({"name": "settings"}, "settings is reserved."),
        ({"name": "under_score"}, "Letters, numbers and single dashes only"),
        ({"name": "fine", "full_name": "<b>"}, "A name holds no web addresses"),
    ],
)
def test_a_mistake_in_the_form_is_told_beside_it(
    scene: Scene, form: dict[str, str], sentence: str
) -> None:
    answer = scene.visitor(scene.other).post("/organizations/new", PROMISED | form)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert f'value="{form["name"]}"' in answer.text


def test_nobody_founds_organizations_all_day(scene: Scene) -> None:
    with calling(scene.hub, SYSTEM) as call, working(call) as work:
        place = names.find(work, "ada")
        assert place is not None
        grants.override(work, place, "organizations", 50, None)
    ada = scene.visitor(scene.other)
    answers = [
        ada.post("/organizations/new", {"name": f"lab-{n}", **PROMISED}).status_code
        for n in range(12)
    ]
    assert answers == [303] * 10 + [429] * 2
    assert scene.visitor().get("/lab-9").status_code == 200
    assert scene.visitor().get("/lab-10").status_code == 404


def test_strangers_log_in_before_they_found_anything(scene: Scene) -> None:
    answer = scene.visitor().get("/organizations/new")
    assert answer.headers["location"] == "/login?next=/organizations/new"
    assert scene.visitor().get("/settings/organizations").status_code == 303


MEMBERS = "/organizations/acme/settings/members"


def test_an_admin_changes_the_members(scene: Scene) -> None:
    owner, ada = scene.visitor(scene.owner), scene.visitor(scene.other)
    assert f'href="{MEMBERS}"' in owner.get(MEMBERS).text
    joins(scene.hub, "ada", Role.CONTRIBUTOR)
    for form, shown in (
        ({"form": "role", "user": "ada", "role": "read"}, "2 members"),
        ({"form": "role", "user": "ADA", "role": "write"}, "2 members"),
        ({"form": "remove", "user": "ada"}, "1 member<"),
    ):
        answer = owner.post(MEMBERS, form)
        assert (answer.status_code, answer.headers["location"]) == (303, MEMBERS)
        assert shown in owner.get("/acme").text
        held = [role.value for role in today(scene.hub, scene.other).roles.values()]
        assert held == ([form["role"]] if "role" in form else [])
    joins(scene.hub, "ada", Role.WRITE)
    assert "/organizations/acme" not in ada.get("/acme").text
    assert ada.get(MEMBERS).status_code == 403
    assert ada.post(MEMBERS, {"form": "role", "user": "ada", "role": "admin"}).status_code == 403
    assert '<option value="write" selected>' in owner.get(MEMBERS).text


@pytest.mark.parametrize(
    ("form", "status", "sentence"),
    [
        ({"form": "role", "user": "nobody", "role": "read"}, 400, "There is nobody of this name."),
        ({"form": "remove", "user": "ada"}, 400, "There is nobody of this name."),
        ({"form": "remove", "user": "li-wei"}, 400, "nobody else is admin"),
        ({"form": "role", "user": "li-wei", "role": "read"}, 400, "nobody else is admin"),
        ({"form": "role", "user": "ada", "role": "owner"}, 400, "This role is not known here."),
        ({"form": "promote", "user": "ada"}, 400, "This form is not known here."),
    ],
)
def test_a_change_of_members_that_cannot_be_is_told(
    scene: Scene, form: dict[str, str], status: int, sentence: str
) -> None:
    answer = scene.visitor(scene.owner).post(MEMBERS, form)
    assert answer.status_code == status
    assert sentence in answer.text
    assert today(scene.hub, scene.other).roles == {}


def test_members_leave_but_not_the_last_admin(scene: Scene) -> None:
    joins(scene.hub, "ada", Role.READ)
    owner, ada = scene.visitor(scene.owner), scene.visitor(scene.other)
    assert 'aria-label="Leave acme"' in ada.get("/settings/organizations").text
    assert ada.post("/settings/organizations", {"name": "acme"}).status_code == 303
    page = ada.get("/settings/organizations").text
    assert "You left the organization." in page
    assert "You belong to no organization yet." in page
    refused = owner.post("/settings/organizations", {"name": "acme"})
    assert refused.status_code == 409
    assert "You are the last admin." in refused.text
    assert owner.post("/settings/organizations", {"name": "nowhere"}).status_code == 404


SETTINGS = "/organizations/acme/settings"


def test_an_admin_says_what_the_organization_is(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    assert f'href="{SETTINGS}"' in owner.get("/acme").text
    form = {
        "full_name": "Acme International",
        "bio": "We make anvils.",
        "homepage": "https://acme.example/about",
        "github": "acme-inc",
        "kind": "non-profit",
        "visibility": "private",
        "members_hidden": "on",
    }
    answer = owner.post(SETTINGS, form)
    assert (answer.status_code, answer.headers["location"]) == (303, SETTINGS)
    for shown in ("The settings are saved.", "We make anvils.", 'value="private" checked'):
        assert shown in owner.get(SETTINGS).text
    page = scene.visitor().get("/acme").text
    for shown in (
        "Acme International",
        "We make anvils.",
        "Non-profit",
        'href="https://github.com/acme-inc"',
    ):
        assert shown in page
    assert "member" not in page
    assert 'href="/acme/tiny"' in page, "what is there stays as it is"
    owner.post("/new", {"owner": "acme", "name": "later", "visibility": "default"})
    assert found(scene, "acme", "later").private


def test_settings_of_an_organization_are_for_its_admins(scene: Scene) -> None:
    joins(scene.hub, "ada", Role.WRITE)
    ada = scene.visitor(scene.other)
    assert ada.get(SETTINGS).status_code == 403
    assert ada.post(SETTINGS, {"full_name": "Ada's", "visibility": "public"}).status_code == 403
    assert "Ada" not in scene.visitor().get("/acme").text.replace("/ada", "")
    assert scene.visitor().get(SETTINGS).headers["location"].startswith("/login?next=")
    assert scene.visitor(scene.owner).get("/organizations/nowhere/settings").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("full_name", "", "Enter a name."),
        ("full_name", "<b>", "A name holds no web addresses"),
        ("homepage", "javascript:alert(1)", "Enter an address that begins with"),
        ("github", "a/b", "Enter your name on that site only"),
        ("bio", "x" * 501, "Use at most 500 characters."),
        ("kind", "cartel", "Choose one of the kinds."),
    ],
)
def test_a_mistake_in_the_settings_changes_nothing(
    scene: Scene, field: str, value: str, sentence: str
) -> None:
    owner = scene.visitor(scene.owner)
    form = {"full_name": "Other", "visibility": "private", field: value}
    answer = owner.post(SETTINGS, form)
    assert answer.status_code == 400
    assert sentence in answer.text
    page = owner.get("/acme").text
    assert "Acme &amp; Sons" in page
    assert "1 member" in page


def test_an_admin_gives_a_repo_away(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    page = owner.get("/acme/tiny/settings").text
    assert '<option value="li-wei">' in page
    assert '<option value="hidden">' in page
    assert '<option value="acme">' not in page
    form = {"form": "transfer", "new_owner": "hidden", "transfer_name": "acme/tiny"}
    refused = owner.post("/acme/tiny/settings", {**form, "transfer_name": "tiny"})
    assert (refused.status_code, "to confirm." in refused.text) == (400, True)
    answer = owner.post("/acme/tiny/settings", form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/hidden/tiny")
    assert found(scene, "hidden", "tiny").namespace == "hidden"
    assert scene.visitor().get("/acme/tiny").status_code in {301, 307, 308}


def test_a_repo_is_not_given_where_there_is_one(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    owner.post("/new", {"owner": "hidden", "name": "tiny", "visibility": "default"})
    form = {"form": "transfer", "new_owner": "hidden", "transfer_name": "acme/tiny"}
    answer = owner.post("/acme/tiny/settings", form)
    assert answer.status_code == 400
    assert "This owner has a repository of this name already." in answer.text


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.WRITE])
def test_who_is_no_admin_gives_nothing_away(scene: Scene, role: Role) -> None:
    joins(scene.hub, "ada", role)
    ada = scene.visitor(scene.other)
    assert ada.post("/new", {"owner": "acme", "name": "hers", "visibility": "default"}).is_redirect
    assert 'name="new_owner"' not in ada.get("/acme/hers/settings").text
    form = {"form": "transfer", "new_owner": "ada", "transfer_name": "acme/hers"}
    assert ada.post("/acme/hers/settings", form).status_code == 403
    assert found(scene, "acme", "hers").namespace == "acme"
    # Nor can she put it where she may not create.
    ada.post("/new", {"owner": "ada", "name": "own", "visibility": "public"})
    away = {"form": "transfer", "new_owner": "hidden", "transfer_name": "ada/own"}
    assert ada.post("/ada/own/settings", away).status_code == 403
