"""The pages of collections: list, one, create, add from a repo, edit; without a script."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.axe import faults
from fixtures.browsers import chromium
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import working_as
from fixtures.shown_repos import HOSTILE, Scene, served, session_of, staged
from strata.community.collections import edit, items
from strata.community.collections.edit import Wish
from strata.community.collections.items import Addition
from strata.community.collections.record import Collection
from strata.core.actor import Actor
from strata.core.names import RepoType
from strata.web.pages.collections.show import home_of

MODEL = "/li-wei/flan-t5-large"
ITEM = "models/li-wei/flan-t5-large"


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    clock = FrozenClock()
    made = staged(build_test_hub(tmp_path / "data", clock=clock), clock)
    yield made
    made.hub.database.close()


def collection(
    scene: Scene, title: str, *additions: str, owner: Actor | None = None, private: bool = False
) -> Collection:
    """Make a collection of models, each with a note."""
    with working_as(scene.hub, owner or scene.owner) as work:
        made = edit.create(work, Wish(title, description="A few words", private=private))
        for name in additions:
            items.add(work, made.slug, Addition("model", name, f"about {name}"))
        return made


def order(html: str) -> list[str]:
    """The names of the items of an editing page."""
    return re.findall(r'collection-row-name">([^<]*)<', html)


def test_a_collection_is_created_with_its_first_repo(scene: Scene) -> None:
    owner = scene.visitor(scene.owner)
    link = f"/collections/add?item={ITEM.replace('/', '%2F')}"
    assert f'href="{link}"' in owner.get(MODEL).text
    assert "You have no collections yet." in owner.get(link).text
    new = owner.get(f"/collections/new?item={ITEM}").text
    assert f'name="item" value="{ITEM}"' in new
    form = {"title": "Good models", "description": "D", "visibility": "private", "item": ITEM}
    answer = owner.post("/collections/new", form)
    assert answer.status_code == 303
    home = answer.headers["location"]
    assert re.fullmatch(r"/collections/li-wei/good-models-[0-9a-f]{24}", home)
    page = owner.get(home).text
    assert "Good models" in page
    assert "flan-t5-large" in page
    assert "private" in page
    assert scene.visitor(scene.other).get(home).status_code == 404
    assert scene.visitor().get(home).status_code == 404


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"title": " "}, "Give it a title of 1 to 60 characters."),
        ({"title": "x" * 61}, "Give it a title of 1 to 60 characters."),
        ({"title": "T", "description": "x" * 151}, "Use at most 150 characters."),
        ({"title": "taken"}, "There is a collection of this title already."),
    ],
)
def test_a_form_with_a_mistake_comes_back_filled_in(
    scene: Scene, form: dict[str, str], sentence: str
) -> None:
    collection(scene, "Taken")
    sent = {**form, "visibility": "public"}
    answer = scene.visitor(scene.owner).post("/collections/new", sent)
    assert (answer.status_code, sentence in answer.text) == (400, True)
    assert f'value="{form["title"]}"' in answer.text


def test_nobody_gets_a_public_collection_by_saying_nothing(scene: Scene) -> None:
    answer = scene.visitor(scene.owner).post("/collections/new", {"title": "T"})
    assert (answer.status_code, "offers no such choice" in answer.text) == (400, True)
    assert "/collections/li-wei/t-" not in scene.visitor(scene.owner).get("/collections").text


def test_a_repo_is_added_from_its_page_once(scene: Scene) -> None:
    made = collection(scene, "Mine")
    owner = scene.visitor(scene.owner)
    page = owner.get(f"/collections/add?item={ITEM}").text
    assert f'name="collection" value="{made.slug}"' in page
    for _ in range(2):
        form = {"item": ITEM, "collection": made.slug}
        answer = owner.post("/collections/add", form)
        assert answer.headers["location"] == home_of(made)
    assert "It is in the collection." in owner.get(home_of(made)).text
    assert f'value="{made.slug}"' not in owner.get(f"/collections/add?item={ITEM}").text
    for wrong in ("models/li-wei/absent", "nonsense", ""):
        assert owner.get(f"/collections/add?item={wrong}").status_code in (400, 404)


def test_items_are_noted_moved_and_removed_without_a_script(scene: Scene) -> None:
    for name in ("a", "b"):
        created(scene.hub, scene.owner, name)
    made = collection(scene, "Order", "li-wei/a", "li-wei/b", "li-wei/flan-t5-large")
    owner, address = scene.visitor(scene.owner), f"{home_of(made)}/edit"
    page = owner.get(address).text
    assert order(page) == ["li-wei/a", "li-wei/b", "li-wei/flan-t5-large"]
    first = re.findall(
        r'name="form" value="note"><input type="hidden" name="item" value="(\w+)"', page
    )[0]
    moved = owner.post(address, {"form": "move", "item": first, "position": "1"})
    assert moved.headers["location"] == address
    assert order(owner.get(address).text) == ["li-wei/b", "li-wei/a", "li-wei/flan-t5-large"]
    note = "see https://example.org <b>"
    owner.post(address, {"form": "note", "item": first, "note": note})
    shown = owner.get(home_of(made)).text
    assert '<a href="https://example.org" rel="' in shown
    assert "&lt;b&gt;" in shown
    owner.post(address, {"form": "remove", "item": first})
    assert order(owner.get(address).text) == ["li-wei/b", "li-wei/flan-t5-large"]
    for form in ({"form": "explode"}, {"form": "move", "item": first, "position": "-1"}):
        assert owner.post(address, form).status_code == 400
    assert owner.post(address, {"form": "remove", "item": first}).status_code == 404


def test_details_are_changed_and_old_addresses_go_on(scene: Scene) -> None:
    made = collection(scene, "Before")
    collection(scene, "Taken")
    owner, address = scene.visitor(scene.owner), f"{home_of(made)}/edit"
    taken = owner.post(address, {"form": "details", "title": "TAKEN", "visibility": "public"})
    assert (taken.status_code, "already" in taken.text) == (400, True)
    form = {"form": "details", "title": "After", "theme": "pink", "visibility": "private"}
    home = owner.post(address, form).headers["location"]
    assert home.startswith("/collections/li-wei/after-")
    assert "theme-pink" in owner.get(home).text
    assert "After" in owner.get(home_of(made)).text
    assert "After" not in scene.visitor(scene.other).get("/collections").text


def test_a_collection_is_deleted_once_its_title_is_typed(scene: Scene) -> None:
    made = collection(scene, "Short lived")
    owner, address = scene.visitor(scene.owner), f"{home_of(made)}/edit"
    assert owner.post(address, {"form": "delete", "delete_title": "Short"}).status_code == 400
    done = owner.post(address, {"form": "delete", "delete_title": "Short lived"})
    assert done.headers["location"] == "/collections"
    assert owner.get(home_of(made)).status_code == 404


def test_what_is_hidden_shows_only_as_a_gap_to_those_who_edit(scene: Scene) -> None:
    created(scene.hub, scene.other, "vault", private=True)
    made = collection(scene, "Mixed", "li-wei/flan-t5-large")
    with working_as(scene.hub, scene.other) as work:
        hers = edit.create(work, Wish("Hers"))
        items.add(work, hers.slug, Addition("model", "ada/vault", "secret words"))
        items.add(work, hers.slug, Addition("model", "li-wei/flan-t5-large"))
    for visitor in (scene.visitor(), scene.visitor(scene.owner)):
        for path in (home_of(hers), "/collections", home_of(made)):
            text = visitor.get(path).text
            assert "vault" not in text
            assert "secret words" not in text
            assert "not available" not in text
    assert "vault" in scene.visitor(scene.other).get(home_of(hers)).text
    scene.visitor(scene.owner).post(
        f"{MODEL}/settings", {"form": "visibility", "visibility": "private"}
    )
    page = scene.visitor(scene.other).get(home_of(hers)).text
    assert "flan-t5-large" not in page
    assert "1 item is not available" in page
    edits = scene.visitor(scene.other).get(f"{home_of(hers)}/edit").text
    assert "flan-t5-large" not in edits
    assert "Remove item 1 that is not available" in edits


def test_only_those_who_may_write_use_the_forms(scene: Scene) -> None:
    made = collection(scene, "Mine", "li-wei/flan-t5-large")
    address = f"{home_of(made)}/edit"
    other, nobody = scene.visitor(scene.other), scene.visitor()
    assert f'href="{address}"' not in other.get(home_of(made)).text
    assert other.get(address).status_code == 403
    assert nobody.get(address).headers["location"].startswith("/login?next=")
    assert nobody.get("/collections/new").headers["location"].startswith("/login?next=")
    form = {"form": "delete", "delete_title": "Mine"}
    assert other.post(address, form).status_code == 403
    assert (
        other.post("/collections/add", {"item": ITEM, "collection": made.slug}).status_code == 403
    )
    assert scene.visitor(scene.owner).post(address, form, proof="forged").status_code == 400
    assert nobody.get(home_of(made)).status_code == 200


def test_an_upvote_is_given_and_taken_back(scene: Scene) -> None:
    made = collection(scene, "Liked")
    visitor, address = scene.visitor(scene.other), f"{home_of(made)}/upvote"
    for wanted, pressed in (("yes", "true"), ("yes", "true"), ("no", "false")):
        assert visitor.post(address, {"upvote": wanted}).headers["location"] == home_of(made)
        assert f'aria-pressed="{pressed}"' in visitor.get(home_of(made)).text


def test_the_list_is_searched_ordered_and_paged(scene: Scene) -> None:
    for number in range(32):
        collection(scene, f"Number {number}", *(["li-wei/flan-t5-large"] if number == 3 else []))
    collection(scene, "Hers", owner=scene.other)
    visitor = scene.visitor()
    first = visitor.get("/collections?sort=modified").text
    assert first.count("<article") == 30
    following = re.findall(r'rel="next" href="([^"]*)"', first)[0].replace("&amp;", "&")
    assert visitor.get(following).text.count("<article") == 3
    found = visitor.get("/collections?q=number+3&owner=LI-WEI").text
    assert found.count("<article") == 5  # 3, 13, 23, 30, 31
    assert "li-wei/flan-t5-large" in found
    assert "Nothing matches." in visitor.get("/collections?q=absent").text
    assert visitor.get("/collections?cursor=x").status_code == 400


def test_a_profile_shows_the_collections_of_its_person(scene: Scene) -> None:
    made = collection(scene, "Shown", "li-wei/flan-t5-large")
    collection(scene, "Unseen", private=True)
    page = scene.visitor().get("/li-wei").text
    assert f'href="{home_of(made)}"' in page
    assert "Unseen" not in page
    assert "Unseen" in scene.visitor(scene.owner).get("/li-wei").text
    assert "Show all" not in page
    for number in range(6):
        collection(scene, f"Number {number}")
    link = 'href="/collections?owner=li-wei&amp;sort=modified"'
    assert link in scene.visitor().get("/li-wei").text


def test_hostile_texts_stay_texts(scene: Scene) -> None:
    title = "<script>x</script>"
    with working_as(scene.hub, scene.owner) as work:
        made = edit.create(work, Wish(title, description="<img src=x onerror=x>"))
        items.add(work, made.slug, Addition("model", "li-wei/flan-t5-large", HOSTILE))
    for path in ("/collections", home_of(made), f"{home_of(made)}/edit"):
        text = scene.visitor(scene.owner).get(path).text
        assert "<script>x" not in text
        assert "<img src=x" not in text


def test_it_speaks_chinese(scene: Scene) -> None:
    made = collection(scene, "Chinese")
    visitor = scene.visitor(scene.owner, "zh-CN")
    assert "新建合集" in visitor.get("/collections").text
    assert "合集还是空的" in visitor.get(home_of(made)).text
    assert "删除此合集" in visitor.get(f"{home_of(made)}/edit").text


def test_pages_fit_the_screen_and_everyone_can_use_them(scene: Scene) -> None:
    created(scene.hub, scene.owner, "rows", RepoType.DATASET)
    made = collection(
        scene,
        "A title as long as titles of collections may ever be, all 60",
        "li-wei/flan-t5-large",
    )
    with working_as(scene.hub, scene.owner) as work:
        items.add(work, made.slug, Addition("dataset", "li-wei/rows", "x" * 500))
        inner = edit.create(work, Wish("Inner", private=True))
        items.add(work, made.slug, Addition("collection", inner.slug))
    home = home_of(made)
    paths = (
        "/collections",
        home,
        f"{home}/edit",
        "/collections/new",
        f"/collections/add?item={ITEM}",
        MODEL,
        "/li-wei",
    )
    with served(scene.hub) as base, chromium() as browser:
        context = browser.new_context()
        session = session_of(scene.hub, scene.owner)
        context.add_cookies([{"name": "sid", "value": session, "url": base}])
        page = context.new_page()
        assert [fault for path in paths for fault in faults(page, base + path)] == []
