"""The pages about access tokens, and what their form asks for."""

from __future__ import annotations

from typing import Final

from strata.web.pages.settings.tokens import asking, ending, listing, making
from strata.web.paths import Route

READ: Final = ("GET", "HEAD")
SEND: Final = ("POST",)
BROWSER: Final = "browsers"
_TOKENS: Final = "/settings/tokens"

ROUTES: tuple[Route, ...] = (
    Route(READ, _TOKENS, listing.listed, BROWSER, page=True),
    Route(READ, f"{_TOKENS}/repositories", asking.repositories, BROWSER),
    Route(READ, f"{_TOKENS}/summary", asking.summarised, BROWSER),
    Route(READ, f"{_TOKENS}/new", making.new, BROWSER, page=True),
    Route(SEND, f"{_TOKENS}/new", making.create, BROWSER, page=True),
    Route(READ, f"{_TOKENS}/revoke-all", ending.ask_delete_all, BROWSER, page=True),
    Route(SEND, f"{_TOKENS}/revoke-all", ending.delete_all, BROWSER, page=True),
    Route(READ, f"{_TOKENS}/{{id}}/edit", making.ask_edit, BROWSER, page=True),
    Route(SEND, f"{_TOKENS}/{{id}}/edit", making.edit, BROWSER, page=True),
    Route(READ, f"{_TOKENS}/{{id}}/refresh", ending.ask_refresh, BROWSER, page=True),
    Route(SEND, f"{_TOKENS}/{{id}}/refresh", ending.refresh, BROWSER, page=True),
    Route(READ, f"{_TOKENS}/{{id}}/delete", ending.ask_delete, BROWSER, page=True),
    Route(SEND, f"{_TOKENS}/{{id}}/delete", ending.delete, BROWSER, page=True),
)
