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
_PULL: Final = "refs/pr/"
# How refs were moved, where it was not by a commit.
_OF_WAYS: Final = {
    "push": "repo.push",
    "squash": "repo.squash",
    "rewrite": "repo.force_push",
}
COMMIT: Final = "repo.commit"


def type_of(name: str, detail: Mapping[str, object]) -> str:
    """The type of an entry, as `repo.branch_create` of a fact `repo.content`."""
    change = str(detail.get("change"))
    match name:
        case "repo.content":
            return next(iter(moves_by_type(detail)), COMMIT)
        case "repo.update_settings":
            told = next((one for one in ("private", "gated") if one in detail), "")
            return _OF_SETTINGS.get(told, name)
        case "discussion.update":
            return _OF_THREADS.get(change, name)
        case "discussion.comment.update" if change == "hide":
            return "discussion.hide_comment"
        case _:
            return COMMIT if name == "bucket.content" else name


def facts_behind(type_: str) -> frozenset[str]:
    """The facts that may be an entry of a type."""
    if type_ in _OF_THREADS.values():
        return frozenset({"discussion.update"})
    if type_ in _OF_SETTINGS.values():
        return frozenset({"repo.update_settings"})
    if type_ == "discussion.hide_comment":
        return frozenset({"discussion.comment.update"})
    if type_.startswith("repo."):
        return frozenset({type_, "repo.content", "bucket.content"})
    return frozenset({type_})


def moves_by_type(detail: Mapping[str, object]) -> Mapping[str, list[Mapping[str, object]]]:
    """The moves of a fact `repo.content`, by what each is; the first kind names the fact.

    Args:
        detail: `refs`: a list of `{"ref", "old", "new", "forced"}`; `how`: as `repos.landed.How`.
    """
    moves, found = detail.get("refs"), dict[str, list[Mapping[str, object]]]()
    for move in moves if isinstance(moves, list) else []:
        found.setdefault(_of_move(move, str(detail.get("how"))), []).append(move)
    return found


def _of_move(move: Mapping[str, object], how: str) -> str:
    ref = str(move.get("ref", ""))
    kind = "branch" if ref.startswith(_BRANCH) else "tag" if ref.startswith(_TAG) else ""
    if kind and move.get("old") is None:
        return f"repo.{kind}_create"
    if kind and move.get("new") is None:
        return f"repo.{kind}_delete"
    if ref.startswith(_PULL) and move.get("new") is None:
        return "repo.delete_pr_ref"
    if move.get("forced") and how == "push":
        return "repo.force_push"
    return _OF_WAYS.get(how, COMMIT)
