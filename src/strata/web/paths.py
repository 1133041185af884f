"""Routing on the raw path: `%2F` is data here, not a separator.

ASGI servers decode `%2F` before an application sees the path, so `resolve/refs%2Fpr%2F1/x` would
silently become revision `refs`, path `pr/1/x`, with status 200. We match the raw path and decode
each captured piece once.

A route is written as its URL (`web/routes.py`):

    {type}      models, datasets, spaces or kernels: what has git
    {web}       nothing, `datasets/`, …: the prefix of web and git URLs
    {repo}      `ns/name`, or one legacy segment
    {revision}  one raw segment; also `refs/pr/1` unencoded, as @huggingface/hub sends it
    {path}      everything that follows, may be empty
    {word}      any other name is one segment
"""

from __future__ import annotations

import functools
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from starlette.requests import Request
from starlette.types import ASGIApp

from strata.core.names import GIT_TYPES, RESERVED_REPO_NAMES, RepoId, RepoType

Endpoint = Callable[[Request], Awaitable[ASGIApp]]

TYPES = {repo_type.plural: repo_type for repo_type in GIT_TYPES}
BUCKETS = RepoType.BUCKET.plural  # addresses of their own: no revision, no git
PREFIXED = {word: kind for word, kind in TYPES.items() if kind.web_prefix}  # in web addresses
_REVISION = r"(?:refs/(?:pr|heads|convert|tags)/[^/]+|[^/]+)"
ANY_WORD = "*"  # the bucket of templates that begin with a field
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One URL: what it is, who asks for it and who answers."""

    methods: tuple[str, ...]
    template: str
    endpoint: Endpoint
    clients: str = ""  # which clients use it, for docs/COMPATIBILITY.md
    page: bool = False  # people read the answer: failures are pages too
    hashes: bool = False  # its POST hashes a password, which takes tens of MiB: few run at once
    idle: bool = False  # a page asks by itself: no sign that a person sits there
    free: bool = False  # a form for accounts that are not open, or did not agree anew, too


@dataclass(frozen=True, slots=True)
class Match:
    """What the path said, decoded."""

    route: Route
    fields: Mapping[str, str]  # everything captured except the repo
    repo: RepoId | None
    repo_span: tuple[int, int] | None  # where the id stands in the raw path, for redirects

    @property
    def holds_nul(self) -> bool:
        """Whether a piece holds a NUL: nothing is named so, and PostgreSQL refuses to look."""
        named = () if self.repo is None else (self.repo.full_name,)
        return any("\0" in piece for piece in (*self.fields.values(), *named))


@dataclass(frozen=True, slots=True)
class _Pattern:
    route: Route
    regex: re.Pattern[str]


class Routes:
    """The compiled URL table.

    Patterns are kept under the word that decides them: the word after a repo id, or the first
    segment. A request tries only the few patterns of its word, so the table may grow without
    slowing anyone.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._by_word: dict[tuple[str, str], list[_Pattern]] = {}
        self.table = tuple(routes)
        for route in self.table:
            self._by_word.setdefault(_bucket(route.template), []).append(
                _Pattern(route, _compile(route.template))
            )

    def match(self, method: str, raw_path: str) -> Match | frozenset[str] | None:
        """Find the route of a request.

        Returns:
            The match; the methods that the path does know, when this is not one of
            them; None for an unknown path.
        """
        known: set[str] = set()
        for reading in _readings(raw_path):
            for pattern in self._patterns(reading):
                found = pattern.regex.fullmatch(reading.rest)
                if found is None:
                    continue
                if method in pattern.route.methods:
                    return _settle(pattern.route, found, reading)
                known.update(pattern.route.methods)
        return frozenset(known) or None

    def _patterns(self, reading: _Reading) -> Iterator[_Pattern]:
        yield from self._by_word.get((reading.kind, reading.word), ())
        yield from self._by_word.get((reading.kind, ANY_WORD), ())


@dataclass(frozen=True, slots=True)
class _Reading:
    """One way to read a path: what its repo id would be, and what follows."""

    kind: str  # which URL space, see _SPACES
    word: str  # the word that decides within that space
    rest: str  # what the pattern is matched against
    type: RepoType | None = None
    repo: str = ""
    span: tuple[int, int] | None = None


