"""A hub on each database, with an owner, two readers and a repo."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import person
from strata.community.pulls.commits import NoteCommits
from strata.community.pulls.rewriting import follow_rewrite
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    yield replace(
        built, reactions={"repo.content": (NoteCommits.kind,)}, listeners=(follow_rewrite,)
    )
    built.database.close()


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def reader(hub: Hub) -> Actor:
    return person(hub, "bob")


@pytest.fixture
def other(hub: Hub) -> Actor:
    return person(hub, "eve")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    made = created(hub, owner, "one")
    uploaded(hub, owner, made, {"a.txt": b"one\n", "b.txt": b"b\n"})
    return made
