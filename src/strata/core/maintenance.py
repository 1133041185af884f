"""Whether the hub is being maintained: a file in the data folder says so, and until when.

A file and not a row: the database may be what is maintained. It is looked for at each request, so
that nobody has to start anything anew; of several nodes each has its own.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

LEAST_WAIT_S: Final = 30  # also when it takes longer than was thought


def begin(data: Path, until: datetime) -> None:
    """Close the hub to everybody; `until` is what people and programs are told."""
    written = _file(data).with_suffix(".new")
    written.write_text(until.astimezone(UTC).isoformat(), "ascii")
    written.replace(_file(data))


def end(data: Path) -> bool:
    """Open the hub again; whether it was closed."""
    try:
        _file(data).unlink()
    except FileNotFoundError:
        return False
    return True


def wait_s(data: Path, now: datetime) -> int | None:
    """For how many seconds to go away; None: the hub is open.

    It stays closed until somebody opens it, also when its time is over.
    """
    try:
        text = _file(data).read_text("ascii", "replace")
    except FileNotFoundError:
        return None
    left = 0.0
    with contextlib.suppress(ValueError):
        left = (datetime.fromisoformat(text.strip()) - now).total_seconds()
    return max(LEAST_WAIT_S, round(left))


def _file(data: Path) -> Path:
    return data / "maintenance"