def decode(raw: str) -> str:
    """Percent-decode one piece; bytes that are not UTF-8 become U+FFFD and match nothing."""
    return unquote_to_bytes(raw).decode("utf-8", "replace") if "%" in raw else raw


# URL space → what its templates start with.
_SPACES = {
    "api-bucket": "/api/buckets/{repo}",
    "web-bucket": "/buckets/{repo}",
    "cache": "/api/resolve-cache/{type}/{repo}",
    "api": "/api/{type}/{repo}",
    "web": "/{web}{repo}",
}


def _space_of(template: str) -> tuple[str, str]:
    """Split a template into its URL space and what follows the repo id."""
    for kind, prefix in _SPACES.items():
        if template.startswith(prefix):
            return kind, template.removeprefix(prefix)
    return "", template


@functools.cache  # every app that a process builds has the same table
def _bucket(template: str) -> tuple[str, str]:
    """Where a template is kept: its space and the word that decides within it."""
    kind, rest = _space_of(template)
    word = rest.removeprefix(".git").lstrip("/").split("/")[0]
    return kind, ANY_WORD if word.startswith("{") else word


@functools.cache
def _compile(template: str) -> re.Pattern[str]:
    _, rest = _space_of(template)
    rest = rest.removeprefix(".git")
    pattern, position = "", 0
    for field in _FIELD.finditer(rest):
        pattern += re.escape(rest[position : field.start()])
        position = field.end()
        if field[1] == "path":
            # `/tree/main` and `/tree/main/` are the root of the tree.
            pattern = pattern.removesuffix("/") + r"(?:/(?P<path>.*))?"
        else:
            pattern += f"(?P<{field[1]}>{_REVISION if field[1] == 'revision' else '[^/]+'})"
    return re.compile(pattern + re.escape(rest[position:]), re.DOTALL)


def _readings(raw_path: str) -> Iterator[_Reading]:
    """The readings of a path, the likeliest first; none of `*`, which is no path."""
    if not raw_path.startswith("/"):
        return
    segments = raw_path.split("/")[1:]
    yield _Reading("", segments[0], raw_path)
    if segments[0] == "api":
        cached = segments[1:2] == ["resolve-cache"]
        typed = 2 if cached else 1
        if len(segments) > typed + 1 and segments[typed] in TYPES:
            yield _repo_reading(
                "cache" if cached else "api", segments, typed + 1, TYPES[segments[typed]]
            )
        elif len(segments) > 3 and segments[1] == BUCKETS:
            yield _repo_reading("api-bucket", segments, 2, RepoType.BUCKET)
    elif len(segments) > 2 and segments[0] == BUCKETS:
        yield _repo_reading("web-bucket", segments, 1, RepoType.BUCKET)
    elif len(segments) > 1 and segments[0] in PREFIXED:
        yield _repo_reading("web", segments, 1, TYPES[segments[0]])
    else:
        yield _repo_reading("web", segments, 0, RepoType.MODEL)


def _repo_reading(kind: str, segments: list[str], start: int, repo_type: RepoType) -> _Reading:
    """Read an id of one or two segments; a reserved word in second place means a legacy name."""
    candidates = segments[start:]
    single = repo_type.has_git and (
        len(candidates) == 1
        or candidates[1] in RESERVED_REPO_NAMES
        or candidates[0].endswith(".git")
    )
    taken = 1 if single else 2
    name = "/".join(candidates[:taken]).removesuffix(".git")
    offset = 1 + sum(len(segment) + 1 for segment in segments[:start])
    tail = candidates[taken:]
    return _Reading(
        kind=kind,
        word=tail[0] if tail else "",
        rest="".join(f"/{segment}" for segment in tail),
        type=repo_type,
        repo=name,
        span=(offset, offset + len(name)),
    )


def _settle(route: Route, found: re.Match[str], reading: _Reading) -> Match:
    fields = {name: decode(value or "") for name, value in found.groupdict().items()}
    repo = RepoId.parse(reading.type, decode(reading.repo)) if reading.type else None
    return Match(route, fields, repo, reading.span)
