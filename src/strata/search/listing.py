"""Lists of repos: filters, orders, and pages by seek.

The condition on what the caller may see is part of every statement, and the cursor carries the last
row's place in the order, so a page costs the same wherever it starts and nothing private is
counted, skipped or shown.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from strata.core.call import Call
from strata.lib.db.database import Prepared
from strata.lib.db.rendered import among, listed, rendered
from strata.repos.queries import COLUMNS as RECORD, repo_from_row
from strata.repos.record import Repo
from strata.repos.tables import refs, repos
from strata.search.finding import page
from strata.search.query import HEAVY, Query, write_cursor
from strata.search.tables import cards

_LONG: Final = tuple(sorted(HEAVY))  # card_data, config, siblings, summaries
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
    places = page.find(call, query)
    shown = places[: query.page]
    more = len(places) > query.page
    rows = _rows(call, [place.id for place in shown], query.heavy)
    return Page(rows, write_cursor(shown[-1]) if more else None)


def count(call: Call, query: Query) -> int:
    """How many repos the filters find, of those that the caller may see."""
    query.check()
    return page.total(call, query)


def standing_of(call: Call, repo_row_id: int) -> Standing:
    """What the index alone knows of one repo."""
    row = _STANDING.row(call.db, {"repo_id": repo_row_id})
    if row is None:
        return Standing()
    return Standing(row[0], row[1], row[2], _json(row[3]) or {})


def _rows(call: Call, ids: list[int], heavy: frozenset[str]) -> list[Listed]:
    """The repos of these ids, in their order."""
    if not ids:
        return []
    sqlite = call.hub.database.sqlite
    values = {"ids": listed(ids, sqlite=sqlite), "main": "refs/heads/main"}
    found = {row[0]: row for row in _columns(heavy, sqlite=sqlite).rows(call.db, values)}
    return [_listed(found[repo_id]) for repo_id in ids if repo_id in found]


@functools.lru_cache
def _columns(heavy: frozenset[str], *, sqlite: bool) -> Prepared:
    """What `_listed` reads. Long columns are fetched and decoded only for those who ask."""
    head = sa.and_(refs.c.repo_id == repos.c.id, refs.c.name == sa.bindparam("main", type_=sa.Text))
    long = [cards.c[name] if name in heavy else sa.null().label(name) for name in _LONG]
    statement = (
        sa.select(
            *(repos.c[name] for name in (*RECORD, "trending", "description")),
            refs.c.commit_sha,
            *(cards.c[name] for name in ("tags", "pipeline_tag", "library_name", "used_storage")),
            *long,
        )
        .select_from(repos)
        .outerjoin(refs, head)
        .outerjoin(cards, cards.c.repo_id == repos.c.id)
        .where(among(repos.c.id, "ids", sqlite=sqlite))
    )
    return rendered(statement, sqlite=sqlite)


def _listed(row: Sequence[Any]) -> Listed:
    trending, description, head, tags, pipeline_tag, library_name, storage = row[len(RECORD) : -4]
    card_data, config, siblings, summaries = (_json(value) for value in row[-4:])
    return Listed(
        repo=repo_from_row(row),
        head=head,
        trending=trending,
        card_data=card_data,
        tags=tuple(_json(tags) or ()),
        pipeline_tag=pipeline_tag,
        library_name=library_name,
        siblings=tuple(siblings or ()),
        used_storage=storage or 0,
        config=config,
        description=description,
        details=summaries or {},
    )


def _json(value: Any) -> Any:
    """What a column of JSON holds: SQLite's driver gives its text."""
    return msgspec.json.decode(value) if isinstance(value, str) else value
