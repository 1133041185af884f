"""The pepper of passwords: a secret that the database does not hold (product §3.2).

Whoever has a copy of the database alone cannot even begin to guess passwords that were hashed with
one. A kept hash names its pepper, so that another can take over: the old one is read until its
last password was typed once more.
"""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import Final

from strata.core.settings.refusal import BadSettings
from strata.core.settings.tree import Settings

SHORTEST: Final = 32  # characters
_NAMED: Final = "p:"  # before the name of the pepper and the hash
_NAME_LENGTH: Final = 8  # hex digits


def load_peppers(settings: Settings) -> tuple[str, ...]:
    """The peppers of the file that the settings name, the newest first; none without one.

    Raises:
        BadSettings: it is not there, or holds no peppers.
    """
    file = settings.accounts.password_pepper_file
    if file == Path():
        return ()
    try:
        lines = tuple(filter(None, map(str.strip, file.read_text("utf-8").splitlines())))
    except (OSError, UnicodeDecodeError) as error:
        raise BadSettings(f"accounts.password_pepper_file: {error}") from error
    if not lines or any(len(line) < SHORTEST for line in lines):
        raise BadSettings(
            f"accounts.password_pepper_file: {file} holds a pepper a line, each of {SHORTEST} "
            "characters or more, such as `openssl rand -hex 32` makes."
        )
    return lines


def name_of(pepper: str) -> str:
    """What a kept hash calls it; says nothing of the pepper."""
    digest = hashlib.sha256(f"strata.pepper:{pepper}".encode()).hexdigest()
    return f"{_NAMED}{digest[:_NAME_LENGTH]}"


def with_pepper(pepper: str, password: bytes) -> bytes:
    """What is hashed instead of the password: 64 hex digits."""
    return hmac.digest(pepper.encode(), password, "sha256").hex().encode()


def split(kept: str) -> tuple[str, str]:
    """The name of the pepper, empty for none, and the hash itself."""
    name, dollar, rest = kept.partition("$")
    return (name, dollar + rest) if name.startswith(_NAMED) else ("", kept)
