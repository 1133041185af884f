"""The log is found by its indexes, whatever is asked of it, on both databases."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.hubs import START, FrozenClock, build_test_hub
from fixtures.plans import plans
from strata.core.actor import Actor
from strata.core.call import Call, reading, working
from strata.core.hub import Hub
from strata.events.audit import listing
from strata.events.audit.narrowing import Filter
from strata.events.facts import Whose, record
from strata.events.tables import facts
from strata.lib.db.seek import Window

DAY = timedelta(days=1)
FILTERS = {
    "event": Filter(type="token.create"),
    "event of a push": Filter(type="repo.branch_create"),
    "kind": Filter(kind="org"),
    "kind of two scopes": Filter(kind="repo"),
    "days": Filter(since=START + DAY, until=START + 2 * DAY),
    "day of the end": Filter(until=START + DAY),
    "event and days": Filter(type="repo.commit", since=START + DAY),
    "actor and event": Filter(type="token.create", actor_id=2),
    "target": Filter(target="acme/two"),
    "target and event": Filter(target="acme/two", type="repo.commit"),
    "target and kind": Filter(target="acme/two", kind="org"),
    "target and actor": Filter(target="acme/two", actor_id=1),
    "target and days": Filter(target="acme/two", since=START + DAY),
    "a part of a target": Filter(target="acme"),
    "nothing": Filter(),
    "an unknown event": Filter(type="no.such"),
}


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    """Give a hub with a log of three days, on the database of the parameter."""
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    for target in ("acme/one", "acme/two", None):
        happen(built, 1, "repo.settings", "org.create", target=target)
        happen(
            built, 1, "token.create", "org.create", "orgy.create", "repo.create", "bucket.content"
        )
        for ref in ("refs/heads/side", "refs/tags/v1"):
            moved = {"refs": [{"ref": ref, "old": None, "new": "b"}]}
            happen(built, 2, "repo.content", "token.create", detail=moved)
        clock.advance(DAY)
    yield built
    built.database.close()


def happen(
    hub: Hub,
    who: int,
    *names: str,
    target: str | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    with reading(hub, Actor(user_id=who)) as call, working(call) as work:
        for name in names:
            record(work, name, target=target, detail=detail, whose=Whose(9))


def every(call: Call, wanted: Filter, limit: int = 2) -> list[listing.Entry]:
    """All pages of the log."""
    found: list[listing.Entry] = []
    window: Window | None = Window(limit)
    while window is not None:
        page = listing.of_all(call, window, wanted)
        assert len(page.rows) == limit or page.last is None
        found += page.rows
        window = None if page.last is None else Window(limit, page.last)
    return found


def fits(entry: listing.Entry, wanted: Filter) -> bool:
    """What the filter means, said once more."""
    scopes = {"repo": ("repo", "bucket")}.get(wanted.kind, (wanted.kind,))
    return (
        (not wanted.type or entry.type == wanted.type)
        and (not wanted.kind or entry.name.partition(".")[0] in scopes)
        and (wanted.actor_id is None or entry.actor_id == wanted.actor_id)
        and (not wanted.target or entry.target == wanted.target)
        and (wanted.since is None or entry.at >= wanted.since)
        and (wanted.until is None or entry.at < wanted.until)
    )


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
def test_exactly_what_is_asked_for_is_found_in_order(hub: Hub, wanted: Filter) -> None:
    with reading(hub) as call:
        everything = listing.of_all(call, Window(1000), Filter()).rows
        assert every(call, wanted) == [entry for entry in everything if fits(entry, wanted)]
        for page in (listing.of_person(call, 2, Window(1000), wanted),):
            theirs = [one for one in everything if one.actor_id == 2 and fits(one, wanted)]
            assert list(page.rows) == theirs
        own = listing.of_owner(call, 9, Window(1000), wanted).rows
        assert list(own) == [entry for entry in everything if fits(entry, wanted)]


@pytest.mark.parametrize("wanted", FILTERS.values(), ids=FILTERS)
def test_no_page_reads_the_whole_log(hub: Hub, wanted: Filter) -> None:
    with reading(hub) as call, plans(call) as found:
        listing.of_all(call, Window(2), wanted)
    assert found
    for plan in found:
        assert "Seq Scan on facts" not in plan
        for line in plan.splitlines():  # in the order of the key, until the page is full
            assert "SCAN facts" not in line or wanted == Filter(), plan


def test_a_target_among_many_others_is_found_by_its_index(hub: Hub) -> None:
    """PostgreSQL may walk down the key of a short log; of a long one it takes the index."""
    with reading(hub) as call, working(call) as work:
        record(work, "repo.create", target="acme/two", whose=Whose(9))
        row = dict(work.db.execute(sa.select(facts).limit(1)).mappings().one())
        row |= {"chain_no": None, "target": "other"}
        del row["id"]
        work.db.execute(sa.insert(facts), [row] * 5000)
        if not hub.database.sqlite:
            work.db.exec_driver_sql("ANALYZE facts")
    with reading(hub) as call, plans(call) as found:
        assert listing.of_all(call, Window(2), Filter(target="acme/two")).rows
    assert any("ix_facts_target_id" in plan for plan in found)
