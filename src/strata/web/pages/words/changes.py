"""What an entry of the audit log says besides its type: which fields, as they were and are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from strata.web.pages.words.language import N_, marks, translated

LONGEST_DETAIL: Final = 120  # characters of one value that a page shows
_SHOWN: Final = frozenset(
    {
        "user",
        "role",
        "before",
        "private",
        "gated",
        "from",
        "visibility",
        "reason",
        "fields",
        "people",
    }
)
NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "about": N_("about"),
        "affiliation": N_("affiliation"),
        "anybody": N_("open to everybody"),
        "at_once": N_("without approval"),
        "bio": N_("bio"),
        "confidential": N_("with a secret"),
        "domain": N_("domain"),
        "domains": N_("events"),
        "email": N_("e-mail"),
        "fields": N_("fields"),
        "from": N_("before"),
        "full_name": N_("full name"),
        "gated": N_("gated"),
        "homepage": N_("homepage"),
        "host": N_("host"),
        "interests": N_("interests"),
        "language": N_("language"),
        "members_hidden": N_("members hidden"),
        "name": N_("name"),
        "people": N_("people"),
        "plan": N_("plan"),
        "private": N_("private"),
        "public_email": N_("public e-mail"),
        "readme": N_("page of their own"),
        "reason": N_("reason"),
        "role": N_("role"),
        "signed": N_("with a secret"),
        "theme": N_("theme"),
        "timezone": N_("timezone"),
        "user": N_("user"),
        "visibility": N_("visibility"),
        "watched": N_("watched"),
    }
)
"""Names of fields; those of outer protocols and of code stay as they are."""
VISIBILITIES: Final[Mapping[str, str]] = MappingProxyType(
    {"public": N_("public"), "private": N_("private")}
)
ROLES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "read": N_("read"),
        "write": N_("read and write"),
        "contributor": N_("contributor"),
        "admin": N_("admin"),
        "fineGrained": N_("fine-grained"),
    }
)


def told_of(language: str, detail: Mapping[str, object]) -> str:
    """What changed, in one line; all of it is in the export."""
    before = detail.get("before")
    told = {"before", *before} if isinstance(before, Mapping) else set()
    shown = sorted(_SHOWN & detail.keys() - told)
    known = [_pair(language, name, _value(language, name, detail[name])) for name in shown]
    return " · ".join((*known, *_changes(language, detail)))


def _changes(language: str, detail: Mapping[str, object]) -> Iterator[str]:
    """Each field that changed, as it was and as it is."""
    before, after = detail.get("before"), detail.get("after", detail)
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        return
    for name in before:
        was, now = (_value(language, name, side.get(name)) for side in (before, after))
        yield _pair(language, name, f"{was} → {now}")


def _pair(language: str, name: str, value: str) -> str:
    return f"{_name(language, name)}{marks(language).colon}{value}"


def _name(language: str, name: str) -> str:
    return translated(language, NAMES[name]) if name in NAMES else name


def _value(language: str, name: str, value: object) -> str:
    if isinstance(value, bool):
        return translated(language, N_("yes") if value else N_("no"))
    if isinstance(value, list):
        given = [_name(language, str(one)) if name == "fields" else str(one) for one in value]
        text = marks(language).comma.join(given)
    elif isinstance(value, Mapping):
        text = marks(language).comma.join(f"{key} {one}" for key, one in value.items())
    else:
        text = "—" if value in (None, "") else _word(language, name, str(value))
    return text[:LONGEST_DETAIL]


def _word(language: str, name: str, value: str) -> str:
    """A value that we chose in words; what people wrote as it is."""
    words = {"role": ROLES, "visibility": VISIBILITIES}.get(name, {})
    return translated(language, words[value]) if value in words else value
