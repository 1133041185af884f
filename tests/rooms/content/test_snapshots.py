"""What a revision means, and who may look."""

import pytest

from fixtures.contents import at, changed, created, uploaded
from fixtures.large_files import calling, person
from strata.content import refs
from strata.content.reading.files import file_at
from strata.content.snapshot import snapshot, snapshot_at
from strata.content.writing.operations import Add
from strata.core.actor import ANONYMOUS
from strata.core.errors import RepoNotFound, RevisionNotFound
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType


def test_a_revision_is_a_branch_a_tag_a_full_ref_a_sha_or_its_beginning(hub: Hub) -> None:
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    first = at(hub, owner, repo).commit
    second = uploaded(hub, owner, repo, {"a": b"a"}).sha
    with calling(hub, owner) as call:
        refs.create_tag(call, repo.repo_id, first, "v1")
        refs.create_branch(call, repo.repo_id, "feature/x", starting_point=first)
    expected = {
        "main": second,
        "HEAD": second,
        "refs/heads/main": second,
        "v1": first,
        "refs/tags/v1": first,
        "feature/x": first,
        first: first,
        first[:7]: first,
        second[:12]: second,
    }
    assert {name: at(hub, owner, repo, name).commit for name in expected} == expected


def test_a_branch_wins_over_a_tag_of_the_same_name(hub: Hub) -> None:
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    first = at(hub, owner, repo).commit
    second = uploaded(hub, owner, repo, {"a": b"a"}).sha
    with calling(hub, owner) as call:
        refs.create_tag(call, repo.repo_id, first, "same")
        refs.create_branch(call, repo.repo_id, "same", starting_point=second)
    assert at(hub, owner, repo, "same").commit == second
    assert at(hub, owner, repo, "refs/tags/same").commit == first


@pytest.mark.parametrize(
    "revision",
    ["missing", "", "0" * 40, "0" * 7, "refs/pr/1", "a" * 2000, "ma\0in", "../main", "MAIN"],
)
def test_an_unknown_revision_is_not_found(hub: Hub, revision: str) -> None:
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    with pytest.raises(RevisionNotFound):
        at(hub, owner, repo, revision)


def test_a_sha_of_another_repo_is_not_found(hub: Hub) -> None:
    owner = person(hub, "ana")
    one, two = created(hub, owner, "one"), created(hub, owner, "two")
    sha = uploaded(hub, owner, one, {"a": b"only in one"}).sha
    with pytest.raises(RevisionNotFound):
        at(hub, owner, two, sha)
    with pytest.raises(RevisionNotFound):
        at(hub, owner, two, sha[:10])


def test_a_blob_or_tree_is_no_revision(hub: Hub) -> None:
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    from_git = at(hub, owner, repo)
    with calling(hub, owner) as call:
        blob = file_at(call, from_git, ".gitattributes").blob_oid
    with pytest.raises(RevisionNotFound):
        at(hub, owner, repo, blob)


def test_a_private_repo_looks_missing_to_strangers(hub: Hub) -> None:
    owner, stranger = person(hub, "ana"), person(hub, "bob")
    repo = created(hub, owner, "secret", private=True)
    absent = RepoId(RepoType.MODEL, "ana", "nothing")
    for actor in (stranger, ANONYMOUS):
        with calling(hub, actor) as call:
            for target in (repo.repo_id, absent):
                with pytest.raises(RepoNotFound):
                    snapshot(call, target, "no-such-branch")
    assert at(hub, owner, repo).repo.id == repo.id


def test_slashes_of_a_branch_may_come_unencoded(hub: Hub) -> None:
    owner = person(hub, "ana")
    repo = created(hub, owner, "one")
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "feature/deep/x")
    changed(hub, owner, repo, [Add("docs/a.md", b"a")], "feature/deep/x")
    with calling(hub, owner) as call:
        here, rest = snapshot_at(call, repo.repo_id, "feature", "deep/x/docs/a.md")
        assert (here.ref, rest) == ("refs/heads/feature/deep/x", "docs/a.md")
        same, whole = snapshot_at(call, repo.repo_id, "main", "deep/x")
        assert (same.ref, whole) == ("refs/heads/main", "deep/x")
        with pytest.raises(RevisionNotFound):
            snapshot_at(call, repo.repo_id, "feature", "other/x")
