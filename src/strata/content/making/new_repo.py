"""A new repo: its row, its bare repository and its first commit, all or nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from strata.content.making.initial import initial_commit
from strata.content.writing.exposed import require_none
from strata.core.call import Call, working
from strata.core.errors import Malformed
from strata.repos import create as records
from strata.repos.create import Wish
from strata.repos.landed import Move, landed
from strata.repos.record import Repo

README = "README.md"


def create(
    call: Call, wish: Wish, *, files: Mapping[str, bytes], license_id: str | None = None
) -> Repo:
    """Create a repo with branch `main` and one commit.

    The git objects are written first; a crash before the transaction leaves a folder without a row.

    Raises:
        Forbidden, Malformed, AlreadyExists, …: as `repos.create.settle`.
        Unprocessable: a file has a path that no repo may hold, or everybody could read an access
            token in it.
    """
    draft = records.settle(call, wish)
    first = dict(files)
    if license_id and README not in first:
        first[README] = f"---\nlicense: {license_id}\n---\n".encode()
    for path, content in first.items():
        require_none(call, draft, path, content)
    commit = initial_commit(call, draft, first)
    with working(call) as work:
        repo = records.insert(work, draft)
        landed(work, repo, Move("refs/heads/main", None, commit))
    return replace(repo, generation=repo.generation + 1)


def decoded(content: str, encoding: Literal["base64", "utf-8"]) -> bytes:
    """The bytes of a file that came inside JSON.

    Raises:
        Malformed: not base64.
    """
    if encoding == "utf-8":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise Malformed("The content of a file is not valid base64.") from error
