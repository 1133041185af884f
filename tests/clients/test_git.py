"""The same repositories through git and git-lfs."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Repo, shown
from clients.conftest import MakeClient
from clients.environments import NEWEST
from clients.git import GitMachine, address, machine
from clients.hub import Hub, Person

As = Callable[[Person | None], Api]

WEIGHTS_SIZE: Final = 3_000_000
LARGER_THAN_GIT_TAKES: Final = 11 * 1024 * 1024
POINTER: Final = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


@dataclass(frozen=True, slots=True)
class Origin:
    """A repository on the hub with its owner, and ways to reach it."""

    hub: Hub
    repo: Repo
    owner: Person
    owners: Api
    """The owner's JSON calls."""

    @property
    def url(self) -> str:
        """The address without credentials."""
        return address(self.hub, self.repo)

    @property
    def owners_url(self) -> str:
        return address(self.hub, self.repo, self.owner)

    @property
    def readers_url(self) -> str:
        """The address with the owner's read token."""
        return address(self.hub, self.repo, self.owner, token=self.owner.token_read)

    @property
    def strangers_url(self) -> str:
        return address(self.hub, self.repo, self.hub.user("git-stranger"))


@pytest.fixture
def owner(hub: Hub) -> Person:
    return hub.user("git-owner")


@pytest.fixture
def origin(hub: Hub, api: As, owner: Person, repo_name: str) -> Origin:
    """Return a public model with a card and one commit beside the first."""
    repo = Repo("model", f"{owner.name}/{repo_name}")
    owners = api(owner)
    owners.create(repo)
    owners.commit(repo, {"README.md": b"# Hello\n"}, summary="Add a card")
    return Origin(hub, repo, owner, owners)


@pytest.fixture
def private_origin(hub: Hub, api: As, owner: Person, repo_name: str) -> Origin:
    """Return a private data set with one secret file."""
    repo = Repo("dataset", f"{owner.name}/private-{repo_name}")
    owners = api(owner)
    owners.create(repo, private=True)
    owners.commit(repo, {"secret.txt": b"for my eyes"})
    return Origin(hub, repo, owner, owners)


@pytest.fixture
def owners_git(owner: Person, tmp_path: Path) -> GitMachine:
    return machine(tmp_path / "owner", owner)


@pytest.fixture
def plain_git(owner: Person, tmp_path: Path) -> GitMachine:
    """Return the owner's git on a machine where git-lfs was never set up."""
    return machine(tmp_path / "plain", owner, lfs=False)


def test_one_history_through_client_and_git(
    origin: Origin, client: MakeClient, owners_git: GitMachine
) -> None:
    weights = os.urandom(WEIGHTS_SIZE)
    uploading = client(NEWEST, person=origin.owner)
    (uploading.home / "weights.bin").write_bytes(weights)
    uploading.program("hf", "upload", origin.repo.name, "weights.bin")

    clone = owners_git.clone(origin.owners_url)
    assert (clone / "weights.bin").read_bytes() == weights
    uploaded = owners_git.head(clone)

    changed = os.urandom(WEIGHTS_SIZE)
    (clone / "weights.bin").write_bytes(changed)
    (clone / "README.md").write_text("# Changed with git\n")
    pushed = owners_git.commit(clone, "Change both files")
    owners_git.git("push", "origin", "main", within=clone)

    reading = client(NEWEST)
    copy = reading.home / "copy"
    reading.program("hf", "download", origin.repo.name, "--local-dir", str(copy))
    assert (copy / "weights.bin").read_bytes() == changed
    assert (copy / "README.md").read_text() == "# Changed with git\n"

    history = origin.owners.commits(origin.repo)
    assert history[:2] == [pushed, uploaded]
    assert history == owners_git.git("rev-list", "HEAD", within=clone).split()


def test_a_clone_is_sound(origin: Origin, owners_git: GitMachine) -> None:
    clone = owners_git.clone(origin.url)
    assert "error" not in owners_git.git("fsck", "--full", "--strict", within=clone)


