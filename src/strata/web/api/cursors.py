"""Pages of lists that are read by seek: `limit` and `cursor` in, `Link` out."""

from __future__ import annotations

from typing import Final, TypeVar

from starlette.requests import Request

from strata.core.cursors import BAD_CURSOR, cursor_at, place_of
from strata.core.errors import Malformed
from strata.lib.db.seek import Page, Place, Window
from strata.web import respond
from strata.web.api.numbers import count_of
from strata.web.work import exchange

T = TypeVar("T")

PAGE: Final = 500  # rows, unless the caller wants fewer
MAX_PAGE: Final = 1000
_LARGEST: Final = 2**63  # what a column of the database cannot hold


def window_of(request: Request, keys: int) -> Window:
    """Which part of a list is wanted.

    Args:
        keys: how many numbers say where a row stands.

    Raises:
        Malformed: a limit that is no number, or a cursor that is not ours.
    """
    limit = count_of(request, "limit")
    wanted = PAGE if limit is None else max(1, min(limit, MAX_PAGE))
    cursor = request.query_params.get("cursor")
    return Window(wanted, _place(cursor, keys) if cursor else None)


def next_link(request: Request, page: Page[T]) -> dict[str, str]:
    """The header that leads to the next page, if there is one."""
    cursor = None if page.last is None else cursor_at(page.last)
    return respond.next_link(request, exchange(request).origin.base_url, cursor)


def _place(cursor: str, keys: int) -> Place:
    place = place_of(cursor, tuple[int, ...])
    if len(place) != keys or any(not -_LARGEST <= number < _LARGEST for number in place):
        raise Malformed(BAD_CURSOR)
    return place
