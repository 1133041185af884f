"""Who loses the right while their change is made ready moves nothing; it is asked for once more."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pytest

from fixtures.accounts import calling, made
from fixtures.buckets import filled, names_in, sent
from fixtures.contents import changed, given, uploaded
from fixtures.large_files import oid_of
from fixtures.organizations import joins, organization, today
from fixtures.races import before_writing, called, outcome_of, worked
from strata.access.organizations import members
from strata.blobs.inventory import holdings as inventory
from strata.community.pulls import merging
from strata.community.pulls.propose import propose
from strata.content import queries, refs
from strata.content.bucket import batch, record
from strata.content.bucket.steps import AddFile, DeleteFile, Step
from strata.content.making import new_repo
from strata.content.rewriting.removal import delete_large_files
from strata.content.rewriting.squash import super_squash
from strata.content.writing.commit import commit
from strata.content.writing.operations import Add, Change
from strata.core.actor import Actor, Role
from strata.core.call import Call, Work, working
from strata.core.errors import Forbidden, RepoNotFound, StrataError
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.repos import change
from strata.repos.create import Wish
from strata.repos.record import Repo

NO_PASSWORD = None  # nothing here asks for one, and hashing takes time
ALPHA = RepoId(RepoType.MODEL, "acme", "alpha")
LARGE = b"large" * 1_000
ONE_MORE = Change("Change", "", [Add("b.txt", b"b")])


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    """An admin of acme."""
    person = made(hub, "ana", password=NO_PASSWORD)
    organization(hub, "ana")
    return today(hub, person)


@pytest.fixture
def bob(hub: Hub, ana: Actor) -> Actor:  # noqa: ARG001 — the organisation stands by then
    """Another one."""
    person = made(hub, "bob", password=NO_PASSWORD)
    joins(hub, "bob", Role.ADMIN)
    return today(hub, person)


@pytest.fixture
def alpha(hub: Hub, ana: Actor) -> Repo:
    """Acme's, private: two commits, a large file, a branch, a tag and a pull request."""
    wish = Wish(RepoType.MODEL, "acme", "alpha", private=True)
    with calling(hub, ana) as call:
        repo = new_repo.create(call, wish, files={})
    uploaded(hub, ana, repo, {"a.txt": b"a"})
    changed(hub, ana, repo, [given(hub, ana, repo, "large.bin", LARGE)])
    with calling(hub, ana) as call:
        propose(call, ALPHA, "main", Change("Proposed", "", [Add("c.txt", b"c")]))
        refs.create_branch(call, ALPHA, "side")
        refs.create_tag(call, ALPHA, "main", "v1")
    return repo


ACTS: Mapping[str, Callable[[Call], object]] = {
    "commit": lambda call: commit(call, ALPHA, "main", ONE_MORE),
    "propose": lambda call: propose(call, ALPHA, "main", ONE_MORE),
    "merge": lambda call: merging.merge(call, ALPHA, 1, merging.Wish()),
    "squash": lambda call: super_squash(call, ALPHA, "main"),
    "make a branch": lambda call: refs.create_branch(call, ALPHA, "other"),
    "drop a branch": lambda call: refs.delete_branch(call, ALPHA, "side"),
    "make a tag": lambda call: refs.create_tag(call, ALPHA, "main", "v2"),
    "drop a tag": lambda call: refs.delete_tag(call, ALPHA, "v1"),
    "drop a file": lambda call: removed(call, rewrite=False),
    "drop a file from history": lambda call: removed(call, rewrite=True),
}


def removed(call: Call, *, rewrite: bool) -> None:
    delete_large_files(call, ALPHA, [oid_of(LARGE)], rewrite_history=rewrite)


def all_of(hub: Hub, repo: Repo) -> object:
    """Where every ref is, and what large files are held."""
    with calling(hub) as call:
        return queries.all_refs(call, repo.id), inventory.total(call, repo)


LOSSES: Mapping[str, Callable[[Work], object]] = {
    "membership": lambda work: members.remove(work, "acme", "bob"),
    "role": lambda work: members.change_role(work, "acme", "bob", Role.READ),
    "repo": lambda work: change.move(work, ALPHA, RepoId(RepoType.MODEL, "ana", "alpha")),
}


@pytest.mark.parametrize("act", list(ACTS))
def test_a_right_that_is_still_there_is_enough(hub: Hub, bob: Actor, alpha: Repo, act: str) -> None:
    before = all_of(hub, alpha)
    called(hub, bob, ACTS[act])
    assert all_of(hub, alpha) != before


@pytest.mark.parametrize("loss", list(LOSSES))
@pytest.mark.parametrize("act", list(ACTS))
def test_who_just_lost_the_right_moves_nothing(
    hub: Hub, ana: Actor, bob: Actor, alpha: Repo, act: str, loss: str
) -> None:
    """Their roles were read when their request came in."""
    before = all_of(hub, alpha)
    meanwhile = before_writing(hub, lambda: worked(hub, ana, LOSSES[loss]))
    late = outcome_of(lambda: called(meanwhile, bob, ACTS[act]))
    if (act, loss) == ("propose", "role"):
        assert not isinstance(late, StrataError), "every reader may propose"
        return
    assert isinstance(late, RepoNotFound | Forbidden), late
    assert all_of(hub, alpha) == before


def test_who_was_just_put_out_changes_no_bucket(hub: Hub, ana: Actor, bob: Actor) -> None:
    with calling(hub, ana) as call, working(call) as work:
        bucket = record.create(work, Wish(RepoType.BUCKET, "acme", "files", private=True))
    filled(hub, ana, bucket, {"a.txt": b"a"})
    more = AddFile("b.txt", sent(hub, bob, bucket, b"b").name)
    worked(hub, ana, LOSSES["membership"])
    for steps in ([more], [DeleteFile("a.txt")]):
        late = outcome_of(partial(worked, hub, bob, partial(_batch, bucket, steps)))
        assert isinstance(late, RepoNotFound), late
    assert names_in(hub, ana, bucket) == ["a.txt"]


def _batch(bucket: Repo, steps: Sequence[Step], work: Work) -> object:
    return batch.apply(work, bucket.repo_id, steps)
