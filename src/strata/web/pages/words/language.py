"""Which language a page speaks, and the catalogues it speaks from.

Message ids are plain English sentences, so English needs no entry. Chinese comes from every
`*.po` file in `translations/zh_CN/LC_MESSAGES`, one file an area of the site, merged when the
process first needs them: there is nothing to compile and no `.mo` to forget.
"""

import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from starlette.requests import Request

LANGUAGES: Final = {"en": "English", "zh-CN": "简体中文"}
THEMES: Final = ("system", "light", "dark", "high-contrast")

MAX_ACCEPT_LANGUAGE: Final = 1000  # characters read of the header; browsers send under 200

_RANGE: Final = re.compile(r"\s*([A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*|\*)\s*(?:;\s*q=([0-9.]+)\s*)?")
_CATALOGUES: Final = files("strata.web.pages") / "translations"


class ConflictingTranslations(Exception):
    """Two catalogues translate one sentence differently."""


def choose_language(query: str, cookie: str, header: str, default: str) -> str:
    """Choose a language: `?lang=`, then the cookie, then Accept-Language, then the site's.

    Any Chinese is answered in Simplified Chinese and any English in English; a value we do not
    speak is passed over. Each argument may be empty.
    """
    asked = (query, cookie, *_accepted(header), default)
    spoken = (_spoken(tag) for tag in asked)
    return next((language for language in spoken if language), "en")


def language_of(request: Request, default: str) -> str:
    """The language that a request asks to be answered in.

    Args:
        default: the site's, `settings.language`.
    """
    return choose_language(
        request.query_params.get("lang", ""),
        request.cookies.get("lang", ""),
        request.headers.get("accept-language", ""),
        default,
    )


def choose_theme(query: str, cookie: str) -> str:
    """Choose one of `THEMES`: `?theme=`, then the cookie, then the system's."""
    return next((theme for theme in (query, cookie) if theme in THEMES), "system")


def _accepted(header: str) -> Iterator[str]:
    """Yield the header's language tags, best first (RFC 9110 §12.5.4)."""
    ranges = [
        (-_weight(found[2]), found[1])
        for part in header[:MAX_ACCEPT_LANGUAGE].split(",")
        if (found := _RANGE.fullmatch(part))
    ]
    return (tag for weight, tag in sorted(ranges, key=lambda pair: pair[0]) if weight < 0)


def _weight(quality: str | None) -> float:
    if quality is None:
        return 1.0
    try:
        return min(float(quality), 1.0)
    except ValueError:
        return 0.0


def _spoken(tag: str) -> str:
    primary = tag.replace("_", "-").split("-", 1)[0].lower()
    return {"en": "en", "zh": "zh-CN"}.get(primary, "")


def locale_name(language: str) -> str:
    """Name the gettext and Babel locale of a language: `zh-CN` is `zh_CN`."""
    return language.replace("-", "_")


@dataclass(frozen=True, slots=True)
class Marks:
    """How a language writes what is put together in Python."""

    gap: str  # between a full stop and the next sentence; Chinese has room in its own stops
    colon: str
    comma: str  # between the words of a list
    scale: tuple[tuple[int, str], ...]  # what large counts are shortened by, the largest first


_MARKS: Final = {
    "en": Marks(" ", ": ", ", ", ((10**9, "B"), (10**6, "M"), (10**3, "k"))),
    "zh-CN": Marks("", "：", "、", ((10**8, " 亿"), (10**4, " 万"))),  # noqa: RUF001 — Chinese
}


def marks(language: str) -> Marks:
    """The marks of one of `LANGUAGES`."""
    return _MARKS[language]


def sentences(language: str, each: Iterable[str]) -> str:
    """Sentences one after the other, as the language writes them."""
    return marks(language).gap.join(each)


@cache
def catalogue(language: str) -> Catalog:
    """Read and merge every `.po` file of a language.

    Raises:
        ConflictingTranslations: one sentence is translated differently in two files.
    """
    merged = Catalog(locale=locale_name(language))
    folder = _CATALOGUES / locale_name(language) / "LC_MESSAGES"
    sources = (entry for entry in folder.iterdir() if entry.name.endswith(".po"))
    for source in sorted(sources, key=lambda entry: entry.name):
        area = read_po(io.BytesIO(source.read_bytes()), locale=locale_name(language))
        _merge(merged, area, source.name)
    return merged


def _merge(merged: Catalog, area: Catalog, file_name: str) -> None:
    for message in area:
        if not message.id or not message.string:
            continue
        known = merged.get(message.id, message.context)
        if known is not None and known.string != message.string:
            raise ConflictingTranslations(
                f"{file_name} translates {message.id!r} as {message.string!r}, but another file "
                f"says {known.string!r}. Keep one, or tell the two apart with a context."
            )
        merged.add(message.id, message.string, context=message.context, flags=message.flags)


@cache
def translations(language: str) -> Translations:
    """Load a language's translations; a sentence without one is shown in English."""
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language))
    compiled.seek(0)
    return Translations(compiled)


def translated(language: str, message: str, **values: object) -> str:
    """Translate a sentence and fill its `%(name)s` places.

    For text made in Python; templates say `{{ _('…') }}`. Mark the sentence where it is
    written with `N_`, so that `scripts/translations` finds it.
    """
    return str(translations(language).gettext(message)) % values


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for a marked sentence
    """Mark a sentence for translation where it is written; it is translated where it is shown."""
    return message
