"""Pushes that race, on each database: SQLite has one writer, PostgreSQL lets them overlap."""

import os
import threading

import pytest

from fixtures.accounts import calling
from fixtures.git_server import Git, Origin
from strata.content.writing.commit import commit
from strata.content.writing.operations import Add, Change
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    """Give an empty hub on the database that the parameter names."""
    return each_hub


@pytest.fixture
def repo(origin: Origin, alice: Actor) -> Repo:
    return origin.repo(alice, "tiny")


@pytest.fixture
def url(origin: Origin, repo: Repo, alice: Actor) -> str:
    return origin.address(repo, origin.token(alice))


def test_of_concurrent_pushes_one_wins_and_the_others_hear_why(
    origin: Origin, git: Git, repo: Repo, url: str
) -> None:
    clones = [git.clone(url) for _ in range(4)]
    shas = [git.commit(clone, {f"{n}.bin": os.urandom(300_000)}) for n, clone in enumerate(clones)]
    running = [git.start("push", "origin", "main", at=clone) for clone in clones]
    said = [process.communicate(timeout=60)[0].decode() for process in running]
    won = [sha for sha, process in zip(shas, running, strict=True) if process.returncode == 0]
    assert won == [origin.head(repo)], said
    for words, process in zip(said, running, strict=True):
        if process.returncode:
            assert "rejected" in words, words
            assert "fetch first" in words, words
    assert list((origin.hub.git_path(repo.key) / "quarantine").glob("*")) == []
    git.ok("fsck", "--full", at=git.clone(url))


def test_a_push_beside_commits_loses_no_commit(
    origin: Origin, git: Git, repo: Repo, url: str, alice: Actor
) -> None:
    clone = git.clone(url)
    landed: list[str] = []

    def commit_all() -> None:
        for number in range(10):
            with calling(origin.hub, alice) as call:
                change = Change(f"Api {number}", "", [Add(f"api-{number}", b"x")])
                landed.append(commit(call, repo.repo_id, "main", change).sha)

    beside = threading.Thread(target=commit_all)
    beside.start()
    git.commit(clone, {"pushed": b"x"})
    while git.run("push", "origin", "main", at=clone).status:
        git.ok("pull", "--rebase", "--quiet", "origin", "main", at=clone)
    pushed = git.ok("rev-parse", "HEAD", at=clone)
    beside.join()
    git.ok("fetch", "origin", at=clone)
    history = git.ok("rev-list", "origin/main", at=clone).split()
    assert len(landed) == 10
    assert {pushed, *landed} <= set(history)


def test_branches_and_tags_come_and_go(origin: Origin, git: Git, repo: Repo, url: str) -> None:
    clone = git.clone(url)
    git.ok("tag", "--annotate", "v1", "--message", "The first", at=clone)
    git.ok("push", "origin", "v1", "main:side", at=clone)
    assert origin.refs(repo)["refs/tags/v1"] == git.ok("rev-parse", "v1", at=clone)
    git.ok("push", "--atomic", "origin", ":v1", ":side", at=clone)
    assert set(origin.refs(repo)) == {"refs/heads/main"}
