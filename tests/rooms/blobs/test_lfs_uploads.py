"""Uploads over LFS: links bind what they permit, and bytes decide."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling, left_in_staging, noise, oid_of, person, repository, spool
from strata.blobs.lfs import tickets, uploads
from strata.blobs.lfs.negotiate import Needed
from strata.blobs.lfs.tickets import CompletionLink, DownloadLink, PartLink, UploadLink
from strata.blobs.present import large_files
from strata.blobs.queries import Upload
from strata.core.actor import Actor
from strata.core.errors import Forbidden, Gone, Malformed, NotFound
from strata.core.hub import Hub
from strata.credentials.tokens.presented.bearers import Bearer
from strata.repos.record import Repo

PART = 100_000
SETTINGS: Any = {"lfs.part_bytes": PART}
CONTENT = noise("parts", 250_001)


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Hub:
    return build_test_hub(tmp_path / "data", clock=clock, **SETTINGS)


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return person(hub, "alice")


@pytest.fixture
def repo(hub: Hub, alice: Actor) -> Repo:
    return repository(hub, alice, "model")


def has(hub: Hub, alice: Actor, repo: Repo, content: bytes) -> bool:
    with calling(hub, alice) as call:
        return bool(large_files(call, repo, [oid_of(content)]))


def whole(alice: Actor, repo: Repo, content: bytes) -> UploadLink:
    return UploadLink(repo.id, Bearer(alice.user_id), oid_of(content), len(content))


def test_the_promised_bytes_are_taken(hub: Hub, alice: Actor, repo: Repo) -> None:
    with calling(hub, alice) as call:
        uploads.take_whole(call, whole(alice, repo, CONTENT), spool(hub, CONTENT))
    assert has(hub, alice, repo, CONTENT)
    assert left_in_staging(hub) == []


@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT[:-1] + b"?", CONTENT + b"?", b""])
def test_other_bytes_are_thrown_away(hub: Hub, alice: Actor, repo: Repo, sent: bytes) -> None:
    with calling(hub, alice) as call, pytest.raises(Malformed):
        uploads.take_whole(call, whole(alice, repo, CONTENT), spool(hub, sent))
    assert not has(hub, alice, repo, CONTENT)
    assert not has(hub, alice, repo, sent)
    assert list(hub.objects.keys()) == []
    assert left_in_staging(hub) == []


def test_links_are_good_for_one_purpose_and_one_time_only(
    hub: Hub, alice: Actor, repo: Repo, clock: FrozenClock
) -> None:
    with calling(hub, alice) as call:
        link = DownloadLink(repo.id, Bearer(), oid_of(CONTENT))
        ticket = tickets.signed(call, link)
    assert tickets.opened(hub, ticket, DownloadLink) == link
    for forged in ("", "x", ticket[:-1], ticket[::-1], "é" + ticket, "A" * 5000):
        with pytest.raises(Forbidden):
            tickets.opened(hub, forged, DownloadLink)
    for kind in (UploadLink, PartLink, CompletionLink):
        with pytest.raises(Forbidden):
            tickets.opened(hub, ticket, kind)
    clock.advance(timedelta(seconds=hub.settings.lfs.link_lifetime_s))
    with pytest.raises(Forbidden):
        tickets.opened(hub, ticket, DownloadLink)


def started(hub: Hub, alice: Actor, repo: Repo) -> Upload:
    with calling(hub, alice) as call:
        (upload,) = uploads.start_parts(call, repo, [Needed(oid_of(CONTENT), len(CONTENT))])
    return upload


def send(hub: Hub, alice: Actor, upload: Upload, number: int, content: bytes) -> str:
    bearer, size = Bearer(upload.user_id), uploads.part_sizes(upload)[number]
    link = PartLink(upload.key, upload.repo_id, bearer, number, size)
    with calling(hub, alice) as call:
        return uploads.take_part(call, link, spool(hub, content))


def finish(hub: Hub, alice: Actor, upload: Upload) -> None:
    link = CompletionLink(upload.key, upload.repo_id, Bearer(upload.user_id), upload.oid)
    with calling(hub, alice) as call:
        uploads.complete(call, link, [])


def part(number: int) -> bytes:
    return CONTENT[PART * (number - 1) : PART * number]


def test_parts_in_any_order_make_the_file(hub: Hub, alice: Actor, repo: Repo) -> None:
    upload = started(hub, alice, repo)
    assert uploads.part_sizes(upload) == {1: PART, 2: PART, 3: 50_001}
    for number in (3, 1, 2):
        assert send(hub, alice, upload, number, part(number)).strip('"')

    finish(hub, alice, upload)
    finish(hub, alice, upload)  # the client did not hear the first answer

    assert has(hub, alice, repo, CONTENT)
    assert [facts.key.split("/")[0] for facts in hub.objects.keys("")] == ["lfs"]
    assert left_in_staging(hub) == []


def test_a_missing_part_is_named_and_can_still_be_sent(hub: Hub, alice: Actor, repo: Repo) -> None:
    upload = started(hub, alice, repo)
    for number in (1, 3):
        send(hub, alice, upload, number, part(number))
    with pytest.raises(Malformed, match="Part 2"):
        finish(hub, alice, upload)
    assert not has(hub, alice, repo, CONTENT)

    send(hub, alice, upload, 2, part(2))
    finish(hub, alice, upload)
    assert has(hub, alice, repo, CONTENT)


def test_parts_of_other_bytes_make_no_file(hub: Hub, alice: Actor, repo: Repo) -> None:
    upload = started(hub, alice, repo)
    for number in (1, 2, 3):
        send(hub, alice, upload, number, part(number))
    send(hub, alice, upload, 2, bytes(PART))
    with pytest.raises(Malformed, match="sha256"):
        finish(hub, alice, upload)
    assert not has(hub, alice, repo, CONTENT)
    assert left_in_staging(hub) == []


def test_a_part_of_another_size_is_refused(hub: Hub, alice: Actor, repo: Repo) -> None:
    upload = started(hub, alice, repo)
    with pytest.raises(Malformed, match="100000"):
        send(hub, alice, upload, 1, part(1)[:-1])
    assert left_in_staging(hub) == []


def test_an_upload_that_is_over_takes_nothing(hub: Hub, alice: Actor, repo: Repo) -> None:
    upload = started(hub, alice, repo)
    for number in (1, 2, 3):
        send(hub, alice, upload, number, part(number))
    finish(hub, alice, upload)
    with pytest.raises(Gone):
        send(hub, alice, upload, 1, part(1))


def test_an_unknown_upload_cannot_claim_a_file(hub: Hub, alice: Actor, repo: Repo) -> None:
    link = CompletionLink("0" * 24, repo.id, Bearer(alice.user_id), oid_of(CONTENT))
    with calling(hub, alice) as call, pytest.raises(NotFound):
        uploads.complete(call, link, [])
