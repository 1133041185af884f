"""What repos have been given, and that knowing a sha256 gives nothing."""

import pytest

from fixtures.hubs import FrozenClock
from fixtures.large_files import (
    calling,
    left_in_staging,
    noise,
    oid_of,
    person,
    repository,
    spool,
    working_as,
)
from strata.blobs import keep, links
from strata.blobs.lfs import negotiate
from strata.blobs.lfs.negotiate import Needed, Present, Refused, Wanted
from strata.blobs.present import LargeFile, large_files, require_present
from strata.core.actor import ANONYMOUS, Actor, TokenFacts, TokenRole
from strata.core.errors import (
    EntryNotFound,
    Forbidden,
    RangeUnsatisfiable,
    RepoNotFound,
    Unauthenticated,
    Unprocessable,
)
from strata.core.hub import Hub
from strata.core.names import Oid
from strata.repos.record import Repo

CONTENT = noise("content", 300_000)


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return person(hub, "alice")


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    return person(hub, "mallory")


@pytest.fixture
def repo(hub: Hub, alice: Actor) -> Repo:
    return repository(hub, alice, "model")


@pytest.fixture
def foreign(hub: Hub, mallory: Actor) -> Repo:
    return repository(hub, mallory, "loot")


def given(hub: Hub, actor: Actor, repo: Repo, content: bytes) -> Oid:
    with calling(hub, actor) as call:
        return keep.keep(call, repo, spool(hub, content)).oid


def test_a_kept_file_can_be_read_back(hub: Hub, alice: Actor, repo: Repo) -> None:
    oid = given(hub, alice, repo, CONTENT)

    with calling(hub, alice) as call:
        place = links.where(call, repo, oid, filename="model.bin")
        assert isinstance(place, links.Piped)
        assert b"".join(links.open_stream(hub, place)) == CONTENT
        assert b"".join(links.open_stream(hub, place, 1000, 50)) == CONTENT[1000:1050]
        assert require_present(call, repo, [(oid, len(CONTENT))]) == {oid: len(CONTENT)}
        assert large_files(call, repo, [oid, Oid("0" * 64)]) == {
            oid: LargeFile(oid, len(CONTENT), None)
        }
    assert left_in_staging(hub) == []


def test_a_stretch_behind_the_end_is_refused(hub: Hub, alice: Actor, repo: Repo) -> None:
    oid = given(hub, alice, repo, CONTENT)
    with calling(hub, alice) as call:
        place = links.where(call, repo, oid, filename="model.bin")
    assert isinstance(place, links.Piped)
    with pytest.raises(RangeUnsatisfiable):
        links.open_stream(hub, place, len(CONTENT) + 1)


def test_the_same_bytes_are_stored_once(
    hub: Hub, alice: Actor, mallory: Actor, repo: Repo, foreign: Repo
) -> None:
    given(hub, alice, repo, CONTENT)
    first = list(hub.objects.keys("lfs"))
    given(hub, mallory, foreign, CONTENT)

    assert list(hub.objects.keys("lfs")) == first
    assert left_in_staging(hub) == []


def test_a_foreign_sha256_must_be_uploaded_although_the_store_has_it(
    hub: Hub, alice: Actor, mallory: Actor, repo: Repo, foreign: Repo
) -> None:
    oid = given(hub, alice, repo, CONTENT)
    wanted = [Wanted(oid, len(CONTENT))]

    with calling(hub, mallory) as call:
        assert negotiate.for_upload(call, foreign, wanted) == [Needed(oid, len(CONTENT))]
        (refused,) = negotiate.for_download(call, foreign, wanted)
        assert isinstance(refused, Refused)
        assert refused.status == 404
    with calling(hub, alice) as call:
        assert negotiate.for_upload(call, repo, wanted) == [Present(oid, len(CONTENT))]


def test_a_commit_cannot_claim_a_foreign_sha256(
    hub: Hub, alice: Actor, mallory: Actor, repo: Repo, foreign: Repo
) -> None:
    oid = given(hub, alice, repo, CONTENT)

    with calling(hub, mallory) as call:
        with pytest.raises(Unprocessable, match=oid):
            require_present(call, foreign, [(oid, len(CONTENT))])
        assert large_files(call, foreign, [oid]) == {}
        with pytest.raises(EntryNotFound):
            links.where(call, foreign, oid, filename="loot.bin")


