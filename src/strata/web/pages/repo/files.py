"""A folder of a repo at a revision (product §2.5 P31)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.access.gates.admit import admits
from strata.access.policy.verbs import Action
from strata.content.authors import Author, author_of, authors_of
from strata.content.reading.files import entry_at, read_text
from strata.content.reading.history import commit_at
from strata.content.reading.tree import Listed, listing, paths_info
from strata.content.refs import RefList, list_refs
from strata.content.snapshot import Snapshot, snapshot_at
from strata.core.call import Call
from strata.core.names import RepoId
from strata.lib.git.model import CommitFacts
from strata.web.pages.frame.addresses.media import media_headers
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.repo.card_view import markdown_of
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.work import field, hub_of, repo_of

MAX_DATED: Final = 200  # entries whose last commit is looked up; it walks through history
README: Final = "README.md"
MAX_README_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    entry: Listed
    name: str
    large: str  # "Xet", "LFS" or nothing

    @property
    def folder(self) -> bool:
        return self.entry.kind == "directory"


@dataclass(frozen=True, slots=True)
class Signed:
    """A commit and who made it."""

    facts: CommitFacts
    author: Author


@dataclass(frozen=True, slots=True)
class FolderPage:
    """All that the page shows."""

    head: RepoHead
    place: Place
    path: str  # of the folder; empty: the root
    trail: tuple[tuple[str, str], ...]
    refs: RefList
    last: Signed | None
    rows: tuple[Row, ...]
    first: bool  # not reached by a cursor
    cursor: str | None
    parent: str  # address of the folder above; empty at the root
    readme: Markup  # of a folder below the root


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """The page of something else that has this path."""

    address: str


async def page(request: Request) -> Response:
    """GET /{repo}/tree/{revision}/{path}"""
    repo_id, revision, path = repo_of(request), field(request, "revision"), field(request, "path")
    cursor = request.query_params.get("cursor") or None
    visit, found = await visiting(
        request, lambda call: _found(call, repo_id, (revision, path), cursor)
    )
    if isinstance(found, Elsewhere):
        return redirected(request, found.address)
    headers = media_headers(hub_of(request))
    return shown(request, "repos/files.html", visit, headers=headers, page=found, head=found.head)


def _found(
    call: Call, repo_id: RepoId, asked: tuple[str, str], cursor: str | None
) -> FolderPage | Elsewhere:
    at, rest = snapshot_at(call, repo_id, *asked, Action.LOOK)
    folder = rest.strip("/")
    place = Place(at.repo.repo_id, named(asked, rest))
    entry = entry_at(at, folder) if folder else None
    if entry is not None and entry.kind == "file":
        return Elsewhere(place.blob(folder))
    return _folder_page(call, at, place, folder, cursor)


def named(asked: tuple[str, str], rest: str) -> str:
    """The revision that an address meant, when part of it came as the path.

    Args:
        asked: revision and path as the address was read.
        rest: what `snapshot_at` left of the path.
    """
    revision, path = asked
    moved = path.removesuffix(rest).strip("/") if path != rest else ""
    return f"{revision}/{moved}" if moved else revision


def trail_of(place: Place, path: str) -> tuple[tuple[str, str], ...]:
    """The breadcrumb of a path, from the repo's own name down."""
    words = path.split("/") if path else []
    steps = [(place.repo.name, place.tree())]
    steps += [(word, place.tree("/".join(words[: at + 1]))) for at, word in enumerate(words)]
    return tuple(steps)


def _folder_page(
    call: Call, at: Snapshot, place: Place, folder: str, cursor: str | None
) -> FolderPage:
    listed = listing(call, at, folder, cursor=cursor)
    last = _last_commit(call, at, folder)
    dated = _dated(call, at, listed.entries)
    rows = tuple(_row(entry) for entry in sorted(dated, key=_folders_first))
    return FolderPage(
        head=head_of(call, at, place.revision),
        place=place,
        path=folder,
        trail=trail_of(place, folder),
        refs=list_refs(call, at.repo.repo_id),
        last=last,
        rows=rows,
        first=cursor is None,
        cursor=listed.cursor,
        parent=place.tree(folder.rpartition("/")[0]) if folder else "",
        readme=_readme(call, at, place, folder),
    )


def _folders_first(entry: Listed) -> tuple[bool, str]:
    return entry.kind == "file", entry.path


def _row(entry: Listed) -> Row:
    large = "Xet" if entry.xet_hash else "LFS" if entry.pointer else ""
    return Row(entry, entry.path.rpartition("/")[2], large)


def _dated(call: Call, at: Snapshot, entries: Sequence[Listed]) -> Sequence[Listed]:
    """Add the last commit of each entry, unless there are so many that it would take long."""
    if not entries or len(entries) > MAX_DATED:
        return entries
    return paths_info(call, at, [entry.path for entry in entries], expand=True)


def _last_commit(call: Call, at: Snapshot, folder: str) -> Signed | None:
    if not folder:
        logged = commit_at(call, at)
        return Signed(logged.facts, logged.author)
    facts = next((one.last_commit for one in paths_info(call, at, [folder], expand=True)), None)
    if facts is None:
        return None
    return Signed(facts, author_of(authors_of(call, [facts]), facts))


def _readme(call: Call, at: Snapshot, place: Place, folder: str) -> Markup:
    if not folder or not admits(call, Action.READ, at.repo):
        return Markup()
    text = read_text(at, f"{folder}/{README}", MAX_README_BYTES)
    prefix = call.hub.settings.prefix
    rendered = markdown_of(place, text, prefix=prefix, folder=folder) if text else None
    return rendered or Markup()
