"""Writing with the real git: branches, tags, races, bounds, and what is left behind."""

import asyncio
import os
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, made
from fixtures.git_server import Git, Origin, served
from fixtures.hubs import FrozenClock, build_test_hub
from strata.core.actor import Actor, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoId
from strata.events.tables import facts
from strata.lib.git import wire
from strata.lib.git.wire import kept_alive
from strata.lib.git.write import sweep
from strata.repos.change import delete, move
from strata.repos.record import Repo
from strata.repos.tables import repos


@pytest.fixture
def repo(origin: Origin, alice: Actor) -> Repo:
    return origin.repo(alice, "tiny")


@pytest.fixture
def url(origin: Origin, repo: Repo, alice: Actor) -> str:
    """The address with the owner's write token."""
    return origin.address(repo, origin.token(alice))


@pytest.fixture
def clone(git: Git, url: str) -> Path:
    return git.clone(url)


def quarantines(origin: Origin, repo: Repo) -> list[Path]:
    return list((origin.hub.git_path(repo.key) / "quarantine").glob("*"))


def test_a_push_moves_the_branch_and_is_a_fact(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    before = origin.head(repo)
    sha = git.commit(clone, {"new.txt": b"new\n"})
    said = git.ok("push", "origin", "main", at=clone)
    assert "main -> main" in said
    assert origin.head(repo) == sha
    assert quarantines(origin, repo) == []
    with calling(origin.hub) as call:
        fact = call.db.execute(sa.select(facts).order_by(facts.c.id.desc()).limit(1)).one()
    assert fact.name == "repo.content"
    assert fact.actor_id == alice.user_id
    moved = {"ref": "refs/heads/main", "old": before, "new": sha}
    assert fact.detail == {"refs": [moved], "how": "push"}


def test_branches_and_tags_come_move_and_go(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    first = git.ok("rev-parse", "HEAD", at=clone)
    git.ok("push", "origin", "main:refs/heads/feature/one", at=clone)
    git.ok("tag", "light", at=clone)
    git.ok("tag", "--annotate", "v1", "--message", "The first", at=clone)
    git.ok("push", "origin", "light", "v1", at=clone)
    shown = origin.refs(repo)
    assert shown["refs/heads/feature/one"] == first
    assert shown["refs/tags/light"] == first
    assert shown["refs/tags/v1"] == git.ok("rev-parse", "v1", at=clone) != first
    assert git.ok("ls-remote", "origin", "refs/tags/v1^{}", at=clone).split()[0] == first

    git.ok("push", "origin", "--delete", "feature/one", "light", "v1", at=clone)
    assert set(origin.refs(repo)) == {"refs/heads/main"}


def test_history_is_rewritten_only_by_force(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    git.commit(clone, {"one.txt": b"1"})
    git.ok("push", "origin", "main", at=clone)
    before = origin.head(repo)
    git.ok("commit", "--amend", "--message", "Another", at=clone)
    assert "rejected" in git.refused("push", "origin", "main", at=clone)
    assert origin.head(repo) == before
    git.ok("push", "--force-with-lease", "origin", "main", at=clone)
    assert origin.head(repo) == git.ok("rev-parse", "HEAD", at=clone)


def test_one_refused_ref_does_not_hold_up_the_others(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    sha = git.commit(clone, {"one.txt": b"1"})
    said = git.refused("push", "origin", "main", "main:refs/notes/x", at=clone)
    assert "only branches, tags and pull requests" in said
    assert origin.head(repo) == sha


def test_an_atomic_push_moves_all_or_nothing(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    before = origin.refs(repo)
    sha = git.commit(clone, {"one.txt": b"1"})
    said = git.refused("push", "--atomic", "origin", "main", "main:refs/notes/x", at=clone)
    assert "atomic push failed" in said
    assert origin.refs(repo) == before
    git.ok("push", "--atomic", "origin", "main", "main:other", at=clone)
    assert origin.refs(repo) == {"refs/heads/main": sha, "refs/heads/other": sha}


def test_a_large_push_comes_in_pieces(origin: Origin, git: Git, repo: Repo, clone: Path) -> None:
    sha = git.commit(clone, {f"{number}.bin": os.urandom(500_000) for number in range(6)})
    git.ok("push", "origin", "main", at=clone)  # over http.postBuffer: a probe, then chunks
    assert origin.head(repo) == sha
    again = git.clone(origin.address(repo))
    git.ok("fsck", "--full", "--strict", at=again)
    assert (again / "3.bin").read_bytes() == (clone / "3.bin").read_bytes()


def test_a_push_from_a_shallow_clone_lands(
    origin: Origin, git: Git, repo: Repo, url: str, clone: Path
) -> None:
    for number in range(3):
        git.commit(clone, {f"{number}": b"x"})
    git.ok("push", "origin", "main", at=clone)
    shallow = git.clone(url, "--depth", "1")
    sha = git.commit(shallow, {"more.txt": b"more"})
    git.ok("push", "origin", "main", at=shallow)
    assert origin.head(repo) == sha
    git.ok("fsck", "--full", at=git.clone(url))


def test_a_push_that_is_too_large_is_refused_in_words(
    tmp_path: Path, clock: FrozenClock, git: Git
) -> None:
    bound: dict[str, Any] = {"limits.push_bytes": 1_000_000}
    small = build_test_hub(tmp_path / "small", clock=clock, **bound)
    with served(small) as address:
        origin = Origin(small, address)
        alice = made(small, "alice")
        repo = origin.repo(alice, "tiny")
        clone = git.clone(origin.address(repo, origin.token(alice)))
        before = origin.head(repo)
        git.commit(clone, {"big.bin": os.urandom(3_000_000)})
        said = git.refused("push", "origin", "main", at=clone)
        assert "larger than 1000000 bytes" in said
        assert origin.head(repo) == before
        assert quarantines(origin, repo) == []
    small.database.close()


def test_a_pack_that_lacks_objects_is_refused(origin: Origin, repo: Repo, alice: Actor) -> None:
    new = "1" * 40
    command = f"{origin.head(repo)} {new} refs/heads/main\0report-status\n".encode()
    empty = bytes.fromhex("5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e")
    body = b"%04x" % (len(command) + 4) + command + wire.FLUSH + empty
    answer = httpx.post(
        f"{origin.address(repo)}/git-receive-pack",
        content=body,
        auth=("any", origin.token(alice)),
        timeout=30,
    )
    assert answer.status_code == 200
    assert b"unpack the pack is not complete" in answer.content
    assert b"ng refs/heads/main" in answer.content
    assert quarantines(origin, repo) == []


def test_a_client_that_leaves_in_the_middle_leaves_nothing(
    origin: Origin, repo: Repo, alice: Actor
) -> None:
    before = origin.refs(repo)
    command = f"{origin.head(repo)} {'1' * 40} refs/heads/main\0report-status\n".encode()
    head = b"%04x" % (len(command) + 4) + command + wire.FLUSH
    with (
        pytest.raises(ConnectionError),
        httpx.Client(auth=("any", origin.token(alice))) as client,
    ):
        client.post(f"{origin.address(repo)}/git-receive-pack", content=_breaking_off(head))
    store = origin.hub.git_path(repo.key)
    for _ in range(100):
        if not quarantines(origin, repo):
            break
        threading.Event().wait(0.05)
    assert quarantines(origin, repo) == []
    assert origin.refs(repo) == before
    assert list((store / "objects" / "pack").glob("tmp*")) == []


def _breaking_off(head: bytes) -> Iterator[bytes]:
    yield head + b"PACK\0\0\0\x02\0\0\0\x05"
    raise ConnectionError


def test_what_a_killed_push_left_is_swept(origin: Origin, repo: Repo) -> None:
    store = origin.hub.git_path(repo.key)
    left = store / "quarantine" / "push-killed" / "objects" / "pack"
    left.mkdir(parents=True)
    (left / "tmp_pack_x").write_bytes(b"half")
    now = left.parent.parent.stat().st_mtime
    assert sweep(store, now + 60) == 0
    assert sweep(store, now + timedelta(days=2).total_seconds()) == 1
    assert quarantines(origin, repo) == []


def test_a_deleted_repo_takes_no_push(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    git.commit(clone, {"one.txt": b"1"})
    with calling(origin.hub, alice) as call, working(call) as work:
        delete(work, repo.repo_id)
    assert "not found" in git.refused("push", "origin", "main", at=clone)


def test_git_follows_a_repo_that_moved(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    with calling(origin.hub, alice) as call, working(call) as work:
        move(work, repo.repo_id, RepoId(repo.type, "alice", "renamed"))
    sha = git.commit(clone, {"one.txt": b"1"})
    git.ok("push", "origin", "main", at=clone)
    assert origin.head(repo) == sha


def test_the_projection_follows_the_table(
    origin: Origin, git: Git, repo: Repo, clone: Path, hub: Hub
) -> None:
    git.ok("push", "origin", "main:side", at=clone)
    git.clone(origin.address(repo))
    store = hub.git_path(repo.key)
    assert git.ok("for-each-ref", "--format=%(refname)", at=store).split() == [
        "refs/heads/main",
        "refs/heads/side",
    ]
    with calling(hub) as call:
        generation = call.db.scalar(sa.select(repos.c.generation).where(repos.c.id == repo.id))
    assert (store / "strata-generation").read_text() == f"{generation}\n"


def test_a_read_token_may_not_push(
    origin: Origin, git: Git, repo: Repo, clone: Path, alice: Actor
) -> None:
    before = origin.head(repo)
    git.commit(clone, {"one.txt": b"1"})
    said = git.refused(
        "push", origin.address(repo, origin.token(alice, TokenRole.READ)), "main", at=clone
    )
    assert "remote: This token has the read role" in said
    assert "403" in said
    assert origin.head(repo) == before
    assert fact_names(origin.hub).count("repo.content") == 1


@pytest.mark.parametrize("sideband", [True, False])
def test_a_long_check_is_bridged_with_signs_of_life(*, sideband: bool) -> None:
    async def heard() -> list[bytes]:
        working = asyncio.ensure_future(asyncio.sleep(0.2, b"report"))
        return [piece async for piece in kept_alive(working, sideband=sideband, every_s=0.01)]

    *signs, report = asyncio.run(heard())
    assert report == b"report"
    assert set(signs) == ({b"0005\x01"} if sideband else set())
