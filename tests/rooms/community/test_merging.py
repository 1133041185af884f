"""Pull requests become part of their base: whole, once, or not at all."""

import os
from collections.abc import Sequence
from datetime import timedelta

import pytest

from fixtures.contents import at, changed, given, side_by_side, texts, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import calling, noise, oid_of, working_as
from strata.app.hub import JOBS
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.discussions.queries import Event
from strata.community.discussions.reading import Details, details
from strata.community.pulls import merging
from strata.community.pulls.merging import Wish, merge
from strata.community.pulls.propose import propose
from strata.community.pulls.storage import ref_bytes
from strata.content import refs
from strata.content.rewriting.removal import delete_large_files
from strata.content.rewriting.repacking import RepackRepo
from strata.content.rewriting.squash import super_squash
from strata.content.writing.operations import Add, Change, Delete, Operation
from strata.core.actor import ANONYMOUS, SYSTEM, Actor
from strata.core.errors import (
    Conflict,
    Forbidden,
    Malformed,
    NotFound,
    ParentMoved,
    RevisionNotFound,
    StrataError,
)
from strata.core.hub import Hub
from strata.core.names import Sha
from strata.events.jobs import run_due
from strata.lib.git import read as git
from strata.repos.record import Repo

BIG = b"weights " * 300


def pulled(
    hub: Hub, actor: Actor, repo: Repo, *operations: Operation, title: str = "Better"
) -> int:
    with calling(hub, actor) as call:
        return propose(call, repo.repo_id, "main", Change(title, "", operations)).number


def merged(hub: Hub, actor: Actor, repo: Repo, number: int = 1, **wish: object) -> Event:
    with calling(hub, actor) as call:
        return merge(call, repo.repo_id, number, Wish(**wish))  # type: ignore[arg-type]  # named


def seen(hub: Hub, repo: Repo, number: int = 1, *, with_diff: bool = False) -> Details:
    with calling(hub, ANONYMOUS) as call:
        return details(call, repo.repo_id, number, with_diff=with_diff)


def noted(hub: Hub) -> None:
    """Let the jobs run."""
    run_due(hub, JOBS)


def kinds(found: Details) -> Sequence[str]:
    return [event.kind for event in found.events]


def subjects(found: Details) -> Sequence[str]:
    return [str(event.content["subject"]) for event in found.events if event.kind == "commit"]


