"""What people and organisations may be called beside their names (product §3.3).

A full name is no address and nobody logs in with it, so two may be equal. It must not deceive the
eye: no letters of another script in a word, nothing that is not seen, nothing that looks like a
link.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from strata.lib.lookalikes.scripts import hides_letters, mixes_scripts

LONGEST: Final = 100
_LINK: Final = re.compile(r"://|\bwww\.|\w\.\w{2,}[/?#]|\bmailto:|\bjavascript:", re.IGNORECASE)


def full_name_faults(full_name: str) -> tuple[str, ...]:
    """Message keys of the rules that a full name breaks, of a person or an organisation."""
    faults = line_faults(full_name)
    if faults:
        return faults
    return ("full_name.mixed",) if mixes_scripts(full_name) else ()


def line_faults(text: str) -> tuple[str, ...]:
    """The same of a line about somebody, such as where they work: it may be in two scripts."""
    if len(text) > LONGEST:
        return ("full_name.too_long",)
    plain = unicodedata.normalize("NFKC", text)
    if any(mark in plain for mark in "<>") or _LINK.search(plain):
        return ("full_name.invalid",)
    unseen = not _without_pictographs(text).isprintable() or hides_letters(text)
    return ("full_name.unseen",) if unseen else ()


def _without_pictographs(text: str) -> str:
    return text.replace("\u200d", "")  # joins emoji; `hides_letters` refuses it elsewhere
