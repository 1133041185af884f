"""Do the counts of tags say how many repos have them? For `strata doctor`."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.core.findings import Check, Finding
from strata.search.indexing.soundness import reindex
from strata.search.tables import cards, repo_tags, tag_counts

_KEY = (repo_tags.c.type, repo_tags.c.tag)
_PUBLIC = sa.func.coalesce(
    sa.func.sum(sa.case((cards.c.counted_public.is_(sa.true()), 1), else_=0)), 0
)


def unsound_tags(call: Call) -> Iterator[Finding]:
    """Tags whose counts are not those of the repos that have them."""
    for row in call.db.execute(_wrong()):
        noted = "nothing" if row.noted_total is None else f"{row.noted_public}/{row.noted_total}"
        problem = f"noted are {noted} public and all repos, there are {row.public}/{row.total}"
        yield Finding(Check.TAGS, f"{row.type} {row.tag}", problem)


def recount_tags(work: Work) -> None:
    """Count anew what was counted wrong.

    A tag that is not noted at all is taken from its repos, and indexing them anew gives it back
    with its spelling and kind.
    """
    for row in work.db.execute(_wrong()).all():
        if row.noted_total is None:
            _give_back(work, row.type, row.tag)
        else:
            _recount(work, row.type, row.tag)


def _counted() -> sa.Subquery:
    joined = repo_tags.outerjoin(cards, cards.c.repo_id == repo_tags.c.repo_id)
    return (
        sa.select(*_KEY, _PUBLIC.label("public"), sa.func.count().label("total"))
        .select_from(joined)
        .group_by(*_KEY)
        .subquery()
    )


def _wrong() -> sa.Select[tuple[str, str, int, int, int | None, int | None]]:
    there = _counted()
    noted = (tag_counts.c.public.label("noted_public"), tag_counts.c.total.label("noted_total"))
    same_tag = sa.and_(tag_counts.c.type == there.c.type, tag_counts.c.tag == there.c.tag)
    found = sa.select(there.c.type, there.c.tag, there.c.public, there.c.total, *noted)
    found = found.select_from(there.outerjoin(tag_counts, same_tag)).where(
        sa.or_(
            tag_counts.c.total.is_distinct_from(there.c.total),
            tag_counts.c.public.is_distinct_from(there.c.public),
        )
    )
    nobody = ~sa.exists().where(
        repo_tags.c.type == tag_counts.c.type, repo_tags.c.tag == tag_counts.c.tag
    )
    none = (sa.literal(0).label("public"), sa.literal(0).label("total"))
    left = sa.select(tag_counts.c.type, tag_counts.c.tag, *none, *noted).where(nobody)
    both = sa.union_all(found, left).subquery()
    return sa.select(*both.c).order_by(both.c.type, both.c.tag)


def _recount(work: Work, repo_type: str, tag: str) -> None:
    """One tag; its row is held first, so that whoever indexes a repo waits or is counted."""
    here = sa.and_(tag_counts.c.type == repo_type, tag_counts.c.tag == tag)
    work.db.execute(sa.select(tag_counts.c.tag).where(here).with_for_update())
    joined = repo_tags.outerjoin(cards, cards.c.repo_id == repo_tags.c.repo_id)
    counted = sa.select(_PUBLIC, sa.func.count()).select_from(joined)
    mine = sa.and_(repo_tags.c.type == repo_type, repo_tags.c.tag == tag)
    public, total = work.db.execute(counted.where(mine)).one()
    if total:
        work.db.execute(sa.update(tag_counts).where(here).values(public=public, total=total))
    else:
        work.db.execute(sa.delete(tag_counts).where(here))


def _give_back(work: Work, repo_type: str, tag: str) -> None:
    mine = sa.and_(repo_tags.c.type == repo_type, repo_tags.c.tag == tag)
    for repo_row_id in work.db.scalars(sa.select(repo_tags.c.repo_id).where(mine)).all():
        reindex(work, repo_row_id)
    work.db.execute(sa.delete(repo_tags).where(mine))
