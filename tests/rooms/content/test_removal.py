"""Large files are deleted for good: from every history at once, or their bytes alone."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.contents import at, changed, created, given, side_by_side, texts, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling, oid_of, person, working_as
from strata.blobs.inventory.holdings import Holding, holdings, total
from strata.blobs.keep import share
from strata.blobs.present import large_files
from strata.blobs.sweeping import sweep
from strata.content import refs
from strata.content.proposals import open_proposal
from strata.content.reading.history import commits
from strata.content.rewriting.naming import NameLargeFiles
from strata.content.rewriting.removal import FinishRewrite, delete_large_files
from strata.content.rewriting.repacking import RepackRepo
from strata.content.soundness import unsound_history
from strata.content.writing.operations import Add, Delete
from strata.core.actor import SYSTEM, Actor
from strata.core.errors import Forbidden, Malformed, NotFound, TooLarge
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.events.tables import facts, jobs
from strata.lib.git import read as git
from strata.repos.landed import Move, landed
from strata.repos.projection import shown
from strata.repos.record import Repo

BIG, OTHER = b"weights " * 300, b"kept " * 400


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    """Two large files on main; one of them also on a branch, under a tag and in a pull request."""
    made = created(hub, owner, "one")
    changed(hub, owner, made, [given(hub, owner, made, "w/big.bin", BIG), Add("a.txt", b"a")])
    changed(hub, owner, made, [given(hub, owner, made, "other.bin", OTHER)])
    with calling(hub, owner) as call:
        refs.create_branch(call, made.repo_id, "side")
        refs.create_tag(call, made.repo_id, "main", "plain")
        refs.create_tag(call, made.repo_id, "main", "noted", "A release")
    proposed(hub, owner, made)
    changed(hub, owner, made, [Delete("w/big.bin")])
    changed(hub, owner, made, [Add("side.txt", b"s")], "side")
    return made


def proposed(hub: Hub, owner: Actor, repo: Repo) -> None:
    head = at(hub, owner, repo).commit
    with working_as(hub, owner) as work:
        number = open_proposal(work, repo, "refs/heads/main")
        landed(work, repo, Move(f"refs/pr/{number}", None, head))


def deleted(hub: Hub, actor: Actor, repo: Repo, *contents: bytes, rewrite: bool = True) -> None:
    oids = [oid_of(content) for content in contents]
    with calling(hub, actor) as call:
        delete_large_files(call, repo.repo_id, oids, rewrite_history=rewrite)


def listed(hub: Hub, repo: Repo) -> list[Holding]:
    with calling(hub, SYSTEM) as call:
        NameLargeFiles(repo.id).run(call)
        return holdings(call, repo).rows


def all_refs(hub: Hub, repo: Repo) -> dict[str, str]:
    with calling(hub, SYSTEM) as call:
        return {ref.name: ref.oid for ref in shown(call, repo)}


def paths_ever(hub: Hub, repo: Repo) -> set[str]:
    """Every path in every commit that any ref reaches."""
    path = hub.git_path(repo.key)
    return {
        entry.path
        for tip in all_refs(hub, repo).values()
        for facts_ in git.log(path, git.peel(path, tip) or tip, 100)
        for entry in git.list_tree(path, facts_.sha, recursive=True)
    }


def test_a_file_leaves_every_branch_tag_and_pull_request_at_once(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    before = all_refs(hub, repo)
    with calling(hub, owner) as call:
        titles = [commit.facts.title for commit in commits(call, at(hub, owner, repo)).items]
    deleted(hub, owner, repo, BIG)
    after = all_refs(hub, repo)
    assert after.keys() == before.keys()
    assert not set(after.values()) & set(before.values())
    assert paths_ever(hub, repo) == {".gitattributes", "a.txt", "other.bin", "side.txt"}
    with calling(hub, owner) as call:
        again = [commit.facts.title for commit in commits(call, at(hub, owner, repo)).items]
        assert list(unsound_history(call)) == []
    assert again == titles
    assert texts(hub, owner, repo, "side").keys() == {"a.txt", "other.bin", "side.txt"}
    tag = git.peel(hub.git_path(repo.key), after["refs/tags/noted"])
    assert tag == after["refs/tags/plain"] == after["refs/pr/1"]


def test_the_bytes_are_gone_for_this_repo_and_stay_for_others(
    hub: Hub, owner: Actor, repo: Repo, clock: FrozenClock
) -> None:
    twin = created(hub, owner, "twin")
    with working_as(hub, owner) as work:
        assert share(work, repo, twin, [oid_of(BIG)]) == []
    deleted(hub, owner, repo, BIG, OTHER)
    with calling(hub, owner) as call:
        assert large_files(call, repo, [oid_of(BIG), oid_of(OTHER)]) == {}
        assert large_files(call, twin, [oid_of(BIG)]).keys() == {oid_of(BIG)}
    clock.advance(timedelta(days=29))
    with calling(hub, owner) as call:
        report = sweep.sweep(call, delete=True)
    assert report.files == 2  # nobody committed the twin's
    assert report.file_bytes == len(BIG) + len(OTHER)


def test_without_rewriting_the_pointers_stay_and_are_no_damage(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    before = all_refs(hub, repo)
    deleted(hub, owner, repo, OTHER, rewrite=False)
    assert all_refs(hub, repo) == before
    assert [holding.oid for holding in listed(hub, repo)] == [oid_of(BIG)]
    with calling(hub, owner) as call:
        assert list(unsound_history(call)) == []


def test_what_was_deleted_can_come_again(hub: Hub, owner: Actor, repo: Repo) -> None:
    deleted(hub, owner, repo, OTHER)
    changed(hub, owner, repo, [given(hub, owner, repo, "again.bin", OTHER)])
    assert [holding.filename for holding in listed(hub, repo)] == ["again.bin", "w/big.bin"]


def test_a_file_that_no_commit_names_is_deleted_without_a_new_history(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    given(hub, owner, repo, "never", b"never committed")
    before = all_refs(hub, repo)
    deleted(hub, owner, repo, b"never committed")
    assert all_refs(hub, repo) == before
    assert len(listed(hub, repo)) == 2


def test_all_files_go_or_none(hub: Hub, owner: Actor, repo: Repo) -> None:
    before = all_refs(hub, repo)
    with pytest.raises(NotFound, match=oid_of(b"nowhere")):
        deleted(hub, owner, repo, BIG, b"nowhere")
    with calling(hub, owner) as call:
        for wrong, error in ((["A" * 64], Malformed), ([oid_of(BIG)] * 1001, TooLarge)):
            with pytest.raises(error):
                delete_large_files(call, repo.repo_id, wrong, rewrite_history=True)
    assert all_refs(hub, repo) == before
    assert len(listed(hub, repo)) == 2


def test_only_who_manages_the_repo_may(hub: Hub, repo: Repo) -> None:
    with pytest.raises(Forbidden):
        deleted(hub, person(hub, "bob"), repo, BIG)


def test_commits_that_land_meanwhile_are_kept_and_rewritten_too(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    with side_by_side(3) as writers:
        landing = [
            writers.submit(uploaded, hub, owner, repo, {f"{number}.txt": b"%d" % number})
            for number in range(8)
        ]
        deleting = writers.submit(deleted, hub, owner, repo, BIG)
        deleting.result()
        for one in landing:
            one.result()
    assert {f"{number}.txt" for number in range(8)} <= texts(hub, owner, repo).keys()
    assert "w/big.bin" not in paths_ever(hub, repo)


def test_a_branch_that_begins_at_an_old_commit_is_rewritten_later(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    old = at(hub, owner, repo, "side").commit
    deleted(hub, owner, repo, BIG)
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "late", starting_point=old)
    assert "w/big.bin" in paths_ever(hub, repo)
    before = all_refs(hub, repo)
    with calling(hub, SYSTEM) as call:
        FinishRewrite(repo.id).run(call)
    after = all_refs(hub, repo)
    assert [name for name in after if after[name] != before[name]] == ["refs/heads/late"]
    assert after["refs/heads/late"] == after["refs/heads/side"]
    assert "w/big.bin" not in paths_ever(hub, repo)
    with calling(hub, SYSTEM) as call:
        FinishRewrite(repo.id).run(call)
    assert all_refs(hub, repo) == after
    changed(hub, owner, repo, [given(hub, owner, repo, "again.bin", BIG)])
    with calling(hub, SYSTEM) as call:
        FinishRewrite(repo.id).run(call)
    assert "again.bin" in texts(hub, owner, repo)


def test_what_happened_is_recorded_and_old_objects_go_a_day_later(
    hub: Hub, owner: Actor, repo: Repo, clock: FrozenClock
) -> None:
    old = at(hub, owner, repo).commit
    deleted(hub, owner, repo, BIG)
    with calling(hub, owner) as call:
        detail = call.db.scalar(
            sa.select(facts.c.detail).where(facts.c.name == "repo.delete_lfs_file")
        )
        due = call.db.scalar(sa.select(jobs.c.due).where(jobs.c.kind == RepackRepo.kind))
    assert detail == {"files": 1, "rewriteHistory": True}
    assert due is not None
    assert due > clock() + timedelta(days=1)
    clock.advance(timedelta(days=3650))  # the files on disk are as old as this machine's clock says
    with calling(hub, owner) as call:
        RepackRepo(repo.id).run(call)
    assert git.expand_sha(hub.git_path(repo.key), old) is None
    assert texts(hub, owner, repo, "side").keys() == {"a.txt", "other.bin", "side.txt"}


def test_files_are_listed_newest_first_by_where_they_were_pushed(
    hub: Hub, owner: Actor, repo: Repo, clock: FrozenClock
) -> None:
    clock.advance(timedelta(minutes=1))
    change = [given(hub, owner, repo, "deep/side.bin", b"on a branch " * 100)]
    changed(hub, owner, repo, change, "side")
    clock.advance(timedelta(minutes=1))
    given(hub, owner, repo, "never", b"never committed")
    rows = listed(hub, repo)
    assert [(row.filename, row.ref) for row in rows[:2]] == [
        ("", None),
        ("deep/side.bin", "refs/heads/side"),
    ]
    assert {(row.filename, row.ref) for row in rows[2:]} == {
        ("w/big.bin", "refs/heads/side"),
        ("other.bin", "refs/heads/main"),
    }
    with calling(hub, owner) as call:
        assert total(call, repo).files == 4
        page = holdings(call, repo, 1)
        pages = page.rows
        while page.cursor:
            page = holdings(call, repo, 1, page.cursor)
            pages += page.rows
        with pytest.raises(Malformed):
            holdings(call, repo, 1, "bad")
    assert pages == rows


def test_a_file_that_left_every_head_is_found_in_history(hub: Hub, owner: Actor) -> None:
    made = created(hub, owner, "past")
    changed(hub, owner, made, [given(hub, owner, made, "gone.bin", BIG)])
    changed(hub, owner, made, [Delete("gone.bin")])
    given(hub, owner, made, "never", OTHER)
    by_oid = {row.oid: (row.filename, row.ref) for row in listed(hub, made)}
    assert by_oid == {
        oid_of(BIG): ("gone.bin", "refs/heads/main"),
        oid_of(OTHER): ("", None),
    }
    changed(hub, owner, made, [given(hub, owner, made, "now.bin", OTHER)])
    names = {row.oid: row.filename for row in listed(hub, made)}
    assert names[Oid(oid_of(OTHER))] == "now.bin"
