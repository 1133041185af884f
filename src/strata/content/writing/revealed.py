"""Access tokens in a repo that everybody can read by now: they are revoked (product §3.10).

Whoever reads a repo reads its history; by the time that somebody looks, others may have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strata.blobs import links, pointer as pointers
from strata.content.writing.exposed import text_of
from strata.core.call import Call, Work, working
from strata.core.errors import EntryNotFound
from strata.credentials.oauth.tokens.ending import end_leaked
from strata.credentials.tokens.leaked.showing import MOST_BYTES, values_in
from strata.events.facts import Fact
from strata.events.jobs import enqueue
from strata.lib.git import read as git
from strata.repos import queries
from strata.repos.projection import shown
from strata.repos.record import Repo


@dataclass(frozen=True, slots=True)
class RevokeExposed:
    """Revoke the tokens in the history of a repo that everybody can read by now."""

    kind: ClassVar[str] = "content.revoke_exposed"
    repo_id: int

    def run(self, call: Call) -> None:
        repo = queries.repo_by_id(call, self.repo_id)
        if repo is None or repo.private or not repo.type.has_git:
            return
        found = _in_history(call, repo)
        if found:
            with working(call) as work:
                end_leaked(work, dict.fromkeys(found, repo.full_name))


def look_through(work: Work, fact: Fact) -> None:
    """Look through a repo that becomes public, or was copied from another one (a `Listener`)."""
    if opened(fact) and fact.repo_id is not None:
        enqueue(work, RevokeExposed(fact.repo_id))


def opened(fact: Fact) -> bool:
    """Whether everybody may see from now on what few could; the job knows if they really may."""
    if fact.name == "repo.duplicate":
        return True
    return fact.name == "repo.update_settings" and fact.detail.get("private") is False


def _in_history(call: Call, repo: Repo) -> list[str]:
    path = call.hub.git_path(repo.key)
    tips = [ref.oid for ref in shown(call, repo)]
    found: dict[str, None] = {}
    for oid, size in git.all_blobs(path, tips):
        if size <= MOST_BYTES:
            content = git.read_blob(path, oid)
            found |= dict.fromkeys(value for value, _ in values_in(_meant(call, repo, content)))
    for raw in git.all_notes(path, tips):
        found |= dict.fromkeys(value for value, _ in values_in(raw))
    return list(found)


def _meant(call: Call, repo: Repo, content: bytes) -> bytes:
    """A blob, or the small large file that it points to; nothing of one whose bytes are gone."""
    pointer = pointers.parse(content)
    if pointer is None or pointer.size > MOST_BYTES:
        return content
    try:
        return text_of(links.from_start(call, repo, pointer.oid))
    except EntryNotFound:
        return b""
