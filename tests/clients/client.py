"""The unmodified Python clients, run as a person runs them: a script, a few variables."""

import json
import shlex
import subprocess
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Final

from clients.environments import Environment
from clients.terminal import Terminal, terminal

TIMEOUT: Final = 600.0  # seconds
SHOWN: Final = 6_000  # characters of output shown when a client failed

TOKEN_VARIABLE: Final = "HUGGING_FACE_HUB_TOKEN"  # the name that every release reads


class ClientFailedError(AssertionError):
    """A client ended with another status than the story expects."""


@dataclass(frozen=True, slots=True)
class Client:
    """One release of a client on one person's machine (one `HF_HOME`)."""

    environment: Environment
    home: Path
    endpoint: str
    token: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(
        self, snippet: str, *arguments: str, fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a Python snippet; `arguments` are its `sys.argv[1:]`.

        Args:
            snippet: Source code, common indentation is removed.
            arguments: Strings for the snippet.
            fails: Expect a status other than 0.

        Raises:
            ClientFailedError: It ended otherwise than expected.
        """
        script = self.home / "snippet.py"
        script.write_text(dedent(snippet))
        return self._finish(
            [str(self.environment.python), str(script), *arguments], fails=fails, source=snippet
        )

    def value(self, snippet: str, *arguments: str) -> object:
        """Run a snippet whose last printed line is JSON; return that value."""
        lines = self.run(snippet, *arguments).stdout.strip().splitlines()
        assert lines, "the snippet printed nothing"
        decoded: object = json.loads(lines[-1])
        return decoded

    def program(
        self, name: str, *arguments: str, fails: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of the environment, such as `hf`."""
        return self._finish(
            [str(self.environment.programs / name), *arguments], fails=fails, source=""
        )

    def start(self, snippet: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a snippet and return without waiting; the caller ends it."""
        script = self.home / "snippet.py"
        script.write_text(dedent(snippet))
        return subprocess.Popen(
            [str(self.environment.python), str(script), *arguments],
            env=self._surroundings(),
            cwd=self.home,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def in_terminal(self, name: str, *arguments: str) -> AbstractContextManager[Terminal]:
        """Start a program of the environment before a person, such as `hf auth login`."""
        command = [str(self.environment.programs / name), *arguments]
        return terminal(command, self._surroundings(), self.home)

    def _finish(
        self, command: list[str], *, fails: bool, source: str
    ) -> subprocess.CompletedProcess[str]:
        finished = subprocess.run(
            command,
            env=self._surroundings(),
            cwd=self.home,
            check=False,
            text=True,
            capture_output=True,
            timeout=TIMEOUT,
        )
        if bool(finished.returncode) is not fails:
            raise ClientFailedError(self._story_of(finished, source))
        return finished

    def _story_of(self, finished: subprocess.CompletedProcess[str], source: str) -> str:
        shown = shlex.join(str(part) for part in finished.args)
        if self.token:
            shown = shown.replace(self.token, "<token>")
        return (
            f"{self.environment.name} ended with status {finished.returncode}: {shown}\n"
            f"{dedent(source)}\n--- stdout\n{finished.stdout[-SHOWN:]}\n"
            f"--- stderr\n{finished.stderr[-SHOWN:]}"
        )

    def _surroundings(self) -> dict[str, str]:
        token = {} if self.token is None else {TOKEN_VARIABLE: self.token}
        return {
            "PATH": f"{self.environment.programs}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "HF_HOME": str(self.home / "huggingface"),
            "HF_ENDPOINT": self.endpoint,
            **token,
            **self.variables,
        }
