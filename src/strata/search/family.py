"""Models and what is made of them: bases, children, Spaces."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any, Final

from strata.access.policy.seeing import may_see
from strata.core.call import Call
from strata.core.errors import RepoNotFound
from strata.core.names import RepoId, RepoType
from strata.lib.db.database import Prepared
from strata.repos import queries
from strata.repos.record import Repo
from strata.search.listing import Listed
from strata.search.saying.words import hidden

FIELDS: Final = frozenset({"baseModels", "childrenModelCount", "spaces"})
_PREFIX: Final = "base_model:"
_MAX_BASES: Final = 100

# Both name what everybody may see, so that neither tells of a private repo.
_CHILDREN: Final = Prepared("SELECT public FROM tag_counts WHERE type = 'model' AND tag = :tag")
_SPACES: Final = Prepared(
    "SELECT r.namespace, r.name FROM repo_tags t JOIN repos r ON r.id = t.repo_id"
    " WHERE t.type = 'space' AND t.tag = :tag AND r.private = false AND r.deleted_at IS NULL"
    " ORDER BY r.likes DESC, r.id LIMIT 100"
)


def with_family(call: Call, row: Listed, wanted: Collection[str]) -> Listed:
    """The same model with those of `FIELDS` that are wanted."""
    asked = FIELDS.intersection(wanted)
    if row.repo.type is not RepoType.MODEL or not asked:
        return row
    found: dict[str, Any] = {}
    if "baseModels" in asked:
        found["baseModels"] = _bases(call, row)
    if "childrenModelCount" in asked:
        found["childrenModelCount"] = _children(call, row.repo)
    if "spaces" in asked:
        found["spaces"] = _spaces(call, row.repo)
    return replace(row, details={**row.details, **found})


def _bases(call: Call, row: Listed) -> dict[str, Any] | None:
    """The base models that are here and that the caller may know of."""
    named = [tag.removeprefix(_PREFIX) for tag in row.tags if tag.startswith(_PREFIX)]
    related = [one.partition(":") for one in named if ":" in one][:_MAX_BASES]
    found = [_model(call, name) for _, _, name in related]
    models = [{"_id": repo.key, "id": repo.full_name} for repo in found if repo is not None]
    return {"relation": related[0][0], "models": models} if models else None


def _model(call: Call, name: str) -> Repo | None:
    try:
        repo_id = RepoId.parse(RepoType.MODEL, name)
    except RepoNotFound:
        return None
    repo = queries.repo_at(call, RepoType.MODEL, queries.path_key(repo_id))
    return repo if repo is not None and may_see(call.actor, repo) else None


def _children(call: Call, repo: Repo) -> int:
    row = _CHILDREN.row(call.db, {"tag": f"{_PREFIX}{repo.full_name}".lower()})
    return row[0] if row else 0


def _spaces(call: Call, repo: Repo) -> list[str]:
    rows = _SPACES.rows(call.db, {"tag": hidden("models", repo.full_name)})
    return [f"{namespace}/{name}" for namespace, name in rows]
