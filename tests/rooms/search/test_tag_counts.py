"""`strata doctor` counts tags, and puts right what was counted wrong; on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.contents import created, indexed, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, person, working_as
from strata.core.actor import SYSTEM
from strata.core.findings import Check
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.search.indexing.index import IndexRepo
from strata.search.indexing.tag_counts import recount_tags, unsound_tags
from strata.search.tables import tag_counts

Counts = dict[str, tuple[str, str, int, int]]
CARD = b"---\nlicense: mit\ntags: [Fine]\n---\n"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    ana = person(built, "ana")
    for name, private in (("open", False), ("closed", True)):
        repo = created(built, ana, name, private=private)
        uploaded(built, ana, repo, {"README.md": CARD})
        indexed(built, repo)
    yield built
    built.database.close()


def counts(hub: Hub) -> Counts:
    with calling(hub, SYSTEM) as call:
        rows = call.db.execute(sa.select(tag_counts)).all()
    return {row.tag: (row.label, row.kind, row.public, row.total) for row in rows}


def told(hub: Hub) -> list[str]:
    with calling(hub, SYSTEM) as call:
        findings = list(unsound_tags(call))
    assert {finding.check for finding in findings} <= {Check.TAGS}
    return [f"{finding.place}: {finding.problem}" for finding in findings]


def repaired(hub: Hub) -> None:
    with working_as(hub, SYSTEM) as work:
        recount_tags(work)
    run_due(hub, {IndexRepo.kind: IndexRepo})


def test_what_the_index_counts_is_sound(hub: Hub) -> None:
    assert counts(hub)["fine"] == ("Fine", "other", 1, 2)
    assert told(hub) == []


@pytest.mark.parametrize("wrong", [{"total": 7}, {"public": 0}, {"public": 2, "total": 1}])
def test_a_wrong_count_is_found_and_counted_anew(hub: Hub, wrong: dict[str, int]) -> None:
    before = counts(hub)
    with hub.database.writing() as db:
        db.execute(sa.update(tag_counts).where(tag_counts.c.tag == "license:mit").values(wrong))

    (finding,) = told(hub)
    repaired(hub)

    assert finding.startswith("model license:mit: noted are ")
    assert finding.endswith("there are 1/2")
    assert (counts(hub), told(hub)) == (before, [])


def test_a_tag_that_no_repo_has_goes(hub: Hub) -> None:
    before = counts(hub)
    left = {"type": "model", "tag": "gone", "label": "Gone", "kind": "other"}
    with hub.database.writing() as db:
        db.execute(sa.insert(tag_counts).values(**left, public=1, total=1))

    assert told(hub) == ["model gone: noted are 1/1 public and all repos, there are 0/0"]
    repaired(hub)
    assert (counts(hub), told(hub)) == (before, [])


def test_a_tag_that_is_not_noted_comes_back_with_its_spelling(hub: Hub) -> None:
    before = counts(hub)
    with hub.database.writing() as db:
        db.execute(sa.delete(tag_counts).where(tag_counts.c.tag == "fine"))

    assert told(hub) == ["model fine: noted are nothing public and all repos, there are 1/2"]
    repaired(hub)
    assert (counts(hub), told(hub)) == (before, [])