def test_a_merge_is_one_commit_with_two_parents(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    base = at(hub, owner, repo).commit
    large = given(hub, reader, repo, "m.bin", noise("m", 3000))
    pulled(hub, reader, repo, Add("a.txt", b"two\n"), large)
    event = merged(hub, owner, repo, comment="Thank you")
    head = at(hub, owner, repo, "refs/pr/1").commit
    now = at(hub, owner, repo)
    commit = git.commit_facts(now.git_path, now.commit)
    assert commit.parents == (base, head)
    assert (commit.title, commit.author_name) == ("Better (#1)", "ana")
    assert texts(hub, owner, repo)["a.txt"] == b"two\n"
    found = seen(hub, repo, with_diff=True)
    assert (found.discussion.status, found.discussion.merge_commit) == ("merged", now.commit)
    assert kinds(found) == ["comment", "commit", "comment", "status-change"]
    assert found.events[-1] == event
    sides = {"head": head, "fork": base}
    assert event.content == {"status": "merged", "oid": now.commit, **sides}
    assert found.diff is not None, "what was merged stays to be seen"
    assert "-one\n+two\n" in found.diff


def test_both_sides_go_on_and_are_merged(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    uploaded(hub, owner, repo, {"long.txt": b"".join(b"%d\n" % n for n in range(30))})
    lines = texts(hub, owner, repo)["long.txt"].splitlines(keepends=True)
    pulled(hub, reader, repo, Add("long.txt", b"".join([b"top\n", *lines])), Add("new/x", b"x"))
    changed(hub, owner, repo, [Add("long.txt", b"".join([*lines, b"end\n"])), Delete("b.txt")])
    assert seen(hub, repo).conflicts == ()
    merged(hub, owner, repo, title="Take  it", body="With thanks")
    here = texts(hub, owner, repo)
    assert here["long.txt"] == b"".join([b"top\n", *lines, b"end\n"])
    assert ("new/x" in here, "b.txt" in here) == (True, False)
    now = at(hub, owner, repo)
    assert git.commit_facts(now.git_path, now.commit).message == "Take it\n\nWith thanks\n"


def test_conflicts_are_named_and_nothing_is_half_merged(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    pulled(
        hub, reader, repo, Add("a.txt", b"theirs\n"), Add("fine.txt", b"fine\n"), Delete("b.txt")
    )
    changed(hub, owner, repo, [Add("a.txt", b"ours\n"), Add("b.txt", b"changed\n")])
    before = at(hub, owner, repo).commit
    found = seen(hub, repo)
    assert found.conflicts == ("a.txt", "b.txt")
    with pytest.raises(Conflict, match=r"a\.txt, b\.txt"):
        merged(hub, owner, repo, comment="Not said")
    assert at(hub, owner, repo).commit == before
    assert seen(hub, repo) == found
    changed(hub, owner, repo, [Add("a.txt", b"one\n"), Add("b.txt", b"b\n")])
    assert seen(hub, repo).conflicts == ()
    merged(hub, owner, repo)
    assert texts(hub, owner, repo)["a.txt"] == b"theirs\n"


def test_histories_that_share_nothing_can_be_merged(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    pulled(hub, reader, repo, Add("new.txt", b"new\n"))
    with calling(hub, owner) as call:
        super_squash(call, repo.repo_id, "refs/pr/1")
    assert seen(hub, repo).conflicts == ()
    merged(hub, owner, repo)
    assert texts(hub, owner, repo)["new.txt"] == b"new\n"


def test_only_what_is_open_and_has_changes_is_merged(
    hub: Hub, owner: Actor, reader: Actor, other: Actor, repo: Repo
) -> None:
    pulled(hub, reader, repo, Add("x", b"x"))
    with calling(hub, reader) as call:
        open_discussion(call, repo.repo_id, "Just words", "")
        open_discussion(call, repo.repo_id, "A draft", "", pull_request=True)
        thread.change_status(call, repo.repo_id, 1, "closed")
    before = at(hub, owner, repo).commit

    def refused(actor: Actor, number: int, failure: type[StrataError], words: str) -> None:
        with pytest.raises(failure, match=words):
            merged(hub, actor, repo, number)
        assert at(hub, owner, repo).commit == before

    refused(owner, 1, Conflict, "closed")
    refused(owner, 2, Malformed, "discussion")
    refused(owner, 3, Conflict, "draft")
    refused(owner, 4, NotFound, "not found")
    with calling(hub, reader) as call:
        thread.change_status(call, repo.repo_id, 1, "open")
        thread.change_status(call, repo.repo_id, 3, "open")
    refused(owner, 3, Conflict, "no changes")
    refused(reader, 1, Forbidden, "permissions")
    refused(other, 1, Forbidden, "permissions")
    merged(hub, owner, repo)
    before = at(hub, owner, repo).commit
    refused(owner, 1, Conflict, "merged already")
    with calling(hub, owner) as call, pytest.raises(Conflict):
        thread.change_status(call, repo.repo_id, 1, "closed")


def test_only_what_was_reviewed_is_merged(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    pulled(hub, reader, repo, Add("good.txt", b"good"))
    reviewed = at(hub, owner, repo, "refs/pr/1").commit
    changed(hub, reader, repo, [Add("evil.txt", b"evil")], "refs/pr/1")
    with pytest.raises(ParentMoved):
        merged(hub, owner, repo, head=reviewed)
    with pytest.raises(ParentMoved):
        merged(hub, owner, repo, head=Sha("0" * 40))
    assert "good.txt" not in texts(hub, owner, repo)
    merged(hub, owner, repo, head=at(hub, owner, repo, "refs/pr/1").commit)


@pytest.mark.slow
def test_a_base_that_moves_meanwhile_is_merged_with_anew(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    numbers = [pulled(hub, reader, repo, Add(f"{n}.txt", b"x")) for n in range(6)]

    def act(number: int) -> None:
        merged(hub, owner, repo, number)
        changed(hub, owner, repo, [Add(f"direct-{number}.txt", b"y")])

    with side_by_side(4) as pool:
        list(pool.map(act, numbers))
    here = texts(hub, owner, repo)
    assert {f"{n}.txt" for n in range(6)} | {f"direct-{n}.txt" for n in numbers} <= set(here)
    assert all(seen(hub, repo, number).discussion.status == "merged" for number in numbers)


def test_one_of_many_merges_wins(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    pulled(hub, reader, repo, Add("x", b"x"))
    before = git.count_commits(at(hub, owner, repo).git_path, at(hub, owner, repo).commit)

    def attempt(_: int) -> bool:
        try:
            merged(hub, owner, repo, comment="Mine")
        except Conflict:
            return False
        return True

    with side_by_side(4) as pool:
        assert sum(pool.map(attempt, range(6))) == 1
    now = at(hub, owner, repo)
    assert git.count_commits(now.git_path, now.commit) == before + 2
    assert kinds(seen(hub, repo)) == ["comment", "commit", "comment", "status-change"]


def test_commits_become_part_of_the_timeline(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    pulled(hub, reader, repo, Add("x", b"1"), title="First")
    changed(hub, reader, repo, [Add("x", b"2")], "refs/pr/1", title="Second")
    changed(hub, owner, repo, [Add("x", b"3")], "refs/pr/1", title="Third")
    changed(hub, owner, repo, [Add("y", b"1")], title="On main")
    noted(hub)
    found = seen(hub, repo)
    assert subjects(found) == ["First", "Second", "Third"]
    authors = [event.author.name for event in found.events if event.author]
    assert authors == ["bob", "bob", "bob", "ana"]
    noted(hub)
    assert seen(hub, repo) == found
    changed(hub, reader, repo, [Add("x", b"4")], "refs/pr/1", title="Fourth")
    merged(hub, owner, repo)
    noted(hub)
    assert subjects(seen(hub, repo)) == ["First", "Second", "Third", "Fourth"]
    assert kinds(seen(hub, repo))[-1] == "status-change"


def test_a_rewritten_pull_request_tells_what_came_instead(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    pulled(hub, reader, repo, Add("x", b"1"), title="First")
    with calling(hub, owner) as call:
        super_squash(call, repo.repo_id, "refs/pr/1", "All in one")
    noted(hub)
    assert subjects(seen(hub, repo)) == ["First", "All in one"]


def test_a_ref_is_given_up_after_the_end(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    pulled(hub, reader, repo, Add("a.txt", b"two\n"))

    def give_up(actor: Actor) -> None:
        with working_as(hub, actor) as work:
            merging.delete_ref(work, repo.repo_id, 1)

    with pytest.raises(Conflict, match="Close or merge"):
        give_up(owner)
    merged(hub, owner, repo)
    with pytest.raises(Forbidden):
        give_up(reader)
    give_up(owner)
    with pytest.raises(Conflict, match="already"):
        give_up(owner)
    with pytest.raises(RevisionNotFound):
        changed(hub, reader, repo, [Add("x", b"x")], "refs/pr/1")
    with calling(hub, owner) as call:
        assert refs.list_refs(call, repo.repo_id).pulls == []
    found = seen(hub, repo, with_diff=True)
    assert found.diff is not None
    assert "+two" in found.diff


def test_the_room_that_a_ref_takes_is_told(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    large = given(hub, reader, repo, "m.bin", noise("m", 3000))
    pulled(
        hub, reader, repo, Add("c.txt", b"12345"), Add("d.txt", b"12345"), large, Delete("b.txt")
    )
    with calling(hub, reader) as call:
        open_discussion(call, repo.repo_id, "Just words", "")

    def told(number: int = 1) -> int:
        with calling(hub, ANONYMOUS) as call:
            return ref_bytes(call, repo.repo_id, number)

    assert told() == 3005
    with pytest.raises(Malformed):
        told(2)
    with pytest.raises(NotFound):
        told(3)
    merged(hub, owner, repo)
    assert told() == 0
    pulled(hub, reader, repo, Add("e.txt", b"1"))
    assert told(3) == 1
    with calling(hub, reader) as call:
        thread.change_status(call, repo.repo_id, 3, "closed")
    with working_as(hub, owner) as work:
        merging.delete_ref(work, repo.repo_id, 3)
    assert told(3) == 0


def test_a_deleted_pull_request_takes_its_ref_along(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    number = pulled(hub, reader, repo, Add("x", b"x"))
    with working_as(hub, owner) as work:
        merging.delete_discussion(work, repo.repo_id, number)
    noted(hub)
    with calling(hub, owner) as call:
        assert refs.list_refs(call, repo.repo_id).pulls == []
        with pytest.raises(NotFound):
            details(call, repo.repo_id, number)
    with pytest.raises(RevisionNotFound):
        changed(hub, reader, repo, [Add("x", b"y")], f"refs/pr/{number}")


def test_a_base_that_is_gone_cannot_be_merged_into(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "dev")
    with calling(hub, reader) as call:
        propose(call, repo.repo_id, "dev", Change("On dev", "", [Add("x", b"x")]))
    with calling(hub, owner) as call:
        refs.delete_branch(call, repo.repo_id, "dev")
    with pytest.raises(Conflict, match="deleted"):
        merged(hub, owner, repo)
    assert seen(hub, repo).conflicts == ()


def test_a_merge_can_be_read_after_its_base_lost_its_history(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    pulled(hub, reader, repo, Add("a.txt", b"two\n"))
    merged(hub, owner, repo)
    before = seen(hub, repo, with_diff=True).diff
    with calling(hub, owner) as call:
        super_squash(call, repo.repo_id, "main")
    packed(hub, repo, clock)
    assert before is not None
    assert "two" in before
    assert seen(hub, repo, with_diff=True).diff == before


def packed(hub: Hub, repo: Repo, clock: FrozenClock) -> None:
    """Let every object that no ref reaches go."""
    path = hub.git_path(repo.key)
    for pack in path.glob("objects/pack/*"):
        os.utime(pack, (0, 0))
    clock.advance(timedelta(days=3))
    with calling(hub, SYSTEM) as call:
        RepackRepo(repo.id).run(call)


def with_large_file(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> tuple[int, int]:
    """Merge a pull request and leave one open, over a file that shall go from all of history."""
    changed(hub, owner, repo, [given(hub, owner, repo, "big.bin", BIG)])
    first = pulled(hub, reader, repo, Add("a.txt", b"two\n"), title="In")
    merged(hub, owner, repo, first)
    second = pulled(hub, reader, repo, Add("b.txt", b"new\n"), title="Open")
    noted(hub)
    return first, second


def rewritten(hub: Hub, owner: Actor, repo: Repo) -> None:
    with calling(hub, owner) as call:
        delete_large_files(call, repo.repo_id, [oid_of(BIG)], rewrite_history=True)


def test_a_timeline_tells_of_no_commit_twice_after_history_was_rewritten(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    _, number = with_large_file(hub, owner, reader, repo)
    changed(hub, reader, repo, [Add("c.txt", b"c")], f"refs/pr/{number}", title="Not noted yet")
    rewritten(hub, owner, repo)
    noted(hub)
    changed(hub, reader, repo, [Add("d.txt", b"d")], f"refs/pr/{number}", title="After")
    noted(hub)

    found = seen(hub, repo, number, with_diff=True)

    assert subjects(found) == ["Open", "Not noted yet", "After"]
    path = hub.git_path(repo.key)
    now = git.commits_beyond(path, at(hub, owner, repo, f"refs/pr/{number}").commit, [], 50)
    told = [event.content["oid"] for event in found.events if event.kind == "commit"]
    assert told == [commit.sha for commit in reversed(now[:3])]


def test_a_merge_can_be_read_after_history_was_rewritten(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    number, _ = with_large_file(hub, owner, reader, repo)
    before = seen(hub, repo, number, with_diff=True)
    rewritten(hub, owner, repo)
    packed(hub, repo, clock)

    after = seen(hub, repo, number, with_diff=True)

    assert before.diff is not None
    assert "two" in before.diff
    assert after.diff == before.diff
    assert after.discussion.merge_commit != before.discussion.merge_commit
    assert after.discussion.updated_at == before.discussion.updated_at
    assert after.events[-1].content["oid"] == after.discussion.merge_commit


def test_a_merge_can_be_read_after_its_base_was_squashed_and_history_rewritten(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo, clock: FrozenClock
) -> None:
    number, _ = with_large_file(hub, owner, reader, repo)
    before = seen(hub, repo, number, with_diff=True).diff
    with calling(hub, owner) as call:
        super_squash(call, repo.repo_id, "main")
    rewritten(hub, owner, repo)
    packed(hub, repo, clock)
    assert before is not None
    assert seen(hub, repo, number, with_diff=True).diff == before
