"""What a git push may bring and move."""

from collections.abc import Iterable, Mapping

import pytest

from fixtures.contents import at, changed, created, given, uploaded
from fixtures.large_files import calling, noise, oid_of, person
from strata.blobs import pointer as pointers
from strata.blobs.pointer import Pointer
from strata.community.pulls.propose import propose
from strata.content import refs
from strata.content.pushing import push
from strata.content.writing.operations import Add, Change
from strata.core.actor import ANONYMOUS, Actor
from strata.core.call import working
from strata.core.errors import RepoNotFound, Unauthenticated, Unprocessable
from strata.core.hub import Hub
from strata.core.names import ZERO_SHA, Sha
from strata.lib.git import write
from strata.lib.git.model import NewBlob, PushCommand
from strata.lib.git.write import Note, Put, Signature
from strata.repos.record import Repo


@pytest.fixture
def owner(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, owner: Actor) -> Repo:
    made = created(hub, owner, "one")
    uploaded(hub, owner, made, {"a": b"a"})
    return made


def brought(hub: Hub, repo: Repo, parents: list[str], text: bytes = b"pushed") -> Sha:
    """Objects of a push that were promoted already."""
    note = Note(Signature("x", "x@example.com"), hub.clock(), "pushed")
    store = hub.git_path(repo.key)
    base = parents[0] if parents else None
    return Sha(write.write_commit(store, base, [Put("pushed", text)], parents, note))


def pushed(hub: Hub, actor: Actor, repo: Repo, *commands: PushCommand) -> dict[str, str | None]:
    with calling(hub, actor) as call, working(call) as work:
        return dict(push.land(work, repo, commands))


def test_the_owner_creates_moves_rewrites_and_deletes(hub: Hub, owner: Actor, repo: Repo) -> None:
    head = at(hub, owner, repo).commit
    one, two = brought(hub, repo, [head]), brought(hub, repo, [head], b"other")
    tag = write.write_tag(hub.git_path(repo.key), head, "v1", _note(hub))
    assert pushed(
        hub,
        owner,
        repo,
        PushCommand("refs/heads/main", head, one),
        PushCommand("refs/heads/dev", ZERO_SHA, one),
        PushCommand("refs/tags/v1", ZERO_SHA, tag),
        PushCommand("refs/tags/light", ZERO_SHA, head),
    ) == {
        "refs/heads/main": None,
        "refs/heads/dev": None,
        "refs/tags/v1": None,
        "refs/tags/light": None,
    }
    assert at(hub, owner, repo, "v1").commit == head
    assert pushed(hub, owner, repo, PushCommand("refs/heads/main", one, two)) == {
        "refs/heads/main": None
    }
    assert pushed(
        hub,
        owner,
        repo,
        PushCommand("refs/heads/dev", one, ZERO_SHA),
        PushCommand("refs/tags/v1", tag, ZERO_SHA),
    ) == {"refs/heads/dev": None, "refs/tags/v1": None}
    assert at(hub, owner, repo).commit == two


def _note(hub: Hub) -> Note:
    return Note(Signature("x", "x@example.com"), hub.clock(), "tagged")


def test_each_refused_ref_says_why_and_the_others_land(hub: Hub, owner: Actor, repo: Repo) -> None:
    head = at(hub, owner, repo).commit
    one = brought(hub, repo, [head])
    store = hub.git_path(repo.key)
    tag = write.write_tag(store, head, "v1", _note(hub))
    with calling(hub, owner) as call:
        refs.create_branch(call, repo.repo_id, "a/b")
    told = pushed(
        hub,
        owner,
        repo,
        PushCommand("refs/heads/good", ZERO_SHA, one),
        PushCommand("refs/heads/main", head, ZERO_SHA),
        PushCommand("refs/heads/stale", one, head),
        PushCommand("refs/heads/a", ZERO_SHA, one),
        PushCommand("refs/heads/good/below", ZERO_SHA, one),
        PushCommand("refs/heads/HEAD", ZERO_SHA, one),
        PushCommand("refs/heads/tagged", ZERO_SHA, tag),
        PushCommand("refs/heads/absent", ZERO_SHA, "1" * 40),
        PushCommand("refs/pr/1", ZERO_SHA, one),
        PushCommand("refs/notes/x", ZERO_SHA, one),
        PushCommand("HEAD", ZERO_SHA, one),
    )
    assert [ref for ref, refusal in told.items() if refusal is None] == ["refs/heads/good"]
    assert at(hub, owner, repo, "good").commit == one
    assert at(hub, owner, repo).commit == head


