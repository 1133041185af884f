"""The storage page: what takes space, and its deletion for good, without a script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.axe import faults
from fixtures.browsers import chromium
from fixtures.contents import texts
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.shown_repos import Scene, served, session_of, staged
from strata.blobs.inventory.holdings import holdings
from strata.content.rewriting.naming import NameLargeFiles
from strata.core.actor import SYSTEM

MODEL = "/li-wei/flan-t5-large"
STORAGE = f"{MODEL}/settings/storage"
NAME = "li-wei/flan-t5-large"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    made = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    with calling(made.hub, SYSTEM) as call:
        NameLargeFiles(made.model.id).run(call)
    yield made
    made.hub.database.close()


def oids(scene: Scene) -> dict[str, str]:
    with calling(scene.hub, SYSTEM) as call:
        return {row.filename: row.oid for row in holdings(call, scene.model).rows}


def test_the_settings_lead_to_what_takes_space(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    settings = owner.get(f"{MODEL}/settings").text
    assert "2 large files take 860 kB." in settings
    assert f'href="{STORAGE}"' in settings
    page = owner.get(STORAGE).text
    for filename, oid in oids(scene).items():
        assert f'href="{MODEL}/blob/main/{filename}"' in page
        assert oid[:12] in page
    assert "620 kB" in page


def test_chosen_files_are_deleted_once_the_name_is_typed(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    chosen = {f"file-{oids(scene)['model.safetensors']}": "on", "history": "rewrite"}
    for form, sentence in (
        ({"confirm_name": NAME}, "Choose at least one file."),
        (chosen, "Type the full name of the repository to confirm."),
        ({**chosen, "confirm_name": "flan-t5-large"}, "Type the full name"),
        ({"file-nonsense": "on", "confirm_name": NAME}, "The list has changed meanwhile."),
        ({f"file-{'0' * 64}": "on", "confirm_name": NAME}, "The list has changed meanwhile."),
    ):
        refused = owner.post(STORAGE, form)
        assert (refused.status_code, sentence in refused.text) == (400, True)
    refused = owner.post(STORAGE, chosen)
    assert re.search(r'name="file-[0-9a-f]{64}" value="on"[^>]* checked', refused.text)
    assert len(oids(scene)) == 2

    done = owner.post(STORAGE, {**chosen, "confirm_name": NAME})
    assert (done.status_code, done.headers["location"]) == (303, STORAGE)
    assert oids(scene).keys() == {"onnx/model.onnx"}
    assert "model.safetensors" not in texts(scene.hub, scene.owner, scene.model)
    assert "The files are deleted." in owner.get(STORAGE).text


def test_history_can_be_kept(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    oid = oids(scene)["model.safetensors"]
    form = {f"file-{oid}": "on", "history": "keep", "confirm_name": NAME}
    assert owner.post(STORAGE, form).status_code == 303
    assert "model.safetensors" in texts(scene.hub, scene.owner, scene.model)
    assert oids(scene).keys() == {"onnx/model.onnx"}


def test_others_neither_see_nor_use_it(scene: Scene) -> None:
    oid = oids(scene)["model.safetensors"]
    form = {f"file-{oid}": "on", "confirm_name": NAME}
    other, nobody = scene.visitor(scene.other), scene.visitor()
    assert other.get(STORAGE).status_code == other.post(STORAGE, form).status_code == 403
    assert nobody.get(STORAGE).headers["location"].startswith("/login?next=")
    forged = scene.visitor(scene.owner).post(STORAGE, form, proof="forged")
    assert forged.status_code == 400
    assert len(oids(scene)) == 2


def test_it_speaks_chinese(scene: Scene) -> None:
    page = scene.visitor(scene.owner, "zh-CN").get(STORAGE).text
    assert "存储" in page
    assert "删除所选文件" in page


def test_it_fits_the_screen_and_everyone_can_use_it(scene: Scene) -> None:
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context()
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        for path in (STORAGE, f"{MODEL}/settings"):
            assert faults(page, base + path) == []
