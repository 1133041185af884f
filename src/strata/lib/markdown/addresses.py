"""Which addresses rendered Markdown may keep.

A link may lead anywhere on the web. What a page *loads* — pictures, sound, video — must come
from this site: anything else would tell a stranger who reads what, and the content security
policy refuses it anyway.
"""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final

MAX_CHARACTERS: Final = 4096

_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s]+", re.IGNORECASE)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
# Browsers drop tabs and line ends inside an address and take a backslash for a slash.
_IGNORED: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\ufeff]")


class AddressKind(StrEnum):
    LINK = "link"  # <a href>
    IMAGE = "image"  # <img src>, srcset, poster
    MEDIA = "media"  # <audio>, <video>, <source>


ResolveLink = Callable[[str, AddressKind], str]


def link_address(address: str, resolve: ResolveLink) -> str | None:
    """Resolve the target of a link; `None` if it must not be one."""
    settled = _settled(address, AddressKind.LINK, resolve)
    if settled is None or settled.startswith("#") or is_local(settled):
        return settled
    return settled if _LINK.fullmatch(settled) else None


def media_address(address: str, kind: AddressKind, resolve: ResolveLink) -> str | None:
    """Resolve something the page would load; `None` unless this site serves it."""
    settled = _settled(address, kind, resolve)
    return settled if settled is not None and is_local(settled) else None


def is_local(address: str) -> bool:
    """Tell whether an address is a path on this site."""
    return address.startswith("/") and address[1:2] not in ("/", "\\")


def _settled(address: str, kind: AddressKind, resolve: ResolveLink) -> str | None:
    if len(address) > MAX_CHARACTERS:
        return None
    plain = _IGNORED.sub("", address) if _IGNORED.search(address.strip()) else address.strip()
    if plain.startswith("#"):
        return plain
    if _SCHEME.match(plain) and not _LINK.fullmatch(plain):
        return None
    return _IGNORED.sub("", resolve(plain, kind)).replace("\\", "/")
