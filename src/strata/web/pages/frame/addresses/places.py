"""The addresses of a repo's pages, as the public clients print them.

A revision is one segment: `refs/pr/1` is written `refs%2Fpr%2F1`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from strata.core.names import RepoId, RepoType
from strata.web.pages.frame.render import url_path

_SEGMENT_SAFE: Final = "-._~!$&'()*+,;=:@"


@dataclass(frozen=True, slots=True)
class Place:
    """A repo at a revision."""

    repo: RepoId
    revision: str  # as the visitor named it

    @property
    def home(self) -> str:
        return url_path(self.repo.web_path)

    def tree(self, path: str = "") -> str:
        return self._at("tree", path)

    def blob(self, path: str) -> str:
        return self._at("blob", path)

    def raw(self, path: str) -> str:
        return self._at("raw", path)

    def resolve(self, path: str) -> str:
        return self._at("resolve", path)

    def download(self, path: str) -> str:
        return f"{self.resolve(path)}?download=true"

    def commits(self) -> str:
        return self._at("commits", "")

    def commit(self, sha: str) -> str:
        return f"{self.home}/commit/{sha}"

    def pinned(self, revision: str) -> Place:
        """The same repo at another revision."""
        return Place(self.repo, revision)

    def _at(self, word: str, path: str) -> str:
        start = f"{self.home}/{word}/{quote(self.revision, safe=_SEGMENT_SAFE)}"
        return f"{start}/{url_path(path)}" if path else start


def list_address(kind: RepoType, **filters: str) -> str:
    """The list of one type of repo under filters."""
    query = urlencode({name: value for name, value in filters.items() if value})
    return f"/{kind.plural}?{query}" if query else f"/{kind.plural}"


def person_address(name: str) -> str:
    """The profile of a person."""
    return f"/{url_path(name)}"
