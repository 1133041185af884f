"""Real git over SSH: the same rooms and rules as over HTTP."""

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from fixtures.accounts import calling, made
from fixtures.collaborators import accepts_here, changes_role, invites, removes
from fixtures.keys import SshPair
from fixtures.organizations import joins, organization, today
from fixtures.ssh_server import SshMachine, SshOrigin, key_of
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.content.reading.downloads import bytes_of
from strata.core.actor import Actor, Role
from strata.core.call import working
from strata.core.names import RepoId, RepoType
from strata.credentials.keys import ssh
from strata.repos.change import move

pytestmark = pytest.mark.slow


@pytest.fixture
def key(origin: SshOrigin, machine: SshMachine, alice: Actor) -> SshPair:
    pair = machine.key()
    key_of(origin.hub, alice, pair)
    return pair


@pytest.fixture
def stranger(origin: SshOrigin, machine: SshMachine, mallory: Actor) -> SshPair:
    pair = machine.key("mallory")
    key_of(origin.hub, mallory, pair)
    return pair


@pytest.mark.parametrize("version", ["0", "1", "2"])
def test_clone_change_push_fetch(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair, version: str
) -> None:
    repo = origin.repo(alice, "tiny", private=True)
    over: dict[str, Any] = machine.over(key) | {
        "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_1": "protocol.version",
        "GIT_CONFIG_VALUE_1": version,
    }  # fmt: skip
    url = origin.ssh_address(repo)
    first = machine.clone(url, **over)
    assert origin.tallies is not None
    origin.tallies.downloads.flush(origin.hub)
    with calling(origin.hub, alice) as call:
        assert bytes_of(call, alice.user_id or 0) > 200  # of the pack that was sent
    second = machine.clone(url, **over)
    sha = machine.commit(first, {"new.txt": b"new\n"})
    machine.ok("push", "origin", "main", at=first, **over)
    assert origin.head(repo) == sha
    machine.ok("pull", "--ff-only", at=second, **over)
    assert (second / "new.txt").read_bytes() == b"new\n"
    machine.ok("push", "origin", "main:topic", at=first, **over)
    machine.ok("push", "origin", "--delete", "topic", at=first, **over)
    assert set(origin.refs(repo)) == {"refs/heads/main"}


def test_shallow_and_partial_clones(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair
) -> None:
    repo = origin.repo(alice, "tiny", files={"README.md": b"# a\n", "a/b.txt": b"b\n"})
    url = origin.ssh_address(repo)
    for options in (("--depth", "1"), ("--filter=blob:none",)):
        clone = machine.clone(url, *options, **machine.over(key))
        assert (clone / "a" / "b.txt").read_bytes() == b"b\n"


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        (RepoType.MODEL, ("alice/tiny", "alice/tiny.git", "/alice/tiny", "models/alice/tiny/")),
        (RepoType.DATASET, ("datasets/alice/tiny", "/datasets/Alice/Tiny.git")),
        (RepoType.SPACE, ("spaces/alice/tiny", "spaces/alice/tiny.git")),
    ],
)
def test_every_way_to_write_an_address(
    origin: SshOrigin,
    machine: SshMachine,
    alice: Actor,
    key: SshPair,
    kind: RepoType,
    paths: tuple[str, ...],
) -> None:
    repo = origin.repo(alice, "tiny", kind=kind, private=True)
    over: dict[str, Any] = {
        "GIT_SSH_COMMAND": f"{machine.over(key)['GIT_SSH_COMMAND']} -p {origin.port}"
    }
    for path in paths:
        for url in (f"git@127.0.0.1:{path}", f"ssh://git@127.0.0.1/{path.lstrip('/')}"):
            listed = machine.ok("ls-remote", url, "refs/heads/main", **over)
            assert listed.split()[0] == origin.head(repo), url


