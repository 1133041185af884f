"""Say what the server has and can, and read what a client asks for; all from refs passed in.

Obeys gitprotocol-http, gitprotocol-pack (v0, v1) and gitprotocol-v2.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from strata.lib.git.model import ZERO, Ref
from strata.lib.git.protocol.pktline import (
    FLUSH,
    Malformed,
    Marker,
    Packet,
    decode,
    encode,
    encode_line,
)

Service = Literal["git-upload-pack", "git-receive-pack"]

AGENT = "agent=strata"
_UPLOAD = (
    "multi_ack thin-pack side-band side-band-64k ofs-delta shallow deepen-since deepen-not "
    "deepen-relative no-progress include-tag multi_ack_detailed allow-tip-sha1-in-want "
    "allow-reachable-sha1-in-want no-done filter object-format=sha1 " + AGENT
)
_RECEIVE = (
    "report-status delete-refs side-band-64k quiet atomic ofs-delta push-options "
    "object-format=sha1 " + AGENT
)
_VERSION_2 = (
    "version 2",
    AGENT,
    "ls-refs=unborn",
    "fetch=shallow wait-for-done filter",
    "server-option",
    "object-format=sha1",
)
_OID = re.compile(r"[0-9a-f]{40}")
_PREFIXES_HEEDED = 65536  # git itself lists everything beyond as many


def protocol_version(header: str | None) -> int:
    """Return the version a client asks for by `Git-Protocol` or GIT_PROTOCOL: 0, 1 or 2."""
    words = (header or "").split(":")
    return next((version for version in (2, 1) if f"version={version}" in words), 0)


def advertise_v0(
    service: Service,
    refs: Sequence[Ref],
    head_target: str | None,
    *,
    announce: bool = True,
    version: int = 0,
) -> bytes:
    """Advertise refs to a client of version 0 or 1.

    `head_target` is the branch HEAD stands for, whether it exists or not. `announce` adds the
    line that HTTP wants in front; over SSH it must be False.
    """
    lines: list[bytes] = []
    if announce:
        lines += [encode_line(f"# service={service}"), FLUSH]
    if version == 1:
        lines.append(encode_line("version 1"))
    first, *others = _shown(service, refs, head_target)
    able = _able(service, refs, head_target)
    lines.append(encode(f"{first}\0{able}\n".encode()))
    return b"".join([*lines, *map(encode_line, others), FLUSH])


def _shown(service: Service, refs: Sequence[Ref], head_target: str | None) -> Iterator[str]:
    ordered = _in_order(refs)
    if not ordered:
        yield f"{ZERO} capabilities^{{}}"
    if service == "git-receive-pack":  # a push compares refs, so it gets neither HEAD nor peels
        yield from (f"{ref.oid} {ref.name}" for ref in ordered)
        return
    yield from (f"{ref.oid} HEAD" for ref in ordered if ref.name == head_target)
    for ref in ordered:
        yield f"{ref.oid} {ref.name}"
        if ref.peeled:
            yield f"{ref.peeled} {ref.name}^{{}}"


def _able(service: Service, refs: Sequence[Ref], head_target: str | None) -> str:
    if service == "git-receive-pack":
        return _RECEIVE
    if any(ref.name == head_target for ref in refs):
        return f"{_UPLOAD} symref=HEAD:{head_target}"
    return _UPLOAD


def _in_order(refs: Iterable[Ref]) -> list[Ref]:
    return sorted((Ref(*ref) for ref in refs), key=lambda ref: ref.name.encode())


def capabilities_v2() -> bytes:
    """Advertise what a client of version 2 may ask: `ls-refs` and `fetch`."""
    return b"".join([*map(encode_line, _VERSION_2), FLUSH])


@dataclass(frozen=True, slots=True)
class V2Request:
    """A request of version 2: its command ("" when the body is empty), and what goes with it."""

    command: str
    capabilities: tuple[str, ...]
    arguments: tuple[str, ...]


def parse_v2(body: bytes) -> V2Request:
    """Take a version 2 request apart.

    Raises:
        Malformed: no such request, or one for another object format.
    """
    words: list[str] = []
    arguments: list[str] = []
    section = words
    for packet in decode(body):
        if packet is Marker.DELIM and section is words:
            section = arguments
        elif packet is Marker.FLUSH:
            break
        elif isinstance(packet, Marker):
            raise Malformed("a delimiter where none may be")
        else:
            section.append(_line(packet))
    command = words.pop(0) if words else "command="
    if not command.startswith("command="):
        raise Malformed(f"a request begins with its command, not with {command!r}")
    if any(word.startswith("object-format=") and word[14:] != "sha1" for word in words):
        raise Malformed("this repository names its objects by sha1")
    return V2Request(command.removeprefix("command="), tuple(words), tuple(arguments))


def ls_refs(arguments: Sequence[str], refs: Sequence[Ref], head_target: str | None) -> bytes:
    """Answer the `ls-refs` command of version 2."""
    prefixes = tuple(word[11:] for word in arguments if word.startswith("ref-prefix "))
    if not prefixes or len(prefixes) > _PREFIXES_HEEDED:
        prefixes = ("",)
    ordered = _in_order(refs)
    lines: list[str] = []
    if head_target is not None and "HEAD".startswith(prefixes):
        lines += _head(arguments, ordered, head_target)
    for ref in ordered:
        if ref.name.startswith(prefixes):
            peeled = f" peeled:{ref.peeled}" if ref.peeled and "peel" in arguments else ""
            lines.append(f"{ref.oid} {ref.name}{peeled}")
    return b"".join([*map(encode_line, lines), FLUSH])


def _head(arguments: Sequence[str], refs: Sequence[Ref], target: str) -> Iterator[str]:
    symref = f" symref-target:{target}" if "symrefs" in arguments else ""
    oid = next((ref.oid for ref in refs if ref.name == target), None)
    if oid is not None:
        yield f"{oid} HEAD{symref}"
    elif "unborn" in arguments:
        yield f"unborn HEAD{symref}"


def fetch_wants(body: bytes, version: int) -> tuple[str, ...]:
    """Return the object ids a fetch asks for, each once: the door checks them before git reads.

    Raises:
        Malformed: not a fetch request, or one that wants something else than an object id.
    """
    lines = parse_v2(body).arguments if version == 2 else _first_section(decode(body))
    wants: dict[str, None] = {}
    for line in lines:
        if line.startswith("want-ref"):
            raise Malformed("want-ref was not offered")
        if line.startswith("want "):
            oid = line[5:45]
            if _OID.fullmatch(oid) is None or line[45:46] not in ("", " "):
                raise Malformed(f"{line!r} does not name an object")
            wants[oid] = None
    return tuple(wants)


def _first_section(packets: Sequence[Packet]) -> list[str]:
    lines: list[str] = []
    for packet in packets:
        if isinstance(packet, Marker):
            break
        lines.append(_line(packet))
    return lines


def _line(packet: bytes) -> str:
    try:
        return packet.removesuffix(b"\n").decode()
    except UnicodeDecodeError as failure:
        raise Malformed("a line that is not UTF-8") from failure


def error_packet(text: str) -> bytes:
    """Frame a text that git clients show as 'remote error'."""
    return encode(b"ERR " + text.encode()[:4096] + b"\n")
