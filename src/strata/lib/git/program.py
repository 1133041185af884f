"""Start the `git` program, with nothing of the operator's own settings in its surroundings."""

import asyncio
import contextlib
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from strata.lib.git.model import GitFailed, StorePath

ERROR_TEXT_LIMIT = 4096
_NOWHERE = "/nonexistent"
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SETTINGS = (
    ("safe.directory", "*"),
    ("gc.auto", "0"),
    ("core.hooksPath", _NOWHERE),
    ("protocol.allow", "never"),
    ("core.bigFileThreshold", "32m"),  # larger blobs are streamed, not held in memory
    ("pack.windowMemory", "256m"),
)


def place(path: StorePath) -> Path:
    """Return a repository's path as git wants it: it starts in a folder of its own."""
    return Path(path).absolute()


def command(*words: str) -> list[str]:
    """Return the command line of a git subcommand.

    Raises:
        GitFailed: there is no `git` program on this machine.
    """
    program = shutil.which("git")
    if program is None:
        raise GitFailed("there is no git program on this machine: install git 2.39 or newer")
    return [program, *words]


def surroundings(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the whole environment for git: no user, no system settings, no prompts."""
    settings = {"GIT_CONFIG_COUNT": str(len(_SETTINGS))}
    for number, (key, value) in enumerate(_SETTINGS):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = value
    return {
        "PATH": _PATH,
        "HOME": _NOWHERE,
        "XDG_CONFIG_HOME": _NOWHERE,
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        **settings,
        **(extra or {}),
    }


def run(
    words: Sequence[str], repo: Path, stdin: bytes = b"", extra: Mapping[str, str] | None = None
) -> bytes:
    """Run a git subcommand in a repository to its end; return what it printed.

    Raises:
        GitFailed: it failed; the text is what it said.
    """
    done = subprocess.run(  # noqa: S603 - the words are ours, never a user's
        command(*words),
        cwd=repo,
        env=surroundings({"GIT_DIR": str(place(repo)), **(extra or {})}),
        input=stdin,
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        raise GitFailed(spoken(done.stderr) or f"git {words[0]} failed")
    return done.stdout


def spoken(stderr: bytes) -> str:
    """Turn what git said on stderr into one short text."""
    return stderr[-ERROR_TEXT_LIMIT:].decode("utf-8", "replace").strip()


async def start(
    words: Sequence[str], repo: Path, extra: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Start a git subcommand in a repository with all three streams as pipes."""
    return await asyncio.create_subprocess_exec(
        *command(*words),
        cwd=repo,
        env=surroundings({"GIT_DIR": str(place(repo)), **(extra or {})}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )


async def end(process: asyncio.subprocess.Process) -> None:
    """Make sure a process is gone, however far it came."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    await process.wait()


async def heard(stream: asyncio.StreamReader) -> bytes:
    """Read stderr to its end so that git never blocks on it; keep the last few kilobytes."""
    kept = b""
    while piece := await stream.read(1 << 16):
        kept = (kept + piece)[-ERROR_TEXT_LIMIT:]
    return kept
