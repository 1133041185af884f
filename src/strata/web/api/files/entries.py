"""Files and folders as JSON (02 §D1)."""

from __future__ import annotations

from strata.content.reading.tree import Listed
from strata.web.respond import moment


def entry(listed: Listed) -> dict[str, object]:
    """One entry of a tree."""
    shown: dict[str, object] = {
        # A submodule's content lives elsewhere: no client may try to download it.
        "type": "unknown" if listed.kind == "submodule" else listed.kind,
        "oid": listed.oid,
        "size": listed.size,
        "path": listed.path,
    }
    if listed.pointer is not None:
        shown["lfs"] = {
            "oid": listed.pointer.oid,
            "size": listed.pointer.size,
            "pointerSize": listed.pointer_size,
        }
    if listed.xet_hash is not None:
        shown["xetHash"] = listed.xet_hash
    if listed.last_commit is not None:
        commit = listed.last_commit
        shown["lastCommit"] = {
            "id": commit.sha,
            "title": commit.title,
            "date": moment(commit.committed_at),
        }
    return shown
