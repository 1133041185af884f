"""What a commit does, before it is settled how."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from strata.core.errors import Malformed, Unprocessable
from strata.core.names import Oid, Sha
from strata.lib.git.write import path_problem
from strata.lib.objects.receive import Received

PIECE_CHARACTERS = 1024 * 1024  # of base64 that are decoded at a time; a multiple of four

# Names that Windows reserves for devices, with any ending; a clone there would fail.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])( *\..*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class EncodedSlice:
    """Content that lies base64-encoded inside a spooled body."""

    body: Path
    start: int  # first byte of the text
    stop: int  # one past its last byte

    def size(self) -> int:
        """Bytes of the content; a few more when slashes are escaped."""
        with self.body.open("rb") as file:
            file.seek(max(self.start, self.stop - 2))
            padding = file.read(self.stop - file.tell()).count(b"=")
        return max(0, (self.stop - self.start) // 4 * 3 - padding)

    def pieces(self) -> Iterator[bytes]:
        """Decode piece by piece; JSON may have escaped the slashes, which are base64 digits.

        Raises:
            Malformed: not base64.
        """
        rest = b""  # less than one group of four, or a backslash whose slash is yet to come
        with self.body.open("rb") as file:
            file.seek(self.start)
            left = self.stop - self.start
            while left > 0:
                text = file.read(min(PIECE_CHARACTERS, left))
                left -= len(text)
                plain = (rest + text).replace(b"\\/", b"/")
                usable = len(plain) - plain.endswith(b"\\")
                whole = usable - usable % 4 if left else len(plain)
                rest = plain[whole:]
                yield decoded(plain[:whole])


Source = bytes | EncodedSlice | Received


@dataclass(frozen=True, slots=True)
class Add:
    """Write a file whose content came with the request."""

    path: str
    source: Source


@dataclass(frozen=True, slots=True)
class AddLarge:
    """Write a pointer to bytes that this repo was given before."""

    path: str
    oid: Oid
    size: int | None  # bytes, when the client says so


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove a file, or a folder of that name."""

    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    """Remove a folder and everything below it."""

    path: str


Operation = Add | AddLarge | Delete | DeleteFolder


@dataclass(frozen=True, slots=True)
class Change:
    """A commit that somebody proposes."""

    title: str
    body: str
    operations: Iterable[Operation]  # consumed once
    parent: Sha | None = None  # the head that the caller insists on

    @property
    def message(self) -> str:
        title = " ".join(self.title.split())
        return f"{title}\n\n{self.body.strip()}" if self.body.strip() else title


def decoded(text: bytes) -> bytes:
    """Decode base64.

    Raises:
        Malformed: it is not.
    """
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Malformed("The content of a file is not valid base64.") from error


def require_path(path: str) -> None:
    """Insist on a path that git, and every system that clones, can hold.

    Raises:
        Unprocessable: says what is wrong.
    """
    problem = path_problem(path) or _windows_problem(path)
    if problem is not None:
        raise Unprocessable(f"The path {path[:200]!r} {problem}. Choose another name.")


def _windows_problem(path: str) -> str | None:
    for name in path.split("/"):
        if name.endswith((" ", ".")):
            return "holds a part that ends in a space or a dot, which Windows cannot keep"
        if _DEVICE.fullmatch(name):
            return f"holds {name!r}, which is a device on Windows"
    return None
