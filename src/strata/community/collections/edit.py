"""Make, change and delete collections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from strata.access.policy.namespaces import require_create
from strata.access.policy.persons import require_person
from strata.access.policy.require import require
from strata.access.policy.verbs import Action
from strata.accounts.naming import names
from strata.community.collections import queries
from strata.community.collections.record import (
    LONGEST_DESCRIPTION,
    LONGEST_TITLE,
    Collection,
    Theme,
    key_in,
)
from strata.community.collections.tables import collections
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call, Work
from strata.core.errors import CollectionExists, Malformed, NotFound
from strata.core.names import fresh_key
from strata.events.audit.changes import changes as changed_of
from strata.events.facts import Whose, record

MISSING: Final = "Collection not found"
FURTHEST: Final = 1_000_000  # positions beyond the end mean the end


@dataclass(frozen=True, slots=True)
class Wish:
    """A collection that somebody wants."""

    title: str
    namespace: str | None = None  # None: the caller's own
    description: str = ""
    private: bool = False


@dataclass(frozen=True, slots=True)
class Changes:
    """What shall be different; None leaves a thing as it is."""

    title: str | None = None
    description: str | None = None
    private: bool | None = None
    theme: Theme | None = None
    position: int | None = None  # among the owner's collections, from 0


def find(call: Call, slug: str, action: Action = Action.LOOK) -> Collection:
    """Find a collection by the end of its slug and settle that the caller may do `action`.

    Raises:
        NotFound: there is none, or the caller may not know of it.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.require`.
    """
    if action is not Action.LOOK:
        require_person(call.actor, "change collections")
    key = key_in(slug)
    found = queries.by_key(call, key) if key else None
    if found is None:
        raise NotFound(MISSING)
    require(call.actor, action, found)
    return found


def create(work: Work, wish: Wish) -> Collection:
    """Make an empty collection.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_create`.
        Malformed: a title or description that cannot be; names the field.
        CollectionExists: the owner has one of this title.
        Unprocessable: everybody could read an access token.
    """
    namespace = wish.namespace or work.actor.name or ""
    place = names.find(work, namespace)
    require_person(work.actor, "create collections")
    require_create(
        work.actor,
        repo_type="collection",
        namespace=namespace,
        namespace_id=place.id if place else None,
    )
    if place is None:
        raise NotFound(f"There is no user or organization named {namespace!r}.")
    title, description = _title(wish.title), _description(wish.description)
    require_none_said(work, wish, f"{title}\n{description}")
    queries.lock_owner(work, place.id)
    values: dict[str, object] = {
        "key": fresh_key(),
        "owner_id": place.id,
        **_texts(title, description),
        "private": wish.private,
        "theme": Theme.ORANGE.value,
        "created_by": work.actor.user_id,
        "created_at": work.now,
        "updated_at": work.now,
    }
    if not queries.insert(work, values):
        raise _exists(work, place.id, title)
    made = find(work, str(values["key"]))
    tell(work, "collection.create", made, {"private": made.private})
    return made


def update(work: Work, slug: str, changes: Changes) -> Collection:
    """Change a collection; its slug follows the title, its key stays.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `find`.
        Malformed: names the field that cannot be.
        CollectionExists: the owner has another one of this title.
        Unprocessable: everybody could read an access token in it from now on.
    """
    collection = find(work, slug, Action.WRITE)
    title = collection.title if changes.title is None else _title(changes.title)
    given = changes.description
    description = collection.description if given is None else _description(given)
    _require_no_token(work, collection, changes, f"{title}\n{description}")
    queries.lock_owner(work, collection.owner_id)
    namesake = queries.titled(work, collection.owner_id, title.casefold())
    if namesake is not None and namesake.id != collection.id:
        raise _exists(work, collection.owner_id, title)
    values = _texts(title, description)
    if changes.private is not None:
        values["private"] = changes.private
    if changes.theme is not None:
        values["theme"] = changes.theme.value
    queries.change(work, collection.id, **values)
    if changes.position is not None:
        _move(work, collection, changes.position)
    changed = find(work, collection.key)
    tell(work, "collection.update", changed, changed_of(_told(collection), _told(changed)))
    return changed


def _told(collection: Collection) -> dict[str, object]:
    return {
        "title": collection.title,
        "description": collection.description,
        "private": collection.private,
        "theme": collection.theme.value,
    }


def delete(work: Work, slug: str) -> None:
    """Delete a collection for good; what was in it stays where it is.

    Raises:
        NotFound, Unauthenticated, EmailNotVerified, Forbidden: as `find`.
    """
    collection = find(work, slug, Action.WRITE)
    queries.change(work, collection.id)
    queries.remove(work, collection.id)
    tell(work, "collection.delete", collection)


def tell(
    work: Work, name: str, collection: Collection, detail: Mapping[str, object] | None = None
) -> None:
    """Record a fact about one collection."""
    whose = Whose(collection.owner_id)
    record(work, name, target=collection.slug, detail=detail, whose=whose)


def require_position(position: int) -> int:
    """Insist on a place counted from 0.

    Raises:
        Malformed: it is negative.
    """
    if position < 0:
        raise Malformed('"position" must be 0 or more')
    return min(position, FURTHEST)


def _require_no_token(work: Work, collection: Collection, changes: Changes, said: str) -> None:
    """Look at what is said of a collection, and of what is in it where that is shown now."""
    private = collection.private if changes.private is None else changes.private
    notes = [item.note for item in queries.all_items(work, collection.id)]
    shown = [said, *notes] if collection.private else [said]
    require_none_said(work, replace(collection, private=private), "\n".join(shown))


def _move(work: Work, collection: Collection, position: int) -> None:
    order = queries.order_of_owner(work, collection.owner_id)
    order.remove(collection.id)
    order.insert(require_position(position), collection.id)
    queries.reorder(work, collections, order)


def _texts(title: str, description: str) -> dict[str, object]:
    return {
        "title": title,
        "title_key": title.casefold(),
        "description": description,
        "words": f"{title}\n{description}".casefold(),
    }


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not 1 <= len(title) <= LONGEST_TITLE:
        raise Malformed(f'"title" must have 1 to {LONGEST_TITLE} characters')
    return title


def _description(text: str) -> str:
    description = text.strip()
    if len(description) > LONGEST_DESCRIPTION:
        raise Malformed(f'"description" must have at most {LONGEST_DESCRIPTION} characters')
    return description


def _exists(work: Work, owner_id: int, title: str) -> CollectionExists:
    there = queries.titled(work, owner_id, title.casefold())
    return CollectionExists(
        f"There is a collection titled {title!r} already.", slug=there.slug if there else ""
    )
