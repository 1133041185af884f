"""Requests are taken apart and answered byte for byte as the protocol documents say."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvloop
from hypothesis import given, settings, strategies as st

from strata.lib.git import wire
from strata.lib.git.protocol import upload
from strata.lib.git.protocol.pktline import (
    DELIM,
    FLUSH,
    Malformed,
    Marker,
    decode,
    encode,
    encode_line,
)

ONE, TWO = "1" * 40, "2" * 40
MAIN = "refs/heads/main"
REFS = [wire.Ref("refs/tags/v1", TWO, ONE), wire.Ref(MAIN, ONE), wire.Ref("refs/pr/1", TWO)]


def lines(answer: bytes) -> list[str]:
    return [packet.decode().rstrip("\n") for packet in decode(answer) if isinstance(packet, bytes)]


async def stream(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def test_an_advertisement_starts_with_head_and_capabilities() -> None:
    said = lines(wire.advertise_v0("git-upload-pack", REFS, MAIN))
    assert said[0] == "# service=git-upload-pack"
    first, able = said[1].split("\0")
    assert first == f"{ONE} HEAD"
    assert f"symref=HEAD:{MAIN}" in able.split()
    assert said[2:] == [
        f"{ONE} {MAIN}",
        f"{TWO} refs/pr/1",
        f"{TWO} refs/tags/v1",
        f"{ONE} refs/tags/v1^{{}}",
    ]


def test_a_push_is_shown_neither_head_nor_peels() -> None:
    said = lines(wire.advertise_v0("git-receive-pack", REFS, MAIN, announce=False))
    assert [line.split("\0")[0] for line in said] == [
        f"{ONE} {MAIN}",
        f"{TWO} refs/pr/1",
        f"{TWO} refs/tags/v1",
    ]


def test_an_empty_repository_still_tells_its_capabilities() -> None:
    said = lines(wire.advertise_v0("git-receive-pack", [], MAIN, announce=False, version=1))
    assert said[0] == "version 1"
    assert said[1].startswith(f"{wire.ZERO} capabilities^{{}}\0report-status")


@pytest.mark.parametrize(
    ("header", "version"),
    [
        (None, 0),
        ("", 0),
        ("version=2", 2),
        ("version=1:version=2", 2),
        ("x:version=1", 1),
        ("version=3", 0),
        ("version=22", 0),
    ],
)
def test_the_newest_common_version_is_spoken(header: str | None, version: int) -> None:
    assert wire.protocol_version(header) == version


def test_ls_refs_heeds_its_arguments() -> None:
    assert lines(wire.ls_refs([], REFS, MAIN)) == [
        f"{ONE} HEAD",
        f"{ONE} {MAIN}",
        f"{TWO} refs/pr/1",
        f"{TWO} refs/tags/v1",
    ]
    full = wire.ls_refs(["peel", "symrefs", "ref-prefix HEAD", "ref-prefix refs/tags/"], REFS, MAIN)
    assert lines(full) == [f"{ONE} HEAD symref-target:{MAIN}", f"{TWO} refs/tags/v1 peeled:{ONE}"]
    assert lines(wire.ls_refs(["unborn", "symrefs"], [], MAIN)) == [
        f"unborn HEAD symref-target:{MAIN}"
    ]
    assert wire.ls_refs(["symrefs"], [], MAIN) == FLUSH


def v2(command: str, *arguments: str) -> bytes:
    said = b"".join(map(encode_line, arguments))
    return encode_line(f"command={command}") + encode_line("agent=x") + DELIM + said + FLUSH


def test_a_version_2_request_is_taken_apart() -> None:
    found = wire.parse_v2(v2("fetch", "thin-pack", f"want {ONE}", "done"))
    assert found == wire.V2Request("fetch", ("agent=x",), ("thin-pack", f"want {ONE}", "done"))
    assert wire.parse_v2(FLUSH).command == ""


@pytest.mark.parametrize(
    "body",
    [
        encode(b"hello\n") + FLUSH,
        encode(b"command=fetch\n") + encode(b"object-format=sha256\n") + FLUSH,
        encode(b"command=fetch") + DELIM + DELIM + FLUSH,
        encode(b"\xff") + FLUSH,
        v2("fetch", "want main"),
        v2("fetch", f"want {ONE}0"),
        v2("fetch", "want-ref refs/heads/secret"),
    ],
)
def test_odd_fetches_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        wire.fetch_wants(body, 2)


def test_wants_are_found_in_both_versions() -> None:
    body = v2("fetch", f"want {ONE}", f"want {TWO}", f"want {ONE}", f"have {'3' * 40}")
    assert wire.fetch_wants(body, 2) == (ONE, TWO)
    old = [f"want {ONE} multi_ack side-band-64k", f"want {TWO}", f"shallow {TWO}", "deepen 1"]
    body = b"".join(map(encode_line, old)) + FLUSH + encode_line(f"have {'3' * 40}")
    assert wire.fetch_wants(body, 0) == (ONE, TWO)
    assert wire.fetch_wants(FLUSH, 0) == ()


def push(*commands: bytes) -> tuple[wire.PushRequest, bytes]:
    async def read() -> tuple[wire.PushRequest, bytes]:
        request, rest = await wire.read_push(stream(*commands))
        return request, b"".join([piece async for piece in rest])

    return asyncio.run(read())


def test_a_push_is_read_up_to_its_pack() -> None:
    request, pack = push(
        encode(f"shallow {TWO}".encode()),
        encode(f"{wire.ZERO} {ONE} refs/heads/ünï\0 report-status push-options\n".encode()),
        encode(f"{ONE} {wire.ZERO} refs/heads/b".encode()) + FLUSH,
        encode(b"ci.skip\n") + FLUSH + b"PA",
        b"CK",
    )
    assert request.commands == (
        wire.PushCommand("refs/heads/ünï", wire.ZERO, ONE),
        wire.PushCommand("refs/heads/b", ONE, wire.ZERO),
    )
    assert request.capabilities == {"report-status", "push-options"}
    assert (request.options, request.shallow) == (("ci.skip",), (TWO,))
    assert (request.has_pack, request.sideband, pack) == (True, False, b"PACK")
    assert [command.deletes for command in request.commands] == [False, True]


def test_a_probe_is_no_push() -> None:
    request, pack = push(FLUSH)
    assert (request.commands, request.has_pack, pack) == ((), False, b"")


@pytest.mark.parametrize(
    "body",
    [
        encode(b"push-cert\0x\n") + FLUSH,
        encode(f"{ONE} {TWO} refs/heads/a".encode()),
        encode(f"{ONE} {TWO} a".encode()) + encode(f"{ONE} {TWO} a".encode()) + FLUSH,
        encode(f"{ONE} {TWO}".encode()) + FLUSH,
        encode(f"{ONE} {TWO} a".encode()) + DELIM,
        encode(b"shallow x") + FLUSH,
        encode(b"\xff") + FLUSH,
    ],
)
def test_odd_pushes_are_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        push(body)


def test_a_push_of_endless_commands_is_cut_off() -> None:
    endless = [encode(f"{ONE} {TWO} refs/heads/{number:050}".encode()) for number in range(70_000)]
    with pytest.raises(Malformed, match="more commands"):
        push(*endless)


def test_a_report_names_each_ref() -> None:
    plain = wire.report_status("ok", [("a", None), ("b", "too\nlarge")], sideband=False)
    assert lines(plain) == ["unpack ok", "ok a", "ng b too large"]


@settings(deadline=None)
@given(
    st.lists(st.text(st.characters(codec="utf-8"), max_size=40), max_size=5), st.integers(0, 4000)
)
def test_a_banded_report_unwraps_to_the_plain_one(said: list[str], count: int) -> None:
    results: list[tuple[str, str | None]] = [
        (f"refs/heads/{number:030}", None) for number in range(count)
    ]
    banded = decode(wire.report_status("ok", results, sideband=True, messages=said))
    assert banded[-1] is Marker.FLUSH
    bodies = [packet for packet in banded if isinstance(packet, bytes)]
    report = b"".join(packet[1:] for packet in bodies if packet[0] == 1)
    spoken = b"".join(packet[1:] for packet in bodies if packet[0] == 2)
    assert report == wire.report_status("ok", results, sideband=False)
    assert spoken.decode() == "".join(f"{message}\n" for message in said)


def test_collecting_stops_at_the_limit() -> None:
    assert asyncio.run(wire.collect(stream(b"ab", b"c"), 3)) == b"abc"
    with pytest.raises(wire.TooLarge):
        asyncio.run(wire.collect(stream(b"ab", b"cd"), 3))


def test_what_still_comes_after_git_has_all_is_nobodys_fault() -> None:
    """Servers end a body with an empty piece; git may have read its pack and gone by then."""

    async def fed_late() -> None:
        process = await asyncio.create_subprocess_exec("true", stdin=asyncio.subprocess.PIPE)
        stdin = process.stdin
        assert stdin is not None

        async def body() -> AsyncIterator[bytes]:
            await process.wait()
            await stdin.wait_closed()
            yield b""

        await upload.feed(stdin, body())

    uvloop.run(fed_late())
