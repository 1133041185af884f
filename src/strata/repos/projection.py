"""Refs as git wants them: to show to clients, and written into the bare repository.

The table is the truth. What stands in `packed-refs` is a projection of it for the `git` program
(tags that follow a fetch, `deepen-not`, an operator who opens the repository by hand); the
generation number of the repo row tells whether it is fresh.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from strata.core.call import Call
from strata.lib.db.database import Prepared
from strata.lib.git.model import Ref
from strata.lib.git.writing.refs import project, projected_generation
from strata.repos.record import Repo

HEAD: Final = "refs/heads/main"

_REFS = Prepared("SELECT name, target, commit_sha FROM refs WHERE repo_id = :repo_id ORDER BY name")


def shown(call: Call, repo: Repo) -> list[Ref]:
    """Every ref of a repo, with the commit under each annotated tag."""
    rows = _REFS.rows(call.db, {"repo_id": repo.id})
    return [Ref(name, target, None if target == sha else sha) for name, target, sha in rows]


def projected(call: Call, repo: Repo) -> Path:
    """Bring what git itself sees up to date; the bare repository.

    `repo` was read before the refs are, so at worst newer refs stand under an older generation and
    are written once more.
    """
    path = call.hub.git_path(repo.key)
    there = projected_generation(path)
    if there is None or there < repo.generation:
        project(path, {ref.name: ref.oid for ref in shown(call, repo)}, repo.generation, HEAD)
    return path
