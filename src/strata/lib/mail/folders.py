"""Read the mails of a Maildir or of an mbox file; changes nothing there."""

from __future__ import annotations

import mailbox
from collections.abc import Iterator
from pathlib import Path


def mails_in(place: Path, longest: int) -> Iterator[bytes]:
    """The mails of a place, each as it came, cut off after `longest` bytes."""
    if place.is_dir():
        for folder in ("new", "cur"):
            for path in sorted((place / folder).glob("*")):
                with path.open("rb") as file:
                    yield file.read(longest)
        return
    box = mailbox.mbox(place, create=False)
    try:
        for key in box.iterkeys():
            with box.get_file(key) as file:
                yield file.read(longest)
    finally:
        box.close()
