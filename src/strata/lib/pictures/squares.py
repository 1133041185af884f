"""Turn a picture that somebody uploaded into small squares that are safe to serve."""

from __future__ import annotations

import subprocess
import sys
import threading
from typing import Final

import msgspec

from strata.lib.pictures.cleaner import Cleaned
from strata.lib.pictures.worker import Part, Verdict

MAX_BYTES: Final = 2 * 1024 * 1024
PATIENCE_S: Final = 30
_ONE_AT_A_TIME: Final = threading.Lock()  # decoding takes memory


class PictureRefused(Exception):
    """The picture cannot be used; `problem` is `too_large`, `too_many_pixels` or `unreadable`."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


def squares_of(content: bytes, part: Part | None = None) -> dict[str, bytes]:
    """Decode a PNG, JPEG, WebP, GIF or AVIF and return its squares by name (`256.webp`).

    Takes some hundred milliseconds in another process, so never inside a transaction.

    Args:
        part: the square that is kept, as far as it lies within the picture; None: the middle one.

    Raises:
        PictureRefused: too large, too many pixels, or no picture that we decode.
    """
    if len(content) > MAX_BYTES:
        raise PictureRefused("too_large")
    with _ONE_AT_A_TIME:
        answer = _asked(content, part)
    verdict = msgspec.msgpack.decode(answer, type=Verdict) if answer else Verdict({}, "unreadable")
    if verdict.problem:
        raise PictureRefused(verdict.problem)
    return verdict.squares


def clean(content: bytes) -> bytes:
    """The same PNG, JPEG, WebP, GIF or AVIF without what it carries along.

    It is at most 4096 pixels wide and high. Where a camera stood, comments and thumbnails are gone;
    what moves goes on moving. In another process, as `squares_of`.

    Raises:
        PictureRefused: too many pixels, or no picture that we decode.
    """
    with _ONE_AT_A_TIME:
        answer = _answered("cleaner", content)
    done = msgspec.msgpack.decode(answer, type=Cleaned) if answer else Cleaned(b"", "unreadable")
    if done.problem:
        raise PictureRefused(done.problem)
    return done.content


def _asked(content: bytes, part: Part | None) -> bytes:
    numbers = [str(one) for one in (part.left, part.top, part.size)] if part else []
    return _answered("worker", content, *numbers)


def _answered(module: str, content: bytes, *words: str) -> bytes:
    """Ask a process; empty when the picture made it stop."""
    command = [sys.executable, "-m", f"strata.lib.pictures.{module}", *words]
    try:
        done = subprocess.run(  # noqa: S603 -- our own module, no shell
            command, input=content, capture_output=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return b""
    return done.stdout if done.returncode == 0 else b""
