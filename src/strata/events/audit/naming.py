"""What the audit log calls a fact (product §3.20): some tell in their detail what they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OF_THREADS: Final = {
    "status": "discussion.status",
    "merge": "discussion.merge",
    "lock": "discussion.lock",
    "pin": "discussion.pin",
}
_OF_SETTINGS: Final = {"private": "repo.visibility", "gated": "repo.gated"}
_BRANCH: Final = "refs/heads/"
_TAG: Final = "refs/tags/"


def type_of(name: str, detail: Mapping[str, object]) -> str:
    """The type of an entry, as `repo.branch_create` of a fact `repo.content`."""
    change = str(detail.get("change"))
    match name:
        case "repo.content":
            return _of_refs(detail.get("refs"))
        case "repo.update_settings":
            told = next((one for one in ("private", "gated") if one in detail), "")
            return _OF_SETTINGS.get(told, name)
        case "discussion.update":
            return _OF_THREADS.get(change, name)
        case "discussion.comment.update" if change == "hide":
            return "discussion.hide_comment"
        case _:
            return "repo.commit" if name == "bucket.content" else name


def _of_refs(moves: object) -> str:
    """How refs moved, by the first one: several move together in a push of one person alone."""
    first = moves[0] if isinstance(moves, list) and moves else {}
    ref = str(first.get("ref", ""))
    kind = "branch" if ref.startswith(_BRANCH) else "tag" if ref.startswith(_TAG) else ""
    if kind and first.get("old") is None:
        return f"repo.{kind}_create"
    if kind and first.get("new") is None:
        return f"repo.{kind}_delete"
    return "repo.commit"
