"""Access tokens in files that everybody can read (product §3.10).

Into a public repo none is let that works. In a private repo its owner may know what they do, and is
warned; what becomes of them when it is opened says `revealed`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from strata.blobs import links
from strata.core.call import Call
from strata.core.errors import Unprocessable
from strata.core.names import Oid
from strata.credentials.tokens.leaked import showing
from strata.credentials.tokens.leaked.showing import MOST_BYTES, alive_in, is_text
from strata.repos.record import Repo

AT_ONCE_BYTES: Final = 16 * MOST_BYTES
MOST_LARGE_BYTES: Final = 64 * MOST_BYTES  # of large files that one commit has read through

Large = tuple[str, Oid, int]  # path, sha256, bytes


class Shown(Protocol):
    """Something that everybody sees, or not: a repo, one that is about to be made, a collection."""

    @property
    def private(self) -> bool: ...


class Sized(Protocol):
    """A blob, and one path at which it appears."""

    @property
    def oid(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def path(self) -> str: ...


def require_none(call: Call, repo: Shown, path: str, content: bytes) -> int:
    """Insist that a file of a public repo holds no access token that works; how many a private has.

    Raises:
        Unprocessable: names file and line, never the token.
    """
    found = list(alive_in(call, content))
    if found and not repo.private:
        raise Unprocessable(
            f"{path}, line {found[0]}: this is an access token that works, and everybody can read "
            "this repository. Take it out, also of earlier commits that you push, and refresh "
            f"it on {call.origin.base_url}/settings/tokens. Nothing was changed."
        )
    return len(found)


def require_none_said(call: Call, shown: Shown, text: str) -> int:
    """Insist that what is written where everybody reads holds no access token that works.

    Returns:
        How many there are where not everybody reads.

    Raises:
        Unprocessable: names the line, never the token.
    """
    if not shown.private:
        showing.require_none(call, text)
        return 0
    return len(list(alive_in(call, text.encode("utf-8", "replace"))))


def warning_of(call: Call, found: int) -> str:
    """What who brought so many tokens into a private repo should know; ASCII, one line."""
    if not found:
        return ""
    count = "an access token that works" if found == 1 else f"{found} access tokens that work"
    return (
        f"there is {count} in what you sent. Everybody who reads this repository can use it, and "
        f"it is revoked if the repository becomes public: {call.origin.base_url}/settings/tokens"
    )


def require_none_among(
    call: Call,
    repo: Repo,
    blobs: Sequence[Sized],
    read: Callable[[Iterable[str], int], Mapping[str, bytes]],
) -> int:
    """The same for the blobs of a push, a few megabytes at once.

    Raises:
        Unprocessable: as `require_none`.
    """
    found = 0
    for some in _batches(blobs):
        contents = read([blob.oid for blob in some], MOST_BYTES)
        for blob in some:
            found += require_none(call, repo, blob.path, contents.get(blob.oid, b""))
    return found


def require_none_large(call: Call, repo: Repo, files: Iterable[Large]) -> int:
    """The same for large files that are small texts; of many only the first `MOST_LARGE_BYTES`.

    Raises:
        Unprocessable: as `require_none`.
    """
    found, left = 0, MOST_LARGE_BYTES
    for path, oid, size in files:
        if size > min(MOST_BYTES, left):
            continue
        left -= size
        found += require_none(call, repo, path, text_of(links.from_start(call, repo, oid)))
    return found


def text_of(pieces: Iterator[bytes]) -> bytes:
    """All of a text; of what is none, no more than shows that."""
    content = bytearray()
    for piece in pieces:
        content += piece
        if not is_text(content):
            break
    return bytes(content)


def _batches(blobs: Iterable[Sized]) -> Iterator[list[Sized]]:
    batch: list[Sized] = []
    total = 0
    for blob in blobs:
        if blob.size > MOST_BYTES:
            continue
        if batch and total + blob.size > AT_ONCE_BYTES:
            yield batch
            batch, total = [], 0
        batch.append(blob)
        total += blob.size
    if batch:
        yield batch
