"""What is in a collection: add, annotate, move and remove.

Places are counted among what the caller may see, so an item that is hidden from somebody shows by
no gap; hidden items keep their neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from strata.access.policy.verbs import Action
from strata.community.collections import queries
from strata.community.collections.edit import find, require_position, tell
from strata.community.collections.queries import ItemRow
from strata.community.collections.record import LONGEST_NOTE, MOST_ITEMS, Collection, key_in
from strata.community.collections.tables import collection_items
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call, Work
from strata.core.errors import Conflict, Malformed, NotFound, RepoNotFound, TooLarge
from strata.core.names import RepoId, RepoType, fresh_key
from strata.repos.lookup import followed
from strata.repos.record import Repo

COLLECTION: Final = "collection"
KEPT_ELSEWHERE: Final = frozenset({"paper"})  # kinds of public hubs that are not here


@dataclass(frozen=True, slots=True)
class Addition:
    """A thing to put into a collection."""

    kind: str  # "model", "dataset", …, "collection"
    id: str  # "ns/name", or the slug of a collection
    note: str = ""


@dataclass(frozen=True, slots=True)
class ItemChange:
    """What shall be different about an item; None leaves a thing as it is."""

    key: str
    note: str | None = None
    position: int | None = None  # among the items that the caller may see, from 0


def add(work: Work, slug: str, addition: Addition) -> Collection:
    """Put a repo or another collection at the end of a collection.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `find`; NotFound also when the
            caller may not know of the thing.
        Malformed: a kind or note that cannot be, or the collection itself.
        Conflict: it is in the collection already. TooLarge: the collection is full.
        Unprocessable: everybody could read an access token in the note.
    """
    collection = find(work, slug, Action.WRITE)
    target = target_of(work, addition.kind, addition.id)
    if isinstance(target, Collection) and target.id == collection.id:
        raise Malformed("A collection cannot be in itself.")
    queries.change(work, collection.id)
    if len(queries.all_items(work, collection.id)) >= MOST_ITEMS:
        raise TooLarge(f"A collection holds at most {MOST_ITEMS} items.")
    values: dict[str, object] = {
        "key": fresh_key(),
        "collection_id": collection.id,
        "repo_id": target.id if isinstance(target, Repo) else None,
        "child_id": target.id if isinstance(target, Collection) else None,
        "note": _note(work, collection, addition.note),
        "added_by": work.actor.user_id,
        "added_at": work.now,
    }
    if not queries.insert_item(work, values):
        raise Conflict("This item is already in the collection.")
    _told(work, collection)
    return find(work, collection.key)


def change(work: Work, slug: str, changes: Sequence[ItemChange]) -> Collection:
    """Annotate and move items, one after the other; all of it or nothing.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `find`; NotFound also for an
            item that is not there.
        Malformed: a note or position that cannot be.
        Unprocessable: as `add`.
    """
    collection = find(work, slug, Action.WRITE)
    queries.change(work, collection.id)
    for one in changes:
        item = _item(work, collection, one.key)
        if one.note is not None:
            queries.note_item(work, item.id, _note(work, collection, one.note))
        if one.position is not None:
            _move(work, collection, item, require_position(one.position))
    _told(work, collection)
    return find(work, collection.key)


def remove(work: Work, slug: str, item_key: str) -> Collection:
    """Take an item out of a collection.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `find`; NotFound also for an
            item that is not there.
    """
    collection = find(work, slug, Action.WRITE)
    queries.change(work, collection.id)
    queries.remove_item(work, _item(work, collection, item_key).id)
    _told(work, collection)
    return find(work, collection.key)


def kind_and_id(text: str) -> tuple[str, str]:
    """Read an item as addresses name it: `models/ns/name`, `collections/<slug>`.

    Raises:
        Malformed: it looks like nothing that can be in a collection.
    """
    plural, slash, item_id = text.partition("/")
    kinds = {repo_type.plural: repo_type.value for repo_type in RepoType}
    kinds |= {f"{kind}s": kind for kind in (COLLECTION, *KEPT_ELSEWHERE)}
    if not slash or plural not in kinds:
        raise Malformed(f'"item" must look like models/ns/name, not {text[:80]!r}')
    return kinds[plural], item_id


def target_of(call: Call, kind: str, item_id: str) -> Repo | Collection:
    """The thing that a kind and an id name, as far as the caller may know of it.

    Raises:
        NotFound: there is none.
        Malformed: no hub knows this kind.
    """
    missing = f"There is no {kind} {item_id[:200]!r} here."
    if kind == COLLECTION:
        key = key_in(item_id)
        found = queries.by_key(call, key) if key else None
        if found is None:
            raise NotFound(missing)
        return found
    if kind in KEPT_ELSEWHERE:
        raise NotFound(missing)
    if kind not in [repo_type.value for repo_type in RepoType]:
        raise Malformed(f'"type" must be one of {", ".join(RepoType)}, {COLLECTION}')
    try:
        return _repo(call, RepoType(kind), item_id)
    except RepoNotFound as error:
        raise NotFound(missing) from error


def _repo(call: Call, repo_type: RepoType, text: str) -> Repo:
    """Find a repo by `ns/name`, also written with its type in front, also by its old name."""
    repo_id = RepoId.parse(repo_type, text.removeprefix(f"{repo_type.plural}/"))
    return followed(call, repo_id, Action.LOOK)


def _item(call: Call, collection: Collection, item_key: str) -> ItemRow:
    for row in queries.all_items(call, collection.id):
        if row.key == item_key:
            return row
    raise NotFound("There is no such item in this collection.")


def _move(work: Work, collection: Collection, item: ItemRow, position: int) -> None:
    """Put an item before the visible one that has its place, or behind the last of them."""
    visible = queries.visible_items(work, [collection.id])
    seen = [row.id for row in visible if row.id != item.id]
    order = [row.id for row in queries.all_items(work, collection.id) if row.id != item.id]
    if position < len(seen):
        place = order.index(seen[position])
    else:
        place = order.index(seen[-1]) + 1 if seen else len(order)
    order.insert(place, item.id)
    queries.reorder(work, collection_items, order)


def _note(call: Call, collection: Collection, text: str) -> str:
    note = text.strip()
    require_none_said(call, collection, note)
    if len(note) > LONGEST_NOTE:
        raise Malformed(f'"note" must have at most {LONGEST_NOTE} characters')
    return note


def _told(work: Work, collection: Collection) -> None:
    tell(work, "collection.update", collection, {"items": True})
