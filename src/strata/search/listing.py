"""Lists of repos: filters, orders, and pages by seek.

The condition on what the caller may see is part of every statement, and the cursor carries the last
row's place in the order, so a page costs the same wherever it starts and nothing private is
counted, skipped or shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import sqlalchemy as sa

from strata.core.call import Call
from strata.core.names import RepoType
from strata.lib.db.database import Prepared
from strata.repos.record import Repo
from strata.repos.tables import refs, repos
from strata.search import finding
from strata.search.query import HEAVY, Query, write_cursor
from strata.search.tables import cards

_STANDING = Prepared(
    "SELECT r.trending, r.description, c.commit_sha, c.summaries FROM repos r"
    " LEFT JOIN cards c ON c.repo_id = r.id WHERE r.id = :repo_id"
)


@dataclass(frozen=True, slots=True)
class Listed:
    """One row of a list."""

    repo: Repo
    head: str | None  # commit of main
    trending: float
    card_data: dict[str, Any] | None
    tags: tuple[str, ...]
    pipeline_tag: str | None
    library_name: str | None
    siblings: tuple[str, ...]
    used_storage: int
    config: dict[str, Any] | None  # what config.json says of the architecture
    description: str | None
    details: Mapping[str, Any]  # by wire name: what its files, its weights and others say of it


@dataclass(frozen=True, slots=True)
class Standing:
    """What neither the record nor the commit says of a repo."""

    trending: float = 0.0
    description: str | None = None
    indexed: str | None = None  # the commit that the summaries are of
    summaries: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursor of the next page if there is one."""

    rows: list[Listed]
    cursor: str | None


def listing(call: Call, query: Query) -> Page:
    """List what the caller may see.

    Raises:
        Malformed: an unknown order, a cursor that is not ours, or too much to search for.
    """
    query.check()
    places = finding.find(call, query)
    shown = places[: query.page]
    more = len(places) > query.page
    rows = _rows(call, [place.id for place in shown], query.heavy)
    return Page(rows, write_cursor(shown[-1]) if more else None)


def count(call: Call, query: Query) -> int:
    """How many repos the filters find, of those that the caller may see."""
    query.check()
    return finding.total(call, query)


def standing_of(call: Call, repo_row_id: int) -> Standing:
    """What the index alone knows of one repo."""
    row = _STANDING.row(call.db, {"repo_id": repo_row_id})
    if row is None:
        return Standing()
    summaries = msgspec.json.decode(row[3]) if isinstance(row[3], str) else row[3]
    return Standing(row[0], row[1], row[2], summaries or {})


def _rows(call: Call, ids: list[int], heavy: frozenset[str]) -> list[Listed]:
    """The repos of these ids, in their order."""
    statement = _columns(heavy).where(repos.c.id.in_(ids))
    found = {row.id: row for row in call.db.execute(statement)} if ids else {}
    return [_listed(found[repo_id]) for repo_id in ids if repo_id in found]


def _columns(heavy: frozenset[str]) -> sa.Select[Any]:
    head = sa.and_(refs.c.repo_id == repos.c.id, refs.c.name == "refs/heads/main")
    # Long columns are fetched and decoded only for those who ask.
    long = [cards.c[name] if name in heavy else sa.null().label(name) for name in sorted(HEAVY)]
    return (
        sa.select(
            *(repos.c[name] for name in Repo.__dataclass_fields__),
            *(repos.c[name] for name in ("trending", "description")),
            refs.c.commit_sha,
            *(cards.c[name] for name in ("tags", "pipeline_tag", "library_name", "used_storage")),
            *long,
        )
        .select_from(repos)
        .outerjoin(refs, head)
        .outerjoin(cards, cards.c.repo_id == repos.c.id)
    )


def _listed(row: sa.Row[Any]) -> Listed:
    values = row._mapping  # noqa: SLF001 — the documented way to read a Row by name
    fields = {name: values[name] for name in Repo.__dataclass_fields__}
    return Listed(
        repo=Repo(**{**fields, "type": RepoType(fields["type"])}),
        head=values["commit_sha"],
        trending=values["trending"],
        card_data=values["card_data"],
        tags=tuple(values["tags"] or ()),
        pipeline_tag=values["pipeline_tag"],
        library_name=values["library_name"],
        siblings=tuple(values["siblings"] or ()),
        used_storage=values["used_storage"] or 0,
        config=values["config"],
        description=values["description"],
        details=values["summaries"] or {},
    )
