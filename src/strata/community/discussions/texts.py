"""What people write: titles and comments.

A comment is rendered once, when it is written, so that a thread of many costs little to read. The
stamp beside the rendering says how it was made: after a change of the renderer, of the hub's path
or of the repo's name the text is rendered anew.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from strata.community.discussions import queries
from strata.content.writing.exposed import require_none_said
from strata.core.call import Call
from strata.core.errors import Malformed, TooLarge
from strata.core.names import fresh_key
from strata.lib.markdown.render import AddressKind, marks_in, render
from strata.repos.record import Repo

RENDERING: Final = 1  # raise it when stored renderings must not be shown any more
LONGEST_COMMENT: Final = 64 * 1024  # bytes
SHORTEST_TITLE: Final = 3  # characters
LONGEST_TITLE: Final = 200
MOST_MARKS: Final = 50  # of a text that become links
HIDDEN: Final = "This comment has been hidden"

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|#")
_FILM: Final = re.compile(
    r'<p><a href="(/[^"]*uploads/[0-9a-f]{32}\.(?:mp4|mov|webm))"[^>]*>[^<]*</a></p>'
)
_PLAYER: Final = r'<p><video src="\1" controls="" preload="none"></video></p>'


@dataclass(frozen=True, slots=True)
class Written:
    """A comment that is about to be kept."""

    key: str  # of its event, 24 hex
    content: Mapping[str, Any]  # text, html, made, marks: see `content_of`
    mentioned: tuple[int, ...]  # ids of the accounts it names


def titled(title: str) -> str:
    """A title as it is kept: one line.

    Raises:
        Malformed: too short or too long.
    """
    line = " ".join(title.split())
    if not SHORTEST_TITLE <= len(line) <= LONGEST_TITLE:
        raise Malformed(
            f'"title" must have {SHORTEST_TITLE} to {LONGEST_TITLE} characters, not {len(line)}.'
        )
    return line


def written(call: Call, repo: Repo, text: str, *, key: str | None = None) -> Written:
    """Check and render a comment, before any transaction begins; an empty one is fine.

    Raises:
        TooLarge: more than `LONGEST_COMMENT`. Unprocessable: everybody could read an access token.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LONGEST_COMMENT:
        raise TooLarge(f"The text has {size} bytes; a comment may have {LONGEST_COMMENT}.")
    text = text.encode("utf-8", "replace").decode()  # a lone surrogate can be kept nowhere
    require_none_said(call, repo, text)
    marks = marks_in(text)[:MOST_MARKS]
    people = queries.names_among(call, [mark[1:] for mark in marks if mark[0] == "@"])
    numbers = [int(mark[1:]) for mark in marks if mark[0] == "#"]
    known = queries.numbers_among(call, repo.id, numbers)
    meaning = [
        mark
        for mark in marks
        if (mark[1:].lower() in people if mark[0] == "@" else int(mark[1:]) in known)
    ]
    key = key or fresh_key()
    return Written(key, content_of(call, repo, key, text, meaning), tuple(people.values()))


def require_said(text: str) -> str:
    """A comment that says something.

    Raises:
        Malformed: it is blank.
    """
    if not text.strip():
        raise Malformed('"comment" must not be empty.')
    return text


def content_of(call: Call, repo: Repo, key: str, text: str, marks: list[str]) -> Mapping[str, Any]:
    """What is kept of a comment: text, `html`, how that was `made`, the `marks` that are links."""
    html = _rendered(call, repo, key, text, frozenset(marks))
    return {"text": text, "html": html, "made": _stamp(call, repo), "marks": marks}


def html_of(call: Call, repo: Repo, key: str, content: Mapping[str, Any]) -> str:
    """The rendering of a comment that was kept."""
    if content.get("made") == _stamp(call, repo):
        return str(content["html"])
    marks = frozenset(map(str, content.get("marks", ())))
    return _rendered(call, repo, key, str(content.get("text", "")), marks)


def previewed(call: Call, repo: Repo, text: str) -> str:
    """The rendering of a comment that is not written yet.

    Raises:
        TooLarge: as `written`.
    """
    return str(written(call, repo, text).content["html"])


def _stamp(call: Call, repo: Repo) -> str:
    """What a rendering depends on beside its text: links name the hub's path and the repo."""
    return f"{RENDERING} {call.hub.settings.prefix}{repo.web_path}"


def _rendered(call: Call, repo: Repo, key: str, text: str, marks: frozenset[str]) -> str:
    prefix = call.hub.settings.prefix

    def refer(mark: str) -> str | None:
        if mark not in marks:
            return None
        return f"/{mark[1:]}" if mark[0] == "@" else f"{repo.web_path}/discussions/{mark[1:]}"

    html = render(text, resolve_link=_resolver(call, repo), id_prefix=f"{key}-", refer=refer).html
    return _FILM.sub(_PLAYER, html) if f"{prefix}/uploads/" in html else html


def _resolver(call: Call, repo: Repo) -> Callable[[str, AddressKind], str]:
    """Make addresses of this hub ones from its root; relative ones are files of the repo."""
    prefix = call.hub.settings.prefix
    ours = {base for base in (call.origin.base_url, call.hub.settings.public_url) if base}

    def resolve(address: str, kind: AddressKind) -> str:
        for base in ours:
            if address.startswith(f"{base}/"):
                return prefix + address.removeprefix(base)
        if not address or _ABSOLUTE.match(address):
            return address
        if address.startswith("/"):
            return address if address.startswith(f"{prefix}/") else prefix + address
        path = unquote(address.partition("#")[0].partition("?")[0])
        inside = posixpath.normpath(posixpath.join("/", path))
        word = "blob" if kind is AddressKind.LINK else "resolve"
        return f"{prefix}{repo.web_path}/{word}/main{quote(inside)}"

    return resolve
