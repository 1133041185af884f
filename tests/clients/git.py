"""git and git-lfs, run as a person runs them on a machine of their own."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit

from clients.api import Repo
from clients.hub import Hub, Person
from fixtures import parts

TIMEOUT: Final = 300.0  # seconds


class GitFailedError(AssertionError):
    """git ended otherwise than the story expects."""


@dataclass(frozen=True, slots=True)
class GitMachine:
    """A home folder with git set up for one person."""

    home: Path

    def git(self, *arguments: str, within: Path | None = None, fails: bool = False) -> str:
        """Run git; return what it printed on both channels.

        Raises:
            GitFailedError: Its status is not the expected one.
        """
        finished = subprocess.run(
            ["git", *arguments],
            env={
                "PATH": parts.search_path(),
                "HOME": str(self.home),
                "LANG": "C.UTF-8",
                "GIT_TERMINAL_PROMPT": "0",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_ASKPASS": "true",
            },
            cwd=within or self.home,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT,
        )
        if bool(finished.returncode) is not fails:
            raise GitFailedError(
                f"git {arguments[0]} ended with {finished.returncode}:\n{finished.stdout}"
            )
        return finished.stdout

    def clone(self, url: str, *options: str) -> Path:
        """Clone an address; return the folder, which is new."""
        folder = self.home / f"clone-{len(list(self.home.glob('clone-*')))}"
        self.git("clone", *options, url, str(folder))
        return folder

    def commit(self, clone: Path, summary: str) -> str:
        """Commit everything in the work tree; return the commit's id."""
        self.git("add", "--all", within=clone)
        self.git("commit", "--message", summary, within=clone)
        return self.head(clone)

    def head(self, clone: Path, revision: str = "HEAD") -> str:
        """Return the id of a commit in a clone."""
        return self.git("rev-parse", revision, within=clone).strip()


def machine(home: Path, person: Person | None = None, *, lfs: bool = True) -> GitMachine:
    """Set up git on a fresh machine, with git-lfs unless told otherwise."""
    home.mkdir()
    made = GitMachine(home)
    made.git("config", "--global", "user.name", person.name if person else "Nobody")
    made.git("config", "--global", "user.email", person.email if person else "no@example.org")
    made.git("config", "--global", "init.defaultBranch", "main")
    if lfs:
        parts.program("git-lfs")
        made.git("lfs", "install", "--skip-repo")
    return made


def address(hub: Hub, repo: Repo, person: Person | None = None, *, token: str = "") -> str:
    """Return a repository's address, with a person's token as the password."""
    if person is None:
        return f"{hub.url}{repo.page}"
    secret = token or person.token_write
    place = urlsplit(hub.url).netloc
    return f"http://{quote(person.name)}:{quote(secret)}@{place}{repo.page}"
