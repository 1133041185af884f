"""The system's time; everything else is given a clock."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current instant in UTC."""
    return datetime.now(UTC)  # noqa: TID251 — the one place that reads the clock
