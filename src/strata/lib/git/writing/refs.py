"""Check ref names, and write the refs a database holds into a repository as a projection.

The table is the truth; `packed-refs` and `HEAD` are written for whoever opens the repository
with git itself. A generation number tells how fresh they are.
"""

import fcntl
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from strata.lib.git.model import StorePath
from strata.lib.git.store import sync_folder

_MARKER = "strata-generation"
_LOCK = "strata-projection.lock"
_MAX_PART = 255
_MAX_NAME = 1024
# Control characters, space, and what git uses for revision syntax and patterns.
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f~^:?*\[\\\u2028\u2029]|\.\.|@\{|//")


def valid_ref_name(name: str) -> bool:
    """Tell whether git and every file system accept a full ref name ("refs/heads/x").

    The rules of git-check-ref-format, plus: below `refs/`, no C1 control characters or line
    separators, valid Unicode, no part over 255 bytes (".lock" included), at most 1024 in all.
    """
    if not name.startswith("refs/") or name.count("/") < 2 or _FORBIDDEN.search(name):
        return False
    if name.endswith((".", "/")):
        return False
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        return False
    return len(encoded) <= _MAX_NAME and all(map(_valid_part, encoded.split(b"/")))


def _valid_part(part: bytes) -> bool:
    if not part or part.startswith(b".") or part.endswith(b".lock"):
        return False
    return len(part) + len(b".lock") <= _MAX_PART


def project(
    path: StorePath, refs: Mapping[str, str], generation: int, head: str = "refs/heads/main"
) -> bool:
    """Write the refs of a generation as `packed-refs`, and where `HEAD` points.

    Each file changes at once; the marker is written last. Returns False, having done nothing,
    when this generation or a newer one is there already.

    Raises:
        ValueError: a name that is no ref name, or a value that is no object id.
    """
    store = Path(path)
    packed = _packed(refs)
    if not valid_ref_name(head):
        raise ValueError(f"{head!r} is not a ref name")
    with _locked(store):
        there = projected_generation(store)
        if there is not None and there >= generation:
            return False
        _replace(store / "packed-refs", packed)
        _replace(store / "HEAD", f"ref: {head}\n".encode())
        _replace(store / _MARKER, b"%d\n" % generation)
        sync_folder(store)
    return True


def projected_generation(path: StorePath) -> int | None:
    """Return the generation of the refs that were projected last, None when never."""
    try:
        return int((Path(path) / _MARKER).read_text())
    except (FileNotFoundError, ValueError):
        return None


def _packed(refs: Mapping[str, str]) -> bytes:
    lines = ["# pack-refs with: sorted \n"]
    for name in sorted(refs, key=str.encode):
        oid = refs[name]
        if not valid_ref_name(name) or re.fullmatch("[0-9a-f]{40}", oid) is None:
            raise ValueError(f"{name!r} → {oid!r} is not a ref")
        lines.append(f"{oid} {name}\n")
    return "".join(lines).encode()


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    """Hold the store's projection lock; the kernel lets go when a process dies."""
    with (store / _LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _replace(target: Path, content: bytes) -> None:
    descriptor, draft = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(target)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
