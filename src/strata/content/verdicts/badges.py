"""What pages show of a commit's signature; read from the table, never from a key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from strata.accounts.tables import namespaces
from strata.content.verdicts.judging import Verdict
from strata.content.verdicts.tables import commit_verdicts
from strata.core.call import Call
from strata.credentials.keys.signing import held


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


def badges(call: Call, shas: Iterable[str]) -> Mapping[str, Badge]:
    """What is known of some commits; one that carries no signature is not in it."""
    rows = call.db.execute(
        sa.select(
            commit_verdicts.c.commit_sha,
            commit_verdicts.c.verdict,
            commit_verdicts.c.signer,
            commit_verdicts.c.user_id,
            namespaces.c.name,
        )
        .outerjoin(namespaces, namespaces.c.id == commit_verdicts.c.user_id)
        .where(commit_verdicts.c.commit_sha.in_(list(shas)))
    ).all()
    keys = held(call, {row.signer for row in rows if row.user_id}) if rows else None

    def since(signer: str | None, user_id: int | None) -> Since:
        key = (signer or "", user_id or 0)
        if keys is None or key not in keys.there:
            return Since.REMOVED
        return Since.EXPIRED if key in keys.expired else Since.THERE

    return {
        row.commit_sha: Badge(
            verdict=Verdict(row.verdict),
            signer=row.signer,
            name=row.name,
            since=since(row.signer, row.user_id),
        )
        for row in rows
    }
