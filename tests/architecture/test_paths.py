"""Routing on the raw path."""

import pytest
from starlette.requests import Request
from starlette.responses import Response

from strata.core.names import RepoType
from strata.web.paths import Match, Route, Routes


async def answer(_request: Request) -> Response:
    return Response()


TEMPLATES = (
    "/api/models",
    "/api/{type}/{repo}",
    "/api/{type}/{repo}/revision/{revision}",
    "/api/{type}/{repo}/tree/{revision}/{path}",
    "/api/resolve-cache/{type}/{repo}/{revision}/{path}",
    "/{web}{repo}/resolve/{revision}/{path}",
    "/{web}{repo}.git/info/lfs/objects/batch",
    "/{web}{repo}/info/refs",
    "/{web}{repo}",
    "/settings/tokens",
    "/xet/{epoch}/v1/xorbs/{prefix}/{hash}",
)
ROUTES = Routes(Route(("GET",), template, answer) for template in TEMPLATES)


def matched(path: str) -> Match:
    match = ROUTES.match("GET", path)
    assert isinstance(match, Match), (path, match)
    return match


@pytest.mark.parametrize(
    ("path", "template", "repo", "fields"),
    [
        ("/api/models", "/api/models", None, {}),
        ("/api/models/a/b", "/api/{type}/{repo}", "a/b", {}),
        ("/api/models/gpt2", "/api/{type}/{repo}", "gpt2", {}),
        ("/api/models/gpt2/tree/main", TEMPLATES[3], "gpt2", {"revision": "main", "path": ""}),
        ("/api/models/a/b/tree/main/", TEMPLATES[3], "a/b", {"revision": "main", "path": ""}),
        (
            "/api/models/a/b/tree/refs%2Fpr%2F1/sub%2Fdir",
            TEMPLATES[3],
            "a/b",
            {"revision": "refs/pr/1", "path": "sub/dir"},
        ),
        (
            "/api/models/a/b/tree/refs/pr/1/sub/dir",
            TEMPLATES[3],
            "a/b",
            {"revision": "refs/pr/1", "path": "sub/dir"},
        ),
        (
            "/a/b/resolve/refs%2Fpr%2F1/x%20y.txt",
            TEMPLATES[5],
            "a/b",
            {"revision": "refs/pr/1", "path": "x y.txt"},
        ),
        ("/gpt2/resolve/main/a/b", TEMPLATES[5], "gpt2", {"revision": "main", "path": "a/b"}),
        ("/a/b.git/info/lfs/objects/batch", TEMPLATES[6], "a/b", {}),
        ("/gpt2.git/info/refs", TEMPLATES[7], "gpt2", {}),
        ("/a/b/info/refs", TEMPLATES[7], "a/b", {}),
        ("/settings/tokens", "/settings/tokens", None, {}),
        (
            "/api/resolve-cache/models/a/b/abc/f",
            TEMPLATES[4],
            "a/b",
            {"revision": "abc", "path": "f"},
        ),
    ],
)
def test_a_path_finds_its_route(
    path: str, template: str, repo: str | None, fields: dict[str, str]
) -> None:
    match = matched(path)
    assert match.route.template == template
    assert (match.repo.full_name if match.repo else None) == repo
    assert dict(match.fields) == fields


def test_the_type_comes_from_the_path() -> None:
    found = matched("/datasets/a/b/resolve/main/x").repo
    assert found is not None
    assert found.type is RepoType.DATASET
    assert found.full_name == "a/b"


def test_the_span_of_the_id_is_known_for_redirects() -> None:
    path = "/api/datasets/Old/Name/revision/main"
    match = matched(path)
    assert match.repo_span is not None
    start, end = match.repo_span
    assert path[start:end] == "Old/Name"


def test_an_encoded_slash_never_splits_a_segment() -> None:
    assert matched("/api%2Fmodels").route.template == "/{web}{repo}"
    assert matched("/a/b/resolve/x%2Fy/z").fields["revision"] == "x/y"


def test_another_method_names_what_is_offered() -> None:
    assert ROUTES.match("POST", "/api/models/a/b") == frozenset({"GET"})
    assert ROUTES.match("GET", "/a/b/c/d/e") is None
