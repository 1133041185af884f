"""What runs here: its version, and the commit that it was made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import msgspec

from strata.lib.git.reading.checkout import commit_of

_PACKAGE: Final = "strata-hub"
_SHOWN: Final = 8  # digits of a commit that people read


@dataclass(frozen=True, slots=True)
class Build:
    """The program as it was installed."""

    version: str
    commit: str | None  # 40 hex; None: from a package that does not say

    @property
    def shown(self) -> str:
        """Both in short, such as `0.1.0 (0306aba4)`."""
        return f"{self.version} ({self.commit[:_SHOWN]})" if self.commit else self.version


@cache
def build() -> Build:
    """What runs; it is looked up once in the life of a process."""
    installed = distribution(_PACKAGE)
    said = _commit_of_origin(installed.read_text("direct_url.json"))
    return Build(installed.version, said or commit_of(Path(__file__).parents[3]))


def _commit_of_origin(record: str | None) -> str | None:
    """What an installer wrote down that fetched the program from git (PEP 610)."""
    origin = msgspec.json.decode(record) if record else {}
    commit = origin.get("vcs_info", {}).get("commit_id")
    return commit if isinstance(commit, str) else None
