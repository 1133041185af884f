"""Read the body of a commit request, of any size, without holding it (02 §F2).

The body lies in a file. Short lines are decoded as they are; in a long line the content is found
and left where it is, so that a file of a gigabyte costs no memory.
"""

from __future__ import annotations

import mmap
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

import msgspec

from strata.content.writing.operations import (
    Add,
    AddLarge,
    Change,
    Delete,
    DeleteFolder,
    EncodedSlice,
    Operation,
    Source,
    decoded as from_base64,
)
from strata.core.errors import Malformed, TooLarge
from strata.core.names import Oid, Sha, is_oid
from strata.lib.objects.receive import Received
from strata.web.json_body import parsed

COMMIT: Final = "commit"  # what its lines are called when they are refused
LONG_LINE: Final = 1024 * 1024  # bytes
LONG_CONTENT: Final = 64 * 1024
MAX_TEXT_CONTENT: Final = 64 * 1024 * 1024  # bytes of JSON text with encoding utf-8
MAX_JSON_BODY: Final = 128 * 1024 * 1024  # of clients that send one object

_STRING_REST: Final = re.compile(rb'(?:[^"\\]++|\\.)*+"', re.DOTALL)  # never tried twice
_COLON: Final = re.compile(rb"\s*:\s*")
_SOLID: Final = re.compile(rb"\S")


class Header(msgspec.Struct, rename="camel"):
    """What the commit is called and where it shall stand."""

    summary: str
    description: str | None = None
    parent_commit: str | None = None


class File(msgspec.Struct):
    """A file with its content."""

    path: str
    content: str
    encoding: Literal["base64", "utf-8"] = "base64"


class LfsFile(msgspec.Struct):
    """A file whose bytes were uploaded before; without `size` it is a copy."""

    path: str
    oid: str
    algo: Literal["sha256"] = "sha256"
    size: int | None = None


class Path(msgspec.Struct):
    """Something to delete."""

    path: str


class _Line(msgspec.Struct):
    key: str
    value: msgspec.Raw


class _Whole(msgspec.Struct, rename="camel"):
    """The one object that huggingface_hub 0.8 to 0.10 sends."""

    summary: str
    description: str | None = None
    parent_commit: str | None = None
    files: list[File] = []
    lfs_files: list[LfsFile] = []
    deleted_files: list[Path] = []
    deleted_folders: list[Path] = []


@contextmanager
def opened(body: Received, content_type: str) -> Iterator[Change]:
    """Read the header; the operations are read while they are consumed, inside the `with` block.

    Raises:
        Malformed: not the format that the content type names.
        TooLarge: a content that must come in another way.
    """
    if body.size == 0:
        raise Malformed("The body of a commit is empty.")
    with body.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
        if content_type.partition(";")[0].strip().lower() == "application/json":
            yield _whole(text)
        else:
            yield _streamed(body, text)


def _streamed(body: Received, text: mmap.mmap) -> Change:
    spans = _lines(text)
    first = next(spans, None)
    if first is None or first[1] - first[0] > LONG_LINE:
        raise Malformed("The first line must be the header of the commit.")
    line = parsed(text[slice(*first)], _Line, COMMIT)
    if line.key != "header":
        raise Malformed("The first line must be the header of the commit.")
    header = parsed(line.value, Header, COMMIT, at="value")
    operations = (_operation(body, text, *span) for span in spans)
    return _change(header, operations)


def _change(header: Header | _Whole, operations: Iterator[Operation]) -> Change:
    if "\0" in f"{header.summary}{header.description}":
        raise Malformed("The message holds a character that cannot be kept (U+0000).")
    parent = Sha(header.parent_commit) if header.parent_commit else None
    return Change(header.summary, header.description or "", operations, parent)


