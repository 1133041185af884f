"""Domains of throw-away mailboxes: the list that comes along, or a newer one of the operator.

A newer one stands in a file (`accounts.disposable_file`, or where `strata disposable refresh` puts
it in the data folder). Serving processes notice by themselves when it changes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Final

import structlog

from strata.core.errors import Malformed
from strata.core.settings.tree import Settings

MOST_BYTES: Final = 20 * 2**20
_DOMAIN: Final = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{2,63}")

log = structlog.get_logger("strata.accounts")


def is_disposable(settings: Settings, domain: str) -> bool:
    """Whether a domain (ASCII form), or one above it, is known for throw-away mailboxes."""
    labels, known = domain.split("."), known_domains(settings)
    return any(".".join(labels[start:]) in known for start in range(len(labels) - 1))


def known_domains(settings: Settings) -> frozenset[str]:
    """The list that holds; the one that comes along where the operator's cannot be read."""
    file = file_of(settings)
    try:
        stamp = file.stat()
        return _of_file(file, stamp.st_mtime_ns, stamp.st_size)
    except FileNotFoundError:
        pass
    except (OSError, ValueError, Malformed) as error:
        log.warning("throw-away domains: the file cannot be read", reason=str(error))
    return _packaged()


def file_of(settings: Settings) -> Path:
    """Where a list of the operator is, if there is one."""
    chosen = settings.accounts.disposable_file
    return settings.data / "disposable_domains.txt" if chosen == Path() else chosen


def parsed(text: str) -> frozenset[str]:
    """Read a list: a domain a line, in any casing; what follows a `#` does not count.

    Raises:
        Malformed: a line is no domain, or there is none; the message says where.
    """
    found = set()
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip().lower().removeprefix("*.").strip(".")
        if not written:
            continue
        domain = _ascii(written)
        if _DOMAIN.fullmatch(domain) is None:
            raise Malformed(f"Line {number} is no domain: {written[:80]!r}.")
        found.add(domain)
    if not found:
        raise Malformed("The list names no domain.")
    return frozenset(found)


def replace(settings: Settings, domains: Iterable[str]) -> Path:
    """Let another list hold from now on, whole or not at all; the file in which it stands."""
    file = file_of(settings)
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text("".join(f"{domain}\n" for domain in sorted(domains)), "ascii")
    fresh.replace(file)
    return file


def forget(settings: Settings) -> bool:
    """Go back to the list that comes along; whether there was another."""
    try:
        file_of(settings).unlink()
    except FileNotFoundError:
        return False
    return True


def _ascii(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return ""


@functools.lru_cache(2)
def _of_file(file: Path, _changed_at: int, size: int) -> frozenset[str]:
    if size > MOST_BYTES:
        raise Malformed(f"{file} has more than {MOST_BYTES} bytes.")
    return parsed(file.read_text("utf-8"))


@functools.cache
def _packaged() -> frozenset[str]:
    file = resources.files("strata.accounts") / "wordlists" / "disposable_domains.txt"
    return frozenset(file.read_text("ascii").splitlines())
