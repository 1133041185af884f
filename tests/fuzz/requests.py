"""Requests that nobody should send, drawn from the route table."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from hypothesis import strategies as st

from strata.core.names import RepoType
from strata.web.api.buckets import events as bucket_events
from strata.web.paths import Route
from strata.web.routes import API, FILES

ENDLESS: Final = frozenset(
    route.template for route in bucket_events.ROUTES
)  # answers go on for as long as somebody listens
ROUTES: Final = tuple(
    (method, route)
    for route in (*API, *FILES)
    for method in route.methods
    if not route.page and method != "HEAD" and route.template not in ENDLESS
)
CALLERS: Final = ("owner", "owner", "reader", "member", "stranger", "admin", "nobody")
KEYS: Final = (
    "name", "organization", "type", "private", "visibility", "gated", "title", "description",
    "comment", "content", "status", "files", "paths", "path", "key", "value", "operation",
    "summary", "item", "items", "id", "namespace", "url", "watched", "domains", "secret",
    "source", "hash",
    "oid", "size", "algo", "objects", "transfers", "startingPoint", "tag", "message", "fromRepo",
    "toRepo", "repoType", "repo", "user", "userId", "note", "position", "lastCommit", "sha",
    "rewriteHistory", "deletions", "add", "delete", "copy", "xetHash", "mtime", "expand", "limit",
    "cursor", "sort", "search", "filter", "pullRequest", "sample", "yaml", "create_pr",
    "recursive", "discussionsDisabled", "autoApprove", "sdk", "license", "role", "overwrite",
)  # fmt: skip
ODD_TEXT: Final = (
    "", " ", "\0", "a\0b", "..", "../..", ".git", "/", "//", "%00", "%2e%2e", "a" * 5000, "\u202e",
    "\N{GRINNING FACE}" * 40, "e\u0301", "\ufeff", "\r\nX: y", "null", "-1", "1e309", "NaN",
    "²", "refs/pr/1", "refs/heads/main", "main", "a.txt", "owner/thing", "owner", "sam", "acme",
    "0" * 40, "f" * 64, "2026-11-23T09:00:00.000Z", "2026-99-99", "hf://x", "http://127.0.0.1/",
    "\x7f", "\\",
)  # fmt: skip
ODD_BODIES: Final = (
    b"", b"{", b"[" * 20_000, b'{"a":' * 5_000, b"\xff\xfe", b'"\\ud800"', b'{"name":"\\ud800"}',
    b'{"name":"\\u0000"}', b"1" * 5_000, b'{"limit":1' + b"0" * 5_000 + b"}", b"null", b"NaN",
    b'{"a":1,"a":2}', b"\xef\xbb\xbf{}", b"{}\n{}\n", b'{"key":"header"}\n{"key":"file"}\n',
    b'{"key":"header","value":null}\n', b'{"key":"file","value":{"path":"\\u0000"}}\n', b"a=1&b=2",
    b"\x00" * 4_096, b'{"name":"' + b"x" * 300_000 + b'"}',
)  # fmt: skip
CONTENT_TYPES: Final = (
    "application/json", "application/x-ndjson", "application/vnd.git-lfs+json", "text/plain",
    "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", "a/b; charset=ü",
)  # fmt: skip
FIELD: Final = re.compile(r"\{(\w+)\}")

odd_text = st.sampled_from(ODD_TEXT) | st.text(max_size=12)
numbers = (
    st.integers() | st.floats() | st.sampled_from((2**31, 2**63, 2**64, -(2**63) - 1, 10**400))
)
leaves = st.none() | st.booleans() | numbers | odd_text
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | odd_text, inner, max_size=5)
    ),
    max_leaves=12,
)
objects: st.SearchStrategy[Mapping[str, object]] = st.dictionaries(
    st.sampled_from(KEYS), values, max_size=8
)


@dataclass(frozen=True, slots=True)
class Odd:
    """One request: who sends what to which route."""

    caller: str
    method: str
    template: str
    target: str  # raw path and query
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@st.composite
def odd_requests(draw: st.DrawFn, keys: Mapping[str, list[str]]) -> Odd:
    """Draw a request to any route of the API and of the files."""
    method, route = draw(st.sampled_from(ROUTES))
    body = draw(bodies()) if method != "GET" else b""
    return Odd(
        caller=draw(st.sampled_from(CALLERS)),
        method=method,
        template=route.template,
        target=draw(targets(route, keys)),
        headers={"Content-Type": draw(st.sampled_from(CONTENT_TYPES))} if body else {},
        body=body,
    )


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Draw JSON of known fields and wrong types, lines of it, or bytes that are no JSON."""
    kind = draw(st.sampled_from(("object", "object", "object", "value", "lines", "odd")))
    match kind:
        case "object":
            return _json(draw(objects))
        case "value":
            return _json(draw(values))
        case "lines":
            return b"\n".join(_lines(draw(st.lists(objects, max_size=4))))
        case _:
            return draw(st.sampled_from(ODD_BODIES) | st.binary(max_size=200))


@st.composite
def targets(draw: st.DrawFn, route: Route, keys: Mapping[str, list[str]]) -> str:
    """Fill the fields of a route's template, often with something that is there."""

    def filled(found: re.Match[str]) -> str:
        name = found[1]
        if name == "type":
            return draw(st.sampled_from([kind.plural for kind in RepoType]))
        if name == "web":
            return draw(st.sampled_from(("", "datasets/", "spaces/", "buckets/")))
        if name == "repo":
            return draw(
                st.sampled_from(
                    (
                        *["owner/thing"] * 6,
                        "owner/gated",
                        "owner/hidden",
                        "owner/none",
                        "x",
                        "owner/..",
                    )
                )
            )
        usual = st.sampled_from(there.get(name, ["owner"]))
        return quote(draw(usual | usual | odd_text).encode("utf-8", "surrogatepass"), safe="/")

    there = {
        "revision": ["main", "dev", "refs/pr/1"],
        "path": ["a.txt", "dir", "main", "v0"],
        **keys,
    }
    path = FIELD.sub(filled, route.template)
    query = draw(
        st.dictionaries(st.sampled_from(KEYS), odd_text | numbers.map(_digits), max_size=3)
    )
    asked = "&".join(f"{key}={quote(_utf8(value), safe='')}" for key, value in query.items())
    return f"{path}?{asked}" if asked else path


def _digits(number: float) -> str:
    return repr(number)


def _utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def _lines(lines: Sequence[Mapping[str, object]]) -> Iterator[bytes]:
    for line in lines:
        yield _json({"key": "file", "value": line})
