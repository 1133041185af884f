"""Branches, tags, squashing and history."""

import pytest

from fixtures.contents import at, changed, created, texts, uploaded
from fixtures.large_files import calling, person
from strata.content import refs
from strata.content.reading.diff import compare
from strata.content.reading.history import commits
from strata.content.rewriting.squash import super_squash
from strata.content.writing.operations import Add, Delete
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.errors import AlreadyExists, Forbidden, Malformed, RevisionNotFound
from strata.core.hub import Hub
from strata.core.names import Sha
from strata.lib.git import read as git, write
from strata.lib.git.write import Note, Put, Signature
from strata.repos.landed import Move, landed
from strata.repos.record import Repo


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    return created(hub, owner, "one")


def test_refs_are_listed_by_kind_with_main_first(hub: Hub, owner: Actor, repo: Repo) -> None:
    head = at(hub, owner, repo).commit
    with calling(hub, owner) as call:
        for name in ("zeta", "alpha"):
            refs.create_branch(call, repo.repo_id, name)
        refs.create_tag(call, repo.repo_id, "main", "v1", "first release")
        listed = refs.list_refs(call, repo.repo_id)
    assert [(e.name, e.ref, e.commit) for e in listed.branches] == [
        ("main", "refs/heads/main", head),
        ("alpha", "refs/heads/alpha", head),
        ("zeta", "refs/heads/zeta", head),
    ]
    assert [(e.name, e.commit) for e in listed.tags] == [("v1", head)]
    assert (listed.converts, listed.pulls) == ([], [])


def test_a_branch_begins_where_it_is_told(hub: Hub, owner: Actor, repo: Repo) -> None:
    first = at(hub, owner, repo).commit
    uploaded(hub, owner, repo, {"a": b"a"})
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "old", starting_point=first[:8])
        refs.create_branch(call, repo.repo_id, "bare", empty=True)
        with pytest.raises(RevisionNotFound):
            refs.create_branch(call, repo.repo_id, "x", starting_point="missing")
    assert at(hub, owner, repo, "old").commit == first
    assert (
        git.list_tree(at(hub, owner, repo, "bare").git_path, at(hub, owner, repo, "bare").commit)
        == []
    )


def test_an_existing_branch_is_replaced_only_on_request(hub: Hub, owner: Actor, repo: Repo) -> None:
    first = at(hub, owner, repo).commit
    uploaded(hub, owner, repo, {"a": b"a"})
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "dev")
        with pytest.raises(AlreadyExists, match="Reference refs/heads/dev already exists"):
            refs.create_branch(call, repo.repo_id, "dev")
        refs.create_branch(call, repo.repo_id, "dev", starting_point=first, overwrite=True)
    assert at(hub, owner, repo, "dev").commit == first


@pytest.mark.parametrize(
    "name",
    ["refs/pr/5", "refs/heads/x", "refs", "", "a b", "a..b", "a~1", "HEAD", "-x", "x.lock", "/a",
     "a/", "a//b", ".a", "a\\b", "a@{1}", "0" * 40, "é" * 200, "a\0"],
)  # fmt: skip
def test_names_that_would_hide_or_break_something_are_refused(
    hub: Hub, owner: Actor, repo: Repo, name: str
) -> None:
    with calling(hub, owner) as call:
        with pytest.raises(Malformed, match="Invalid reference for a branch"):
            refs.create_branch(call, repo.repo_id, name)
        with pytest.raises(Malformed):
            refs.create_tag(call, repo.repo_id, "main", name)


def test_refs_cannot_be_folders_of_each_other(hub: Hub, owner: Actor, repo: Repo) -> None:
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "a/b")
        refs.create_branch(call, repo.repo_id, "a-b")
        for name in ("a", "a/b/c"):
            with pytest.raises(AlreadyExists):
                refs.create_branch(call, repo.repo_id, name)
        refs.create_tag(call, repo.repo_id, "main", "a")


def test_main_stays_and_missing_refs_are_named(hub: Hub, owner: Actor, repo: Repo) -> None:
    with calling(hub, owner) as call:
        refs.create_tag(call, repo.repo_id, "main", "v1")
        with pytest.raises(Malformed, match="Cannot delete refs/heads/main"):
            refs.delete_branch(call, repo.repo_id, "main")
        for name in ("v1", "missing"):
            with pytest.raises(RevisionNotFound, match="Invalid rev id"):
                refs.delete_branch(call, repo.repo_id, name)
        with pytest.raises(RevisionNotFound):
            refs.delete_tag(call, repo.repo_id, "main")
        refs.delete_tag(call, repo.repo_id, "v1")
        with pytest.raises(RevisionNotFound):
            refs.delete_tag(call, repo.repo_id, "v1")