def test_shallow_clone_has_one_commit(origin: Origin, owners_git: GitMachine) -> None:
    clone = owners_git.clone(origin.url, "--depth=1")
    assert owners_git.git("rev-list", "--count", "HEAD", within=clone).strip() == "1"
    owners_git.git("fetch", "--unshallow", within=clone)
    assert owners_git.git("rev-list", "--count", "HEAD", within=clone).strip() == "2"


def test_partial_clone_fetches_files_when_asked(origin: Origin, owners_git: GitMachine) -> None:
    origin.owners.commit(origin.repo, {"README.md": b"# Second\n"})
    clone = owners_git.clone(origin.url, "--filter=blob:none")
    assert (clone / "README.md").read_text() == "# Second\n"
    missing = owners_git.git("rev-list", "--objects", "--missing=print", "HEAD", within=clone)
    assert any(line.startswith("?") for line in missing.splitlines())
    assert owners_git.git("show", "HEAD~1:README.md", within=clone) == "# Hello\n"


def test_branches_and_tags_travel_both_ways(
    origin: Origin, client: MakeClient, owners_git: GitMachine
) -> None:
    clone = owners_git.clone(origin.owners_url)
    owners_git.git("tag", "light", within=clone)
    owners_git.git("tag", "--annotate", "--message", "first", "v1", within=clone)
    owners_git.git("switch", "--create", "feature/slash", within=clone)
    owners_git.git("push", "origin", "feature/slash", "light", "v1", within=clone)
    refs = origin.owners.json(f"{origin.repo.api}/refs")
    assert {"main", "feature/slash"} == {one["name"] for one in refs["branches"]}
    assert {"light", "v1"} == {one["name"] for one in refs["tags"]}
    head = owners_git.head(clone)
    assert {one["targetCommit"] for one in refs["branches"] + refs["tags"]} == {head}

    client(NEWEST, person=origin.owner).run(
        """
        import sys
        from huggingface_hub import HfApi
        api = HfApi()
        api.create_branch(sys.argv[1], branch="from-client")
        api.create_tag(sys.argv[1], tag="v2", tag_message="second")
        """,
        origin.repo.name,
    )
    owners_git.git("fetch", "--tags", "origin", within=clone)
    assert owners_git.head(clone, "origin/from-client") == head
    assert owners_git.head(clone, "v2^{commit}") == head
    assert owners_git.git("cat-file", "-t", "v2", within=clone).strip() == "tag"

    owners_git.git("push", "origin", "--delete", "feature/slash", "light", within=clone)
    refs = origin.owners.json(f"{origin.repo.api}/refs")
    assert {"main", "from-client"} == {one["name"] for one in refs["branches"]}
    assert {"v1", "v2"} == {one["name"] for one in refs["tags"]}


def test_owner_may_rewrite_history(origin: Origin, owners_git: GitMachine) -> None:
    clone = owners_git.clone(origin.owners_url)
    owners_git.git("commit", "--amend", "--message", "Rewritten", within=clone)
    owners_git.git("push", "origin", "main", within=clone, fails=True)
    owners_git.git("push", "--force", "origin", "main", within=clone)
    assert origin.owners.head(origin.repo) == owners_git.head(clone)
    assert origin.owners.json(f"{origin.repo.api}/commits/main")[0]["title"] == "Rewritten"


def test_a_pull_request_can_be_fetched(
    origin: Origin, client: MakeClient, owners_git: GitMachine
) -> None:
    proposed = client(NEWEST, person=origin.hub.user("git-stranger")).run(
        """
        import sys
        from huggingface_hub import CommitOperationAdd, HfApi
        commit = HfApi().create_commit(
            sys.argv[1],
            [CommitOperationAdd(path_in_repo="idea.txt", path_or_fileobj=b"an idea")],
            commit_message="An idea",
            create_pr=True,
        )
        print(commit.pr_revision)
        """,
        origin.repo.name,
    )
    reference = proposed.stdout.split()[-1]
    assert reference.startswith("refs/pr/")
    clone = owners_git.clone(origin.url)
    owners_git.git("fetch", "origin", reference, within=clone)
    assert owners_git.git("show", "FETCH_HEAD:idea.txt", within=clone) == "an idea"
    assert "idea.txt" not in origin.owners.paths(origin.repo)


