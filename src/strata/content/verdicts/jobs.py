"""Signatures are looked at when commits land, and when keys or addresses are added.

Once verified stays verified. What was not is looked at again when its key becomes known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar, Final

import sqlalchemy as sa

from strata.content.verdicts.judging import Judged, Verdict, judge
from strata.content.verdicts.tables import NOT_VERIFIED, commit_verdicts, judged_tips
from strata.core.call import Call, Work, working
from strata.credentials.keys.signing import signers_of
from strata.events.facts import Fact
from strata.events.jobs import enqueue
from strata.lib.db.statements import upsert
from strata.lib.git.reading.signatures import SignedCommit, signed_among, signed_commits
from strata.repos import queries as records
from strata.repos.projection import shown

MOST_COMMITS: Final = 200_000  # of one landing; older ones show no badge
BATCH: Final = 500
AGAIN_AFTER: Final = frozenset(
    {"key.ssh_add", "key.gpg_add", "account.email_add", "account.verify_email"}
)


@dataclass(frozen=True, slots=True)
class JudgeCommits:
    """Look at the signatures of the commits that a repo has got since the last time."""

    kind: ClassVar[str] = "content.judge_commits"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = records.repo_by_id(call, self.repo_id)
        if repo is None or not repo.type.has_git:
            return
        tips = sorted({ref.peeled or ref.oid for ref in shown(call, repo)})
        known = _known(call, self.repo_id)
        found = signed_commits(call.hub.git_path(repo.key), tips, known, MOST_COMMITS)
        for some in _batches(found):
            rows = [_row(call, self.repo_id, one.sha, judge(call, one)) for one in some]
            with working(call) as work:
                work.db.execute(upsert(work.db, commit_verdicts).on_conflict_do_nothing(), rows)
            for sha in _changed_meanwhile(call, some, rows):
                _again(call, sha, self.repo_id)
        with working(call) as work:
            _note(work, self.repo_id, tips)


@dataclass(frozen=True, slots=True)
class JudgeAgain:
    """Look again at what names a key of this person, and was not verified."""

    kind: ClassVar[str] = "content.judge_again"
    user_id: int

    def run(self, call: Call) -> None:
        signers = signers_of(call, self.user_id)
        waiting = call.db.execute(
            sa.select(commit_verdicts.c.commit_sha, commit_verdicts.c.repo_id)
            .where(
                commit_verdicts.c.signer.in_(signers),
                NOT_VERIFIED,
            )
            .order_by(commit_verdicts.c.commit_sha)
        ).all()
        for row in waiting:
            _again(call, row.commit_sha, row.repo_id)


def again(work: Work, fact: Fact) -> None:
    """A listener: whose key or address is new may have signed what is there."""
    if fact.name in AGAIN_AFTER and fact.subject_id is not None:
        enqueue(work, JudgeAgain(fact.subject_id))


def _again(call: Call, sha: str, repo_id: int) -> None:
    repo = records.repo_by_id(call, repo_id)
    if repo is None:
        return
    for commit in signed_among(call.hub.git_path(repo.key), [sha]):
        values = _row(call, repo_id, sha, judge(call, commit))
        with working(call) as work:
            work.db.execute(
                sa.update(commit_verdicts)
                .where(
                    commit_verdicts.c.commit_sha == sha,
                    NOT_VERIFIED,
                )
                .values(**values)
            )


def _changed_meanwhile(
    call: Call, some: Sequence[SignedCommit], rows: Sequence[Mapping[str, object]]
) -> Iterator[str]:
    """Those whose key came while they were judged: its own job was over before they were kept."""
    for commit, row in zip(some, rows, strict=True):
        found = row["verdict"]
        if found != Verdict.VERIFIED.value and judge(call, commit).verdict.value != found:
            yield commit.sha


def _known(call: Call, repo_id: int) -> Sequence[str]:
    tips: Sequence[str] | None = call.db.scalar(
        sa.select(judged_tips.c.tips).where(judged_tips.c.repo_id == repo_id)
    )
    return tips or ()


def _note(work: Work, repo_id: int, tips: Sequence[str]) -> None:
    fresh = upsert(work.db, judged_tips).values(repo_id=repo_id, tips=list(tips))
    work.db.execute(
        fresh.on_conflict_do_update(index_elements=["repo_id"], set_={"tips": fresh.excluded.tips})
    )


def _row(call: Call, repo_id: int, sha: str, judged: Judged) -> dict[str, object]:
    return {
        "commit_sha": sha,
        "verdict": judged.verdict.value,
        "signer": judged.signer,
        "user_id": judged.user_id,
        "repo_id": repo_id,
        "judged_at": call.now,
    }


def _batches(found: Iterator[SignedCommit]) -> Iterator[list[SignedCommit]]:
    while batch := list(islice(found, BATCH)):
        yield batch
