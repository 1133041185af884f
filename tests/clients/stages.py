"""The stage of the access matrices: somebody decides, one caller tries, in repositories of a kind.

Who the caller is and how they came to their right differs; what it opens and how that is looked at
does not.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from clients.access_calls import NDJSON, PROPOSING, SECRET_NAME, Call, Target
from clients.api import Api, Repo, commit_lines
from clients.git import GitFailedError, GitMachine, address, machine
from clients.hub import Hub, Person

As = Callable[[Person | None], Api]
MEGABYTE: Final = 1_000_000
PROPOSALS: Final = (
    Call("discuss", "POST", "{api}/discussions", body={"title": "Why?", "description": "So."}),
    Call(
        "propose",
        "POST",
        "{api}/commit/main?create_pr=1",
        content=commit_lines("Propose", {"proposed.txt": b"proposed"}),
        headers=NDJSON,
    ),
    Call("like", "POST", "{api}/like"),
    Call("likers", "GET", "{api}/likers"),
)
"""What everybody may who may read."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Somebody who decides, one caller, and repositories of a namespace."""

    hub: Hub
    api: As
    namespace: str
    visibility: str
    decides: Person  # sees and may do everything there
    caller: str  # which one, in the words of the matrix
    person: Person  # that one
    holds: bool  # whether their right opens what is private
    writes: bool
    make: Callable[[Repo], Target]  # a repository for the caller to try

    @property
    def reads(self) -> bool:
        return self.visibility == "public" or self.holds

    def repository(self, name: str) -> Target:
        """Make one, named so that nothing of a private one is to be found in an answer."""
        secret = f"{SECRET_NAME}-{name}" if self.visibility == "private" else name
        return self.make(Repo("model", f"{self.namespace}/{secret}"))

    def proposes(self, call: Call) -> bool:
        return call in PROPOSALS or call.name in PROPOSING

    def tries_git(self, target: Target, folder: Path) -> tuple[GitMachine, Path] | None:
        """Clone and push a large file as far as the right goes; the clone, if there is one."""
        here = machine(folder, self.person)
        url = address(self.hub, target.repo, self.person)
        if not self.reads:
            with pytest.raises(GitFailedError, match=r"(?i)not found"):
                here.clone(url)
            return None
        clone = here.clone(url)
        (clone / "by-git.bin").write_bytes(os.urandom(MEGABYTE))
        commit = here.commit(clone, "Add a large file")
        here.git("push", within=clone, fails=not self.writes)
        pushed = self.api(self.decides).head(target.repo)
        assert pushed == (commit if self.writes else target.head)
        return here, clone
