"""The last step of every rendering: only what is listed here reaches a page.

Whatever the parser, the highlighter or the rewriting before it may have let through, the
sanitiser parses again as a browser would and keeps an allow-list. No style, no script, no
handler, no frame, no form; every address is judged by `addresses`.
"""

import re
from collections.abc import Callable
from typing import Final

import nh3

from strata.lib.markdown.addresses import AddressKind, ResolveLink, link_address, media_address
from strata.lib.markdown.highlight import CLASSES

_TAGS: Final = frozenset(
    [
        "a",
        "abbr",
        "audio",
        "b",
        "bdi",
        "bdo",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "details",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "input",
        "ins",
        "kbd",
        "li",
        "mark",
        "ol",
        "p",
        "picture",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "section",
        "small",
        "source",
        "span",
        "strike",
        "strong",
        "sub",
        "summary",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "video",
        "wbr",
    ]
)
_EMPTIED_TAGS: Final = frozenset(
    [
        "script",
        "style",
        "iframe",
        "object",
        "embed",
        "noscript",
        "template",
        "svg",
        "math",
        "textarea",
        "title",
        "xmp",
        "noembed",
        "noframes",
    ]
)
_ATTRIBUTES: Final[dict[str, frozenset[str]]] = {
    "*": frozenset({"align", "dir", "id", "lang", "title"}),
    "a": frozenset({"href", "aria-label"}),
    "audio": frozenset({"src", "controls", "loop", "muted"}),
    "col": frozenset({"span", "width"}),
    "details": frozenset({"open"}),
    "img": frozenset({"src", "srcset", "alt", "width", "height"}),
    "input": frozenset({"checked", "aria-label"}),
    "ol": frozenset({"start", "reversed", "type"}),
    "source": frozenset({"src", "srcset", "media", "type"}),
    "td": frozenset({"colspan", "rowspan", "valign", "width"}),
    "th": frozenset({"colspan", "rowspan", "valign", "width", "scope"}),
    "time": frozenset({"datetime"}),
    "video": frozenset({"src", "poster", "controls", "loop", "muted", "width", "height"}),
}
_FORCED: Final = {
    "audio": {"controls": "", "preload": "none"},
    "img": {"loading": "lazy"},
    "input": {"type": "checkbox", "disabled": ""},
    "video": {"controls": "", "preload": "none"},
}
_ALERTS: Final = frozenset(
    f"markdown-alert{name}" for name in ("", "-note", "-tip", "-important", "-warning", "-caution")
)
_ALLOWED_CLASSES: Final[dict[str, frozenset[str]]] = {
    "a": frozenset({"anchor", "external-media", "footnote-backref"}),
    "div": _ALERTS,
    "li": frozenset({"task-list-item", "footnote-item"}),
    "ol": frozenset({"footnotes-list"}),
    "p": frozenset({"markdown-alert-title"}),
    "pre": frozenset({"highlight"}),
    "section": frozenset({"footnotes"}),
    "span": CLASSES | {"external-media"},
    "sup": frozenset({"footnote-ref"}),
    "ul": frozenset({"contains-task-list"}),
}
_NUMBER: Final = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?(?:%|px)?")
_ID: Final = re.compile(r"[^\s\x00-\x20\"'<>&]{1,200}")
_SRCSET_SCALE: Final = re.compile(r"[0-9.]{1,8}[wx]")
_SIZES: Final = frozenset({"width", "height", "span", "colspan", "rowspan", "start"})
_MEDIA_TAGS: Final = frozenset({"audio", "video", "source"})

FRAME_PREFIX: Final = "strata-"  # ids of the page around the rendering


def sanitise(html: str, resolve: ResolveLink, id_prefix: str = "") -> str:
    """Keep of some HTML what is safe and loads nothing from elsewhere.

    Args:
        html: any text at all.
        resolve: turns an address of the document into one of the site.
        id_prefix: put before every id and every `#` link, for several renderings in one page.
    """
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_EMPTIED_TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute_filter(resolve, id_prefix),
        set_tag_attribute_values=_FORCED,
        allowed_classes=_ALLOWED_CLASSES,
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener",
    )


def _attribute_filter(
    resolve: ResolveLink, id_prefix: str
) -> Callable[[str, str, str], str | None]:
    def judged(tag: str, attribute: str, text: str) -> str | None:
        if attribute == "href":
            target = link_address(text, resolve)
            return f"#{id_prefix}{target[1:]}" if target and target.startswith("#") else target
        if attribute in ("src", "poster"):
            kind = (
                AddressKind.MEDIA
                if tag in _MEDIA_TAGS and attribute == "src"
                else AddressKind.IMAGE
            )
            return media_address(text, kind, resolve)
        if attribute == "srcset":
            return _srcset(text, resolve)
        if attribute == "id":
            usable = _ID.fullmatch(text) and not text.lower().startswith(FRAME_PREFIX)
            return id_prefix + text if usable else None
        if attribute in _SIZES:
            return text if _NUMBER.fullmatch(text.strip()) else None
        return text

    return judged


def _srcset(text: str, resolve: ResolveLink) -> str | None:
    """Resolve every picture of a `srcset`; one bad picture spoils it."""
    kept = []
    for candidate in text.split(","):
        address, _, scale = candidate.strip().partition(" ")
        settled = media_address(address, AddressKind.IMAGE, resolve)
        if (
            settled is None
            or "," in settled
            or (scale and not _SRCSET_SCALE.fullmatch(scale.strip()))
        ):
            return None
        kept.append(f"{settled} {scale.strip()}".strip())
    return ", ".join(kept)