def test_a_pointer_to_bytes_that_were_never_given_is_refused(
    origin: Origin, plain_git: GitMachine
) -> None:
    clone = plain_git.clone(origin.owners_url)
    oid = hashlib.sha256(origin.repo.name.encode()).hexdigest()
    (clone / "stolen.bin").write_text(POINTER.format(oid=oid, size=12345))
    plain_git.git("-c", "filter.lfs.clean=cat", "-c", "filter.lfs.required=false", "add", "--all",
              within=clone)  # fmt: skip
    plain_git.git("commit", "--message", "Point at nothing", within=clone)
    before = origin.owners.head(origin.repo)
    said = plain_git.git("push", "origin", "main", within=clone, fails=True)
    assert oid in said or "stolen.bin" in said, said
    assert origin.owners.head(origin.repo) == before


def test_a_large_file_outside_lfs_is_refused(origin: Origin, plain_git: GitMachine) -> None:
    clone = plain_git.clone(origin.owners_url)
    (clone / "huge.txt").write_bytes(os.urandom(LARGER_THAN_GIT_TAKES).hex().encode())
    plain_git.commit(clone, "A huge text")
    before = origin.owners.head(origin.repo)
    said = plain_git.git("push", "origin", "main", within=clone, fails=True)
    assert "huge.txt" in said, said
    assert origin.owners.head(origin.repo) == before


@pytest.mark.parametrize("visible", ["origin", "private_origin"])
@pytest.mark.parametrize("who", ["stranger", "anonymous", "read-token"])
def test_a_push_without_the_right_is_refused(
    request: pytest.FixtureRequest, plain_git: GitMachine, visible: str, who: str
) -> None:
    origin: Origin = request.getfixturevalue(visible)
    before = origin.owners.head(origin.repo)
    clone = plain_git.clone(origin.owners_url)
    (clone / "intruder.txt").write_text("mine now")
    plain_git.commit(clone, "Intrude")
    target = {
        "stranger": origin.strangers_url,
        "anonymous": origin.url,
        "read-token": origin.readers_url,
    }[who]
    plain_git.git("push", target, "main", within=clone, fails=True)
    assert origin.owners.head(origin.repo) == before


def test_a_private_repo_cannot_be_cloned_by_others(
    private_origin: Origin, plain_git: GitMachine
) -> None:
    for url in (private_origin.url, private_origin.strangers_url):
        said = plain_git.git("clone", url, "stolen", fails=True)
        assert "secret.txt" not in said
    clone = plain_git.clone(private_origin.readers_url)
    assert (clone / "secret.txt").read_text() == "for my eyes"


def test_large_files_pushed_with_git_lfs_are_read_by_every_way(
    origin: Origin, client: MakeClient, owners_git: GitMachine
) -> None:
    clone = owners_git.clone(origin.owners_url)
    weights = os.urandom(WEIGHTS_SIZE)
    (clone / "model.safetensors").write_bytes(weights)
    owners_git.commit(clone, "Add weights")
    owners_git.git("push", "origin", "main", within=clone)

    entries = origin.owners.web.post(
        f"{origin.repo.api}/paths-info/main", json={"paths": ["model.safetensors"]}
    )
    assert entries.status_code == 200, shown(entries)
    (entry,) = entries.json()
    assert entry["lfs"]["oid"] == hashlib.sha256(weights).hexdigest()
    assert entry["size"] == WEIGHTS_SIZE
    assert origin.owners.content(origin.repo, "model.safetensors") == weights
    for variables in ({}, {"HF_HUB_DISABLE_XET": "1"}):
        reading = client(NEWEST, variables=variables)
        reading.program(
            "hf", "download", origin.repo.name, "--local-dir", str(reading.home / "copy")
        )
        assert (reading.home / "copy" / "model.safetensors").read_bytes() == weights
