"""Collections as the real client makes, fills, finds and deletes them."""

import json
from typing import Final

import pytest

from clients.conftest import MakeClient
from clients.environments import NEWEST
from clients.hub import Hub

STORY: Final = """
    import json, sys
    from huggingface_hub import HfApi
    from huggingface_hub.utils import HfHubHTTPError
    api, stem = HfApi(), sys.argv[1]
    me = api.whoami()["name"]
    model, dataset = f"{me}/{stem}", f"{me}/{stem}-rows"
    api.create_repo(model)
    api.create_repo(dataset, repo_type="dataset")
    inner = api.create_collection(f"{stem} inner")
    made = api.create_collection(f"{stem} outer", description="D", private=True)
    same = api.create_collection(f"{stem} outer", exists_ok=True)
    api.add_collection_item(made.slug, model, "model", note="first")
    api.add_collection_item(made.slug, dataset, "dataset")
    full = api.add_collection_item(made.slug, inner.slug, "collection")
    api.add_collection_item(made.slug, model, "model", exists_ok=True)
    api.update_collection_item(made.slug, full.items[0].item_object_id, position=2, note="last")
    moved = api.get_collection(made.slug)
    api.delete_collection_item(made.slug, full.items[1].item_object_id)
    api.delete_collection_item(made.slug, full.items[1].item_object_id, missing_ok=True)
    new = api.update_collection_metadata(made.slug, title=f"{stem} renamed", theme="pink")
    listed = list(api.list_collections(owner=me, item=f"models/{model}", sort="upvotes", limit=5))
    try:
        HfApi(token=False).get_collection(new.slug)
        hidden = None
    except HfHubHTTPError as refused:
        hidden = refused.response.status_code
    api.delete_collection(new.slug)
    api.delete_collection(new.slug, missing_ok=True)
    print(json.dumps({
        "same": same.slug == made.slug,
        "url": made.url.endswith(f"/collections/{made.slug}"),
        "moved": [[item.item_id, item.note, item.position] for item in moved.items],
        "inner": inner.slug,
        "renamed": [new.title, new.theme, new.slug[-24:] == made.slug[-24:], len(new.items)],
        "listed": [one.slug == new.slug for one in listed],
        "hidden": hidden,
    }))
"""


@pytest.mark.parametrize("hub", ["sqlite", "postgresql"], indirect=True)
def test_the_client_makes_fills_finds_and_deletes_a_collection(
    hub: Hub, client: MakeClient, repo_name: str
) -> None:
    owner = hub.user("collector")
    told = client(NEWEST, person=owner).value(STORY, repo_name[-20:].strip("-"))
    assert isinstance(told, dict)
    inner = told.pop("inner")
    stem = f"collector/{repo_name[-20:].strip('-')}"
    assert told == {
        "same": True,
        "url": True,
        "moved": [[f"{stem}-rows", None, 0], [inner, None, 1], [stem, "last", 2]],
        "renamed": [f"{stem.partition('/')[2]} renamed", "pink", True, 2],
        "listed": [True],
        "hidden": 404,
    }


def test_the_command_line_lists_and_changes_collections(
    hub: Hub, client: MakeClient, repo_name: str
) -> None:
    machine = client(NEWEST, person=hub.user("collector"))
    title = repo_name[-30:].strip("-")
    made = machine.program("hf", "collections", "create", title, "--format", "json").stdout
    slug = json.loads(made)["slug"]
    assert slug.startswith(f"collector/{title}")
    listed = machine.program(
        "hf", "collections", "list", "--owner", "collector", "--format", "json"
    )
    assert slug in {row["slug"] for row in json.loads(listed.stdout)}
    machine.program("hf", "collections", "update", slug, "--description", "By hand")
    repo = f"collector/{title}"
    machine.program("hf", "repos", "create", repo)
    machine.program("hf", "collections", "add-item", slug, repo, "model", "--note", "One")
    info = json.loads(machine.program("hf", "collections", "info", slug, "--format", "json").stdout)
    assert info["description"] == "By hand"
    (item,) = info["items"]
    key = item["item_object_id"]
    assert (item["item_id"], item["note"]) == (repo, "One")
    machine.program("hf", "collections", "update-item", slug, key, "--note", "Two")
    machine.program("hf", "collections", "delete-item", slug, key)
    machine.program("hf", "collections", "delete", slug)
    machine.program("hf", "collections", "info", slug, fails=True)
