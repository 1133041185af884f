"""A real terminal: a program that believes a person sits before it."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

WAITS: Final = 60.0  # seconds
_COLOURS: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """One program in a pseudo-terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self._process = process
        self._screen = screen
        self._written = b""

    @property
    def text(self) -> str:
        """Everything that was written so far, without colours."""
        return _COLOURS.sub("", self._written.decode("utf-8", "replace")).replace("\r\n", "\n")

    def wait_for(self, pattern: str, seconds: float = WAITS) -> re.Match[str]:
        """Return what the program wrote, once it did.

        Raises:
            AssertionError: It ended, or time did, before it wrote that.
        """
        deadline = time.monotonic() + seconds
        while (found := re.search(pattern, self.text)) is None:
            more = self._read(deadline - time.monotonic())
            assert more, f"{pattern!r} was not written:\n{self.text}"
        return found

    def press(self, keys: str) -> None:
        """Type something into a menu, once the program listens to single keys.

        What is typed before that, it throws away.
        """
        deadline = time.monotonic() + WAITS
        while termios.tcgetattr(self._screen)[3] & termios.ICANON:
            assert time.monotonic() < deadline, f"it never listened:\n{self.text}"
            self._read(0.01)
        os.write(self._screen, keys.encode())

    def paste(self, secret: str) -> None:
        """Type a line that the program does not show."""
        deadline = time.monotonic() + WAITS
        while termios.tcgetattr(self._screen)[3] & termios.ECHO:
            assert time.monotonic() < deadline, f"it shows what is typed:\n{self.text}"
            self._read(0.01)
        self.enter(secret)

    def enter(self, line: str) -> None:
        """Type a line."""
        os.write(self._screen, f"{line}\r".encode())

    def interrupt(self, pattern: str) -> None:
        """Press Ctrl+C, and once more where it is not heard, until the program writes something.

        What comes at the moment in which a program begins to listen may be lost.
        """
        for _ in range(5):
            self._process.send_signal(signal.SIGINT)
            deadline = time.monotonic() + WAITS / 5
            while re.search(pattern, self.text) is None and time.monotonic() < deadline:
                self._read(deadline - time.monotonic())
            if re.search(pattern, self.text):
                return
        raise AssertionError(f"{pattern!r} was not written:\n{self.text}")

    def ended(self, seconds: float = WAITS) -> int:
        """Wait until the program ended; its exit status."""
        deadline = time.monotonic() + seconds
        while self._read(deadline - time.monotonic()):
            pass
        return self._process.wait(max(1.0, deadline - time.monotonic()))

    def _read(self, seconds: float) -> bool:
        """Take what is written next; False when the program is gone, or time is over."""
        if seconds <= 0 or not select.select([self._screen], [], [], seconds)[0]:
            return False
        try:
            piece = os.read(self._screen, 65536)
        except OSError:  # the other side was closed
            return False
        self._written += piece
        return bool(piece)


@contextmanager
def terminal(
    command: Sequence[str], environment: Mapping[str, str], folder: Path
) -> Iterator[Terminal]:
    """Start a program in a terminal; one that still runs at the end is killed."""
    screen, inside = pty.openpty()
    process = subprocess.Popen(
        list(command),
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "200", "LINES": "50"},
        cwd=folder,
        stdin=inside,
        stdout=inside,
        stderr=inside,
        start_new_session=True,
    )
    os.close(inside)
    try:
        yield Terminal(process, screen)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        with suppress(OSError):
            os.close(screen)
