"""How an application is described, and what is wrong with a description."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from strata.core.errors import InvalidFields
from strata.credentials.oauth import redirects, scopes

LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Described:
    """An application as its form describes it."""

    name: str
    homepage: str = ""
    redirect_uris: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    device_flow: bool = False
    refreshes: bool = True  # whether it asked for refresh tokens


def faults(described: Described) -> dict[str, tuple[str, ...]]:
    """What is wrong with a description: message keys by field."""
    found = {
        "name": _name_fault(described.name),
        "homepage": _homepage_fault(described.homepage),
        "redirect_uris": _redirects_fault(described),
        "scopes": "" if described.scopes else "oauth.no_scope",
    }
    return {name: (key,) for name, key in found.items() if key}


def require_sound(described: Described) -> None:
    """Insist on a description without faults.

    Raises:
        InvalidFields: names them by field.
    """
    found = faults(described)
    if found:
        raise InvalidFields(found)


def columns_of(described: Described) -> Mapping[str, Any]:
    """A description as the table keeps it."""
    return {
        "name": described.name.strip(),
        "homepage": described.homepage.strip(),
        "redirect_uris": list(described.redirect_uris),
        "scopes": scopes.joined(described.scopes),
        "device_flow": described.device_flow,
        "refreshes": described.refreshes,
    }


def _name_fault(name: str) -> str:
    trimmed = name.strip()
    if not trimmed:
        return "full_name.empty"
    if len(trimmed) > LONGEST_NAME:
        return "full_name.too_long"
    return "" if trimmed.isprintable() and not {"<", ">"} & set(trimmed) else "full_name.invalid"


def _homepage_fault(homepage: str) -> str:
    address = homepage.strip()
    if not address:
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "homepage.invalid"
    sound = parts.scheme in ("https", "http") and parts.hostname and address.isprintable()
    return "" if sound and len(address) <= redirects.LONGEST else "homepage.invalid"


def _redirects_fault(described: Described) -> str:
    if len(described.redirect_uris) > redirects.MOST:
        return "oauth.redirect_too_many"
    if not described.redirect_uris and not described.device_flow:
        return "oauth.redirect_missing"
    return next(filter(None, map(redirects.fault, described.redirect_uris)), "")
