"""The files pages load: held in memory, named by their content, cached for ever.

All files share one hash, so a style sheet reaches its fonts, and a module its neighbours, by
relative address. Any change gives all of them new addresses.
"""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

_MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
    "woff2": "font/woff2",
}
_SYMBOL: Final = re.compile(r'<symbol id="([a-z0-9-]+)"')


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    gzipped: bytes  # empty where gzip does not help, as for fonts
    media_type: str


@dataclass(frozen=True, slots=True)
class Assets:
    version: str  # the first 16 hex digits of the SHA-256 over all names and bodies
    by_name: dict[str, Asset]


@cache
def assets() -> Assets:
    """Read the package's static files once."""
    found = dict(sorted(_walk(files("strata.web.pages") / "static", "")))
    digest = hashlib.sha256()
    for name, body in found.items():
        digest.update(f"{name}\0{len(body)}\0".encode() + body)
    return Assets(digest.hexdigest()[:16], {name: _asset(name, found[name]) for name in found})


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        name = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _walk(entry, f"{name}/")
        elif _suffix(name) in _MEDIA_TYPES:
            found.append((name, entry.read_bytes()))
    return found


def _suffix(name: str) -> str:
    return name.rpartition(".")[2]


def _asset(name: str, body: bytes) -> Asset:
    packed = b"" if name.endswith(".woff2") else gzip.compress(body, mtime=0)
    return Asset(body, packed if len(packed) < len(body) else b"", _MEDIA_TYPES[_suffix(name)])


def static_url(name: str) -> str:
    """Name the address of a static file, such as `strata.css` or `js/copy.js`.

    Raises:
        LookupError: no such file, which is a mistake in a template.
    """
    if name not in assets().by_name:
        raise LookupError(f"There is no static file {name!r}.")
    return f"/static/{assets().version}/{name}"


@cache
def icon_names() -> frozenset[str]:
    """Name every icon of the sprite."""
    return frozenset(_SYMBOL.findall(assets().by_name["icons.svg"].body.decode()))
