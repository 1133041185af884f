"""Pull requests that an upload opens."""

import pytest

from fixtures.contents import at, changed, created, given, side_by_side, texts, uploaded
from fixtures.large_files import calling, noise, person, working_as
from strata.community.discussions.queries import Filter
from strata.community.discussions.reading import details, list_discussions
from strata.community.pulls.propose import Proposed, propose
from strata.content import refs
from strata.content.rewriting.squash import super_squash
from strata.content.writing.operations import Add, Change, Delete, Operation
from strata.core.actor import ANONYMOUS, Actor
from strata.core.errors import (
    EntryNotFound,
    Forbidden,
    NotFound,
    ParentMoved,
    RepoNotFound,
    RevisionNotFound,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.core.names import Sha
from strata.repos import change as repo_change
from strata.repos.record import Repo


def proposed(
    hub: Hub,
    actor: Actor,
    repo: Repo,
    *operations: Operation,
    base: str = "main",
    parent: Sha | None = None,
) -> Proposed:
    with calling(hub, actor) as call:
        change = Change("Better", "Because *I* say so", operations, parent)
        return propose(call, repo.repo_id, base, change)


def test_a_reader_proposes_and_main_stays(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    head = at(hub, owner, repo).commit
    large = given(hub, reader, repo, "m.bin", noise("m", 3000))
    pull = proposed(hub, reader, repo, Add("a.txt", b"two\n"), large)
    assert pull.number == 1
    assert at(hub, owner, repo, "refs/pr/1").commit == pull.sha
    assert at(hub, owner, repo).commit == head
    with calling(hub, ANONYMOUS) as call:
        found = details(call, repo.repo_id, 1, with_diff=True)
        again = details(call, repo.repo_id, 1, with_diff=True)
        listed = refs.list_refs(call, repo.repo_id)
    assert found == again
    assert (found.discussion.title, found.discussion.status) == ("Better", "open")
    assert found.discussion.author is not None
    assert found.discussion.author.name == "bob"
    assert [event.kind for event in found.events] == ["comment", "commit"]
    assert found.events[0].content["text"] == "Because *I* say so"
    assert found.html[found.events[0].key] == "<p>Because <em>I</em> say so</p>\n"
    assert found.diff is not None
    assert "-one\n+two\n" in found.diff
    assert found.conflicts == ()
    assert [(e.name, e.ref) for e in listed.pulls] == [("1", "refs/pr/1")]


def test_the_author_and_the_owner_may_add_commits_and_nobody_else(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    pull = proposed(hub, reader, repo, Add("x", b"1"))
    changed(hub, reader, repo, [Add("y", b"2")], pull.ref)
    changed(hub, owner, repo, [], pull.ref)
    with pytest.raises(Forbidden):
        changed(hub, person(hub, "eve"), repo, [Add("z", b"3")], pull.ref)
    assert {"x", "y"} <= set(texts(hub, owner, repo, pull.ref))
    with calling(hub, owner) as call:
        super_squash(call, repo.repo_id, pull.ref)


@pytest.mark.slow
def test_numbers_are_given_once_whoever_asks_at_the_same_time(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    with side_by_side(6) as pool:
        pulls = list(pool.map(lambda n: proposed(hub, reader, repo, Add(f"{n}", b"x")), range(12)))
    assert sorted(pull.number for pull in pulls) == list(range(1, 13))
    with calling(hub, owner) as call:
        listed = list_discussions(call, repo.repo_id, Filter(), limit=5)
        rest = list_discussions(call, repo.repo_id, Filter(), page=2, limit=5)
    assert [d.number for d in listed.discussions] == [12, 11, 10, 9, 8]
    assert [d.number for d in rest.discussions] == [2, 1]
    assert (listed.total, rest.start, listed.closed) == (12, 10, 0)


def test_who_may_not_propose_leaves_no_trace(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    private = created(hub, owner, "private", private=True)
    head = at(hub, owner, repo).commit
    changed(hub, owner, repo, [Add("later", b"x")])
    for actor, target, base, parent, failure in (
        (ANONYMOUS, repo, "main", None, Unauthenticated),
        (reader, private, "main", None, RepoNotFound),
        (reader, repo, "missing", None, RevisionNotFound),
        (reader, repo, head, None, RevisionNotFound),
        (reader, repo, "main", head, ParentMoved),
    ):
        with pytest.raises(failure):
            proposed(hub, actor, target, Add("x", b"x"), base=base, parent=parent)
    with pytest.raises(EntryNotFound):
        proposed(hub, reader, repo, Delete("missing"))
    with working_as(hub, owner) as work:
        repo_change.change_settings(
            work, repo.repo_id, repo_change.Settings(discussions_disabled=True)
        )
    with pytest.raises(Forbidden):
        proposed(hub, reader, repo, Add("x", b"x"))
    with working_as(hub, owner) as work:
        repo_change.change_settings(
            work, repo.repo_id, repo_change.Settings(discussions_disabled=False)
        )
    with calling(hub, owner) as call:
        assert list_discussions(call, repo.repo_id, Filter()).total == 0
        assert refs.list_refs(call, repo.repo_id).pulls == []


def test_a_pull_request_may_stand_on_another_branch(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "dev")
    pull = proposed(hub, reader, repo, Add("x", b"x"), base="dev")
    with pytest.raises(RevisionNotFound):
        proposed(hub, reader, repo, Add("x", b"x"), base=pull.ref)
    with calling(hub, owner) as call:
        assert details(call, repo.repo_id, pull.number).discussion.base_ref == "refs/heads/dev"
        refs.delete_branch(call, repo.repo_id, "dev")
        assert details(call, repo.repo_id, pull.number, with_diff=True).diff is None


def test_files_that_cannot_be_merged_are_named(
    hub: Hub, owner: Actor, reader: Actor, repo: Repo
) -> None:
    clash = proposed(hub, reader, repo, Add("a.txt", b"mine\n"), Add("n", b"n"))
    fine = proposed(hub, reader, repo, Add("b.txt", b"b\nmore\n"))
    uploaded(hub, owner, repo, {"a.txt": b"theirs\n"})
    with calling(hub, owner) as call:
        assert details(call, repo.repo_id, clash.number).conflicts == ("a.txt",)
        assert details(call, repo.repo_id, fine.number).conflicts == ()


def test_lists_are_filtered(hub: Hub, owner: Actor, reader: Actor, repo: Repo) -> None:
    proposed(hub, reader, repo, Add("x", b"x"))
    proposed(hub, owner, repo, Add("y", b"y"))
    with calling(hub, owner) as call:
        for wanted, expected in (
            (Filter("pull_request"), [2, 1]),
            (Filter("discussion"), []),
            (Filter(status="open"), [2, 1]),
            (Filter(status="closed"), []),
            (Filter(author="BOB"), [1]),
            (Filter(author="nobody"), []),
        ):
            found = list_discussions(call, repo.repo_id, wanted)
            assert [d.number for d in found.discussions] == expected
            assert found.total == len(expected)
        with pytest.raises(NotFound):
            details(call, repo.repo_id, 3)
