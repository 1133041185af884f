"""What a part of the benchmark found, and the table that shows it."""

from collections.abc import Sequence
from dataclasses import dataclass


class PartSkipped(Exception):
    """A part cannot be measured on this machine; the message names what is missing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One measured number beside its target."""

    name: str
    measured: float
    target: float
    unit: str  # "ms", "requests/s"; "x" for a ratio to something measured in the same run
    at_least: bool = False  # the target is a floor instead of a ceiling
    note: str = ""  # how it came about

    @property
    def ok(self) -> bool:
        """Whether the target is met."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target

    @property
    def ratio(self) -> float:
        """Measured over target."""
        return self.measured / self.target if self.target else self.measured


Row = tuple[str, ...]
HEADINGS: Row = ("part", "what", "measured", "target", "ratio", "verdict", "how")


def row(part: str, outcome: Outcome) -> Row:
    """Show one outcome in words."""
    bound = "≥" if outcome.at_least else "≤"
    return (
        part,
        outcome.name,
        f"{_number(outcome.measured)} {outcome.unit}",
        f"{bound} {_number(outcome.target)} {outcome.unit}",
        f"{outcome.ratio:.2f}",
        "ok" if outcome.ok else "MISSED",
        outcome.note,
    )


def skipped_row(part: str, reason: str) -> Row:
    """Show that a part was not measured."""
    return (part, "-", "-", "-", "-", "skipped", reason)


def table(rows: Sequence[Row]) -> str:
    """Lay rows out in columns."""
    every = [HEADINGS, *rows]
    widths = [max(len(line[column]) for line in every) for column in range(len(HEADINGS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in every
    ]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
