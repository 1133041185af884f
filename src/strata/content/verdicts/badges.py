"""What pages show of a commit's signature.

It is read from the table. A commit that has only just landed is not in there yet: whoever looks at
it before the job does has it judged for them, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.content.verdicts.judging import Judged, Verdict, judge
from strata.content.verdicts.tables import commit_verdicts
from strata.core.call import Call
from strata.credentials.keys.signing import held
from strata.lib.git.reading.signatures import signed_among
from strata.repos.record import Repo


class Since(StrEnum):
    """What became of the key after it had verified a commit."""

    THERE = "there"
    REMOVED = "removed"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Badge:
    """What is known of one commit's signature."""

    verdict: Verdict
    signer: str | None  # "SHA256:…", or the id of a GPG key
    name: str | None  # whose it is; None: unknown, or the account is gone
    since: Since = Since.THERE

    @property
    def verified(self) -> bool:
        return self.verdict is Verdict.VERIFIED


def badges(call: Call, repo: Repo, shas: Sequence[str]) -> Mapping[str, Badge]:
    """What is known of some commits of a repo; one that carries no signature is not in it."""
    judged = _judged(call, shas)
    fresh = [sha for sha in shas if sha not in judged]
    for commit in signed_among(call.hub.git_path(repo.key), fresh):
        judged[commit.sha] = judge(call, commit)
    return _worn(call, judged)


def kept_badges(call: Call, shas: Iterable[str]) -> Mapping[str, Badge]:
    """The same, of those that the job has looked at."""
    return _worn(call, _judged(call, shas))


def _judged(call: Call, shas: Iterable[str]) -> dict[str, Judged]:
    """What the job has found."""
    columns = (commit_verdicts.c[name] for name in ("commit_sha", "verdict", "signer", "user_id"))
    theirs = commit_verdicts.c.commit_sha.in_(list(shas))
    rows = call.db.execute(sa.select(*columns).where(theirs))
    return {row.commit_sha: Judged(Verdict(row.verdict), row.signer, row.user_id) for row in rows}


def _worn(call: Call, judged: Mapping[str, Judged]) -> dict[str, Badge]:
    """With the names of today, and what became of the keys."""
    if not judged:
        return {}
    owners = {one.user_id for one in judged.values() if one.user_id is not None}
    keys = held(call, {one.signer for one in judged.values() if one.signer and one.user_id})
    borne = sa.select(namespaces.c.id, namespaces.c.name).where(namespaces.c.id.in_(owners))
    names: dict[int, str] = {row.id: row.name for row in call.db.execute(borne)}

    def since(one: Judged) -> Since:
        key = (one.signer or "", one.user_id or 0)
        if key not in keys.there:
            return Since.REMOVED
        return Since.EXPIRED if key in keys.expired else Since.THERE

    return {
        sha: Badge(one.verdict, one.signer, names.get(one.user_id or 0), since(one))
        for sha, one in judged.items()
    }
