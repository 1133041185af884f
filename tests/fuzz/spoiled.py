"""Requests that are nearly right: everything as it should be, but for one thing in the body."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from hypothesis import strategies as st

from fixtures.large_files import oid_of
from fixtures.questions import BODIES, COMMIT, OID
from fuzz.requests import FIELD, ROUTES, Odd
from fuzz.world import LARGE, THING, Keys
from strata.core.names import GIT_TYPES
from strata.web.paths import Route

COMMIT_ROUTE: Final = "/api/{type}/{repo}/commit/{revision}"
IGNORED: Final = frozenset({"sample"})  # clients send it; this hub decides without
ITEM: Final = "0" * 24  # stands for the item that is there
# Every field that a body may have, beside those of a well-formed question: those that nobody has to
# give are spoiled too. A body that stands here alone belongs to a route that takes an empty one.
ALSO: Final[Mapping[str, object]] = {
    "/api/repos/create": {
        "organization": None,
        "private": True,
        "license": "mit",
        "files": [{"path": "a.txt", "content": "eA==", "encoding": "base64"}],
    },
    "/api/{type}/{repo}/settings": {
        "gated": "auto",
        "gatedNotificationsEmail": "a@example.com",
        "gatedNotificationsMode": "bulk",
        "discussionsDisabled": False,
        "description": "A thing",
    },
    "/api/{type}/{repo}/user-access-request/handle": {
        "user": "eve",
        "status": "rejected",
        "rejectionReason": "no",
    },
    "/api/{type}/{repo}/user-access-request/batch": [
        {"user": "eve", "status": "accepted", "rejectionReason": None}
    ],
    "/api/{type}/{repo}/user-access-request/grant": {"user": "mia"},
    "/api/{type}/{repo}/branch/{path}": {"startingPoint": "main", "overwrite": True},
    "/api/{type}/{repo}/tag/{revision}": {"message": "annotated"},
    "/api/{type}/{repo}/preupload/{revision}": {"gitIgnore": "*.log", "gitAttributes": ""},
    "/api/{type}/{repo}/paths-info/{revision}": {"paths": ["a.txt"], "expand": True},
    "/api/{type}/{repo}/super-squash/{path}": {"message": "one"},
    "/{web}{repo}.git/info/lfs/objects/batch": {
        "transfers": ["basic", "multipart"],
        "hash_algo": "sha256",
        "ref": {"name": "refs/heads/main"},
    },
    "/api/{type}/{repo}/discussions": {"description": "Hello", "pullRequest": True},
    "/api/{type}/{repo}/discussions/{number}/status": {"comment": "why"},
    "/api/{type}/{repo}/discussions/{number}/merge": {
        "comment": "in",
        "commitTitle": "Merge",
        "commitDescription": "more",
        "head": None,
    },
    "/api/{type}/{repo}/discussions/{number}/pin": {"pinned": True},
    "/api/{type}/{repo}/discussions/{number}/lock": {"locked": True},
    "/api/{type}/{repo}/lfs-files/batch": {
        "deletions": {"sha": [oid_of(LARGE)], "rewriteHistory": True}
    },
    "/api/{type}/{repo}/duplicate": {"private": True},
    "/api/collections": {
        "namespace": "owner",
        "description": "d",
        "private": False,
        "item": {"id": THING, "type": "model"},
    },
    "/api/collections/{namespace}/{slug}": {
        "title": "T",
        "description": "d",
        "private": True,
        "theme": "pink",
        "position": 0,
    },
    "/api/collections/{namespace}/{slug}/items": {"note": "n"},
    "/api/collections/{namespace}/{slug}/items/{item}": {"note": "n", "position": 0},
    "/api/collections/{namespace}/{slug}/resource-group": {"resourceGroupId": None},
    "/api/login": {"username": "owner", "password": "wrong"},
    "/api/settings/webhooks": {
        "url": "https://hooks.example.com/x",
        "watched": [{"type": "user", "name": "owner"}],
        "domains": ["repo", "discussion"],
        "secret": "s3cret",
    },
    "/api/settings/webhooks/{id}": {
        "url": "https://hooks.example.com/y",
        "watched": [{"type": "model", "name": THING}],
        "domains": ["repo"],
    },
    "/api/collections/{namespace}/{slug}/items/batch": [
        {"_id": ITEM, "data": {"note": "n", "position": 0}, "action": "update"}
    ],
    "/api/{type}/{repo}/lfs-files/duplicate": {"files": [{"sha256": OID, "xetHash": OID}]},
    "/api/buckets/{repo}/lfs-files/duplicate": {"files": [{"sha256": OID, "xetHash": OID}]},
    "/api/validate-yaml": {"content": "---\nlicense: mit\n---\n", "repoType": "model"},
    "/api/quicksearch": {"q": "thing", "limit": 5},
    "/api/buckets/{repo}": {"private": True},
    "/api/buckets/{repo}/paths-info": {"paths": ["a.txt"]},
}  # fmt: skip
LONG: Final = "x" * 70_000
DEEP: Final = json.loads("[" * 900 + "]" * 900)
WRITING: Final = ("POST", "PUT", "PATCH")
DELETES_WITH_BODY: Final = frozenset(
    {
        "/api/notifications",
        "/api/repos/delete",
        "/api/{type}/{repo}/discussions/{number}/comment/{comment}/reaction",
    }
)
# A report counts only with a signature over every byte of it: nothing of it is read before.
SIGNED: Final = "/api/credentials/scanned"
EXTRA: Final = "aFieldOfTomorrow"


@dataclass(frozen=True, slots=True)
class Spoiled:
    """One request, and what is wrong with it."""

    odd: Odd
    spoiling: str
    sound: Odd  # the same with nothing wrong
    field: str  # the name of the field that is spoiled


def question(route: Route) -> object:
    """Return the fullest well-formed body of a route; None where it takes none."""
    base, more = BODIES.get(route.template), ALSO.get(route.template)
    if isinstance(base, dict) and isinstance(more, dict):
        return {**base, **more}
    return more or base


ASKED: Final = tuple(
    (method, route)
    for method, route in ROUTES
    if (method in WRITING or (method == "DELETE" and route.template in DELETES_WITH_BODY))
    and route.template != SIGNED
    and (route.template == COMMIT_ROUTE or question(route) is not None)
)
CALLERS: Final = ("owner", "owner", "owner", "reader", "member", "stranger", "admin", "nobody")
WRONG_TYPE: Final = "wrong type"
UNKNOWN: Final = "unknown field"


def sound_request(method: str, route: Route, keys: Keys) -> Odd:
    """Return what the owner asks, with nothing wrong."""
    kind = "application/x-ndjson" if route.template == COMMIT_ROUTE else "application/json"
    body = "\n".join(map(json.dumps, _lines(route, keys))).encode()
    place = target(route, keys, lambda choices: choices[0])
    return Odd("owner", method, route.template, place, {"Content-Type": kind}, body)


def target(route: Route, keys: Keys, chosen: Callable[[Sequence[str]], str]) -> str:
    """Fill a template with what is there."""
    usual = {
        "repo": [THING],
        "type": [kind.plural for kind in sorted(GIT_TYPES)],
        "web": ["", "datasets/", "spaces/", "kernels/"],
        "revision": ["main"],
        "path": ["fresh"],
        "namespace": ["owner"],
        "name": ["acme"],
        "status": ["pending"],
        **keys,
    }

    def filled(name: str) -> str:
        return quote(chosen(usual.get(name, ["owner"])), safe="/")

    if "user-access-request" in route.template:
        usual |= {"type": ["models"], "repo": ["owner/gated"]}
    if "super-squash" in route.template:
        usual |= {"path": ["dev", "main", "refs/pr/1"]}
    if "{comment}" in route.template:
        usual |= {"type": ["models"], "number": ["3"]}
    if route.template.endswith("/merge"):
        usual |= {"number": ["1", "1", "2", "3"]}
    return FIELD.sub(lambda found: filled(found[1]), route.template)


@st.composite
def spoiled_requests(draw: st.DrawFn, keys: Keys) -> Spoiled:
    """Draw a request that is right but for one thing."""
    method, route = draw(st.sampled_from(ASKED))
    lines = _lines(route, keys)
    which = draw(st.integers(0, len(lines) - 1))
    spoiling = draw(st.sampled_from(tuple(SPOILINGS)))
    body = deepcopy(lines[which])
    holder, key = draw(st.sampled_from(fields(body)))
    _spoil(draw, spoiling, holder, key)
    said = [*lines[:which], body, *lines[which + 1 :]]
    text = "\n".join(map(json.dumps, said))
    if spoiling == "twice":
        text = text.replace("{", f'{{"{key}": {{}}, ', 1)
    sound = replace(
        sound_request(method, route, keys),
        caller=draw(st.sampled_from(CALLERS)),
        target=target(route, keys, lambda choices: draw(st.sampled_from(choices))),
    )
    return Spoiled(replace(sound, body=text.encode()), spoiling, sound, key)


def _spoil(draw: st.DrawFn, spoiling: str, holder: dict[str, object], key: str) -> None:
    if spoiling == "missing":
        del holder[key]
    elif spoiling == UNKNOWN:
        holder[EXTRA] = draw(st.sampled_from(({"a": [1]}, None, 10**40, "x")))
    elif spoiling == WRONG_TYPE:
        holder[key] = draw(st.sampled_from(_of_another_type(holder[key])))
    elif SPOILINGS[spoiling]:
        holder[key] = draw(st.sampled_from(SPOILINGS[spoiling]))


def _lines(route: Route, keys: Keys) -> Sequence[object]:
    if route.template == COMMIT_ROUTE:
        return [json.loads(line) for line in COMMIT.splitlines()]
    return [json.loads(json.dumps(question(route)).replace(ITEM, keys["item"][0]))]


def fields(body: object) -> list[tuple[dict[str, object], str]]:
    """Return every named field of a body, also of what stands within."""
    if isinstance(body, list):
        return [place for entry in body for place in fields(entry)]
    if not isinstance(body, dict):
        return []
    here = [(body, name) for name in body if name not in IGNORED]
    return here + [place for value in body.values() for place in fields(value)]


def _of_another_type(value: object) -> Sequence[object]:
    match value:
        case bool():
            return ("yes", 7, [], {"odd": 1})
        case str() | None:
            return (7, {"odd": 1}, 1.5, [[1]])
        case int():
            return ("x", [], {"odd": 1}, 0.5)
        case list():
            return (7, {"odd": 1}, True)
        case _:
            return (7, "x", [[1]])


# What is put in the place of a field's value; nothing: the value stays.
SPOILINGS: Final[Mapping[str, Sequence[object]]] = {
    WRONG_TYPE: (),
    UNKNOWN: (),
    "missing": (),
    "twice": (),
    "null": (None,),
    "long": (LONG, ["x"] * 3_000),
    "deep": (DEEP,),
    "number": (math.nan, math.inf, 10**40, -1, 2**63, 0.1),
    "text": (
        "", " ", "\ud800", "\u202e\u202d", "a\0b", "../..", "a\u0301\u0301", "\U0001f600" * 90,
        "owner/none", "refs/heads/none", "\\..\\", "-", ".git", "nul", "a/../b", "%2e%2e", "\x7f",
    ),
}  # fmt: skip
