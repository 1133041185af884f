"""Collections as JSON (02 §K)."""

from __future__ import annotations

from html import escape

from strata.community.collections.items import COLLECTION
from strata.community.collections.record import Collection, Item, Owner, Shown
from strata.repos.record import Repo
from strata.web.respond import moment


def one(shown: Shown, base_url: str, position: int) -> dict[str, object]:
    """A collection by itself.

    Args:
        position: its place among the owner's collections that the caller may see.
    """
    return {**listed(shown, base_url), "position": position}


def listed(shown: Shown, base_url: str) -> dict[str, object]:
    """A row of a list; clients count positions there themselves, and stumble over ours."""
    items = [_item(item, place, base_url) for place, item in enumerate(shown.items)]
    return {
        **_head(shown.collection, base_url),
        "items": items,
        "isUpvotedByUser": shown.upvoted,
        "shareUrl": f"{base_url}/collections/{shown.collection.slug}",
    }


def _head(collection: Collection, base_url: str) -> dict[str, object]:
    head: dict[str, object] = {
        "slug": collection.slug,
        "title": collection.title,
        "owner": _owner(collection.owner, base_url),
        "lastUpdated": moment(collection.updated_at),
        "gating": False,
        "private": collection.private,
        "theme": collection.theme.value,
        "upvotes": collection.upvotes,
    }
    return head | ({"description": collection.description} if collection.description else {})


def _owner(owner: Owner, base_url: str) -> dict[str, object]:
    return {
        "_id": owner.public_id,
        "name": owner.name,
        "fullname": owner.full_name,
        "type": "org" if owner.is_organization else "user",
        "avatarUrl": f"{base_url}/avatars/{owner.public_id}.svg",
        "isPro": False,
    }


def _item(item: Item, position: int, base_url: str) -> dict[str, object]:
    target = item.target
    about = _repo(target) if isinstance(target, Repo) else _nested(target, base_url)
    note = {"note": {"text": item.note, "html": escape(item.note)}} if item.note else {}
    return {"_id": item.key, "position": position, **about, **note}


def _repo(repo: Repo) -> dict[str, object]:
    return {
        "id": repo.full_name,
        "type": repo.type.value,
        "repoType": repo.type.value,
        "author": repo.namespace,
        "private": repo.private,
        "gated": repo.gated or False,
        "likes": repo.likes,
        "downloads": repo.downloads,
        "lastModified": moment(repo.updated_at),
    }


def _nested(collection: Collection, base_url: str) -> dict[str, object]:
    return {"id": collection.key, "type": COLLECTION, **_head(collection, base_url)}
