"""Measure the parts one after the other and print the table."""

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from benchmarks import (
    clones,
    commits,
    downloads,
    folders,
    listings,
    logins,
    lookups,
    memory,
    merges,
    tokens,
    trees,
    webhooks,
    xet,
)
from benchmarks.outcome import Outcome, PartSkipped, Row, row, skipped_row, table

Part = Callable[[Path], Iterator[Outcome]]

PARTS: Mapping[str, Part] = {
    "lookups": lookups.measured,
    "downloads": downloads.measured,
    "commits": commits.measured,
    "merges": merges.measured,
    "folders": folders.measured,
    "xet": xet.measured,
    "clones": clones.measured,
    "memory": memory.measured,
    "webhooks": webhooks.measured,
    "listings": listings.measured,
    "trees": trees.measured,
    "tokens": tokens.measured,
    "logins": logins.measured,
}


def main() -> int:
    """Run what the command line names; 1 when a target was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", action="append", choices=PARTS, metavar="PART", help=f"one of {', '.join(PARTS)}"
    )
    parser.add_argument("--scratch", type=Path, help="folder for the servers' data; about 20 GB")
    chosen = parser.parse_args()
    sys.stdout.write(f"{_machine()}\n\n")
    rows: list[Row] = []
    for name in chosen.only or PARTS:
        rows += _rows(name, chosen.scratch)
    sys.stdout.write(f"\n{table(rows)}\n")
    return 1 if any("MISSED" in line for line in rows) else 0


def _rows(name: str, scratch: Path | None) -> list[Row]:
    folder = Path(tempfile.mkdtemp(prefix=f"bench-{name}-", dir=scratch))
    began = time.monotonic()
    rows: list[Row] = []
    try:
        for outcome in PARTS[name](folder):
            rows.append(row(name, outcome))
            sys.stdout.write(f"{' · '.join(rows[-1])}\n")
            sys.stdout.flush()
    except PartSkipped as missing:
        rows.append(skipped_row(name, str(missing)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"[{name}: {time.monotonic() - began:.0f} s]\n")
    return rows


def _machine() -> str:
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, {pages / 1e9:.0f} GB, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}, load before {load}"
    )