def _lines(text: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Where each line that is not empty stands, from its first mark; the last may lack its end.

    Blank space is passed over by the pattern, however many lines of it there are.
    """
    end = 0
    while solid := _SOLID.search(text, end):
        start = solid.start()
        end = text.find(b"\n", start)
        end = len(text) if end < 0 else end
        yield start, end


def _operation(body: Received, text: mmap.mmap, start: int, end: int) -> Operation:
    if end - start > LONG_LINE:
        return _long(body, text, start, end)
    line = parsed(text[start:end], _Line, COMMIT)
    match line.key:
        case "file":
            return _add(parsed(line.value, File, COMMIT, at="value"))
        case "lfsFile":
            return _add_large(parsed(line.value, LfsFile, COMMIT, at="value"))
        case "deletedFile":
            return Delete(parsed(line.value, Path, COMMIT, at="value").path)
        case "deletedFolder":
            return _delete_folder(parsed(line.value, Path, COMMIT, at="value"))
        case _:
            raise Malformed(f"Unknown operation {line.key[:40]!r} in the commit.")


def _add(file: File) -> Add:
    if file.encoding == "utf-8":
        return Add(file.path, file.content.encode("utf-8", "surrogatepass"))
    return Add(file.path, from_base64(file.content.encode("utf-8", "surrogatepass")))


def _add_large(file: LfsFile) -> AddLarge:
    if not is_oid(file.oid) or (file.size is not None and file.size < 0):
        raise Malformed(f"The oid of {file.path[:200]!r} must be a sha256 in lowercase hex.")
    return AddLarge(file.path, Oid(file.oid), file.size)


def _delete_folder(folder: Path) -> DeleteFolder:
    return DeleteFolder(folder.path.rstrip("/"))


def _long(body: Received, text: mmap.mmap, start: int, end: int) -> Add:
    """Read a line whose content is too long to be decoded with it."""
    first, last = _content_in(text, start, end)
    mark = secrets.token_hex(16)
    if (end - start) - (last - first) > LONG_LINE:
        raise Malformed("A line of the commit is too long outside of its content.")
    line = parsed(text[start:first] + mark.encode() + text[last:end], _Line, COMMIT)
    if line.key != "file":
        raise Malformed("Only a file may have so long a line in a commit.")
    file = parsed(line.value, File, COMMIT, at="value")
    if file.content != mark:
        raise Malformed("The content of a file must be a field of its own.")
    return Add(file.path, _source(body, text, file, first, last))


def _source(body: Received, text: mmap.mmap, file: File, first: int, last: int) -> Source:
    if file.encoding == "base64":
        return EncodedSlice(body.path, first, last)
    if last - first > MAX_TEXT_CONTENT:
        raise TooLarge(f"Send the content of {file.path[:200]!r} as base64, or through LFS.")
    content = parsed(b'"' + text[first:last] + b'"', str, COMMIT)
    return content.encode("utf-8", "surrogatepass")


def _content_in(text: mmap.mmap, start: int, end: int) -> tuple[int, int]:
    """Find the text of the `content` field of a line: behind its quote, and at the closing one."""
    position, key = start, (start, start)
    while (opening := text.find(b'"', position, end)) >= 0:
        closing = _closing(text, opening + 1, end)
        if closing - opening > LONG_CONTENT:
            named = text[slice(*key)] == b"content"
            between = text[key[1] + 1 : opening]
            if named and len(between) < LONG_CONTENT and _COLON.fullmatch(between):
                return opening + 1, closing
        key, position = (opening + 1, closing), closing + 1
    raise Malformed("A line of the commit is too long and holds no content.")


def _closing(text: mmap.mmap, start: int, end: int) -> int:
    """The quote that ends a string."""
    found = _STRING_REST.match(text, start, end)
    if found is None:
        raise Malformed("A line of the commit is not valid JSON: a text has no end.")
    return found.end() - 1


def _whole(text: mmap.mmap) -> Change:
    if len(text) > MAX_JSON_BODY:
        raise TooLarge(f"A commit in one JSON object may have {MAX_JSON_BODY} bytes; use NDJSON.")
    body = parsed(text[:], _Whole, COMMIT)

    def operations() -> Iterator[Operation]:
        yield from map(_add, body.files)
        yield from map(_add_large, body.lfs_files)
        yield from (Delete(gone.path) for gone in body.deleted_files)
        yield from map(_delete_folder, body.deleted_folders)

    return _change(body, operations())
