"""Markdown to HTML that is safe to put into a page.

GitHub's dialect: tables, strikethrough, task lists, footnotes, alerts, bare links, and an anchor
at every heading. Raw HTML is welcome in the source, as cards use it; the sanitiser, always last,
decides what stays of it.
"""

import re
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from itertools import islice
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from mdit_py_plugins.gfm import gfm_plugin

from strata.lib.markdown.addresses import AddressKind, ResolveLink
from strata.lib.markdown.externals import localise
from strata.lib.markdown.highlight import highlight_block, highlight_code
from strata.lib.markdown.marks import Refer, link_marks
from strata.lib.markdown.sanitise import sanitise

__all__ = [
    "AddressKind",
    "Heading",
    "Refer",
    "Rendered",
    "TooLong",
    "highlight_code",
    "marks_in",
    "render",
]

MAX_CHARACTERS: Final = 300_000  # five seconds of hostile text at worst
MAX_PARAGRAPH_CHARACTERS: Final = 10_000  # longer ones are shown as plain text
MAX_NESTING: Final = 24  # of lists and quotes; also of emphasis and links
MAX_SLUG_CHARACTERS: Final = 120
MAX_HEADINGS: Final = 2_000  # with an anchor and a place in the table of contents

_SCHEME_BEFORE: Final = re.compile(r"(?<![A-Za-z0-9])(https?)\Z", re.IGNORECASE)
_AFTER_SCHEME: Final = re.compile(r"://[^\W_][^\s<]{0,2000}")
_NOT_IN_SLUG: Final = re.compile(r"[^\w\- ]")


class TooLong(Exception):
    """The text is longer than a page can show. Offer the file itself instead."""


@dataclass(frozen=True, slots=True)
class Heading:
    level: int  # 1 to 6, as written in the source
    anchor: str  # the id to link to, with the prefix asked for
    text: str


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str  # safe
    toc: tuple[Heading, ...]


def render(
    text: str,
    *,
    resolve_link: ResolveLink,
    highlight: bool = True,
    id_prefix: str = "",
    refer: Refer | None = None,
) -> Rendered:
    """Render Markdown into safe HTML.

    Args:
        text: the source, without front matter.
        resolve_link: turns an address of the document and what it is for into one of the site;
            pictures, sound and video it leaves on other hosts are shown as links.
        highlight: colour fenced code.
        id_prefix: put before every id, for several renderings in one page.
        refer: says what `@name` and `#12` stand for; default: nothing.

    Raises:
        TooLong: more than `MAX_CHARACTERS`.
    """
    if len(text) > MAX_CHARACTERS:
        raise TooLong(f"The text has {len(text)} characters; {MAX_CHARACTERS} can be shown.")
    env: MutableMapping[str, object] = {"highlight": highlight, "refer": refer}
    parser = _parser()
    tokens = parser.parse(text, env)
    html = parser.renderer.render(tokens, parser.options, env)
    return Rendered(
        sanitise(localise(html, resolve_link), resolve_link, id_prefix),
        tuple(_toc(tokens, id_prefix)),
    )


def marks_in(text: str) -> tuple[str, ...]:
    """Find `@name` and `#12` in the prose of a text, each once, in their order."""
    found: dict[str, None] = {}
    env: MutableMapping[str, object] = {"refer": found.setdefault}
    _parser().parse(text, env)
    return tuple(found)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "maxNesting": MAX_NESTING})
    parser.use(gfm_plugin)
    parser.core.ruler.before("inline", "bound_paragraphs", _bound_paragraphs)
    parser.core.ruler.push("anchor_headings", _anchor_headings)
    parser.core.ruler.push("align_cells", _align_cells)
    parser.core.ruler.push("link_marks", link_marks)
    parser.inline.ruler.at("gfm_autolink_protocol", _bare_link)
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("list_item_open", _list_item)
    return parser


def _bound_paragraphs(state: StateCore) -> None:
    """Show huge paragraphs as they are: inline parsing is quadratic at worst."""
    for token in state.tokens:
        if token.type == "inline" and len(token.content) > MAX_PARAGRAPH_CHARACTERS:
            token.type = "text"


