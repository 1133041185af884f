"""What is kept of a call for its owner to read: secrets out, then cut."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import unquote_plus, urlsplit

KEPT: Final = 16 * 1024  # bytes of each head and body
MASK: Final = "••••••"
SHORTEST_ECHO: Final = 4  # characters; masking shorter ones everywhere would leave nothing to read
_VALUE: Final = re.compile(r"(?<==)[^&#]+|(?<=[?&])[^&#=]+(?=&|#|$)")


def masked_url(url: str) -> str:
    """The address without the values of its query, where some receivers want their secret."""
    address, mark, query = url.partition("?")
    return address + _VALUE.sub(MASK, mark + query)


class Masks:
    """Takes the secrets of a call out of texts, also where its target echoes them."""

    def __init__(self, url: str, secrets: Mapping[str, str]) -> None:
        written = [found[0] for found in _VALUE.finditer(f"?{urlsplit(url).query}")]
        known = {*secrets.values(), *written, *(unquote_plus(value) for value in written)}
        # Longer ones first: one may be part of another.
        self._secrets = sorted(
            (secret for secret in known if len(secret) >= SHORTEST_ECHO), key=len, reverse=True
        )

    def text(self, text: str) -> str:
        """Mask, then cut; a cut first could leave half a secret. PostgreSQL keeps no NUL."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        raw = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode()
        return raw.decode() if len(raw) <= KEPT else raw[:KEPT].decode("utf-8", "ignore") + "…"

    def head(self, first: str, headers: Iterable[tuple[str, str]]) -> str:
        """A first line and headers, masked and cut."""
        return self.text("\n".join((first, *(f"{name}: {value}" for name, value in headers))))