def test_a_moved_repo_is_found_by_its_old_name(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair
) -> None:
    repo = origin.repo(alice, "tiny", private=True)
    old = origin.ssh_address(repo)
    clone = machine.clone(old, **machine.over(key))
    with calling(origin.hub, alice) as call, working(call) as work:
        move(work, RepoId(RepoType.MODEL, "alice", "tiny"), RepoId(RepoType.MODEL, "alice", "big"))
    sha = machine.commit(clone, {"new.txt": b"new\n"})
    machine.ok("push", "origin", "main", at=clone, **machine.over(key))
    assert origin.head(repo) == sha


def test_hidden_is_missing(
    origin: SshOrigin, machine: SshMachine, alice: Actor, stranger: SshPair
) -> None:
    hidden = origin.ssh_address(origin.repo(alice, "hidden", private=True))
    missing = hidden.replace("hidden", "absent")
    unknown = machine.key("unknown")
    for pair in (stranger, unknown):
        for act in (("ls-remote",), ("push", "--force")):
            said = {
                machine.refused(*act, url, *refspec, at=_somewhere(machine), **machine.over(pair))
                for url in (hidden, missing)
                for refspec in [("main",) if act[0] == "push" else ()]
            }
            assert len(said) == 1, said
            assert "Repository not found" in said.pop()
    assert "settings/keys" in machine.refused("ls-remote", hidden, **machine.over(unknown))


def _somewhere(machine: SshMachine) -> Path:
    folder = machine.home / "own"
    if not folder.exists():
        machine.ok("init", "--quiet", str(folder))
        machine.commit(folder, {"a": b"a"})
    return folder


def test_everybody_reads_what_is_public_and_only_its_people_write(
    origin: SshOrigin, machine: SshMachine, alice: Actor, stranger: SshPair
) -> None:
    repo = origin.repo(alice, "open")
    before = origin.refs(repo)
    for pair in (stranger, machine.key("unknown")):
        clone = machine.clone(origin.ssh_address(repo), **machine.over(pair))
        machine.commit(clone, {"evil.txt": b"evil\n"})
        machine.refused("push", "origin", "main", at=clone, **machine.over(pair))
        machine.refused("push", "origin", "main:refs/pr/1", at=clone, **machine.over(pair))
    assert origin.refs(repo) == before


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.NO_ACCESS, ""),
        (Role.READ, "r"),
        (Role.CONTRIBUTOR, "r"),
        (Role.WRITE, "rw"),
        (Role.ADMIN, "rw"),
    ],
)
def test_roles_of_an_organization_count(
    origin: SshOrigin, machine: SshMachine, alice: Actor, role: Role, rights: str
) -> None:
    organization(origin.hub, "alice")
    bob = made(origin.hub, "bob")
    joins(origin.hub, "bob", role)
    owner = today(origin.hub, alice)
    repo = origin.repo(owner, "shared", private=True, namespace="acme")
    pair = machine.key("bob")
    key_of(origin.hub, bob, pair)
    url, over = origin.ssh_address(repo), machine.over(pair)
    if not rights:
        assert "not found" in machine.refused("ls-remote", url, **over)
        return
    clone = machine.clone(url, **over)
    sha = machine.commit(clone, {"bob.txt": b"bob\n"})
    pushed = machine.run("push", "origin", "main", at=clone, **over)
    assert (pushed.status == 0) is ("w" in rights), pushed.said
    assert (origin.head(repo) == sha) is ("w" in rights)


