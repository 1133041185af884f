"""Read what a push wants before its pack, and report what became of it (gitprotocol-pack)."""

import re
from collections.abc import AsyncIterable, AsyncIterator, Sequence

from strata.lib.git.model import PushCommand, PushRequest
from strata.lib.git.protocol.pktline import (
    FLUSH,
    MAX_PAYLOAD,
    Malformed,
    Marker,
    Reader,
    encode,
    encode_line,
)

_COMMANDS_LIMIT = 8 << 20
_COMMAND = re.compile(r"([0-9a-f]{40}) ([0-9a-f]{40}) ([^\n]+)")
_OID = re.compile(r"[0-9a-f]{40}")


async def read_push(stream: AsyncIterable[bytes]) -> tuple[PushRequest, AsyncIterator[bytes]]:
    """Read the commands of a push, at most 8 MiB; return them and the pack behind them.

    A body that is only a flush (git's probe for whether it must log in) has no commands.

    Raises:
        Malformed: broken framing, an unknown command, one ref twice, or too many.
    """
    reader = Reader(stream, _COMMANDS_LIMIT)
    lines, capabilities = await _lines(reader)
    shallow = tuple(_shallow(line) for line in lines if line.startswith("shallow "))
    commands = tuple(_command(line) for line in lines if not line.startswith("shallow "))
    if len({command.ref for command in commands}) < len(commands):
        raise Malformed("one ref is named twice")
    options: tuple[str, ...] = ()
    if commands and "push-options" in capabilities:
        options = tuple((await _lines(reader))[0])
    return PushRequest(commands, capabilities, options, shallow), reader.rest()


async def _lines(reader: Reader) -> tuple[list[str], frozenset[str]]:
    """Read lines up to a flush; capabilities hang behind a NUL on the first command."""
    lines: list[str] = []
    capabilities: frozenset[str] = frozenset()
    while (packet := await reader.packet()) is not Marker.FLUSH:
        if packet is None and not lines:
            break
        if not isinstance(packet, bytes):
            raise Malformed("the list of commands does not end")
        text, _, able = _text(packet).partition("\0")
        lines.append(text.removesuffix("\n"))
        capabilities |= frozenset(able.split())
    return lines, capabilities


def _text(packet: bytes) -> str:
    try:
        return packet.decode()
    except UnicodeDecodeError as failure:
        raise Malformed("a command that is not UTF-8") from failure


def _command(line: str) -> PushCommand:
    found = _COMMAND.fullmatch(line)
    if found is None:
        raise Malformed(f"{line[:100]!r} is not a command of a push")
    old, new, ref = found.groups()
    return PushCommand(ref, old, new)


def _shallow(line: str) -> str:
    oid = line.removeprefix("shallow ")
    if _OID.fullmatch(oid) is None:
        raise Malformed(f"{line[:100]!r} does not name a commit")
    return oid


def report_status(
    unpack: str,
    results: Sequence[tuple[str, str | None]],
    *,
    sideband: bool,
    messages: Sequence[str] = (),
) -> bytes:
    """Report a push: "ok" or why the pack was refused; per ref None or why it did not move.

    `messages` appear as "remote: …" at the client, which needs the side band.
    """
    lines = [f"unpack {_one_line(unpack)}"]
    for ref, reason in results:
        lines.append(f"ok {ref}" if reason is None else f"ng {ref} {_one_line(reason)}")
    report = b"".join([*map(encode_line, lines), FLUSH])
    if not sideband:
        return report
    said = "".join(f"{message}\n" for message in messages).encode()
    return b"".join([*_banded(2, said), *_banded(1, report), FLUSH])


def _banded(band: int, content: bytes) -> list[bytes]:
    step = MAX_PAYLOAD - 1
    pieces = [content[place : place + step] for place in range(0, len(content), step)]
    return [encode(bytes([band]) + piece) for piece in pieces]


def _one_line(text: str) -> str:
    return " ".join(text.split())[:1000]
