"""The rules of git push, told by an owner, a contributor, and somebody who should not get in."""

import hashlib
import os
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures import parts
from fixtures.accounts import calling, made
from fixtures.git_server import Git, Origin
from strata.accounts.tables import users
from strata.blobs.tables import repo_blobs
from strata.content import queries
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.names import Sha
from strata.repos.landed import Move, landed
from strata.repos.record import Repo

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


@pytest.fixture
def repo(origin: Origin, alice: Actor) -> Repo:
    return origin.repo(alice, "tiny")


@pytest.fixture
def clone(origin: Origin, git: Git, repo: Repo, alice: Actor) -> Path:
    return git.clone(origin.address(repo, origin.token(alice)))


def packs(origin: Origin, repo: Repo) -> set[str]:
    return {pack.name for pack in origin.hub.git_path(repo.key).glob("objects/pack/*.pack")}


def with_lfs(git: Git, clone: Path) -> None:
    parts.program("git-lfs")
    git.ok("lfs", "install", "--local", at=clone)
    git.ok("lfs", "track", "*.bin", at=clone)


def test_a_pointer_to_bytes_that_were_never_given_is_refused(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    before, stored = origin.head(repo), packs(origin, repo)
    oid = hashlib.sha256(b"not given").hexdigest()
    git.commit(clone, {"stolen.bin": POINTER.format(oid=oid, size=9).encode()})
    said = git.refused("push", "origin", "main", at=clone)
    assert f"remote: The large file with sha256 {oid} is not in alice/tiny" in said
    assert "remote rejected" in said
    assert origin.head(repo) == before
    assert packs(origin, repo) == stored


def test_knowing_a_hash_does_not_open_somebody_elses_file(
    origin: Origin, git: Git, repo: Repo, clone: Path, mallory: Actor
) -> None:
    with_lfs(git, clone)
    secret = os.urandom(5_000)
    git.commit(clone, {"weights.bin": secret})
    git.ok("push", "origin", "main", at=clone)
    oid = hashlib.sha256(secret).hexdigest()

    theirs = origin.repo(mallory, "copy")
    other = git.clone(origin.address(theirs, origin.token(mallory)))
    git.commit(other, {"weights.bin": POINTER.format(oid=oid, size=len(secret)).encode()})
    assert oid in git.refused("push", "origin", "main", at=other)
    with calling(origin.hub) as call:
        holders = call.db.scalars(
            sa.select(repo_blobs.c.repo_id).where(repo_blobs.c.sha256 == oid)
        ).all()
    assert holders == [repo.id]


@pytest.mark.parametrize("suffix", ["", ".git"])
def test_git_lfs_finds_its_endpoint_beside_the_remote(
    origin: Origin, git: Git, repo: Repo, alice: Actor, suffix: str
) -> None:
    url = origin.address(repo, origin.token(alice), suffix=suffix)
    clone = git.clone(url)
    with_lfs(git, clone)
    weights = os.urandom(200_000)
    sha = git.commit(clone, {"weights.bin": weights})
    git.ok("push", "origin", "main", at=clone)
    assert origin.head(repo) == sha
    assert git.ok("cat-file", "blob", "HEAD:weights.bin", at=clone).startswith("version https://")

    again = git.clone(url, GIT_LFS_SKIP_SMUDGE="1")
    git.ok("lfs", "install", "--local", at=again)
    git.ok("lfs", "pull", at=again)
    assert (again / "weights.bin").read_bytes() == weights


def test_a_large_file_outside_lfs_is_refused_by_name(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    before = origin.head(repo)
    ceiling = origin.hub.settings.limits.regular_file_bytes
    git.commit(clone, {"folder/huge.txt": b"x" * (ceiling + 1)})
    said = git.refused("push", "origin", "main", at=clone)
    assert "folder/huge.txt" in said
    assert "git lfs migrate import" in said
    assert origin.head(repo) == before


def test_a_card_with_wrong_metadata_is_refused_at_the_tip_alone(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    before = origin.head(repo)
    git.commit(clone, {"README.md": b"---\nlicense: asdf\n---\n"})
    said = git.refused("push", "origin", "main", at=clone)
    assert 'README.md: "license" must be one of [apache-2.0' in said
    assert origin.head(repo) == before
    sha = git.commit(clone, {"README.md": b"---\nlicense: mit\n---\n"})
    git.ok("push", "origin", "main", at=clone)
    assert origin.head(repo) == sha


def test_a_large_file_hidden_in_history_is_refused(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    before = origin.head(repo)
    ceiling = origin.hub.settings.limits.regular_file_bytes
    git.commit(clone, {"huge.txt": b"x" * (ceiling + 1)})
    (clone / "huge.txt").unlink()
    git.commit(clone, {"other.txt": b"small"})
    assert "huge.txt" in git.refused("push", "origin", "main", at=clone)
    assert origin.head(repo) == before


@pytest.mark.parametrize("name", [".git", ".GIT", "git~1", "..", "a\\b", ".git::$INDEX_ALLOCATION"])
def test_a_name_that_no_checkout_can_hold_is_refused(
    origin: Origin, git: Git, repo: Repo, clone: Path, name: str
) -> None:
    before = origin.head(repo)
    blob = git.ok("hash-object", "-w", "README.md", at=clone)
    tree = raw_tree(git, clone, name, blob)
    sha = git.ok("commit-tree", tree, "-p", before, "-m", "Trap", at=clone)
    said = git.refused("push", "origin", f"{sha}:refs/heads/main", at=clone)
    assert "remote" in said
    assert origin.head(repo) == before


def raw_tree(git: Git, clone: Path, name: str, blob: str) -> str:
    """Write a tree that git itself would not."""
    draft = clone / "tree"
    draft.write_bytes(b"100644 " + name.encode() + b"\0" + bytes.fromhex(blob))
    words = ("hash-object", "-t", "tree", "-w", "--literally", str(draft))
    return git.ok(*words, at=clone)


def test_main_cannot_be_deleted(origin: Origin, git: Git, repo: Repo, clone: Path) -> None:
    before = origin.refs(repo)
    assert "main cannot be deleted" in git.refused("push", "origin", ":main", at=clone)
    assert origin.refs(repo) == before


@pytest.mark.parametrize(
    "ref",
    ["refs/heads/HEAD", f"refs/heads/{'a' * 40}", "refs/tags/refs/x", "refs/convert/x", "refs/x/y"],
)
def test_a_name_that_would_hide_another_is_refused(
    origin: Origin, git: Git, repo: Repo, clone: Path, ref: str
) -> None:
    git.refused("push", "origin", f"HEAD:{ref}", at=clone)
    assert set(origin.refs(repo)) == {"refs/heads/main"}


def test_a_ref_cannot_stand_inside_another(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    said = git.refused("push", "origin", "main:refs/heads/main/inner", at=clone)
    assert "another ref" in said
    said = git.refused("push", "origin", "main:refs/heads/a", "main:refs/heads/a/b", at=clone)
    assert set(origin.refs(repo)) == {"refs/heads/main", "refs/heads/a"}


def test_a_branch_holds_commits_only(origin: Origin, git: Git, repo: Repo, clone: Path) -> None:
    git.ok("tag", "--annotate", "v1", "--message", "x", at=clone)
    for thing in ("refs/tags/v1", "HEAD^{tree}", "HEAD:README.md"):
        oid = git.ok("rev-parse", thing, at=clone)
        git.refused("push", "origin", f"{oid}:refs/heads/odd", at=clone)
    assert set(origin.refs(repo)) == {"refs/heads/main"}


def test_a_stranger_and_a_nobody_push_nothing(
    origin: Origin, git: Git, repo: Repo, clone: Path, mallory: Actor
) -> None:
    before, stored = origin.refs(repo), packs(origin, repo)
    git.commit(clone, {"intruder.bin": os.urandom(2_000_000)})
    said = git.refused("push", origin.address(repo, origin.token(mallory)), "main", at=clone)
    assert "You have read access but not the required permissions" in said
    git.refused("push", origin.address(repo), "main", at=clone)
    git.refused(
        "push", "--force", origin.address(repo, origin.token(mallory)), "main:new", at=clone
    )
    assert origin.refs(repo) == before
    assert packs(origin, repo) == stored


def test_a_pull_request_takes_pushes_of_its_author_and_of_writers(
    origin: Origin, git: Git, repo: Repo, clone: Path, mallory: Actor
) -> None:
    bob = made(origin.hub, "bob")
    first = Sha(origin.head(repo))
    with calling(origin.hub, bob) as call, working(call) as work:
        number = queries.next_number(work, repo.id)
        queries.insert_proposal(work, repo.id, number, "refs/heads/main")
        landed(work, repo, Move("refs/pr/1", None, first))
    target = "HEAD:refs/pr/1"

    one = git.commit(clone, {"one.txt": b"1"})
    git.ok("push", origin.address(repo, origin.token(bob)), target, at=clone)
    assert origin.refs(repo)["refs/pr/1"] == one
    two = git.commit(clone, {"two.txt": b"2"})
    git.ok("push", "origin", target, at=clone)
    assert origin.refs(repo)["refs/pr/1"] == two

    three = git.commit(clone, {"three.txt": b"3"})
    git.refused("push", origin.address(repo, origin.token(mallory)), target, at=clone)
    git.refused("push", origin.address(repo, origin.token(bob)), "HEAD:main", at=clone)
    git.refused("push", origin.address(repo, origin.token(bob)), ":refs/pr/1", at=clone)
    git.refused("push", "origin", "HEAD:refs/pr/2", at=clone)
    assert origin.refs(repo) == {"refs/heads/main": first, "refs/pr/1": two}
    assert three not in origin.refs(repo).values()


def test_only_those_who_may_write_rewrite_a_pull_request(
    origin: Origin, git: Git, repo: Repo, clone: Path
) -> None:
    bob = made(origin.hub, "bob")
    with calling(origin.hub, bob) as call, working(call) as work:
        number = queries.next_number(work, repo.id)
        queries.insert_proposal(work, repo.id, number, "refs/heads/main")
        landed(work, repo, Move("refs/pr/1", None, Sha(origin.head(repo))))
    theirs = origin.address(repo, origin.token(bob))
    one = git.commit(clone, {"one.txt": b"1"})
    git.ok("push", theirs, "HEAD:refs/pr/1", at=clone)
    git.ok("commit", "--amend", "--message", "Another", at=clone)
    said = git.refused("push", "--force", theirs, "HEAD:refs/pr/1", at=clone)
    assert "not a fast-forward" in said
    assert origin.refs(repo)["refs/pr/1"] == one
    git.ok("push", "--force", "origin", "HEAD:refs/pr/1", at=clone)


def test_an_unconfirmed_account_pushes_nothing(origin: Origin, git: Git, clone: Path) -> None:
    with calling(origin.hub) as call, working(call) as work:
        work.db.execute(sa.update(users).values(verified_at=None))
    git.commit(clone, {"one.txt": b"1"})
    said = git.refused("push", "origin", "main", at=clone)
    assert "remote: Please confirm your email address" in said
