"""Which commit a folder on this machine was checked out at."""

from __future__ import annotations

from pathlib import Path

import pygit2


def commit_of(root: Path) -> str | None:
    """The commit (hex) of the checkout whose root this folder is; None: it is none, or empty."""
    if not (root / ".git").exists():
        return None
    try:
        return str(pygit2.Repository(str(root)).head.target)
    except (pygit2.GitError, KeyError):
        return None