def test_a_tag_is_made_once_and_bad_revisions_come_first(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    with calling(hub, owner) as call:
        refs.create_tag(call, repo.repo_id, "main", "v1", "with a message")
        with pytest.raises(AlreadyExists):
            refs.create_tag(call, repo.repo_id, "main", "v1")
        with pytest.raises(RevisionNotFound):
            refs.create_tag(call, repo.repo_id, "missing", "invalid tag")
        with pytest.raises(RevisionNotFound):
            refs.create_tag(call, repo.repo_id, "missing", "v1")


def test_strangers_move_no_ref(hub: Hub, owner: Actor, repo: Repo) -> None:
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "dev")
    with calling(hub, person(hub, "bob")) as call:
        for act in (
            lambda: refs.create_branch(call, repo.repo_id, "x"),
            lambda: refs.delete_branch(call, repo.repo_id, "dev"),
            lambda: refs.create_tag(call, repo.repo_id, "main", "v1"),
            lambda: super_squash(call, repo.repo_id, "dev"),
        ):
            with pytest.raises(Forbidden):
                act()


def test_a_squash_keeps_the_files_and_other_branches_keep_their_history(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    for number in range(3):
        uploaded(hub, owner, repo, {f"{number}": b"x"})
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "dev")
        sha = super_squash(call, repo.repo_id, "main", "All in one")
        squashed = commits(call, at(hub, owner, repo))
        kept = commits(call, at(hub, owner, repo, "dev"))
    assert [(c.facts.sha, c.facts.title, c.facts.parents) for c in squashed.items] == [
        (sha, "All in one", ())
    ]
    assert kept.total == 4
    assert texts(hub, owner, repo) == texts(hub, owner, repo, "dev")


def test_history_comes_in_pages(hub: Hub, owner: Actor, repo: Repo) -> None:
    for number in range(5):
        changed(hub, owner, repo, [Add("n", b"%d" % number)], title=f"c{number}")
    here = at(hub, owner, repo)
    with calling(hub, owner) as call:
        seen, cursor = [], None
        while True:
            page = commits(call, here, limit=2, cursor=cursor)
            seen += [one.facts.title for one in page.items]
            assert page.total == 6
            if (cursor := page.cursor) is None:
                break
        second = commits(call, here, limit=2, page=1)
        assert commits(call, here, limit=2, page=9).items == []
        with pytest.raises(Malformed):
            commits(call, here, cursor="nonsense")
    assert seen == ["c4", "c3", "c2", "c1", "c0", "initial commit"]
    assert [one.facts.title for one in second.items] == ["c2", "c1"]


def test_pushed_commits_name_the_account_only_by_a_confirmed_address(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    person(hub, "bob")
    head: Sha = at(hub, owner, repo).commit
    for name, email in (
        ("Robert", "BOB@example.com"),
        ("Nobody", "nobody@example.com"),
        ("Forged", "ana@users.noreply.other.test"),
    ):
        here = at(hub, owner, repo)
        note = Note(Signature(name, email), hub.clock(), f"by {name}")
        sha = Sha(write.write_commit(here.git_path, head, [Put(name, b"x")], [head], note))
        with calling(hub, owner) as call, working(call) as work:
            landed(work, repo, Move("refs/heads/main", head, sha))
        head = sha
    with calling(hub, owner) as call:
        found = commits(call, at(hub, owner, repo)).items
    assert [one.author.name for one in found] == ["Forged", "Nobody", "bob", "ana"]


def test_two_revisions_are_compared_as_text_and_raw(hub: Hub, owner: Actor, repo: Repo) -> None:
    first = uploaded(hub, owner, repo, {"a": b"one\n", "b": b"\0\1", "gone": b"x\n"}).sha
    changed(hub, owner, repo, [Add("a", b"two\n"), Delete("gone"), Add("c", b"\0new")])
    with calling(hub, owner) as call:
        text = compare(call, repo.repo_id, f"{first}..main")
        raw = compare(call, repo.repo_id, f"{first}..main", raw=True)
        refs.create_branch(call, repo.repo_id, "dev", starting_point=first)
        since = compare(call, repo.repo_id, "main...dev")
        for wrong in ("main", "", "main.dev"):
            with pytest.raises(Malformed):
                compare(call, repo.repo_id, wrong)
        with pytest.raises(RevisionNotFound):
            compare(call, repo.repo_id, "main..missing")
    assert "-one\n+two\n" in text
    assert since == ""
    lines = [line.split("\t") for line in raw.splitlines()]
    assert [(kind, path) for kind, _, path in lines] == [
        ("T 4", "a"),
        ("B 4", "c"),
        ("T 2", "gone"),
    ]
    modes, _, rest = lines[0][1].partition(" ")
    assert modes == ":100644"
    assert rest.split(" ")[-1] == "M"
