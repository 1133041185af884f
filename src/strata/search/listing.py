"""Lists of repos: filters, orders, and pages by seek.

The condition on what the caller may see is part of the statement, and the cursor carries the last
row's place in the order, so a page costs the same wherever it starts and nothing private is
counted, skipped or shown.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa

from strata.access.visibility import visible
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoType
from strata.lib.db.columns import to_millis
from strata.lib.db.database import Prepared
from strata.repos.record import Repo
from strata.repos.tables import refs, repos
from strata.search.tables import cards, repo_tags

MAX_PAGE = 1000
BAD_CURSOR = '"cursor" is not one of ours; follow the Link header.'
MAX_TERMS = 200  # words and tags of one question; SQLite nests at most 1,000 conditions
LONGEST_TERM = 1000  # characters
_LARGEST = 2**63  # what a column of the database cannot hold

# Wire name → column. Every order ends in the id, so that it is total.
ORDERS: dict[str, sa.Column[Any]] = {
    "trendingScore": repos.c.trending,
    "createdAt": repos.c.created_at,
    "lastModified": repos.c.updated_at,
    "modified": repos.c.updated_at,
    "downloads": repos.c.downloads,
    "likes": repos.c.likes,
}

_STANDING = Prepared("SELECT trending, description FROM repos WHERE id = :repo_id")


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked of a list."""

    type: RepoType
    search: tuple[str, ...] = ()  # every one must occur in the id
    author: str | None = None
    tags: tuple[str, ...] = ()  # every one must be there
    sort: str = "trendingScore"
    descending: bool = True
    limit: int = MAX_PAGE
    cursor: str | None = None
    with_files: bool = False


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


@dataclass(frozen=True, slots=True)
class Standing:
    """What neither the record nor the commit says of a repo."""

    trending: float
    description: str | None


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
    _require_bounds(query)
    order = ORDERS.get(query.sort)
    if order is None:
        raise Malformed(f'"sort" must be one of [{", ".join(ORDERS)}]')
    limit = max(1, min(query.limit, MAX_PAGE))
    statement = _statement(call, query, order).limit(limit + 1)
    found = call.db.execute(statement).all()
    rows = [_listed(row) for row in found[:limit]]
    more = len(found) > limit
    return Page(rows, _cursor_after(found[limit - 1], query) if more else None)


def _require_bounds(query: Query) -> None:
    terms = (*query.search, *query.tags, query.author or "")
    if len(terms) > MAX_TERMS or any(len(term) > LONGEST_TERM for term in terms):
        raise Malformed(
            f"Search for at most {MAX_TERMS} words and tags of up to {LONGEST_TERM} characters."
        )


def count(call: Call, query: Query) -> int:
    """How many repos the filters find, of those that the caller may see."""
    inner = _filtered(call, query, sa.select(repos.c.id)).subquery()
    return int(call.db.scalar(sa.select(sa.func.count()).select_from(inner)) or 0)


def standing_of(call: Call, repo_row_id: int) -> Standing:
    """What the index alone knows of one repo."""
    row = _STANDING.row(call.db, {"repo_id": repo_row_id})
    return Standing(row[0], row[1]) if row else Standing(0.0, None)


def _columns(*, with_files: bool) -> sa.Select[Any]:
    head = sa.and_(refs.c.repo_id == repos.c.id, refs.c.name == "refs/heads/main")
    # File names are long; a list fetches them only for those who ask.
    siblings = cards.c.siblings if with_files else sa.null().label("siblings")
    return (
        sa.select(
            *(repos.c[name] for name in Repo.__dataclass_fields__),
            *(repos.c[name] for name in ("trending", "description")),
            refs.c.commit_sha,
            *(cards.c[name] for name in ("card_data", "tags", "pipeline_tag", "library_name")),
            *(cards.c[name] for name in ("used_storage", "config")),
            siblings,
        )
        .select_from(repos)
        .outerjoin(refs, head)
        .outerjoin(cards, cards.c.repo_id == repos.c.id)
    )


def _statement(call: Call, query: Query, order: sa.Column[Any]) -> sa.Select[Any]:
    statement = _filtered(call, query, _columns(with_files=query.with_files))
    if query.cursor:
        statement = statement.where(_after(query.cursor, order, descending=query.descending))
    if query.descending:
        return statement.order_by(order.desc(), repos.c.id.desc())
    return statement.order_by(order.asc(), repos.c.id.asc())


def _filtered(call: Call, query: Query, statement: sa.Select[Any]) -> sa.Select[Any]:
    statement = statement.where(
        repos.c.type == query.type.value,
        repos.c.deleted_at.is_(None),
        visible(call.actor, private=repos.c.private, owner_id=repos.c.owner_id),
    )
    for word in query.search:
        statement = statement.where(repos.c.path_key.contains(word.lower(), autoescape=True))
    if query.author is not None:
        statement = statement.where(sa.func.lower(repos.c.namespace) == query.author.lower())
    for tag in query.tags:
        tagged = sa.select(repo_tags.c.repo_id).where(repo_tags.c.tag == tag.lower())
        statement = statement.where(repos.c.id.in_(tagged))
    return statement


def _after(cursor: str, order: sa.Column[Any], *, descending: bool) -> sa.ColumnElement[bool]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        value, row_id = msgspec.json.decode(raw, type=tuple[float, int])
    except (ValueError, msgspec.DecodeError) as error:
        raise Malformed(BAD_CURSOR) from error
    if not (-_LARGEST < value < _LARGEST and -_LARGEST < row_id < _LARGEST):
        raise Malformed(BAD_CURSOR)
    # Compared as the number that the column holds, also where the column speaks of moments.
    exact = isinstance(order.type, sa.Float)
    kind = sa.Float() if exact else sa.BigInteger()
    place = sa.literal(value if exact else int(value), kind)
    key = sa.type_coerce(order, kind)
    if descending:
        return sa.or_(key < place, sa.and_(key == place, repos.c.id < row_id))
    return sa.or_(key > place, sa.and_(key == place, repos.c.id > row_id))


def _cursor_after(row: sa.Row[Any], query: Query) -> str:
    value = row._mapping[ORDERS[query.sort].name]  # noqa: SLF001
    number = value if isinstance(value, (int, float)) else to_millis(value)
    raw = msgspec.json.encode((number, row.id))
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


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
    )