def test_a_ref_that_moved_meanwhile_is_refused(hub: Hub, owner: Actor, repo: Repo) -> None:
    head = at(hub, owner, repo).commit
    one = brought(hub, repo, [head])
    landed = uploaded(hub, owner, repo, {"b": b"b"}).sha
    told = pushed(hub, owner, repo, PushCommand("refs/heads/main", head, one))
    assert told["refs/heads/main"] == push.STALE
    assert at(hub, owner, repo).commit == landed


def test_the_author_of_a_pull_request_pushes_to_it_alone_and_forward_only(
    hub: Hub, owner: Actor, repo: Repo
) -> None:
    author, other = person(hub, "bob"), person(hub, "eve")
    with calling(hub, author) as call:
        pull = propose(call, repo.repo_id, "main", Change("Idea", "", [Add("i", b"i")]))
    head = at(hub, owner, repo).commit
    after, sideways = brought(hub, repo, [pull.sha]), brought(hub, repo, [head], b"side")
    ref = f"refs/pr/{pull.number}"
    assert pushed(hub, other, repo, PushCommand(ref, pull.sha, after))[ref] is not None
    assert pushed(hub, author, repo, PushCommand("refs/heads/main", head, after))["refs/heads/main"]
    assert pushed(hub, author, repo, PushCommand(ref, pull.sha, after)) == {ref: None}
    assert pushed(hub, author, repo, PushCommand(ref, after, sideways))[ref] is not None
    assert pushed(hub, author, repo, PushCommand(ref, after, ZERO_SHA))[ref] is not None
    assert pushed(hub, owner, repo, PushCommand(ref, after, sideways)) == {ref: None}


def test_who_may_push_at_all(hub: Hub, owner: Actor, repo: Repo) -> None:
    private = created(hub, owner, "private", private=True)
    with calling(hub, person(hub, "bob")) as call:
        assert push.may_push(call, repo.repo_id).id == repo.id
        with pytest.raises(RepoNotFound):
            push.may_push(call, private.repo_id)
    with calling(hub, ANONYMOUS) as call, pytest.raises(Unauthenticated):
        push.may_push(call, repo.repo_id)


def reader(texts: Mapping[str, bytes]) -> push.READ_SMALL:
    def read(oids: Iterable[str], max_size: int) -> dict[str, bytes]:
        here = {oid: texts[oid] for oid in oids if oid in texts}
        return {oid: text for oid, text in here.items() if len(text) <= max_size}

    return read


def test_pushed_files_obey_the_rules_of_uploads(hub: Hub, owner: Actor, repo: Repo) -> None:
    content = noise("here", 3000)
    changed(hub, owner, repo, [given(hub, owner, repo, "x.bin", content)])
    known = pointers.text(Pointer(oid_of(content), 3000))
    unknown = pointers.text(Pointer(oid_of(b"elsewhere"), 9))
    texts = {"1" * 40: known, "2" * 40: unknown}
    with calling(hub, owner) as call:
        fine = [NewBlob("1" * 40, len(known), "a.bin"), NewBlob("3" * 40, 5, "t.txt")]
        push.check(call, repo, fine, reader(texts))
        for wrong, message in (
            (NewBlob("2" * 40, len(unknown), "a.bin"), "Upload it first"),
            (NewBlob("3" * 40, 11 * 1024 * 1024, "big.txt"), "big.txt"),
            (NewBlob("3" * 40, 5, "a/.GIT/x"), "path"),
            (NewBlob("3" * 40, 5, "aux.c"), "Windows"),
        ):
            with pytest.raises(Unprocessable, match=message):
                push.check(call, repo, [wrong], reader(texts))
