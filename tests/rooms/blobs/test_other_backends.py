"""The same acts where an operator has PostgreSQL, and where the bytes are in an S3 store."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import (
    MadeFile,
    calling,
    file_of,
    left_in_staging,
    noise,
    oid_of,
    person,
    repository,
    spool,
)
from fixtures.radosgw import S3Server
from strata.blobs import keep, links
from strata.blobs.lfs import uploads
from strata.blobs.lfs.negotiate import Needed
from strata.blobs.lfs.tickets import CompletionLink
from strata.blobs.present import large_files, require_present
from strata.blobs.sweeping import sweep
from strata.blobs.xet import dedup, grants, shards, xorbs
from strata.blobs.xet.shards import Progress
from strata.core.actor import Actor
from strata.core.errors import Malformed
from strata.core.hub import Hub
from strata.credentials.tokens.presented.bearers import Bearer
from strata.lib.clock import now
from strata.lib.objects.s3 import S3Store
from strata.lib.objects.store import Part
from strata.lib.xet.crc import crc64
from strata.repos.record import Repo

MIB = 1024 * 1024
CONTENT = noise("backends", 6 * MIB + 5)
SETTINGS: Any = {"lfs.part_bytes": 5 * MIB}  # the least that S3 takes


def register(hub: Hub, actor: Actor, repo: Repo, made: MadeFile) -> bool:
    received = spool(hub, made.shard())
    try:
        with calling(hub, actor) as call:
            return shards.register(call, repo, received, Progress())
    finally:
        received.discard()


@pytest.fixture
def on_postgres(tmp_path: Path, clock: FrozenClock, postgres_hub_database: str) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=postgres_hub_database)
    yield built
    built.database.close()


def test_files_come_are_found_and_go_on_postgres(on_postgres: Hub, clock: FrozenClock) -> None:
    hub = on_postgres
    alice = person(hub, "alice")
    repo = repository(hub, alice, "model")
    made = file_of(CONTENT)
    with calling(hub, alice) as call:
        for one in made.xorbs:
            assert xorbs.take_in(call, one.hash, spool(hub, one.body))
            assert not xorbs.take_in(call, one.hash, spool(hub, one.body))
        oid = keep.keep(call, repo, spool(hub, b"lfs")).oid
    assert register(hub, alice, repo, made)
    assert not register(hub, alice, repo, made)
    clock.advance(timedelta(days=2))
    with calling(hub, alice) as call:
        require_present(call, repo, [(made.oid, len(CONTENT)), (oid, 3)])
        assert large_files(call, repo, [made.oid])[made.oid].xet_hash == made.name
        place = links.where(call, repo, made.oid, filename="x")
        assert isinstance(place, links.XetTerms)
        assert b"".join(links.open_xet(hub, place)) == CONTENT
        assert dedup.answer(call, repo, made.xorbs[0].xorb.chunks.hash_at(0))
        assert sweep.sweep(call, delete=True).files == 0
    clock.advance(timedelta(days=29))
    with calling(hub, alice) as call:
        report = sweep.sweep(call, delete=True)
    assert (report.claims, report.files, report.xorbs) == (2, 2, len(made.xorbs))
    assert list(hub.objects.keys("")) == []


@pytest.fixture
def on_s3(tmp_path: Path, clock: FrozenClock, radosgw: S3Server) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, **SETTINGS)
    store = S3Store(radosgw.bucket(), built.objects.staging(), now)
    yield replace(built, objects=store, clock=now)
    built.database.close()


def test_bytes_travel_straight_to_s3_and_are_checked_there(on_s3: Hub) -> None:
    hub = on_s3
    alice = person(hub, "alice")
    repo = repository(hub, alice, "model")

    _upload_in_parts(hub, alice, repo)
    with calling(hub, alice) as call:
        place = links.where(call, repo, oid_of(CONTENT), filename="model.bin")
    assert isinstance(place, links.Presigned)
    got = httpx.get(place.url)
    assert got.content == CONTENT
    assert "model.bin" in got.headers["content-disposition"]

    made = file_of(CONTENT + b"!")
    for one in made.xorbs:
        _grant(hub, alice, repo, one.hash, one.body)
    with pytest.raises(Malformed):
        _grant(hub, alice, repo, b"\1" * 32, made.xorbs[0].body)
    register(hub, alice, repo, made)
    with calling(hub, alice) as call:
        place = links.where(call, repo, made.oid, filename="x")
    assert isinstance(place, links.XetTerms)
    assert b"".join(links.open_xet(hub, place)) == CONTENT + b"!"
    kinds = {facts.key.split("/")[0] for facts in hub.objects.keys("")}
    assert kinds == {"lfs", "xorbs", "incoming"}  # the refused xorb waits for the sweep
    assert left_in_staging(hub) == []


def _upload_in_parts(hub: Hub, alice: Actor, repo: Repo) -> None:
    with calling(hub, alice) as call:
        (upload,) = uploads.start_parts(call, repo, [Needed(oid_of(CONTENT), len(CONTENT))])
        parts = []
        for number, size in uploads.part_sizes(upload).items():
            url = uploads.store_part_url(call, upload, number, size)
            assert url is not None
            start = upload.part_bytes * (number - 1)
            sent = httpx.put(url, content=CONTENT[start : start + size])
            assert sent.status_code == 200
            parts.append(Part(number, sent.headers["etag"]))
        link = CompletionLink(upload.key, repo.id, Bearer(upload.user_id), upload.oid)
        with pytest.raises(Malformed):
            uploads.complete(call, link, [Part(1, '"no such etag"')])
        uploads.complete(call, link, parts)


def _grant(hub: Hub, alice: Actor, repo: Repo, xorb: bytes, body: bytes) -> None:
    with calling(hub, alice) as call:
        offer = grants.offer(call, repo, xorb, len(body), crc64(body))
        assert offer is not None
        assert httpx.put(offer.url, content=body).status_code == 200
        grants.commit(call, repo, xorb, offer.id)
