"""Pull requests go on where the history that they are about was written anew."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import dropwhile

from strata.community.discussions import entries, queries
from strata.community.discussions.queries import Discussion
from strata.community.pulls.commits import Heads, note_until
from strata.core.call import Work
from strata.core.names import Sha
from strata.events.facts import Fact
from strata.repos import queries as repos

# What the events of a pull request name commits by: what was pushed or merged, and its two sides.
_NAMING = ("oid", "head", "fork")


def follow_rewrite(work: Work, fact: Fact) -> None:
    """Let pull requests name the commits that took the place of those that they knew.

    In the transaction that moves the refs: the old commits go for good soon after, and a timeline
    shall not tell of the new ones as if somebody had pushed them.
    """
    if fact.repo_id is None or not fact.rewritten:
        return
    before = _heads_before(fact)
    for discussion in queries.pulls(work, fact.repo_id):
        _bring_up(work, fact.repo_id, discussion, before)
        for event_id, content in queries.contents_naming_commits(work, discussion.id):
            named = _renamed(content, fact.rewritten)
            if named != content:
                entries.change_content(work, event_id, named)
        entries.move_commits(work, discussion, fact.rewritten)


def _heads_before(fact: Fact) -> Mapping[str, Sha]:
    moves = fact.detail.get("refs")
    return {move["ref"]: Sha(move["old"]) for move in moves} if isinstance(moves, list) else {}


def _bring_up(
    work: Work, repo_row_id: int, discussion: Discussion, before: Mapping[str, Sha]
) -> None:
    """Tell of what was pushed and not told yet, under the names that it had until now."""
    head = before.get(discussion.ref)
    repo = repos.repo_by_id(work, repo_row_id)
    if head is None or head == discussion.seen_head or repo is None:
        return
    base = discussion.base_ref or ""
    heads = Heads(head, before.get(base) or repos.ref_commit(work, repo_row_id, base))
    newest_first = queries.pushes(work, repo_row_id, discussion.ref)
    pushes = dropwhile(lambda push: push.new != head, newest_first)  # the rewrite itself
    note_until(work, repo, discussion, heads, pushes)


def _renamed(content: Mapping[str, object], rewritten: Mapping[str, str]) -> Mapping[str, object]:
    now = {key: rewritten.get(str(content[key])) for key in _NAMING if content.get(key)}
    return {**content, **{key: sha for key, sha in now.items() if sha is not None}}
