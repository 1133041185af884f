"""Keep stores small: consolidate packs, drop what nobody reaches, sweep what was abandoned.

Git does not know the refs, so it must never collect by itself; everything here is told the
tips. A pack goes only when the new pack holds all of it, or when it is older than the grace
period: what a commit has just written and no ref names yet stays.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path

from strata.lib.git.model import StorePath
from strata.lib.git.program import run
from strata.lib.git.store import init
from strata.lib.git.writing.packfile import TEMPORARY, index_names, install

PACKS_BEFORE_REPACK = 50
DAY = 24 * 3600.0
QUARANTINES = "quarantine"
_CONSOLIDATING = "repack-"


def repack_needed(path: StorePath, packs: int = PACKS_BEFORE_REPACK) -> bool:
    """Tell whether a store holds more packs than reads should have to look through."""
    return len(_indexes(Path(path))) > packs


def repack(
    path: StorePath, tips: Callable[[], Collection[str]], now: float, grace: float = DAY
) -> bool:
    """Write one pack of all that the tips reach and remove the packs it makes superfluous.

    `tips` returns every sha a ref names; it is asked at the start, and again before anything
    that is not in the new pack is removed: a ref that moved meanwhile keeps the old packs.
    `now` and `grace` are seconds. Readers and committers may go on. Returns whether packs were
    consolidated. One repack of a store at a time (the caller's job queue sees to it).

    Raises:
        GitFailed: history has a hole; then nothing was removed.
    """
    store = Path(path)
    before = _indexes(store)
    start = sorted(set(tips()))
    if not before:
        return False
    fresh = _consolidate(store, start)
    kept = index_names(fresh) if fresh else frozenset[bytes]()
    old = [index for index in before if index != fresh]
    superfluous = [index for index in old if index_names(index) <= kept]
    expired = [index for index in old if index not in superfluous and _age(index, now) > grace]
    if expired and _all_in(kept, tips()):
        superfluous += expired
    for index in superfluous:
        _remove(index)
    if superfluous:
        # Warm handles (store.opened) would go on reading, and keeping, the packs that are gone.
        os.utime(store / "config")
    return bool(superfluous)


def _consolidate(store: Path, tips: Collection[str]) -> Path | None:
    """Write the pack of everything reachable; return its index, None when that is nothing."""
    return _packed(store, tips, store / "objects" / "pack")


def _packed(store: Path, tips: Collection[str], folder: Path) -> Path | None:
    """Write one pack of all that the tips (commits, trees) reach into a folder of packs."""
    draft = Path(tempfile.mkdtemp(prefix=f"{TEMPORARY}{_CONSOLIDATING}", dir=folder))
    try:
        words = ["pack-objects", "--revs", "--delta-base-offset", "--non-empty", "-q"]
        listed = "".join(f"{tip}\n" for tip in tips).encode()
        name = run([*words, str((draft / "pack").resolve())], store, listed).decode().strip()
        if not name:
            return None
        final = folder / f"pack-{name}.idx"
        if not final.exists():
            install(folder, draft / f"pack-{name}.pack", draft / f"pack-{name}.idx", final.stem)
        return final
    finally:
        shutil.rmtree(draft)


def _all_in(kept: Collection[bytes], tips: Collection[str]) -> bool:
    return all(bytes.fromhex(tip) in kept for tip in tips)


def _indexes(store: Path) -> list[Path]:
    return sorted((store / "objects" / "pack").glob("pack-*.idx"))


def _age(index: Path, now: float) -> float:
    return now - index.stat().st_mtime


def _remove(index: Path) -> None:
    """Remove a pack, index first: so that readers never find an index without its pack."""
    index.unlink()
    for suffix in (".pack", ".rev", ".bitmap", ".mtimes"):
        index.with_suffix(suffix).unlink(missing_ok=True)


def copy_reachable(source: StorePath, target: StorePath, tips: Collection[str]) -> None:
    """Give one store all that some tips (commits, trees) of another reach, and nothing else.

    The target is made when it is missing; what it already has stays.

    Raises:
        GitFailed: a tip, or something that it reaches, is not in the source.
    """
    init(target)
    _packed(Path(source), tips, Path(target) / "objects" / "pack")


def sweep(path: StorePath, now: float, grace: float = DAY) -> int:
    """Remove temporary packs and quarantines that a killed process left; return how many.

    Only what is older than `grace` seconds goes: younger ones may be in use.
    """
    store = Path(path)
    removed = 0
    left = [*(store / "objects" / "pack").glob(f"{TEMPORARY}*"), *(store / QUARANTINES).glob("*")]
    for remainder in left:
        if now - remainder.stat().st_mtime <= grace:
            continue
        if remainder.is_dir():
            shutil.rmtree(remainder)
        else:
            remainder.unlink()
        removed += 1
    return removed
