"""What a client may ask for: three commands of git and git-lfs. No shell ever reads them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Final

from strata.core.errors import NotOffered, RepoNotFound
from strata.core.names import GIT_TYPES, RepoId, RepoType

FETCH: Final = "git-upload-pack"
PUSH: Final = "git-receive-pack"
LFS: Final = "git-lfs-authenticate"
NO_SHELL: Final = (
    "This server speaks git only and has no shell. Use `git clone`, `git fetch` and `git push`."
)
NO_ARCHIVE: Final = "`git archive --remote` is not offered. Clone the repository instead."
NO_TRANSFER: Final = "Large files travel over HTTPS; git-lfs asks for that by itself."
_REFUSED: Final = {"git-upload-archive": NO_ARCHIVE, "git-lfs-transfer": NO_TRANSFER}
_ARGUMENTS: Final = {FETCH: 1, PUSH: 1, LFS: 2}
LONGEST: Final = 4096  # characters
_PREFIXED: Final = {kind.plural: kind for kind in GIT_TYPES}


@dataclass(frozen=True, slots=True)
class Command:
    """A command that is served."""

    verb: str
    repo: RepoId
    operation: str = ""  # of git-lfs


def parse(text: str) -> Command:
    """Read a command line as git writes it.

    Raises:
        NotOffered: it is nothing that is served here.
        RepoNotFound: it names what could never be a repo.
    """
    words = _words(text)
    if words[:1] == ["git"] and len(words) > 1:
        words = [f"git-{words[1]}", *words[2:]]
    verb = words[0] if words else ""
    if verb not in _ARGUMENTS or len(words) != 1 + _ARGUMENTS[verb]:
        raise NotOffered(_REFUSED.get(verb, NO_SHELL))
    return Command(verb, repo_at(words[1]), *words[2:])


def _words(text: str) -> list[str]:
    if len(text) > LONGEST:
        raise NotOffered(NO_SHELL)
    try:
        return shlex.split(text)
    except ValueError as broken:
        raise NotOffered(NO_SHELL) from broken


def repo_at(path: str) -> RepoId:
    """The repo that a path names: `ns/name`, `datasets/ns/name.git`, `/ns/name/` and so on.

    Raises:
        RepoNotFound: no repo could ever stand there.
    """
    inner = path.removeprefix("/").removesuffix("/").removesuffix(".git")
    if not inner.isprintable() or ".." in inner.split("/"):
        raise RepoNotFound
    first, slash, rest = inner.partition("/")
    if slash and first in _PREFIXED:
        return RepoId.parse(_PREFIXED[first], rest)
    return RepoId.parse(RepoType.MODEL, inner)
