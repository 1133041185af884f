"""What a push brings stays out of the repository until it was checked and promoted."""

import asyncio
import hashlib
import os
import struct
import subprocess
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from strata.lib.git import read, wire, write
from strata.lib.git.write import Note, Put

Git = Callable[..., str]


async def pieces(content: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for place in range(0, len(content), size):
        yield content[place : place + size]


def packed(source: Path, *revisions: str) -> bytes:
    """Pack what the revisions ("new", "^old") add, thin as a push is."""
    return subprocess.run(
        ["git", "--git-dir", str(source), "pack-objects", "--revs", "--thin", "--stdout", "-q"],
        input="\n".join(revisions).encode() + b"\n",
        capture_output=True,
        check=True,
    ).stdout


def raw_pack(*objects: tuple[int, bytes]) -> bytes:
    body = struct.pack(">4sII", b"PACK", 2, len(objects))
    for kind, content in objects:
        assert len(content) < 2048
        body += bytes([0x80 | kind << 4 | len(content) & 15, len(content) >> 4]) + zlib.compress(
            content
        )
    return body + hashlib.sha1(body).digest()


def take(
    store: Path, pack: bytes, max_bytes: int = 10 << 20, max_objects: int = 1000
) -> wire.Quarantine:
    return asyncio.run(wire.ingest_pack(store, pieces(pack), max_bytes, max_objects))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source.git"
    read.init(path)
    return path


def test_a_thin_pack_is_checked_and_promoted(
    store: Path, source: Path, note: Note, git: Git
) -> None:
    lines = b"".join(b"line %d\n" % number for number in range(2000))
    base = write.write_commit(source, None, [Put("a", lines)], [], note)
    write.copy_reachable(source, store, [base])
    new = write.write_commit(
        source, base, [Put("a", lines + b"x\n"), Put("d/b", b"new")], [base], note
    )
    with take(store, packed(source, new, f"^{base}")) as quarantine:
        assert read.expand_sha(store, new) is None
        blobs = asyncio.run(quarantine.check([new, wire.ZERO], [base]))
        assert {(blob.path, blob.size) for blob in blobs} == {("a", len(lines) + 2), ("d/b", 3)}
        small = quarantine.read_blobs([blob.oid for blob in blobs], 1024)
        assert list(small.values()) == [b"new"]
        assert quarantine.is_ancestor(base, new)
        assert not quarantine.is_ancestor(new, base)
        assert quarantine.peel_to_commit(new) == new
        assert quarantine.peel_to_commit(blobs[0].oid) is None
        assert quarantine.kind_of(blobs[0].oid) == "blob"
        assert quarantine.kind_of("1" * 40) is None
        quarantine.promote()
    assert read.count_commits(store, new) == 2
    git("fsck", "--strict", "--full", "--no-dangling", at=store)


def test_leaving_without_promotion_leaves_nothing(store: Path, source: Path, note: Note) -> None:
    new = write.write_commit(source, None, [Put("a", b"1")], [], note)
    with take(store, packed(source, new)):
        pass
    assert read.expand_sha(store, new) is None
    assert list((store / "quarantine").iterdir()) == []
    assert list((store / "objects" / "pack").iterdir()) == []


def test_a_killed_process_leaves_only_what_a_sweep_removes(
    store: Path, source: Path, note: Note
) -> None:
    new = write.write_commit(source, None, [Put("a", b"1")], [], note)
    take(store, packed(source, new))
    (left,) = (store / "quarantine").iterdir()
    moment = left.stat().st_mtime
    assert write.sweep(store, moment + 10, grace=60) == 0
    assert write.sweep(store, moment + 100, grace=60) == 1
    assert read.expand_sha(store, new) is None


def test_a_pack_without_the_history_it_stands_on_is_refused(
    store: Path, source: Path, note: Note
) -> None:
    base = write.write_commit(source, None, [Put("a", b"1")], [], note)
    new = write.write_commit(source, base, [Put("b", b"2")], [base], note)
    alone = subprocess.run(
        ["git", "--git-dir", str(source), "pack-objects", "--stdout", "-q"],
        input=f"{new}\n".encode(),
        capture_output=True,
        check=True,
    ).stdout
    with pytest.raises(wire.PackRefused):  # noqa: SIM117 - git may notice at either step
        with take(store, alone) as quarantine:
            asyncio.run(quarantine.check([new], []))


def test_a_tip_that_did_not_come_is_refused(store: Path, source: Path, note: Note) -> None:
    new = write.write_commit(source, None, [Put("a", b"1")], [], note)
    with take(store, packed(source, new)) as quarantine, pytest.raises(wire.PackRefused):
        asyncio.run(quarantine.check(["1" * 40], []))


@pytest.mark.parametrize("name", [b"a\nb", b"a\x7fb", b"a\\b", b"\xff\xfe", b".g\xe2\x80\x8cit"])
def test_names_no_checkout_can_hold_are_refused(store: Path, name: bytes) -> None:
    blob = b"x"
    oid = hashlib.sha1(b"blob 1\0x").digest()
    tree = b"100644 %s\0%s" % (name, oid)
    sha = hashlib.sha1(b"tree %d\0" % len(tree) + tree).hexdigest()
    commit = f"tree {sha}\nauthor a <a@b> 0 +0000\ncommitter a <a@b> 0 +0000\n\nx\n".encode()
    new = hashlib.sha1(b"commit %d\0" % len(commit) + commit).hexdigest()
    with pytest.raises(wire.PackRefused):  # noqa: SIM117 - git may notice at either step
        with take(store, raw_pack((3, blob), (2, tree), (1, commit))) as quarantine:
            asyncio.run(quarantine.check([new], []))
    assert list((store / "quarantine").iterdir()) == []


@pytest.mark.parametrize(
    "pack", [b"", b"PACK", b"hello, this is no pack", raw_pack((3, b"x"))[:-1]]
)
def test_what_is_no_pack_is_refused(store: Path, pack: bytes) -> None:
    with pytest.raises(wire.PackRefused):
        take(store, pack)
    assert list((store / "quarantine").iterdir()) == []


def test_limits_hold_before_git_sees_the_pack(store: Path, source: Path, note: Note) -> None:
    new = write.write_commit(source, None, [Put("a", os.urandom(5000))], [], note)
    pack = packed(source, new)
    with pytest.raises(wire.TooLarge, match="bytes"):
        take(store, pack, max_bytes=4000)
    with pytest.raises(wire.TooLarge, match="objects"):
        take(store, pack, max_objects=2)
    assert list((store / "quarantine").iterdir()) == []


def test_an_upload_that_breaks_off_leaves_nothing(store: Path, source: Path, note: Note) -> None:
    new = write.write_commit(source, None, [Put("a", os.urandom(5000))], [], note)

    async def broken() -> AsyncIterator[bytes]:
        yield packed(source, new)[:3000]
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError):
        asyncio.run(wire.ingest_pack(store, broken(), 1 << 20))
    assert list((store / "quarantine").iterdir()) == []


def test_a_cancelled_upload_leaves_nothing(store: Path) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"PACK\0\0\0\2\0\0\0\1"
        await asyncio.Event().wait()

    async def cancel() -> None:
        async with asyncio.timeout(0.3):
            await wire.ingest_pack(store, endless(), 1 << 20)

    with pytest.raises(TimeoutError):
        asyncio.run(cancel())
    assert list((store / "quarantine").iterdir()) == []
