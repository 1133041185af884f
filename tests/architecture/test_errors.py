"""The error tree and its map to HTTP are complete."""

from collections.abc import Iterator

from strata.core import errors
from strata.core.errors import StrataError
from strata.web.errors import STATUS, headers_of, status_of


def tree(root: type[StrataError] = StrataError) -> Iterator[type[StrataError]]:
    for child in root.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from tree(child)


def test_every_error_has_a_status() -> None:
    assert set(tree()) == set(STATUS)


def test_every_error_is_drawn_in_the_module_docstring() -> None:
    drawing = errors.__doc__ or ""
    assert [error.__name__ for error in tree() if error.__name__ not in drawing] == []


def test_a_missing_repo_is_401_to_strangers_and_404_to_people() -> None:
    hidden = errors.RepoNotFound()
    assert status_of(hidden, anonymous=True) == 401
    assert status_of(hidden, anonymous=False) == 404
    assert headers_of(hidden, 401)["X-Error-Code"] == "RepoNotFound"
    assert "Basic" in headers_of(hidden, 401)["WWW-Authenticate"]


def test_error_headers_are_one_ascii_line() -> None:
    headers = headers_of(errors.Malformed("naïve\nX-Evil: 1\r\n模型"), 400)
    assert headers["X-Error-Message"].isascii()
    assert "\n" not in headers["X-Error-Message"]
    assert "\r" not in headers["X-Error-Message"]
