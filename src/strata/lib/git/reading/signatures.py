"""Read which commits are signed, and over what."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pygit2
from pygit2.enums import SortMode

from strata.lib.git.model import StorePath
from strata.lib.git.store import oid_of, opened

_HEADER = b"\ngpgsig "


@dataclass(frozen=True, slots=True)
class SignedCommit:
    """A commit that carries a signature."""

    sha: str
    committer_email: str
    signature: str  # armored; of SSH, of OpenPGP, or of something else
    payload: bytes  # what it covers


def signed_commits(
    path: StorePath, tips: Sequence[str], known: Sequence[str], most: int
) -> Iterator[SignedCommit]:
    """Yield the signed ones among at most `most` commits that `tips` reach and `known` do not.

    The newest come first. A tip that is not there is passed over.
    """
    repo = opened(path)
    present = [tip for tip in tips if tip in repo]
    if not present:
        return
    walk = repo.walk(None, SortMode.TIME)
    for tip in present:
        walk.push(oid_of(tip))
    for tip in known:
        if tip in repo:
            walk.hide(oid_of(tip))
    for commit in islice(walk, most):
        found = _signed(commit)
        if found is not None:
            yield found


def signed_among(path: StorePath, shas: Iterable[str]) -> Iterator[SignedCommit]:
    """Yield those of some commits that are signed; one that is not there is passed over."""
    repo = opened(path)
    for sha in shas:
        found = _signed(repo[oid_of(sha)].peel(pygit2.Commit)) if sha in repo else None
        if found is not None:
            yield found


def _signed(commit: pygit2.Commit) -> SignedCommit | None:
    head, _, _ = commit.read_raw().partition(b"\n\n")
    if _HEADER not in head:
        return None
    signature, payload = commit.gpg_signature
    if not signature or not payload:
        return None
    return SignedCommit(
        sha=str(commit.id),
        committer_email=commit.committer.raw_email.decode("utf-8", "replace"),
        signature=signature.decode("utf-8", "replace"),
        payload=payload,
    )
