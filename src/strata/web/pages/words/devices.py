"""What a browser is called in the reader's language."""

from __future__ import annotations

from typing import Final

from strata.web.pages.words.language import N_, translated

ON: Final = N_("%(browser)s on %(system)s")


def device_text(family: str, language: str) -> str:
    """`Firefox on Linux`, as `sessions.signed_in.browsers.family_of` tells it, in a language."""
    browser, both, system = family.partition(" on ")
    return translated(language, ON, browser=browser, system=system) if both else family
