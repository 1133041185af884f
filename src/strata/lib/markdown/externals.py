"""Turn pictures and films of other hosts into links, and headings one level down.

This pass works for the reader, not for safety: the sanitiser after it drops whatever it missed.
A card's `#` becomes `h2`, since the page already has its one `h1`.
"""

from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from typing_extensions import override

from strata.lib.markdown.addresses import AddressKind, ResolveLink, link_address, media_address

_HEADINGS: Final = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6"}
_LOADING: Final = {
    "img": AddressKind.IMAGE,
    "audio": AddressKind.MEDIA,
    "video": AddressKind.MEDIA,
}
MAX_NESTING: Final = 200  # of blocks; the sanitiser's time grows with the square of it
MAX_FORMATTING: Final = 12  # unclosed <b>, <i> …: a browser reopens all of them in each block

_FORMATTING: Final = frozenset(
    ["b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"]
)
# Tags that are never closed, close themselves, or close the one before them.
_UNCOUNTED: Final = frozenset(
    [
        "a",
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "source",
        "track",
        "wbr",
        "caption",
        "colgroup",
        "dd",
        "dt",
        "li",
        "optgroup",
        "option",
        "p",
        "rp",
        "rt",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
    ]
)

Attributes = list[tuple[str, str | None]]


def localise(html: str, resolve: ResolveLink) -> str:
    """Rewrite some HTML so that it loads nothing from another host."""
    rewriter = _Rewriter(resolve)
    rewriter.feed(_without_comments(html))
    rewriter.close()
    return "".join(rewriter.written)


def _without_comments(html: str) -> str:
    """Drop comments, and all that follows an unclosed one, as a browser would show it."""
    kept, place = [], 0
    while (start := html.find("<!--", place)) >= 0:
        kept.append(html[place:start])
        end = html.find("-->", start + 4)
        if end < 0:
            return "".join(kept)
        place = end + 3
    return "".join((*kept, html[place:]))


class _Rewriter(HTMLParser):
    """Copies HTML through, changing the tags this module is about."""

    def __init__(self, resolve: ResolveLink) -> None:
        super().__init__(convert_charrefs=False)
        self.resolve = resolve
        self.written: list[str] = []
        self.links_open = 0
        self.blocks_open = 0
        self.formatting_open = 0

    @override
    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        if not self._count(tag):
            return
        if tag in _HEADINGS:
            self.written.append(_start(_HEADINGS[tag], attrs))
        elif tag in _LOADING and self._is_elsewhere(tag, attrs):
            self.written.append(self._link_instead(attrs))
        elif tag == "img" and "alt" not in dict(attrs):
            # A screen reader would read out the address of a picture without one.
            self.written.append(_start(tag, [*attrs, ("alt", "")]))
        else:
            self.written.append(self.get_starttag_text() or "")

    @override
    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)
        if tag == "a":
            self.handle_endtag(tag)

    def _count(self, tag: str) -> bool:
        """Count an opened tag; tell whether there may be one more."""
        if tag == "a":
            self.links_open = 1
        elif tag in _FORMATTING:
            self.formatting_open += 1
            return self.formatting_open <= MAX_FORMATTING
        elif tag not in _UNCOUNTED:
            self.blocks_open += 1
            return self.blocks_open <= MAX_NESTING
        return True

    def _discount(self, tag: str) -> None:
        if tag == "a":
            self.links_open = 0
        elif tag in _FORMATTING:
            self.formatting_open = max(0, self.formatting_open - 1)
        elif tag not in _UNCOUNTED:
            self.blocks_open = max(0, self.blocks_open - 1)

    @override
    def handle_endtag(self, tag: str) -> None:
        self._discount(tag)
        self.written.append(f"</{_HEADINGS.get(tag, tag)}>")

    @override
    def handle_data(self, data: str) -> None:
        self.written.append(data)

    @override
    def handle_entityref(self, name: str) -> None:
        self.written.append(f"&{name};")

    @override
    def handle_charref(self, name: str) -> None:
        self.written.append(f"&#{name};")

    def _is_elsewhere(self, tag: str, attrs: Attributes) -> bool:
        source = dict(attrs).get("src")
        return bool(source) and media_address(source or "", _LOADING[tag], self.resolve) is None

    def _link_instead(self, attrs: Attributes) -> str:
        named = dict(attrs)
        source = named.get("src") or ""
        words = escape(named.get("alt") or named.get("title") or _file_name(source))
        target = link_address(source, self.resolve)
        if target is None or self.links_open:
            return f'<span class="external-media">{words}</span>'
        return f'<a class="external-media" href="{escape(target)}">{words}</a>'


def _start(tag: str, attrs: Attributes) -> str:
    written = "".join(f' {name}="{escape(text or "")}"' for name, text in attrs)
    return f"<{tag}{written}>"


def _file_name(address: str) -> str:
    try:
        parts = urlsplit(address)
    except ValueError:
        return "…"
    return parts.path.rpartition("/")[2] or parts.netloc or "…"
