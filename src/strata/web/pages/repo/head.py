"""What stands above every page of a repo: name, tags, tabs with their counts, what may be done."""

from __future__ import annotations

from dataclasses import dataclass

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.accounts.notices import heeding
from strata.blobs.quota.room import Fullness, fullness
from strata.community.discussions import queries as community
from strata.community.discussions.queries import Filter
from strata.content.card.front_matter import Card, card_at, library_name, pipeline_tag
from strata.content.reading.tree import PAGE, listing
from strata.content.snapshot import Snapshot
from strata.core.call import Call
from strata.lib.git import read as git
from strata.repos.liking.popularity import liked
from strata.repos.record import Repo
from strata.web.pages.frame.addresses.clone_address import addresses_of
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.labels import Label, labels_of
from strata.web.pages.repo.snippets import Snippet, usage


@dataclass(frozen=True, slots=True)
class RepoHead:
    """The heading and tabs of a repo."""

    repo: Repo
    place: Place  # the revision that tabs lead to
    labels: tuple[Label, ...]
    files: int | None  # None: more than one page of a tree
    commits: int
    discussions: int  # open ones
    liked: bool  # by the viewer
    watched: bool | None  # by the viewer; False: muted
    manages: bool  # the viewer may change settings
    usage: tuple[Snippet, ...]
    full: Fullness | None  # of the owner, for whoever may upload

    @property
    def kind(self) -> str:
        return self.repo.type.value


def head_of(call: Call, at: Snapshot, revision: str, card: Card | None = None) -> RepoHead:
    """Gather the heading for a page at a revision.

    Args:
        card: when the page has read it already.
    """
    known = card if card is not None else card_at(call, at)
    repo = at.repo
    return RepoHead(
        repo=repo,
        place=Place(repo.repo_id, revision),
        labels=labels_of(known.metadata, repo.type),
        files=_file_count(call, at),
        commits=git.count_commits(at.git_path, at.commit),
        discussions=community.count(call, repo.id, Filter(status="open")),
        liked=liked(call, repo),
        watched=heeding.watches(call, call.actor.user_id, repo.id) if call.actor.user_id else None,
        manages=admits(call, Action.MANAGE, repo),
        full=fullness(call, repo) if admits(call, Action.WRITE, repo) else None,
        usage=usage(repo, addresses_of(call, repo), library_name(known), pipeline_tag(known)),
    )


def _file_count(call: Call, at: Snapshot) -> int | None:
    page = listing(call, at, recursive=True, limit=PAGE)
    if page.cursor is not None:
        return None
    return sum(entry.kind == "file" for entry in page.entries)
