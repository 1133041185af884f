"""Collections: lists of repos that somebody put together (02 §K)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.community.collections import edit, items, queries, votes
from strata.community.collections.items import Addition, ItemChange
from strata.community.collections.listing import MAX_PAGE, Query, listing
from strata.community.collections.reading import shown as shown_of
from strata.community.collections.record import Collection, Theme
from strata.core.call import Call, Work
from strata.core.errors import NotOffered, TooLarge
from strata.web import respond
from strata.web.api.community import collection_shapes as shapes
from strata.web.api.numbers import count_of
from strata.web.api.people.organizations import NO_GROUPS
from strata.web.paths import Route
from strata.web.work import exchange, field, json_of, read, work

MOST_CHANGES = 1_000  # of one batch


class ItemBody(msgspec.Struct):
    """The thing that an item stands for."""

    id: str
    type: str


class CreateBody(msgspec.Struct, rename="camel"):
    """POST /api/collections."""

    title: str
    namespace: str | None = None
    description: str | None = None
    private: bool = False
    item: ItemBody | None = None
    resource_group_id: str | None = None


class UpdateBody(msgspec.Struct):
    """PATCH /api/collections/{namespace}/{slug}."""

    title: str | None = None
    description: str | None = None
    private: bool | None = None
    theme: Theme | None = None
    position: int | None = None


class AddBody(msgspec.Struct):
    """POST …/items."""

    item: ItemBody
    note: str | None = None


class ItemUpdate(msgspec.Struct):
    """PATCH …/items/{item}."""

    note: str | None = None
    position: int | None = None


class BatchEntry(msgspec.Struct):
    """One change of POST …/items/batch."""

    key: str = msgspec.field(name="_id")
    data: ItemUpdate
    action: Literal["update"] = "update"


class GroupBody(msgspec.Struct, rename="camel"):
    """POST …/resource-group."""

    resource_group_id: str | None = None


async def list_collections(request: Request) -> Response:
    """GET /api/collections"""
    limit = count_of(request, "limit")
    query = Query(
        owners=tuple(respond.many(request, "owner")),
        items=tuple(respond.many(request, "item")),
        search=request.query_params.get("q", ""),
        sort=request.query_params.get("sort") or "lastModified",
        limit=MAX_PAGE if limit is None else limit,
        cursor=request.query_params.get("cursor"),
    )
    page = await read(request, lambda call: listing(call, query))
    base_url = exchange(request).origin.base_url
    link = respond.next_link(request, base_url, page.cursor)
    return respond.json([shapes.listed(row, base_url) for row in page.rows], headers=link)


async def create(request: Request) -> Response:
    """POST /api/collections"""
    body = await json_of(request, CreateBody)
    if body.resource_group_id is not None:
        raise NotOffered(NO_GROUPS)
    wish = edit.Wish(body.title, body.namespace, body.description or "", private=body.private)

    def act(within: Work) -> Collection:
        made = edit.create(within, wish)
        if body.item is not None:
            items.add(within, made.slug, Addition(body.item.type, body.item.id))
        return made

    return respond.json(await _done(request, act))


async def show(request: Request) -> Response:
    """GET /api/collections/{namespace}/{slug}"""
    return respond.json(await read(request, lambda call: _full(call, _slug(request))))


async def update(request: Request) -> Response:
    """PATCH /api/collections/{namespace}/{slug}"""
    body = await json_of(request, UpdateBody)
    changes = edit.Changes(body.title, body.description, body.private, body.theme, body.position)
    changed = await _done(request, lambda within: edit.update(within, _slug(request), changes))
    return respond.json({"success": True, "data": changed})


async def delete(request: Request) -> Response:
    """DELETE /api/collections/{namespace}/{slug}"""
    await work(request, lambda within: edit.delete(within, _slug(request)))
    return respond.ok()


async def add_item(request: Request) -> Response:
    """POST /api/collections/{namespace}/{slug}/items"""
    body = await json_of(request, AddBody)
    addition = Addition(body.item.type, body.item.id, body.note or "")
    grown = await _done(request, lambda within: items.add(within, _slug(request), addition))
    return respond.json(grown)


async def update_item(request: Request) -> Response:
    """PATCH /api/collections/{namespace}/{slug}/items/{item}"""
    body = await json_of(request, ItemUpdate)
    change = ItemChange(field(request, "item"), body.note, body.position)
    await work(request, lambda within: items.change(within, _slug(request), [change]))
    return respond.ok()


async def delete_item(request: Request) -> Response:
    """DELETE /api/collections/{namespace}/{slug}/items/{item}"""
    key = field(request, "item")
    await work(request, lambda within: items.remove(within, _slug(request), key))
    return respond.ok()


async def update_items(request: Request) -> Response:
    """POST /api/collections/{namespace}/{slug}/items/batch"""
    body = await json_of(request, list[BatchEntry])
    if len(body) > MOST_CHANGES:
        raise TooLarge(f"Change at most {MOST_CHANGES} items at once.")
    changes = [ItemChange(one.key, one.data.note, one.data.position) for one in body]
    await work(request, lambda within: items.change(within, _slug(request), changes))
    return respond.ok()


async def upvote(request: Request) -> Response:
    """POST or DELETE /api/collections/{namespace}/{slug}/upvote"""
    wanted = request.method == "POST"
    count = await work(request, lambda within: votes.upvote(within, _slug(request), wanted=wanted))
    return respond.json({"success": True, "upvotes": count})


async def resource_group(request: Request) -> Response:
    """GET or POST /api/collections/{namespace}/{slug}/resource-group — there are no groups."""
    if request.method == "POST":
        body = await json_of(request, GroupBody)
        await read(request, lambda call: edit.find(call, _slug(request), Action.WRITE))
        if body.resource_group_id is not None:
            raise NotOffered(NO_GROUPS)
        return respond.ok()
    await read(request, lambda call: edit.find(call, _slug(request)))
    return respond.json(None)


def _slug(request: Request) -> str:
    return f"{field(request, 'namespace')}/{field(request, 'slug')}"


async def _done(request: Request, act: Callable[[Work], Collection]) -> dict[str, object]:
    """Carry out an act; the collection as it is then."""
    return await work(request, lambda within: _full(within, act(within).slug))


def _full(call: Call, slug: str) -> dict[str, object]:
    shown = shown_of(call, slug)
    position = queries.place_of(call, shown.collection)
    return shapes.one(shown, call.origin.base_url, position)


_ONE = "/api/collections/{namespace}/{slug}"
_CLIENT = "huggingface_hub ≥ 0.18"
_GROUP = "huggingface_hub ≥ 1.29: update_collection_resource_group"
ROUTES: tuple[Route, ...] = (
    Route(("GET",), "/api/collections", list_collections, f"{_CLIENT}: list_collections"),
    Route(("POST",), "/api/collections", create, f"{_CLIENT}: create_collection"),
    Route(("GET",), _ONE, show, f"{_CLIENT}: get_collection"),
    Route(("PATCH",), _ONE, update, f"{_CLIENT}: update_collection_metadata"),
    Route(("DELETE",), _ONE, delete, f"{_CLIENT}: delete_collection"),
    Route(("POST",), f"{_ONE}/items", add_item, f"{_CLIENT}: add_collection_item"),
    Route(("POST",), f"{_ONE}/items/batch", update_items, "the Hub's pages"),
    Route(("PATCH",), f"{_ONE}/items/{{item}}", update_item, f"{_CLIENT}: update_collection_item"),
    Route(("DELETE",), f"{_ONE}/items/{{item}}", delete_item, f"{_CLIENT}: delete_collection_item"),
    Route(("POST", "DELETE"), f"{_ONE}/upvote", upvote, "the Hub's pages"),
    Route(("GET", "POST"), f"{_ONE}/resource-group", resource_group, _GROUP),
)
