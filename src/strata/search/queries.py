"""All SQL of the lists.

A page is found in one of two ways, and `search/finding.py` chooses. To *walk* is to go along the
index of an order and look at each repo in passing: right when many repos match. To *collect* is to
take all repos that meet the rarest condition, and sort them: right when few do. Each statement is
spelled so that neither database can mistake the one for the other.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from strata.access.visibility import hidden, visible
from strata.core.call import Call
from strata.core.names import RepoType
from strata.repos.tables import repos
from strata.search.query import Place, Query
from strata.search.tables import repo_tags, tag_counts

Condition = sa.ColumnElement[bool]
Ids = sa.Select[int]

GRAM: Final = 3  # letters of the pieces by which ids are indexed
_NAMES: Final = sa.table("repo_names", sa.column("rowid", sa.BigInteger), sa.column("repo_names"))


def met(query: Query, owner_id: int | None) -> list[Condition]:
    """What a repo must meet besides its tags and besides being visible."""
    conditions = [repos.c.path_key.contains(word, autoescape=True) for word in words(query)]
    if owner_id is not None:
        conditions.append(repos.c.owner_id == owner_id)
    if query.parameters is not None:
        # Plus nothing: a span alone is no reason to walk another index than that of the order.
        size = repos.c.num_parameters + 0
        conditions.append(size.between(query.parameters.low, query.parameters.high))
    if query.gated is not None:
        conditions.append(repos.c.gated.is_not(None) if query.gated else repos.c.gated.is_(None))
    if query.sort == "num_parameters":
        conditions.append(repos.c.num_parameters > 0)
    return conditions


def words(query: Query) -> list[str]:
    """What must occur in an id, folded as the column is."""
    return [word.lower() for word in query.search]


def tagged(call: Call, repo_type: RepoType, tag: str) -> Condition:
    """Whether a repo has a tag, looked up for each repo in passing."""
    found = _with_tag(repo_type, tag).where(repo_tags.c.repo_id == repos.c.id)
    if call.hub.database.sqlite:
        return found.exists()
    # PostgreSQL would turn EXISTS into a join with all that have the tag.
    return found.with_only_columns(sa.true()).limit(1).scalar_subquery()


def _with_tag(repo_type: RepoType, tag: str) -> Ids:
    here = (repo_tags.c.type == repo_type.value, repo_tags.c.tag == tag)
    return sa.select(repo_tags.c.repo_id).where(*here)


def visible_to(call: Call) -> Condition:
    return visible(call.actor, repos)


def edge(call: Call, query: Query, after: Place | None, steps: int) -> Place | None:
    """The place of a public repo some steps away; None when fewer are left.

    At most twice as many steps: among those that tie with the place before, or else behind them.
    """
    legs = [_leg(query, leg).limit(1).offset(steps) for leg in _legs(query, after, None)]
    return min(_places(call, legs), key=_rank(query), default=None)


def walk(
    call: Call,
    query: Query,
    conditions: Sequence[Condition],
    after: Place | None,
    upto: Place | None,
) -> list[Place]:
    """The next places among the public repos, along the index of the order, not beyond `upto`."""
    legs = [
        _leg(query, leg).where(*conditions).limit(query.page + 1)
        for leg in _legs(query, after, upto)
    ]
    return sorted(_places(call, legs), key=_rank(query))[: query.page + 1]


def collect(
    call: Call, query: Query, conditions: Sequence[Condition], after: Place | None, among: Ids
) -> list[Place]:
    """The next places among the visible repos whose ids are given."""
    value = _value(query) + 0  # no index can give this order
    statement = sa.select(value, repos.c.id).where(*_held(query, among), *conditions)
    if after is not None:
        here, there = sa.tuple_(value, repos.c.id), sa.tuple_(*_literals(query, after))
        statement = statement.where(here < there if query.descending else here > there)
    statement = _in_order(statement.where(visible_to(call)), query, value)
    return _run(call, statement.limit(query.page + 1))


def count(call: Call, query: Query, conditions: Sequence[Condition], among: Ids | None) -> int:
    """How many visible repos there are, of those whose ids are given."""
    held = _living(query) if among is None else _held(query, among)
    statement = sa.select(sa.func.count()).select_from(repos)
    return call.db.scalar(statement.where(*held, *conditions, visible_to(call))) or 0


def matching(
    call: Call, query: Query, conditions: Sequence[Condition], among: Ids | None, bound: int
) -> list[int]:
    """So many ids of the visible repos that match, whichever come first."""
    held = _living(query) if among is None else _held(query, among)
    statement = sa.select(repos.c.id).where(*held, *conditions, visible_to(call)).limit(bound)
    return [row[0] for row in call.db.execute(statement)]


def _living(query: Query) -> tuple[Condition, ...]:
    return (repos.c.type == query.type.value, repos.c.deleted_at.is_(None))


def _held(query: Query, among: Ids) -> tuple[Condition, ...]:
    """The living repos of these ids, each looked up by its id.

    The indexes of the orders hold living repos only; as nothing here says so in their words, none
    of them can be walked instead.
    """
    found = among.cte("found").prefix_with("MATERIALIZED")
    return (
        repos.c.id.in_(sa.select(found.c[0])),
        sa.func.coalesce(sa.type_coerce(repos.c.deleted_at, sa.BigInteger), 0) == 0,
        repos.c.type == query.type.value,
    )


def _leg(query: Query, here: Sequence[Condition]) -> sa.Select[Any]:
    """One stretch of the index of the order, without private repos."""
    value = _value(query)
    public = sa.select(value, repos.c.id).where(*_living(query), repos.c.private.is_(sa.false()))
    return _in_order(public.where(*here), query, value)


def _legs(query: Query, after: Place | None, upto: Place | None) -> list[list[Condition]]:
    """The stretches of an order from behind one place to another.

    SQLite compares `(value, id)` with a place but seeks by `value` alone, and many repos tie: so
    the ties with either place are stretches of their own.
    """
    value, ids = _value(query), repos.c.id
    ahead, short = (operator.lt, operator.gt) if query.descending else (operator.gt, operator.lt)
    until = operator.ge if query.descending else operator.le
    start = _literals(query, after) if after else None
    end = _literals(query, upto) if upto else None
    if start and end and after and upto and after.value == upto.value:
        return [[value == start[0], ahead(ids, start[1]), until(ids, end[1])]]
    legs = [[value == start[0], ahead(ids, start[1])]] if start else []
    between = [ahead(value, start[0])] if start else []
    between += [short(value, end[0])] if end else []
    legs.append(between)
    legs += [[value == end[0], until(ids, end[1])]] if end else []
    return legs


def _value(query: Query) -> sa.ColumnElement[Any]:
    """The order's column as the number that it holds, also where it speaks of moments."""
    return sa.type_coerce(query.order, _kind(query))