@pytest.mark.parametrize("role", [Role.READ, Role.WRITE, Role.ADMIN])
def test_a_collaborator_works_as_the_role_says_until_it_is_taken_away(
    origin: SshOrigin, machine: SshMachine, alice: Actor, stranger: SshPair, role: Role
) -> None:
    bob = made(origin.hub, "bob")
    pair = machine.key("bob")
    key_of(origin.hub, bob, pair)
    repo = origin.repo(alice, "shared", private=True)
    url, over = origin.ssh_address(repo), machine.over(pair)
    invites(origin.hub, alice, repo, "bob", role)
    missing = machine.refused("ls-remote", url, **over)  # invited is not let in
    assert missing == machine.refused("ls-remote", url, **machine.over(stranger))

    accepts_here(origin.hub, bob, invites(origin.hub, alice, repo, "bob", role))
    clone = machine.clone(url, **over)
    sha = machine.commit(clone, {"bob.txt": b"bob\n"})
    pushed = machine.run("push", "origin", "main", at=clone, **over)
    assert (pushed.status == 0) is (role is not Role.READ), pushed.said
    assert (origin.head(repo) == sha) is (role is not Role.READ)
    branch = machine.run("push", "origin", "HEAD:refs/heads/side", at=clone, **over)
    assert (branch.status == 0) is (role is not Role.READ), branch.said

    before = origin.head(repo)
    changes_role(origin.hub, alice, repo, "bob", Role.READ)
    machine.commit(clone, {"more.txt": b"more\n"})
    machine.refused("push", "origin", "main", at=clone, **over)
    machine.refused("push", "origin", ":refs/heads/side", at=clone, **over)
    machine.ok("fetch", at=clone, **over)
    removes(origin.hub, alice, repo, "bob")
    for act in (("fetch",), ("push", "origin", "main"), ("push", "-f", "origin", "main")):
        assert machine.refused(*act, at=clone, **over) == missing
    assert machine.refused("ls-remote", url, **over) == missing
    assert origin.head(repo) == before


def test_a_key_that_is_removed_ends_with_the_next_command(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    repo = origin.repo(alice, "tiny", private=True)
    pair = machine.key()
    added = key_of(origin.hub, alice, pair)
    over = machine.over(pair)
    with tempfile.TemporaryDirectory() as folder:  # the path of a socket has 100 characters
        socket = Path(folder) / "master"
        over["GIT_SSH_COMMAND"] += (
            f" -o ControlMaster=auto -o ControlPath={socket} -o ControlPersist=60"
        )
        machine.ok("ls-remote", origin.ssh_address(repo), **over)
        with calling(origin.hub, alice) as call, working(call) as work:
            ssh.remove(work, added.id)
        said = machine.refused("ls-remote", origin.ssh_address(repo), **over)  # same connection
        machine.ssh("-O", "exit", extra=("-o", f"ControlPath={socket}"))
    assert "does not belong to an account any more" in said


def test_a_push_is_judged_as_over_http(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair
) -> None:
    repo = origin.repo(alice, "tiny")
    clone = machine.clone(origin.ssh_address(repo), **machine.over(key))
    before = origin.head(repo)
    machine.commit(clone, {"large.bin": b"x" * (11 * 1024 * 1024)})
    said = machine.refused("push", "origin", "main", at=clone, **machine.over(key))
    assert "git lfs migrate import" in said
    machine.ok("reset", "--hard", "HEAD~1", at=clone)
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12\n"
    ).encode()
    machine.commit(clone, {"stolen.bin": pointer})
    machine.refused("push", "origin", "main", at=clone, **machine.over(key))
    assert origin.head(repo) == before


def test_what_is_no_push_is_named(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair
) -> None:
    origin.repo(alice, "tiny")
    words = ["ssh", *machine.options(key), "git@127.0.0.1", "git-receive-pack 'alice/tiny'"]
    done = subprocess.run(
        words, input=b"hello, this is no packet", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert b"not what git sends" in done.stderr


def test_a_push_beyond_the_quota_hears_the_numbers(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair
) -> None:
    repo = origin.repo(alice, "tiny")
    head = origin.head(repo)
    clone = machine.clone(origin.ssh_address(repo), **machine.over(key))
    with calling(origin.hub) as call, working(call) as work:
        place = names.Namespace(alice.user_id or 0, "alice", names.Kind.USER)
        grants.override(work, place, "public_bytes", 1_000, None)
        grants.override(work, place, "repo_files", 3, None)
    machine.commit(clone, {"big.txt": os.urandom(2_000)})
    said = machine.refused("push", "origin", "main", at=clone, **machine.over(key))
    assert "only 1000 B is left of 1000 B of public storage of alice" in " ".join(said.split())
    machine.ok("reset", "--hard", "HEAD^", at=clone)
    machine.commit(clone, {f"{number}.txt": b"x" for number in range(4)})
    said = machine.refused("push", "origin", "main", at=clone, **machine.over(key))
    assert "and may hold 3." in " ".join(said.split())
    assert origin.head(repo) == head
