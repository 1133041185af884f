"""The trending score follows likes and downloads of the last days, and fades by itself."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, person, repository, working_as
from strata.content.reading.downloads import write_counts
from strata.core.actor import SYSTEM, Actor
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.events.tables import jobs
from strata.repos.liking.likes import like, unlike
from strata.repos.record import Repo
from strata.repos.tables import repos, stirred
from strata.search.trending.scores import CountTrending, RollTrending, begin_trending

JOBS = {job.kind: job for job in (CountTrending, RollTrending)}


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    with working_as(built, SYSTEM) as work:
        begin_trending(work)
    run_due(built, JOBS)
    yield built
    built.database.close()


@pytest.fixture
def fan(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def repo(hub: Hub) -> Repo:
    return repository(hub, person(hub, "ana"), "one")


def pass_time(hub: Hub, clock: FrozenClock, step: timedelta) -> None:
    clock.advance(step)
    while run_due(hub, JOBS):
        pass


def standing(hub: Hub, repo: Repo) -> tuple[float, int, int]:
    columns = (repos.c.trending, repos.c.likes_30d, repos.c.downloads)
    with calling(hub, SYSTEM) as call:
        row = call.db.execute(sa.select(*columns).where(repos.c.id == repo.id)).one()
    return row[0], row[1], row[2]


def test_a_like_counts_within_minutes_and_fades_within_a_week(
    hub: Hub, clock: FrozenClock, fan: Actor, repo: Repo
) -> None:
    with working_as(hub, fan) as work:
        like(work, repo.repo_id)
    assert standing(hub, repo) == (0.0, 0, 0)
    pass_time(hub, clock, timedelta(minutes=5))
    assert standing(hub, repo) == (1.0, 1, 0)
    pass_time(hub, clock, timedelta(days=3))
    assert standing(hub, repo) == (0.57, 1, 0)
    pass_time(hub, clock, timedelta(days=4))
    assert standing(hub, repo) == (0.0, 1, 0)
    pass_time(hub, clock, timedelta(days=30))
    assert standing(hub, repo) == (0.0, 0, 0)


def test_a_like_taken_back_counts_no_longer(
    hub: Hub, clock: FrozenClock, fan: Actor, repo: Repo
) -> None:
    with working_as(hub, fan) as work:
        like(work, repo.repo_id)
    pass_time(hub, clock, timedelta(minutes=5))
    with working_as(hub, fan) as work:
        unlike(work, repo.repo_id)
    pass_time(hub, clock, timedelta(minutes=5))
    assert standing(hub, repo) == (0.0, 0, 0)


def test_downloads_count_by_their_magnitude_and_leave_the_sum_after_a_month(
    hub: Hub, clock: FrozenClock, repo: Repo
) -> None:
    with working_as(hub, SYSTEM) as work:
        write_counts(work, {repo.id: 1023})
    pass_time(hub, clock, timedelta(minutes=5))
    assert standing(hub, repo) == (5.0, 0, 1023)
    pass_time(hub, clock, timedelta(days=29))
    assert standing(hub, repo) == (0.0, 0, 1023)
    pass_time(hub, clock, timedelta(days=1))
    assert standing(hub, repo) == (0.0, 0, 0)


def test_days_that_passed_while_the_hub_was_off_are_made_up_for(
    hub: Hub, clock: FrozenClock, repo: Repo
) -> None:
    with working_as(hub, SYSTEM) as work:
        write_counts(work, {repo.id: 7})
    pass_time(hub, clock, timedelta(minutes=5))
    pass_time(hub, clock, timedelta(days=45))
    assert standing(hub, repo) == (0.0, 0, 0)


def test_only_what_changed_is_counted(hub: Hub, clock: FrozenClock, fan: Actor, repo: Repo) -> None:
    quiet = repository(hub, fan, "quiet")
    with hub.database.writing() as db:
        db.execute(sa.update(repos).where(repos.c.id == quiet.id).values(downloads=77))
    with working_as(hub, fan) as work:
        like(work, repo.repo_id)
    pass_time(hub, clock, timedelta(minutes=5))
    assert standing(hub, quiet) == (0.0, 0, 77)
    with calling(hub, SYSTEM) as call:
        assert call.db.scalar(sa.select(sa.func.count()).select_from(stirred)) == 0
        waiting = call.db.scalars(sa.select(jobs.c.kind).order_by(jobs.c.kind)).all()
    assert list(waiting) == [RollTrending.kind, CountTrending.kind]
