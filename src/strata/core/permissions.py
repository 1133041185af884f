"""What a narrowed token may be allowed, by the Hub's names, and what such a name is kept for.

The names stand in tokens, in `whoami-v2` and in addresses that fill in the form for a new token.
A name that is not here is kept and shown, but opens nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from strata.core.actor import Grants


class Permission(StrEnum):
    """One thing that a token may be allowed."""

    CONTENT_READ = "repo.content.read"  # private repos: know of them, read them
    CONTENT_WRITE = "repo.content.write"  # commit, push, branch, tag; nothing else of `repo.write`
    ACCESS_READ = "repo.access.read"  # who asked to be let into a gated repo
    REPO_WRITE = "repo.write"  # content and settings; in a namespace also create, rename, delete
    REPO_CREATE = "repo.create"  # in a namespace
    DISCUSSION_WRITE = "discussion.write"  # discussions, pull requests, likes, requests for access
    COLLECTION_READ = "collection.read"
    COLLECTION_WRITE = "collection.write"
    WEBHOOKS_READ = "user.webhooks.read"
    WEBHOOKS_WRITE = "user.webhooks.write"
    SETTINGS_WRITE = "user.settings.write"  # whom the person follows; their inbox, also to read it
    ORG_READ = "org.read"  # members and settings of an organisation
    ORG_WRITE = "org.write"  # change them


_INCLUDED: Final = {
    Permission.REPO_WRITE: (
        Permission.CONTENT_READ,
        Permission.CONTENT_WRITE,
        Permission.ACCESS_READ,
        Permission.REPO_CREATE,
    ),
    Permission.CONTENT_WRITE: (Permission.CONTENT_READ,),
    Permission.COLLECTION_WRITE: (Permission.COLLECTION_READ,),
    Permission.WEBHOOKS_WRITE: (Permission.WEBHOOKS_READ,),
    Permission.ORG_WRITE: (Permission.ORG_READ,),
}
# The names that contain a permission, itself among them.
HOLDING: Final[Mapping[Permission, frozenset[str]]] = {
    wanted: frozenset(
        {wanted.value, *(name.value for name, parts in _INCLUDED.items() if wanted in parts)}
    )
    for wanted in Permission
}
# What a token with the read role may.
READING: Final = frozenset(
    {
        Permission.CONTENT_READ,
        Permission.COLLECTION_READ,
        Permission.WEBHOOKS_READ,
        Permission.ORG_READ,
    }
)


def grants_of(kept: Any) -> Grants:
    """Read what `tokens.grants` holds.

    Args:
        kept: `{"gated", "everywhere", "namespaces", "repos", "collections"}`, the last three by the
            id of what they open; what is missing opens nothing.
    """
    held = kept if isinstance(kept, dict) else {}
    return Grants(
        gated=held.get("gated") is True,
        everywhere=frozenset(held.get("everywhere", ())),
        namespaces=_by_id(held.get("namespaces")),
        repos=_by_id(held.get("repos")),
        collections=_by_id(held.get("collections")),
    )


def kept_of(grants: Grants) -> dict[str, object]:
    """What `tokens.grants` holds of them; the way back from `grants_of`."""
    return {
        "gated": grants.gated,
        "everywhere": sorted(grants.everywhere),
        "namespaces": _by_text(grants.namespaces),
        "repos": _by_text(grants.repos),
        "collections": _by_text(grants.collections),
    }


def _by_id(kept: Any) -> dict[int, frozenset[str]]:
    held: dict[str, Iterable[str]] = kept or {}
    return {int(key): frozenset(names) for key, names in held.items()}


def _by_text(grants: Mapping[int, frozenset[str]]) -> dict[str, list[str]]:
    return {str(key): sorted(names) for key, names in sorted(grants.items()) if names}
