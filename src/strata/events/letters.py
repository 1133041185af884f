"""How every letter is made, by whichever room: the same in both languages, as text and as HTML.

Text and HTML are made of the same paragraphs, so they cannot disagree. Every value in the HTML is
escaped. No letter holds a secret other than a single-use link or code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from strata.core.call import Call
from strata.events.outbox import Letter

CHINESE = "zh-CN"


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a letter is for."""

    email: str
    name: str
    language: str


@dataclass(frozen=True, slots=True)
class Wording:
    """One letter in one language."""

    subject: str
    greeting: str
    before: tuple[str, ...]
    link_text: str = ""
    after: tuple[str, ...] = ()


def page(call: Call, path: str) -> str:
    """The address of one of our pages; empty when an operator command knows no address.

    A request's own address counts only where no public one is set, which is on loopback alone:
    mails must not carry a Host header that somebody made up.
    """
    base = call.hub.settings.public_url.rstrip("/") or call.origin.base_url
    return f"{base}{path}" if base else ""


def letter(reader: Reader, wordings: Mapping[str, Wording], link: str) -> Letter:
    """Write a letter in the reader's language.

    Args:
        wordings: the letter in `en` and `zh-CN`.
        link: empty: the letter has none.
    """
    wording = wordings[CHINESE if reader.language == CHINESE else "en"]
    return Letter(
        recipient=reader.email,
        subject=wording.subject,
        text=_text(wording, link),
        html=_html(wording, link, CHINESE if reader.language == CHINESE else "en"),
    )


def _text(wording: Wording, link: str) -> str:
    linked = (f"{wording.link_text}:\n{link}",) if link else ()
    return "\n\n".join((wording.greeting, *wording.before, *linked, *wording.after)) + "\n"


def _html(wording: Wording, link: str, language: str) -> str:
    button = f'<p><a href="{escape(link)}">{escape(wording.link_text)}</a></p>' if link else ""
    before = "".join(f"<p>{escape(line)}</p>" for line in (wording.greeting, *wording.before))
    after = "".join(f"<p>{escape(line)}</p>" for line in wording.after)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(wording.subject)}</title></head><body>{before}{button}{after}</body></html>"
    )
