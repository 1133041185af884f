"""What is in a bucket: files by name, and listings in pages."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Final

from strata.content.bucket import queries
from strata.content.bucket.paths import behind, behind_folder, end_of, folder_below
from strata.content.bucket.queries import FileRow
from strata.core.call import Call
from strata.core.cursors import BAD_CURSOR
from strata.core.errors import EntryNotFound, Malformed, TooLarge
from strata.repos.record import Repo

MAX_PAGE: Final = 1000
MAX_PATHS: Final = 1000
FEW: Final = 16  # rows looked at when the next ones may all lie in one folder


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder one level below what was asked for."""

    path: str
    uploaded_at: datetime | None  # of the latest upload below it


Entry = FileRow | Folder


@dataclass(frozen=True, slots=True)
class Page:
    """Entries in the order of their names, and the cursor of the next page if there is one."""

    entries: list[Entry]
    cursor: str | None


def file_at(call: Call, bucket: Repo, path: str) -> FileRow:
    """Find a file.

    Raises:
        EntryNotFound: no such file.
    """
    found = queries.file_at(call, bucket.id, path)
    if found is None:
        raise EntryNotFound
    return found


def files_among(call: Call, bucket: Repo, paths: list[str]) -> list[FileRow]:
    """Those of the paths that are files, in the order given.

    Raises:
        TooLarge: more than `MAX_PATHS` paths.
    """
    if len(paths) > MAX_PATHS:
        raise TooLarge(f"Ask for at most {MAX_PATHS} paths at once.")
    found = queries.files_at(call, bucket.id, paths)
    return [found[path] for path in dict.fromkeys(paths) if path in found]


def listing(
    call: Call,
    bucket: Repo,
    prefix: str = "",
    *,
    recursive: bool,
    limit: int | None = None,
    cursor: str | None = None,
) -> Page:
    """List what begins with `prefix`: every file, or one level with its folders.

    A page costs the same wherever it starts: names are sought, never counted.

    Raises:
        Malformed: a cursor that is not ours.
    """
    wanted = max(1, min(limit or MAX_PAGE, MAX_PAGE))
    start = prefix if cursor is None else max(prefix, _opened(cursor))
    if "\0" in prefix + start:  # PostgreSQL refuses even to look for it
        return Page([], None)
    entries: Iterable[Entry] = (
        queries.files_from(call, bucket.id, start, end_of(prefix), wanted + 1)
        if recursive
        else _level(call, bucket, start, prefix)
    )
    page = list(islice(entries, wanted + 1))
    following = _sealed(_start_after(page[wanted - 1])) if len(page) > wanted else None
    return Page(_dated(call, bucket, page[:wanted]), following)


def _level(call: Call, bucket: Repo, start: str, prefix: str) -> Iterator[Entry]:
    """Yield the files and folders one level below a prefix; a folder is stepped over, not read."""
    end = end_of(prefix)
    ahead = FEW
    while rows := queries.files_from(call, bucket.id, start, end, ahead):
        last: Entry | None = None
        for row in rows:
            if row.path < start:  # in the folder that was just named
                continue
            folder = folder_below(prefix, row.path)
            last = row if folder is None else Folder(folder, None)
            start = _start_after(last)
            yield last
        # Files come in ever larger helpings; behind a folder may be another one as large.
        ahead = FEW if isinstance(last, Folder) or last is None else min(2 * ahead, MAX_PAGE)


def _start_after(entry: Entry) -> str:
    return behind_folder(entry.path) if isinstance(entry, Folder) else behind(entry.path)


def _dated(call: Call, bucket: Repo, entries: list[Entry]) -> list[Entry]:
    folders = [entry.path for entry in entries if isinstance(entry, Folder)]
    times = queries.folder_times(call, bucket.id, folders)
    return [
        Folder(entry.path, times.get(entry.path)) if isinstance(entry, Folder) else entry
        for entry in entries
    ]


def _sealed(start: str) -> str:
    return base64.urlsafe_b64encode(start.encode()).rstrip(b"=").decode()


def _opened(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise Malformed(BAD_CURSOR) from error
