"""Names on the wire: repo types, repo ids, shas, oids, refs.

The rules for new repo names mirror huggingface_hub/utils/_validators.py:validate_repo_id, which
mirrors the Hub.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Self

from strata.core.errors import Malformed, RepoNotFound

Sha = NewType("Sha", str)  # git object name, 40 lowercase hex
Oid = NewType("Oid", str)  # sha256 of a large file, 64 lowercase hex

ZERO_SHA = Sha("0" * 40)

_NAME = re.compile(r"[A-Za-z0-9._-]{1,96}", re.ASCII)
_SHA = re.compile(r"[0-9a-f]{40}")
_OID = re.compile(r"[0-9a-f]{64}")

# Words that follow a repo id in a URL; a repo of that name could not be addressed.
RESERVED_REPO_NAMES = frozenset(
    {
        "resolve", "raw", "tree", "blob", "blame", "refs", "revision", "commit", "commits",
        "compare",
        "discussions", "settings", "branch", "branches", "tag", "tags", "preupload", "super-squash",
        "paths-info", "treesize", "like", "likers", "likes", "info", "git-upload-pack",
        "git-receive-pack", "xet-read-token", "xet-write-token", "lfs-files", "auth-check", "edit",
        "new", "upload", "delete", "duplicate", "ask-access", "user-access-request",
        "user-access-report", "jwt", "scan", "notebook", "resource-group", "parquet", "viewer",
        "metrics", "leaderboard", "croissant", "events", "logs", "runtime", "embed",
    }
)  # fmt: skip
NAME_RULE = (
    "Only regular characters and '-', '_', '.' are accepted. '--' and '..' are forbidden. "
    "'-' and '.' cannot start or end the name. The name cannot end with \".git\". Max length is 96."
)


class RepoType(StrEnum):
    """The kinds of repo; the value is the singular word that bodies carry."""

    MODEL = "model"
    DATASET = "dataset"
    SPACE = "space"
    KERNEL = "kernel"
    BUCKET = "bucket"

    @property
    def plural(self) -> str:
        """The path word: `models`, `datasets` and so on."""
        return f"{self.value}s"

    @property
    def has_git(self) -> bool:
        """Whether content is commits; a bucket's is whatever its files are now."""
        return self is not RepoType.BUCKET

    @property
    def web_prefix(self) -> str:
        """What stands before the id in web and git URLs: nothing for models."""
        return "" if self is RepoType.MODEL else f"{self.plural}/"


GIT_TYPES = tuple(kind for kind in RepoType if kind.has_git)


@dataclass(frozen=True, slots=True)
class RepoId:
    """A repo as a URL names it; `namespace` is None for legacy single names."""

    type: RepoType
    namespace: str | None
    name: str

    @classmethod
    def parse(cls, repo_type: RepoType, text: str) -> Self:
        """Read `ns/name` or a legacy `name`; an impossible id is a missing repo.

        Raises:
            RepoNotFound: no repo could ever have this id.
        """
        namespace, slash, name = text.rpartition("/")
        if not name or "/" in namespace or (slash and not namespace):
            raise RepoNotFound
        return cls(repo_type, namespace or None, name)

    @property
    def full_name(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @property
    def web_path(self) -> str:
        """`/ns/name`, `/datasets/ns/name` and so on."""
        return f"/{self.type.web_prefix}{self.full_name}"


def require_repo_name(name: str) -> None:
    """Refuse a name that no new repo may have.

    Raises:
        Malformed: with the Hub's own sentence, which tools recognise.
    """
    bad_ends = name[:1] in "-." or name[-1:] in "-."
    bad_suffix = name.lower().endswith((".git", ".ipynb", ".lock", ".atom"))
    if not _NAME.fullmatch(name) or bad_ends or bad_suffix or "--" in name or ".." in name:
        raise Malformed(f"Invalid repo name: {name[:120]!r}. {NAME_RULE}")
    if name.lower() in RESERVED_REPO_NAMES:
        raise Malformed(f"Invalid repo name: {name!r} is a reserved word. Choose another name.")


def is_sha(text: str) -> bool:
    """Whether it looks like the whole sha of a commit: 40 hex digits."""
    return _SHA.fullmatch(text) is not None


def is_oid(text: str) -> bool:
    """Whether it looks like the SHA-256 of a large file: 64 hex digits."""
    return _OID.fullmatch(text) is not None


def fresh_key() -> str:
    """A new 24-hex public id, the shape of the Hub's `_id`."""
    return secrets.token_hex(12)
