"""The addresses of collections, as a browser sees them."""

from __future__ import annotations

from typing import Final

from strata.web.pages.collections import forms, show as collections
from strata.web.paths import Route

_READ: Final = ("GET", "HEAD")
_SEND: Final = ("POST",)
_PEOPLE: Final = "people"
_PRINTED: Final = "people; huggingface_hub prints this address"
_ONE: Final = "/collections/{namespace}/{slug}"

ROUTES: Final = (
    Route(_READ, "/collections", collections.index, _PEOPLE, page=True),
    Route(_READ, "/collections/new", forms.new_page, _PEOPLE, page=True),
    Route(_SEND, "/collections/new", forms.create, _PEOPLE, page=True),
    Route(_READ, "/collections/add", forms.add_page, _PEOPLE, page=True),
    Route(_SEND, "/collections/add", forms.add, _PEOPLE, page=True),
    Route(_READ, _ONE, collections.page, _PRINTED, page=True),
    Route(_SEND, f"{_ONE}/upvote", collections.upvote, _PEOPLE, page=True),
    Route(_READ, f"{_ONE}/edit", forms.edit_page, _PEOPLE, page=True),
    Route(_SEND, f"{_ONE}/edit", forms.change, _PEOPLE, page=True),
)
