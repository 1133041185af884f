"""`@name` and `#12` in the prose of a text: which there are, and links in their place.

Code, links and addresses are no prose. Whether a mark means anything is for the caller to say.
"""

import re
from collections.abc import Callable, Iterator, MutableMapping
from typing import Final

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

Refer = Callable[[str], str | None]
"""Turns a mark (`@alice`, `#12`) into the address that it stands for; None: it is just text."""

_MARK: Final = re.compile(
    r"(?<![\w/@#&.\-])(@[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?|#[1-9][0-9]{0,8})(?!\w)"
)


def link_marks(state: StateCore) -> None:
    """Link the marks of a text, if `env["refer"]` knows what they stand for."""
    refer = _refer(state.env)
    if refer is None:
        return
    for token in state.tokens:
        if token.type == "inline" and token.children:
            token.children = list(_linked(token.children, refer))


def _refer(env: MutableMapping[str, object]) -> Refer | None:
    refer = env.get("refer")
    return refer if callable(refer) else None


def _linked(tokens: list[Token], refer: Refer) -> Iterator[Token]:
    links_open = 0
    for token in tokens:
        links_open += _opens_link(token)
        if token.type == "text" and links_open <= 0:
            yield from _pieces(token, refer)
        else:
            yield token


def _opens_link(token: Token) -> int:
    """Count an opened link as 1 and a closed one as -1."""
    html = token.content.lower() if token.type == "html_inline" else ""
    opened = token.type == "link_open" or html.startswith(("<a ", "<a>"))
    closed = token.type == "link_close" or html.startswith("</a")
    return int(opened) - int(closed)


def _pieces(token: Token, refer: Refer) -> Iterator[Token]:
    for index, piece in enumerate(_MARK.split(token.content)):
        address = refer(piece) if index % 2 else None
        if address is None:
            yield _text(piece, token.level)
            continue
        opening = Token("link_open", "a", 1)
        opening.attrs = {"href": address}
        yield from (opening, _text(piece, token.level + 1), Token("link_close", "a", -1))


def _text(content: str, level: int) -> Token:
    token = Token("text", "", 0, level=level)
    token.content = content
    return token
