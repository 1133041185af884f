"""Bodies received into temporary files."""

import asyncio
import hashlib
import os
import resource
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from strata.lib.objects.receive import BodyTooLarge, Spool, receive, sweep_staging

PIECE = os.urandom(64 * 1024)


def left(directory: Path) -> int:
    return len(list(directory.iterdir()))


async def body(pieces: int, *, then: Exception | None = None) -> AsyncIterator[bytes]:
    for _ in range(pieces):
        yield PIECE
    if then is not None:
        raise then


def test_a_body_arrives_whole_with_its_hash(tmp_path: Path) -> None:
    received = asyncio.run(receive(body(500), tmp_path))
    assert received.size == 500 * len(PIECE)
    assert received.sha256 == hashlib.sha256(PIECE * 500).hexdigest()
    assert received.path.read_bytes() == PIECE * 500
    assert stat.S_IMODE(received.path.stat().st_mode) == 0o600
    received.discard()
    received.discard()
    assert list(tmp_path.iterdir()) == []


def test_an_empty_body_is_a_body(tmp_path: Path) -> None:
    received = asyncio.run(receive(body(0), tmp_path))
    assert (received.size, received.sha256) == (0, hashlib.sha256().hexdigest())
    assert received.path.read_bytes() == b""


def test_hashing_can_be_left_out(tmp_path: Path) -> None:
    received = asyncio.run(receive(body(40), tmp_path, hashed=False))
    assert received.sha256 is None
    assert received.path.read_bytes() == PIECE * 40


@pytest.mark.parametrize("pieces", [1, 17, 33, 300])
def test_every_length_keeps_its_order(tmp_path: Path, pieces: int) -> None:
    async def numbered() -> AsyncIterator[bytes]:
        for number in range(pieces):
            yield number.to_bytes(4, "big") * 9999

    received = asyncio.run(receive(numbered(), tmp_path))
    expected = b"".join(number.to_bytes(4, "big") * 9999 for number in range(pieces))
    assert received.path.read_bytes() == expected
    assert received.sha256 == hashlib.sha256(expected).hexdigest()


def test_the_limit_itself_is_allowed(tmp_path: Path) -> None:
    limit = 3 * len(PIECE)
    assert asyncio.run(receive(body(3), tmp_path, limit=limit)).size == limit


def test_one_byte_over_the_limit_is_refused_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        spool = Spool(tmp_path, limit=len(PIECE))
        await spool.write(PIECE)
        with pytest.raises(BodyTooLarge, match=str(len(PIECE))) as refused:
            await spool.write(b"x")
        assert refused.value.limit == len(PIECE)
        assert left(tmp_path) == 0

    asyncio.run(story())


def test_a_client_that_fails_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ConnectionError):
        asyncio.run(receive(body(100, then=ConnectionError("gone")), tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_cancelled_upload_leaves_no_file(tmp_path: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield PIECE
            await asyncio.sleep(0)

    async def story() -> None:
        upload = asyncio.ensure_future(receive(endless(), tmp_path))
        await asyncio.sleep(0.2)
        assert left(tmp_path) == 1
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload

    asyncio.run(story())
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_told_and_leaves_no_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            asyncio.run(receive(body(600), tmp_path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        asyncio.run(receive(body(20), tmp_path))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def test_names_cannot_be_guessed(tmp_path: Path) -> None:
    names = {asyncio.run(receive(body(1), tmp_path)).path.name for _ in range(20)}
    assert len(names) == 20


def test_only_stale_files_are_swept(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for path, touched in ((old, 1000.0), (new, 9000.0)):
        path.touch()
        os.utime(path, (touched, touched))
    (tmp_path / "directory").mkdir()
    assert sweep_staging(tmp_path, older_than_s=3600, now=10_000.0) == 1
    assert not old.exists()
    assert new.exists()
