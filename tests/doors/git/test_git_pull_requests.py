"""Pull requests with the real git: fetched, pushed to, merged, given up."""

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.accounts import calling, made
from fixtures.git_server import Git, Origin
from strata.app.hub import JOBS, REACTIONS
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.reading import details
from strata.community.discussions.thread import change_status
from strata.community.pulls import merging
from strata.community.pulls.merging import Wish, merge
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.repos.record import Repo


@pytest.fixture
def hub(hub: Hub) -> Hub:
    """Let facts queue the jobs that they queue in a served hub."""
    return replace(hub, reactions=REACTIONS)


@pytest.fixture
def repo(origin: Origin, alice: Actor) -> Repo:
    return origin.repo(alice, "tiny")


@pytest.fixture
def clone(origin: Origin, git: Git, repo: Repo, mallory: Actor) -> Path:
    """The working copy of somebody who may only read and propose."""
    with calling(origin.hub, mallory) as call:
        open_discussion(call, repo.repo_id, "By git", "", pull_request=True)
        change_status(call, repo.repo_id, 1, "open")
    clone = git.clone(origin.address(repo, origin.token(mallory)))
    git.ok("fetch", "origin", "refs/pr/1:pr", at=clone)
    git.ok("checkout", "--quiet", "pr", at=clone)
    return clone


def timeline(origin: Origin, repo: Repo) -> list[tuple[str, str]]:
    run_due(origin.hub, JOBS)
    with calling(origin.hub) as call:
        found = details(call, repo.repo_id, 1)
    return [
        (str(event.content["subject"]), event.author.name if event.author else "")
        for event in found.events
        if event.kind == "commit"
    ]


def test_pushed_commits_are_told_and_merged(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    git.commit(clone, {"a.txt": b"a"}, "First by git")
    git.commit(clone, {"b.txt": b"b"}, "Second by git")
    git.ok("push", "origin", "pr:refs/pr/1", at=clone)
    assert timeline(origin, repo) == [("First by git", "mallory"), ("Second by git", "mallory")]
    with calling(origin.hub, alice) as call:
        merge(call, repo.repo_id, 1, Wish(title="Thanks"))
    fresh = git.clone(origin.address(repo))
    assert git.ok("log", "--format=%s", "--first-parent", "-1", at=fresh) == "Thanks"
    assert {path.name for path in fresh.iterdir()} >= {"a.txt", "b.txt"}
    git.ok("fsck", "--full", at=fresh)


def test_a_proposer_moves_no_other_ref(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    with calling(origin.hub, alice) as call:
        open_discussion(call, repo.repo_id, "By the owner", "", pull_request=True)
    before = origin.refs(repo)
    git.commit(clone, {"a.txt": b"a"})
    for target in ("main", "refs/heads/new", "refs/tags/v1", "refs/pr/2", "refs/pr/3", "refs/x/y"):
        git.refused("push", "origin", f"pr:{target}", at=clone)
    for target in ("refs/pr/1", "refs/pr/2", "main"):
        git.refused("push", "origin", f":{target}", at=clone)
    assert origin.refs(repo) == before
    git.ok("push", "origin", "pr:refs/pr/1", at=clone)
    git.ok("commit", "--amend", "--quiet", "--message", "Rewritten", at=clone)
    git.refused("push", "--force", "origin", "pr:refs/pr/1", at=clone)
    other = made(origin.hub, "eve")
    there = origin.address(repo, origin.token(other))
    git.refused("push", there, "pr:refs/pr/1", at=clone)


def test_a_ref_that_was_given_up_is_gone_for_git(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    git.commit(clone, {"a.txt": b"a"})
    git.ok("push", "origin", "pr:refs/pr/1", at=clone)
    with calling(origin.hub, alice) as call:
        merge(call, repo.repo_id, 1, Wish())
        with working(call) as work:
            merging.delete_ref(work, repo.repo_id, 1)
    assert "refs/pr/1" not in git.ok("ls-remote", "origin", at=clone)
    git.commit(clone, {"b.txt": b"b"})
    git.refused("push", "origin", "pr:refs/pr/1", at=clone)
