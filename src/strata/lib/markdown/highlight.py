"""Colour code, in classes only: the colours are the style sheet's.

Only common languages are coloured. Some of Pygments' five hundred lexers take exponential time
on hostile text; the ones named here are widely used, and see no more than `MAX_CHARACTERS`.
"""

from html import escape
from typing import Final

from pygments import highlight as pygments_highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_for_filename, get_lexer_by_name
from pygments.token import STANDARD_TYPES
from pygments.util import ClassNotFound

MAX_CHARACTERS: Final = 200_000
MAX_LINE_CHARACTERS: Final = 5_000  # minified code is shown plain

CLASSES: Final = frozenset(STANDARD_TYPES.values()) - {""}

LANGUAGES: Final = frozenset(
    [
        "bash",
        "batch",
        "c",
        "cmake",
        "cpp",
        "csharp",
        "css",
        "cuda",
        "diff",
        "docker",
        "fish",
        "fortran",
        "go",
        "graphql",
        "groovy",
        "haskell",
        "html",
        "ini",
        "java",
        "javascript",
        "json",
        "json-object",
        "jsonld",
        "julia",
        "kotlin",
        "less",
        "lua",
        "make",
        "markdown",
        "matlab",
        "mojo",
        "nginx",
        "nix",
        "numpy",
        "objective-c",
        "ocaml",
        "perl",
        "php",
        "powershell",
        "protobuf",
        "python",
        "pytb",
        "pycon",
        "r",
        "ruby",
        "rust",
        "sass",
        "scala",
        "scss",
        "sql",
        "swift",
        "tex",
        "toml",
        "typescript",
        "vim",
        "xml",
        "yaml",
        "zig",
        "console",
        "properties",
        "restructuredtext",
        "svg",
        "jsx",
        "tsx",
        "vue",
        "awk",
        "clojure",
        "dart",
        "elixir",
        "erlang",
    ]
)

_FORMATTER: Final = HtmlFormatter(nowrap=True)


def highlight_code(text: str, filename: str) -> list[str]:
    """Colour a file, one string of safe HTML a line; each line stands alone.

    A file of an unknown kind, or too large to colour quickly, is only escaped.
    """
    lines = text.removesuffix("\n").replace("\r\n", "\n").split("\n")
    lexer = _lexer_of(filename) if _colourable(lines) else None
    if lexer is None:
        return [escape(line, quote=False) for line in lines]
    coloured = _coloured("\n".join(lines), lexer).split("\n")
    # Pygments drops or adds nothing but final line ends; the count must match the file's.
    return (coloured + [""] * len(lines))[: len(lines)]


def highlight_block(text: str, language: str) -> str:
    """Colour a fenced block of Markdown; an unknown language is only escaped."""
    if not _colourable(text.split("\n")):
        return escape(text, quote=False)
    lexer = _lexer_named(language.strip().lower())
    return escape(text, quote=False) if lexer is None else _coloured(text, lexer)


def _colourable(lines: list[str]) -> bool:
    return (
        sum(map(len, lines)) <= MAX_CHARACTERS
        and max(map(len, lines), default=0) <= MAX_LINE_CHARACTERS
    )


def _coloured(text: str, lexer: Lexer) -> str:
    return str(pygments_highlight(text, lexer, _FORMATTER))


def _lexer_named(name: str) -> Lexer | None:
    try:
        lexer = get_lexer_by_name(name, stripnl=False, ensurenl=False) if name else None
    except ClassNotFound:
        return None
    return lexer if lexer and LANGUAGES.intersection(lexer.aliases) else None


def _lexer_of(filename: str) -> Lexer | None:
    made = find_lexer_class_for_filename(filename)
    if made is None or not LANGUAGES.intersection(made.aliases):
        return None
    return made(stripnl=False, ensurenl=False)
