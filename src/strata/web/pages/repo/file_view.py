"""One file of a repo at a revision (product §2.5 P32).

What a file holds is shown as text or as a picture, never run: a page of ours is the only HTML here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from strata.blobs import pointer as pointers
from strata.content.reading.files import File, entry_at, file_at, read_raw
from strata.content.refs import RefList, list_refs
from strata.content.snapshot import Snapshot, snapshot_at
from strata.core.call import Call
from strata.core.names import RepoId
from strata.lib.markdown import front_matter
from strata.lib.markdown.render import highlight_code
from strata.web.pages.frame.addresses.media import media_headers
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.visit import redirected, shown, visiting
from strata.web.pages.repo.card_view import markdown_of
from strata.web.pages.repo.files import Elsewhere, named, trail_of
from strata.web.pages.repo.head import RepoHead, head_of
from strata.web.work import field, hub_of, repo_of

MAX_CODE_BYTES: Final = 1024 * 1024  # numbered and coloured lines
MAX_TEXT_BYTES: Final = 5 * 1024 * 1024  # plain text
MAX_NUMBERED_LINES: Final = 20_000
MAX_PICTURE_BYTES: Final = 20 * 1024 * 1024
SNIFFED_BYTES: Final = 8000  # git's own rule: a NUL in them means that the file is binary

# Those that `resolve` serves as pictures; an SVG can hold scripts and is shown as its source.
_PICTURES: Final = frozenset({"png", "jpg", "jpeg", "gif", "webp", "avif", "bmp"})
_MARKDOWN: Final = frozenset({"md", "markdown"})

_NOTHING: Final = Markup()

Shape = Literal["markdown", "code", "text", "picture", "large", "binary", "long", "empty"]


@dataclass(frozen=True, slots=True)
class FilePage:
    """All that the page shows."""

    head: RepoHead
    place: Place
    pinned: Place  # the same at this very commit
    file: File
    trail: tuple[tuple[str, str], ...]
    refs: RefList
    shape: Shape
    text: str = ""
    lines: tuple[Markup, ...] = ()
    html: Markup = _NOTHING
    pointer_text: str = ""
    has_source: bool = False  # a preview and its source are two views

    @property
    def name(self) -> str:
        return self.file.path.rpartition("/")[2]

    @property
    def large(self) -> str:
        return "Xet" if self.file.xet_hash else "LFS" if self.file.pointer else ""


@dataclass(frozen=True, slots=True)
class _Content:
    shape: Shape
    text: str = ""
    lines: tuple[Markup, ...] = ()
    html: Markup = _NOTHING


async def page(request: Request) -> Response:
    """GET /{repo}/blob/{revision}/{path} — `?code=true` shows the source of Markdown."""
    asked = field(request, "revision"), field(request, "path")
    source = request.query_params.get("code") == "true"
    visit, found = await visiting(
        request, lambda call: _found(call, repo_of(request), asked, source=source)
    )
    if isinstance(found, Elsewhere):
        return redirected(request, found.address)
    return shown(
        request,
        "repos/file.html",
        visit,
        headers=media_headers(hub_of(request)),
        page=found,
        head=found.head,
        source=source,
    )


def _found(
    call: Call, repo_id: RepoId, asked: tuple[str, str], *, source: bool
) -> FilePage | Elsewhere:
    at, path = snapshot_at(call, repo_id, *asked)
    place = Place(at.repo.repo_id, named(asked, path))
    entry = entry_at(at, path.strip("/")) if path.strip("/") else None
    if not path.strip("/") or (entry is not None and entry.kind == "directory"):
        return Elsewhere(place.tree(path.strip("/")))
    return _file_page(call, at, place, file_at(call, at, path), source=source)


def _file_page(call: Call, at: Snapshot, place: Place, file: File, *, source: bool) -> FilePage:
    content = _content(call, at, place, file, source=source)
    pointer = pointers.text(file.pointer).decode() if file.pointer else ""
    return FilePage(
        head=head_of(call, at, place.revision),
        place=place,
        pinned=place.pinned(at.commit),
        file=file,
        trail=trail_of(place, file.path),
        refs=list_refs(call, at.repo.repo_id),
        shape=content.shape,
        text=content.text,
        lines=content.lines,
        html=content.html,
        pointer_text=pointer,
        has_source=_suffix(file.path) in _MARKDOWN and content.shape in ("markdown", "code"),
    )


def _content(call: Call, at: Snapshot, place: Place, file: File, *, source: bool) -> _Content:
    is_picture = _suffix(file.path) in _PICTURES and file.size <= MAX_PICTURE_BYTES
    if is_picture and not source:
        return _Content("picture")
    if file.pointer is not None:
        return _Content("large")
    if file.size == 0:
        return _Content("empty")
    raw = read_raw(at, file.path, MAX_TEXT_BYTES)
    if raw is None:
        return _Content("long")
    if b"\0" in raw[:SNIFFED_BYTES]:
        return _Content("binary")
    rendered = None if source else _rendered(call, place, file.path, raw)
    return rendered or _text(file.path, raw.decode("utf-8", "replace"))


def _rendered(call: Call, place: Place, path: str, raw: bytes) -> _Content | None:
    if _suffix(path) not in _MARKDOWN:
        return None
    _, body, _ = front_matter.split(raw.decode("utf-8", "replace"))
    folder = path.rpartition("/")[0]
    html = markdown_of(place, body, prefix=call.hub.settings.prefix, folder=folder)
    return _Content("markdown", html=html) if html is not None else None


def _text(path: str, text: str) -> _Content:
    if len(text) > MAX_CODE_BYTES or text.count("\n") > MAX_NUMBERED_LINES:
        return _Content("text", text=text)
    # The highlighter escapes what it does not colour.
    lines = tuple(Markup(line) for line in highlight_code(text, path.rpartition("/")[2]))  # noqa: S704
    return _Content("code", lines=lines)


def _suffix(path: str) -> str:
    return path.rpartition("/")[2].rpartition(".")[2].lower()
