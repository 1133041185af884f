"""Open a discussion, or a pull request that has no commits yet."""

from __future__ import annotations

from dataclasses import dataclass

from strata.access.gates.admit import admit
from strata.access.policy.verbs import Action
from strata.community.attachments.placing import place
from strata.community.discussions import entries
from strata.community.discussions.entries import COMMENT, Opening
from strata.community.discussions.news import tell
from strata.community.discussions.rights import count_act, speaking
from strata.community.discussions.texts import Written, titled, written
from strata.content.proposals import open_proposal, take_number
from strata.content.refs import MAIN_REF, PULLS
from strata.content.snapshot import snapshot_of
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call, Work, working
from strata.core.names import RepoId
from strata.repos.landed import Move, landed
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class Opened:
    """A discussion that was opened."""

    repo: Repo
    number: int
    is_pull_request: bool


def open_discussion(
    call: Call, repo_id: RepoId, title: str, description: str, *, pull_request: bool = False
) -> Opened:
    """Open a discussion or a draft pull request; opens its own transaction.

    Every signed-in visitor of the repo may; a pull request is for those who may read its files, and
    its ref begins as a copy of main.

    Raises:
        RepoNotFound, Moved, Unauthenticated, EmailNotVerified, Forbidden: as `rights.speaking`.
        Malformed: a title too short or too long. TooLarge: the description.
        Unprocessable: everybody could read an access token.
        RevisionNotFound: a pull request to a repo without main.
        TooMany: the caller writes too much.
    """
    repo = speaking(call, repo_id)
    if pull_request:
        admit(call, Action.PROPOSE, repo)
    line = titled(title)
    require_none_said(call, repo, line)
    text = written(call, repo, description)
    base = snapshot_of(call, repo, MAIN_REF) if pull_request else None
    with working(call) as work:
        count_act(work)
        if base is None:
            opening = Opening(repo.id, take_number(work, repo), line, "open")
        else:
            number = open_proposal(work, repo, MAIN_REF)
            opening = Opening(repo.id, number, line, "draft", MAIN_REF, base.commit)
            landed(work, repo, Move(f"{PULLS}{number}", None, base.commit))
        begin(work, repo, opening, text)
    return Opened(repo, opening.number, pull_request)


def begin(work: Work, repo: Repo, opening: Opening, text: Written) -> int:
    """Write a discussion with its description and record it; returns its row id."""
    discussion_id, key = entries.insert_discussion(work, opening)
    entries.insert_event(work, discussion_id, COMMENT, text.content, key=text.key)
    place(work, repo, text.content["text"])
    tell(
        work,
        "discussion.create",
        repo,
        key=key,
        number=opening.number,
        isPullRequest=opening.is_pull_request,
        event=text.key,
        mentions=text.mentioned,
    )
    return discussion_id
