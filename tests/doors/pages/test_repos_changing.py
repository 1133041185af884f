"""Forms of the repo pages: create, like, show, hide, rename, delete."""

from pathlib import Path

import pytest

from fixtures.contents import created, texts
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.shown_repos import Scene, staged
from strata.core.actor import SYSTEM
from strata.core.errors import RepoNotFound
from strata.core.names import RepoId, RepoType
from strata.repos.lookup import lookup
from strata.repos.record import Repo

MODEL = "/li-wei/flan-t5-large"


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    clock = FrozenClock()
    return staged(build_test_hub(tmp_path / "data", clock=clock), clock)


def found(scene: Scene, name: str, kind: RepoType = RepoType.MODEL, owner: str = "li-wei") -> Repo:
    with calling(scene.hub, SYSTEM) as call:
        return lookup(call, RepoId(kind, owner, name))


def test_a_repo_is_created_with_its_licence(scene: Scene) -> None:
    visitor = scene.visitor(scene.owner)
    page = visitor.get("/new-dataset").text
    assert 'name="csrf_token"' in page
    form = {"name": "rows", "license": "mit", "visibility": "private"}
    answer = visitor.post("/new-dataset", form)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/datasets/li-wei/rows"
    repo = found(scene, "rows", RepoType.DATASET)
    assert repo.private
    assert texts(scene.hub, scene.owner, repo)["README.md"] == b"---\nlicense: mit\n---\n"


def test_a_space_is_created_with_its_sdk(scene: Scene) -> None:
    answer = scene.visitor(scene.owner).post(
        "/new-space", {"name": "demo", "sdk": "gradio", "visibility": "public"}
    )
    assert answer.headers["location"] == "/spaces/li-wei/demo"
    assert found(scene, "demo", RepoType.SPACE).sdk == "gradio"


def test_a_form_without_a_visibility_makes_nothing_public(scene: Scene) -> None:
    for chosen in ({}, {"visibility": "secret"}):
        answer = scene.visitor(scene.owner).post("/new", {"name": "unsaid", **chosen})
        assert answer.status_code == 400
    assert scene.visitor(scene.owner).get("/li-wei/unsaid").status_code == 404


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"name": "a--b"}, "at most 96 characters"),
        ({"name": ""}, "at most 96 characters"),
        ({"name": "tree"}, "some words are reserved"),
        ({"name": "flan-t5-large"}, "You already have a model with this name."),
        ({"name": "fine", "license": "no-such"}, "Choose a licence from the list."),
    ],
)
def test_a_form_with_a_mistake_comes_back_filled_in(
    scene: Scene, form: dict[str, str], sentence: str
) -> None:
    answer = scene.visitor(scene.owner).post("/new", {"visibility": "public", **form})
    assert answer.status_code == 400
    assert sentence in answer.text
    assert f'value="{form["name"]}"' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_strangers_log_in_first(scene: Scene) -> None:
    assert scene.visitor().get("/new").headers["location"] == "/login?next=/new"
    answer = scene.visitor().get(f"{MODEL}/settings")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/new", {"name": "forged"}),
        (f"{MODEL}/like", {"like": "yes"}),
        (f"{MODEL}/settings", {"form": "delete", "delete_name": "li-wei/flan-t5-large"}),
    ],
)
def test_a_forged_form_changes_nothing(scene: Scene, path: str, form: dict[str, str]) -> None:
    answer = scene.visitor(scene.owner).post(path, form, proof="forged")
    assert answer.status_code == 400
    assert found(scene, "flan-t5-large").likes == 1
    with pytest.raises(RepoNotFound):
        found(scene, "forged")


def test_a_like_is_given_and_taken_back(scene: Scene) -> None:
    visitor = scene.visitor(scene.owner)
    assert 'aria-pressed="false"' in visitor.get(MODEL).text
    for _ in range(2):
        assert visitor.post(f"{MODEL}/like", {"like": "yes"}).headers["location"] == MODEL
    assert found(scene, "flan-t5-large").likes == 2
    assert 'aria-pressed="true"' in visitor.get(MODEL).text
    visitor.post(f"{MODEL}/like", {"like": "no"})
    assert found(scene, "flan-t5-large").likes == 1


def test_only_the_owner_sees_and_uses_the_settings(scene: Scene) -> None:
    other = scene.visitor(scene.other)
    assert f'href="{MODEL}/settings"' not in other.get(MODEL).text
    assert other.get(f"{MODEL}/settings").status_code == 403
    form = {"form": "delete", "delete_name": "li-wei/flan-t5-large"}
    assert other.post(f"{MODEL}/settings", form).status_code == 403
    assert found(scene, "flan-t5-large").name == "flan-t5-large"
    owner = scene.visitor(scene.owner)
    assert f'href="{MODEL}/settings"' in owner.get(MODEL).text
    assert owner.get(f"{MODEL}/settings").status_code == 200


def test_a_repo_is_hidden_and_shown_again_once_its_name_is_typed(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    owner.post(f"{MODEL}/settings", {"form": "visibility", "visibility": "private"})
    assert found(scene, "flan-t5-large").private
    for missing in ({}, {"visibility": "open"}):  # stands for no choice of ours
        typed = {"form": "visibility", "public_name": "li-wei/flan-t5-large"} | missing
        assert owner.post(f"{MODEL}/settings", typed).status_code == 400
    assert found(scene, "flan-t5-large").private
    form = {"form": "visibility", "visibility": "public"}
    refused = owner.post(f"{MODEL}/settings", {**form, "public_name": "flan-t5-large"})
    assert refused.status_code == 400
    assert "Type the full name of the repository to confirm." in refused.text
    assert found(scene, "flan-t5-large").private
    owner.post(f"{MODEL}/settings", {**form, "public_name": "li-wei/flan-t5-large"})
    assert not found(scene, "flan-t5-large").private


def test_a_repo_is_renamed_and_its_old_name_leads_on(scene: Scene) -> None:
    created(scene.hub, scene.owner, "taken")
    owner = scene.visitor(scene.owner)
    taken = owner.post(f"{MODEL}/settings", {"form": "rename", "new_name": "taken"})
    assert "taken is taken." in taken.text
    assert owner.post(f"{MODEL}/settings", {"form": "rename", "new_name": "a--"}).status_code == 400
    answer = owner.post(f"{MODEL}/settings", {"form": "rename", "new_name": "flan"})
    assert answer.headers["location"] == "/li-wei/flan"
    assert owner.get(MODEL).headers["location"] == "/li-wei/flan"


def test_a_repo_is_deleted_once_its_name_is_typed(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    form = {"form": "delete", "delete_name": "li-wei/flan"}
    assert owner.post(f"{MODEL}/settings", form).status_code == 400
    assert found(scene, "flan-t5-large").name == "flan-t5-large"
    answer = owner.post(
        f"{MODEL}/settings", {"form": "delete", "delete_name": "li-wei/flan-t5-large"}
    )
    assert answer.headers["location"] == "/li-wei"
    assert owner.get(MODEL).status_code == 404


def test_a_form_that_nobody_knows_is_refused(scene: Scene) -> None:
    answer = scene.visitor(scene.owner).post(f"{MODEL}/settings", {"form": "explode"})
    assert answer.status_code == 400
