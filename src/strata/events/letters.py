"""How every letter is made, by whichever room: the same in both languages, as text and as HTML.

Text and HTML are made of the same paragraphs, so they cannot disagree. Every value in the HTML is
escaped. No letter holds a secret other than a single-use link or code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from strata.core.call import Call
from strata.events.outbox import Letter

CHINESE = "zh-CN"
# Whatever a name in a subject holds, the subject stays one line and one header.
_BREAKS: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
_GREETINGS: Final = {"en": "Hello {name},", CHINESE: "{name}，您好："}  # noqa: RUF001 — Chinese
_STOP: Final = {
    "en": "Stop mails like this one",
    CHINESE: "退订此类邮件",
}


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
    before: tuple[str, ...]
    link_text: str = ""
    after: tuple[str, ...] = ()
    items: tuple[tuple[str, str], ...] = ()  # a list of what there is: texts and addresses


def page(call: Call, path: str) -> str:
    """The address of one of our pages; empty when an operator command knows no address.

    A request's own address counts only where no public one is set, which is on loopback alone:
    mails must not carry a Host header that somebody made up.
    """
    base = call.hub.settings.public_url.rstrip("/") or call.origin.base_url
    return f"{base}{path}" if base else ""


def letter(
    reader: Reader, wordings: Mapping[str, Wording], link: str, *, unsubscribe: str = ""
) -> Letter:
    """Write a letter in the reader's language.

    Args:
        wordings: the letter in `en` and `zh-CN`.
        link: empty: the letter has none.
        unsubscribe: address where mails like this one are stopped, also by the mailbox itself with
            one POST (RFC 8058); empty: they cannot be.
    """
    language = CHINESE if reader.language == CHINESE else "en"
    wording = wordings[language]
    greeting = _GREETINGS[language].format(name=reader.name)
    wording = replace(wording, before=(greeting, *wording.before))
    stop = ((_STOP[language], unsubscribe),) if unsubscribe else ()
    return Letter(
        recipient=reader.email,
        subject=_BREAKS.sub(" ", wording.subject).strip(),
        text=_text(wording, link, stop),
        html=_html(wording, link, stop, language),
        headers=_unsubscribing(unsubscribe) if unsubscribe else {},
    )


def _unsubscribing(address: str) -> Mapping[str, str]:
    return {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


_Linked = tuple[tuple[str, str], ...]  # texts and addresses


def _text(wording: Wording, link: str, stop: _Linked) -> str:
    linked = (f"{wording.link_text}:\n{link}",) if link else ()
    items = tuple(f"- {text}\n  {address}".rstrip() for text, address in wording.items)
    last = tuple(f"{text}:\n{address}" for text, address in stop)
    paragraphs = (*wording.before, *items, *linked, *wording.after, *last)
    return "\n\n".join(paragraphs) + "\n"


def _html(wording: Wording, link: str, stop: _Linked, language: str) -> str:
    button = f'<p><a href="{escape(link)}">{escape(wording.link_text)}</a></p>' if link else ""
    before = "".join(f"<p>{escape(line)}</p>" for line in wording.before)
    after = "".join(f"<p>{escape(line)}</p>" for line in wording.after)
    items = "".join(f"<li>{_linked(*item)}</li>" for item in wording.items)
    listed = f"<ul>{items}</ul>" if items else ""
    last = "".join(f"<p><small>{_linked(*item)}</small></p>" for item in stop)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f"<title>{escape(wording.subject)}</title></head><body>"
        f"{before}{listed}{button}{after}{last}</body></html>"
    )


def _linked(text: str, address: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>' if address else escape(text)