def test_a_commit_cannot_lie_about_the_size(hub: Hub, alice: Actor, repo: Repo) -> None:
    oid = given(hub, alice, repo, CONTENT)
    with calling(hub, alice) as call, pytest.raises(Unprocessable, match="300000 bytes, not 7"):
        require_present(call, repo, [(oid, 7)])


@pytest.mark.parametrize(
    ("oid", "size", "status"),
    [("../../etc/passwd", 5, 422), ("A" * 64, 5, 422), ("a" * 64, -1, 422), ("a" * 64, 2**60, 413)],
)
def test_impossible_objects_are_refused_one_by_one(
    hub: Hub, alice: Actor, repo: Repo, oid: str, size: int, status: int
) -> None:
    with calling(hub, alice) as call:
        refused, fine = negotiate.for_upload(call, repo, [Wanted(oid, size), Wanted("b" * 64, 1)])
    assert isinstance(refused, Refused)
    assert refused.status == status
    assert fine == Needed(Oid("b" * 64), 1)


def test_an_upload_of_another_size_than_known_is_refused(
    hub: Hub, alice: Actor, repo: Repo
) -> None:
    oid = given(hub, alice, repo, CONTENT)
    with calling(hub, alice) as call:
        (refused,) = negotiate.for_upload(call, repo, [Wanted(oid, 1)])
    assert isinstance(refused, Refused)


def test_a_reader_of_a_public_repo_may_upload_for_a_pull_request(
    hub: Hub, mallory: Actor, repo: Repo
) -> None:
    with calling(hub, mallory) as call:
        assert negotiate.for_upload(call, repo, [Wanted("a" * 64, 1)])


def test_nobody_uploads_anonymously_or_with_a_read_token(
    hub: Hub, mallory: Actor, repo: Repo, clock: FrozenClock
) -> None:
    facts = TokenFacts(1, "read", TokenRole.READ, clock())
    reader = Actor(user_id=mallory.user_id, name="mallory", verified=True, token=facts)
    with calling(hub, ANONYMOUS) as call, pytest.raises(Unauthenticated):
        negotiate.for_upload(call, repo, [])
    with calling(hub, reader) as call, pytest.raises(Forbidden):
        negotiate.for_upload(call, repo, [])


def test_a_private_repo_looks_missing_to_strangers(hub: Hub, alice: Actor, mallory: Actor) -> None:
    private = repository(hub, alice, "private", private=True)
    with calling(hub, mallory) as call:
        for ask in (negotiate.for_upload, negotiate.for_download):
            with pytest.raises(RepoNotFound):
                ask(call, private, [])


def test_sharing_gives_only_what_the_caller_may_read(
    hub: Hub, alice: Actor, mallory: Actor, foreign: Repo
) -> None:
    private = repository(hub, alice, "private", private=True)
    oid = given(hub, alice, private, CONTENT)
    copy = repository(hub, alice, "copy")

    with working_as(hub, mallory) as work, pytest.raises(RepoNotFound):
        keep.share(work, private, foreign, [oid])
    with working_as(hub, alice) as work:
        assert keep.share(work, private, copy, [oid, Oid("0" * 64)]) == ["0" * 64]

    with calling(hub, alice) as call:
        assert require_present(call, copy, [(oid, None)]) == {oid: len(CONTENT)}
        assert large_files(call, foreign, [oid]) == {}


def test_an_unhashed_body_is_never_kept(hub: Hub, alice: Actor, repo: Repo) -> None:
    received = spool(hub, CONTENT)
    unhashed = type(received)(received.path, received.size, None)
    with calling(hub, alice) as call, pytest.raises(ValueError, match="hashed"):
        keep.keep(call, repo, unhashed)
    received.discard()


def test_thousands_of_files_are_looked_up_at_once(hub: Hub, alice: Actor, repo: Repo) -> None:
    oid = given(hub, alice, repo, CONTENT)
    many = [oid_of(str(number).encode()) for number in range(12_000)]
    with calling(hub, alice) as call:
        assert set(large_files(call, repo, [*many, oid])) == {oid}
