"""No more files in a repo or a folder than its owner's plan allows, by every way in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.accounts import made
from fixtures.contents import at, changed, created, uploaded
from fixtures.git_server import Git, Origin, served
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from strata.accounts.naming import names
from strata.accounts.plans import grants
from strata.community.pulls.merging import Wish, merge
from strata.community.pulls.propose import propose
from strata.content.making.duplicate import Place, duplicate
from strata.content.writing.operations import Add, Change, Delete
from strata.content.writing.preupload import preupload
from strata.core.actor import SYSTEM, Actor
from strata.core.call import reading, working
from strata.core.errors import OverQuota
from strata.core.hub import Hub
from strata.lib.git import read as git

FILES, ENTRIES = 6, 4


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    limits = {"quotas.repo_files": FILES, "quotas.folder_files": ENTRIES}
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url, **limits)
    yield built
    built.database.close()


def files(folder: str, count: int) -> dict[str, bytes]:
    return {f"{folder}{number}": b"%d" % number for number in range(count)}


def allow(hub: Hub, owner: Actor, key: str, value: int | None) -> None:
    with reading(hub, SYSTEM) as call, working(call) as work:
        place = names.Namespace(owner.user_id or 0, owner.name or "", names.Kind.USER)
        grants.override(work, place, key, value, None)


def test_commits_pull_requests_and_copies_stay_within_the_number_of_files(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    repo = created(hub, ana, "small")  # holds .gitattributes
    head = uploaded(hub, ana, repo, files("a/", 3) | files("b/", 2)).sha
    with pytest.raises(OverQuota, match=r"ana/small would hold 7 files, and may hold 6\."):
        uploaded(hub, ana, repo, files("c/", 1))
    assert at(hub, ana, repo).commit == head
    with calling(hub, bob) as call:
        with pytest.raises(OverQuota, match="would hold 7 files"):
            propose(call, repo.repo_id, "main", Change("More", "", [Add("d/1", b"1")]))
        swap = Change("Swap", "", [Add("d/1", b"1"), Delete("a/0")])
        number = propose(call, repo.repo_id, "main", swap).number
    changed(hub, ana, repo, [Delete("b/0"), Add("d/2", b"2")])
    with calling(hub, ana) as call:
        assert merge(call, repo.repo_id, number, Wish()).kind == "status-change"
        assert "ana/small holds 6 of 6 files" in preupload(call, repo.repo_id, "main", []).warning
    allow(hub, bob, "repo_files", 5)
    with calling(hub, bob) as call, pytest.raises(OverQuota, match=r"bob/mine would hold 6 files"):
        duplicate(call, repo.repo_id, Place("bob", "mine"))


def test_two_that_fit_alone_are_not_merged_to_one_that_does_not(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    repo = created(hub, ana, "small")
    uploaded(hub, ana, repo, files("a/", 3))
    with calling(hub, bob) as call:
        two = Change("Two", "", [Add("b/1", b"1"), Add("b/2", b"2")])
        number = propose(call, repo.repo_id, "main", two).number
    head = uploaded(hub, ana, repo, files("c/", 2)).sha
    with calling(hub, ana) as call, pytest.raises(OverQuota, match="would hold 8 files"):
        merge(call, repo.repo_id, number, Wish())
    assert at(hub, ana, repo).commit == head


def test_a_folder_takes_only_so_much_and_less_is_always_welcome(hub: Hub) -> None:
    ana = made(hub, "ana")
    repo = created(hub, ana, "small")
    allow(hub, ana, "repo_files", 0)
    uploaded(hub, ana, repo, files("a/b/", ENTRIES))
    with pytest.raises(OverQuota, match=r"The folder a/b of ana/small would hold 5 files and fol"):
        uploaded(hub, ana, repo, {"a/b/more": b""})
    uploaded(hub, ana, repo, {"a/b/0": b"changed", "a/c/1": b""})
    allow(hub, ana, "folder_files", 2)  # as when a plan ends
    allow(hub, ana, "repo_files", 3)
    changed(hub, ana, repo, [Add("a/b/1", b"changed"), Delete("a/b/2")])
    for path in ("a/b/new", "new"):
        with pytest.raises(OverQuota):
            uploaded(hub, ana, repo, {path: b""})


@pytest.mark.slow
def test_git_hears_the_same_and_nothing_of_a_refused_push_is_kept(hub: Hub, tmp_path: Path) -> None:
    ana = made(hub, "ana")
    (tmp_path / "machine").mkdir()
    machine = Git(tmp_path / "machine")
    with served(hub) as url:
        origin = Origin(hub, url)
        repo = origin.repo(ana, "small")
        clone = machine.clone(origin.address(repo, origin.token(ana)))
        had = git.count_files(hub.git_path(repo.key), origin.head(repo))
        machine.commit(clone, files("a/", FILES - had))
        said = machine.ok("push", "origin", "main", at=clone)
        assert f"Warning: ana/small holds {FILES} of {FILES} files." in said
        packs = sorted(hub.git_path(repo.key).glob("objects/pack/*.pack"))
        head = origin.head(repo)
        machine.commit(clone, files("b/", 1))
        said = " ".join(machine.refused("push", "origin", "main:side", at=clone).split())
        assert f"ana/small would hold {FILES + 1} files, and may hold {FILES}." in said
        assert (origin.head(repo), sorted(hub.git_path(repo.key).glob("objects/pack/*.pack"))) == (
            head,
            packs,
        )
        machine.ok("reset", "--hard", "HEAD^", at=clone)
        allow(hub, ana, "folder_files", 3)
        machine.commit(clone, {"a/0": b"other"})
        machine.ok("push", "origin", "main", at=clone)
