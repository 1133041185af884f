"""Squares under addresses that name what they show, so that every cache may keep them for ever.

What a row remembers of a picture is its upload, "<owner>-<hash>-<random>": under it the squares
lie, and no two uploads share one. So whoever replaces a picture drops its bytes at once, and a
sweep removes what no row names, even while the same picture is chosen again, by its owner or by
somebody else: nobody else's row can name what goes.

Pages see the address, "<owner>-<hash>": the same for the same squares of one owner. The owner is in
it, so that it does not answer whether anybody else has this picture.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from strata.lib.objects.store import ObjectMissing, ObjectStore
from strata.lib.pictures.worker import NAMES

SHOWN: Final = "256.webp"
_HASH_LENGTH: Final = 32  # hex digits
_UPLOAD: Final = re.compile(r"(.+-[0-9a-f]{32})-[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Where the squares of one kind of owners are."""

    objects: ObjectStore
    folder: str

    def keep(self, owner: str, squares: Mapping[str, bytes]) -> str:
        """Put squares where no row points to them yet.

        Args:
            owner: its letters can stand in a key of the store and in an address.
            squares: by `worker.NAMES`.

        Returns:
            The upload, for a row.
        """
        upload = f"{owner}-{_hash_of(squares)}-{secrets.token_hex(8)}"
        for name in NAMES:
            self.objects.put(self._key(upload, name), squares[name])
        return upload

    @contextmanager
    def kept(self, owner: str, squares: Mapping[str, bytes]) -> Iterator[str]:
        """As `keep`, while a row is pointed there; what fails meanwhile leaves nothing behind."""
        upload = self.keep(owner, squares)
        try:
            yield upload
        except BaseException:
            self.drop(upload)
            raise

    def drop(self, upload: str) -> None:
        """Take away what `keep` put there; no row names it any more."""
        for name in NAMES:
            self.objects.delete(self._key(upload, name))

    def read(self, upload: str, name: str) -> bytes | None:
        """One square; None: the upload was dropped, or there is no such size or kind."""
        try:
            return self.objects.read(self._key(upload, name)) if name in NAMES else None
        except ObjectMissing:
            return None

    def _key(self, upload: str, name: str) -> str:
        return f"{self.folder}/{upload[:2]}/{upload}.{name}"


def address_of(upload: str) -> str:
    """What the addresses of its squares begin with."""
    named = _UPLOAD.fullmatch(upload)
    return named[1] if named else upload  # it was kept before addresses named their content


def _hash_of(squares: Mapping[str, bytes]) -> str:
    """The same for the same pictures in every size and kind."""
    whole = hashlib.sha256(b"".join(squares[name] for name in NAMES))
    return whole.hexdigest()[:_HASH_LENGTH]