def _anchor_headings(state: StateCore) -> None:
    """Give headings GitHub's ids, numbering repeated ones, and a link to themselves."""
    used: dict[str, int] = {}
    pairs = zip(state.tokens, state.tokens[1:], strict=False)
    headings = ((one, other) for one, other in pairs if one.type == "heading_open")
    for opening, inline in islice(headings, MAX_HEADINGS):
        words = _words(inline)
        slug = _slug(words) or "section"
        count = used.get(slug, 0)
        used[slug] = count + 1
        anchor = f"{slug}-{count}" if count else slug
        opening.attrSet("id", anchor)
        opening.meta["words"] = words
        if inline.children is not None:
            inline.children.append(_anchor_link(anchor, words))


def _anchor_link(anchor: str, words: str) -> Token:
    link = Token("html_inline", "", 0)
    link.content = f'<a class="anchor" href="#{escape(anchor)}" aria-label="{escape(words)}">#</a>'
    return link


def _align_cells(state: StateCore) -> None:
    """Say the alignment of table cells in an attribute, since no style survives."""
    for token in state.tokens:
        style = token.attrGet("style") if token.tag in ("td", "th") else None
        if style:
            token.attrSet("align", str(style).removeprefix("text-align:"))


def _bare_link(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - markdown-it's shape of a rule
    """Link `https://…` written without brackets.

    Takes the place of the plugin's rule, which searches all text before every colon and so
    takes quadratic time.
    """
    scheme = _SCHEME_BEFORE.search(state.pending[-6:])
    rest = _AFTER_SCHEME.match(state.src, state.pos)
    if state.linkLevel > 0 or scheme is None or rest is None or silent:
        return False
    after = _without_trailing_marks(rest[0])
    address = state.md.normalizeLink(scheme[1] + after)
    if not state.md.validateLink(address):
        return False
    state.pending = state.pending[: -len(scheme[1])]
    state.push("link_open", "a", 1).attrs = {"href": address}
    state.push("text", "", 0).content = scheme[1] + after
    state.push("link_close", "a", -1)
    state.pos += len(after)
    return True


def _without_trailing_marks(address: str) -> str:
    """Leave out punctuation that belongs to the sentence, and unbalanced brackets."""
    kept = address.rstrip("?!.,:*_~'\"")
    return kept.rstrip(")") if kept.endswith(")") and "(" not in kept else kept


def _words(inline: Token) -> str:
    """Give the text of a heading without its marks."""
    kinds = ("text", "code_inline", "image", "softbreak")
    children = inline.children or ()
    words = "".join(child.content or " " for child in children if child.type in kinds)
    return " ".join(words.split())


def _slug(words: str) -> str:
    return _NOT_IN_SLUG.sub("", words.lower()).replace(" ", "-")[:MAX_SLUG_CHARACTERS]


def _fence(
    _renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    env: MutableMapping[str, object],
) -> str:
    token = tokens[index]
    language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
    plain: Callable[[str, str], str] = lambda code, _: escape(code, quote=False)  # noqa: E731 - same shape as highlight_block
    shown = (highlight_block if env["highlight"] else plain)(token.content, language.strip("{}."))
    return f'<pre class="highlight"><code>{shown}</code></pre>\n'


def _list_item(
    renderer: RendererHTML,
    tokens: Sequence[Token],
    index: int,
    options: OptionsDict,
    env: MutableMapping[str, object],
) -> str:
    """Open a list item; the box of a task is named by the task."""
    opening = renderer.renderToken(tokens, index, options, env)
    if "checked" not in tokens[index].meta:
        return opening
    inlines = (token for token in tokens[index + 1 : index + 3] if token.type == "inline")
    words = next(map(_words, inlines), "") or "…"
    checked = " checked" if tokens[index].meta["checked"] else ""
    return f'{opening}<input type="checkbox" disabled{checked} aria-label="{escape(words)}"> '


def _toc(tokens: Sequence[Token], id_prefix: str) -> list[Heading]:
    return [
        Heading(int(token.tag[1]), f"{id_prefix}{token.attrGet('id')}", str(token.meta["words"]))
        for token in tokens
        if token.type == "heading_open" and "words" in token.meta
    ]