def _kind(query: Query) -> sa.types.TypeEngine[Any]:
    return sa.Float() if isinstance(query.order.type, sa.Float) else sa.BigInteger()


def _literals(query: Query, place: Place) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[int]]:
    kind = _kind(query)
    value = place.value if isinstance(kind, sa.Float) else int(place.value)
    return sa.literal(value, kind), sa.literal(place.id, sa.BigInteger())


def _in_order(
    statement: sa.Select[Any], query: Query, value: sa.ColumnElement[Any]
) -> sa.Select[Any]:
    if query.descending:
        return statement.order_by(value.desc(), repos.c.id.desc())
    return statement.order_by(value.asc(), repos.c.id.asc())


def _rank(query: Query) -> Callable[[Place], tuple[float, int]]:
    """What sorts places as the query orders them."""
    sign = -1 if query.descending else 1
    return lambda place: (sign * place.value, sign * place.id)


def _places(call: Call, legs: Sequence[sa.Select[Any]]) -> list[Place]:
    """The places that some stretches give, one after the other, in one statement."""
    if len(legs) == 1:
        return _run(call, legs[0])
    return _run(call, sa.union_all(*(sa.select(leg.subquery()) for leg in legs)))


def _run(call: Call, statement: sa.Executable) -> list[Place]:
    return [Place(row[0], row[1]) for row in call.db.execute(statement)]


# Ids to collect from.


def ids_tagged(query: Query, tags: Sequence[str]) -> Ids:
    """The repos that have every one of these tags, looked up from those that have the first."""
    first, *others = tags
    rare = repo_tags.alias("rare")
    found = sa.select(rare.c.repo_id).where(rare.c.type == query.type.value, rare.c.tag == first)
    for tag in others:
        with_tag = _with_tag(query.type, tag).where(repo_tags.c.repo_id == rare.c.repo_id)
        found = found.where(with_tag.correlate(rare).exists())
    return found


def ids_named(call: Call, query: Query, word: str) -> Ids:
    """The repos in whose id a word may occur; look again.

    A word shorter than the pieces of the index is looked for in every name, which is still the
    names alone and not the rows.
    """
    if len(word) < GRAM or not call.hub.database.sqlite:
        named = repos.c.path_key.contains(word, autoescape=True)
        return sa.select(repos.c.id).where(*_living(query), named)
    grams = {word[at : at + GRAM] for at in range(len(word) - GRAM + 1)}
    asked = " ".join('"{}"'.format(gram.replace('"', '""')) for gram in sorted(grams))
    return sa.select(_NAMES.c.rowid).where(_NAMES.c.repo_names.op("MATCH")(asked))


def ids_in(ids: Sequence[int]) -> Ids:
    return sa.select(repos.c.id).where(repos.c.id.in_(ids))


def ids_owned(query: Query, owner_id: int) -> Ids:
    here = (repos.c.owner_id == owner_id, repos.c.type == query.type.value)
    return sa.select(repos.c.id).where(*here)


def ids_sized(query: Query) -> Ids:
    """The repos whose number of parameters lies in the span."""
    span = query.parameters
    assert span is not None, "no span was asked for"
    sized = repos.c.num_parameters.between(span.low, span.high)
    return sa.select(repos.c.id).where(*_living(query), repos.c.private.in_((False, True)), sized)


def ids_gated(query: Query) -> Ids:
    here = (repos.c.type == query.type.value, repos.c.gated.is_not(None))
    return sa.select(repos.c.id).where(*here)


def ids_hidden(call: Call, query: Query) -> Ids:
    """The private repos that the caller may see."""
    theirs = hidden(call.actor, repos)
    return sa.select(repos.c.id).where(repos.c.type == query.type.value, theirs)


def first_of(call: Call, ids: Ids, bound: int) -> Sequence[int]:
    """So many of these ids, whichever come first."""
    return [row[0] for row in call.db.execute(ids.limit(bound))]


def at_most(call: Call, ids: Ids, bound: int) -> int:
    """How many ids there are, counted no further than `bound`."""
    counted = sa.select(sa.func.count()).select_from(ids.limit(bound).subquery())
    return call.db.scalar(counted) or 0


def tag_totals(call: Call, repo_type: RepoType, tags: Sequence[str]) -> dict[str, int]:
    """How many repos have each of these tags; those that nobody has are left out."""
    here = (tag_counts.c.type == repo_type.value, tag_counts.c.tag.in_(tags))
    rows = call.db.execute(sa.select(tag_counts.c.tag, tag_counts.c.total).where(*here))
    return {row.tag: row.total for row in rows}
