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


# As the pages look (product §5.2). Mailboxes that drop a style sheet show plain text in order;
# nothing is fetched from anywhere.
_STYLE: Final = """\
body{margin:0;padding:24px 12px;background:#f7f8f6;color:#16211c;font:16px/1.6 \
system-ui,-apple-system,"Segoe UI",sans-serif;overflow-wrap:anywhere}
:lang(zh) body{font-family:"PingFang SC","Microsoft YaHei UI","Noto Sans CJK SC",sans-serif}
main{max-width:528px;margin:0 auto;padding:24px;background:#fff;border:1px solid #d9dfd8;\
border-top:4px solid #0b6b5b;border-radius:6px}
h1{margin:0 0 16px;font-size:20px;line-height:1.35}
p{margin:0 0 14px;text-wrap:pretty}
a{color:#0b5fa5}
.button{display:inline-block;padding:10px 18px;border-radius:6px;background:#0b6b5b;color:#fff;\
font-weight:600;text-decoration:none}
small{color:#47564e;font-size:13px}
@media (prefers-color-scheme:dark){
body{background:#0e1412;color:#e8efeb}
main{background:#151d1a;border-color:#2a3631;border-top-color:#4cc9b0}
a{color:#7db8f0}
.button{background:#4cc9b0;color:#06231d}
small{color:#b4c1ba}
}"""


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
        text=_text(wording, link, stop, language),
        html=_html(wording, link, stop, language),
        headers=_unsubscribing(unsubscribe) if unsubscribe else {},
    )


def _unsubscribing(address: str) -> Mapping[str, str]:
    return {
        "List-Unsubscribe": f"<{address}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


_Linked = tuple[tuple[str, str], ...]  # texts and addresses


def _text(wording: Wording, link: str, stop: _Linked, language: str) -> str:
    colon = "：" if language == CHINESE else ":"  # noqa: RUF001 — Chinese
    linked = (f"{wording.link_text}{colon}\n{link}",) if link else ()
    items = tuple(f"- {text}\n  {address}".rstrip() for text, address in wording.items)
    last = tuple(f"{text}{colon}\n{address}" for text, address in stop)
    paragraphs = (*wording.before, *items, *linked, *wording.after, *last)
    return "\n\n".join(paragraphs) + "\n"


def _html(wording: Wording, link: str, stop: _Linked, language: str) -> str:
    shown = f"<p><small>{escape(link)}</small></p>"  # where it leads is seen before it is opened
    button = (
        f'<p><a class="button" href="{escape(link)}">{escape(wording.link_text)}</a></p>{shown}'
    )
    before = "".join(f"<p>{escape(line)}</p>" for line in wording.before)
    after = "".join(f"<p>{escape(line)}</p>" for line in wording.after)
    items = "".join(f"<li>{_linked(*item)}</li>" for item in wording.items)
    listed = f"<ul>{items}</ul>" if items else ""
    last = "".join(f"<p><small>{_linked(*item)}</small></p>" for item in stop)
    subject = escape(wording.subject)
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{subject}</title><style>{_STYLE}</style></head><body><main><h1>{subject}</h1>"
        f"{before}{listed}{button if link else ''}{after}{last}</main></body></html>"
    )


def _linked(text: str, address: str) -> str:
    return f'<a href="{escape(address)}">{escape(text)}</a>' if address else escape(text)
