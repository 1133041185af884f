"""What a process costs, read from `/proc` (Linux): see proc_pid_stat(5), proc_pid_status(5)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")  # a second


def child_with(argument: str) -> int:
    """Return the id of the child of this process that was started with an argument.

    Raises:
        LookupError: there is none.
    """
    for pid in _children(os.getpid()):
        if argument.encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0"):
            return pid
    raise LookupError(f"no child process has the argument {argument}")


def cpu_seconds(pid: int) -> float:
    """Seconds of CPU that a process, its threads and its children used since they began."""
    return sum(_own_cpu(one) for one in (pid, *_descendants(pid)))


def peak_memory(pid: int) -> int:
    """Bytes of the largest resident set since the start, or since `forget_peak`."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError(f"process {pid} has no memory")


def forget_peak(pid: int) -> None:
    """Begin the high-water mark of the resident set anew."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


@dataclass(slots=True)
class Spent:
    """Seconds of CPU spent while a block ran; filled in at its end."""

    seconds: float = 0.0


@contextmanager
def spending(pid: int) -> Iterator[Spent]:
    """Measure what a process spends during a block."""
    spent = Spent()
    before = cpu_seconds(pid)
    yield spent
    spent.seconds = cpu_seconds(pid) - before


def _own_cpu(pid: int) -> float:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return 0.0  # it ended meanwhile: its parent's sum has it
    # utime, stime, and both of the children that were waited for
    return sum(int(field) for field in stat.rpartition(") ")[2].split()[11:15]) / _TICKS


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += [int(child) for child in task.read_text().split()]
        except FileNotFoundError:  # the thread ended
            continue
    return found
