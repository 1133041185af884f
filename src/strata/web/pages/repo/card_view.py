"""Markdown of a repo as HTML: relative links lead into this repo at this revision."""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import unquote

from markupsafe import Markup

from strata.lib.markdown.addresses import AddressKind
from strata.lib.markdown.render import TooLong, render
from strata.web.pages.frame.addresses.places import Place
from strata.web.pages.frame.render import at

_ABSOLUTE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:|/|#")
_CODE: Final = '<pre class="highlight">'
_CODE_IN_REACH: Final = '<pre class="highlight" tabindex="0">'
_PARTS: Final = re.compile(r"([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)


def markdown_of(place: Place, text: str, *, prefix: str, folder: str = "") -> Markup | None:
    """Render a text of a repo; None when it is too long for a page.

    Args:
        prefix: the path of the site's root on its host, `` or `/hub`.
        folder: where in the repo the text stands; relative links begin there.
    """

    def resolve(address: str, kind: AddressKind) -> str:
        if address.startswith(f"{prefix}/"):
            return address  # copied from a browser that showed it
        return at(settled(place, folder, address, kind), prefix)

    try:
        html = render(text, resolve_link=resolve).html
    except TooLong:
        return None
    # Code scrolls sideways on phones, so the keyboard must reach it.
    return Markup(html.replace(_CODE, _CODE_IN_REACH))  # noqa: S704 - sanitised by lib.markdown


def settled(place: Place, folder: str, address: str, kind: AddressKind) -> str:
    """Turn an address of a text into one from the site's root; absolute ones stay."""
    if not address or _ABSOLUTE.match(address):
        return address
    found = _PARTS.fullmatch(address)
    if found is None:
        return address
    path, query, anchor = found[1], found[2] or "", found[3] or ""
    target = _inside(folder, unquote(path))
    if kind is not AddressKind.LINK:
        return place.resolve(target)
    is_folder = not target or path.endswith("/")
    return f"{place.tree(target) if is_folder else place.blob(target)}{query}{anchor}"


def _inside(folder: str, path: str) -> str:
    """Walk from a folder along a path; nothing leads out of the repo."""
    walked = posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")
    return "" if walked == "." else walked
