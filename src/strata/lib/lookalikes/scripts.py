"""Texts that mix scripts to look like another one, or hide letters (Unicode TS 39, section 5.2).

A text passes when it is in one script, or in Latin beside the scripts of Japanese, Chinese or
Korean: the level "highly restrictive". Digits, punctuation and emoji belong to every script.
"""

from __future__ import annotations

import unicodedata
from typing import Final

import regex

# Unicode TR 31, tables 5 and 7: the scripts that living languages are written in.
# fmt: off
_SCRIPTS: Final = (
    "Latin", "Cyrillic", "Greek", "Arabic", "Armenian", "Bengali", "Devanagari", "Ethiopic",
    "Georgian", "Gujarati", "Gurmukhi", "Hebrew", "Kannada", "Khmer", "Lao", "Malayalam",
    "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu", "Thaana", "Thai", "Tibetan", "Adlam",
    "Balinese", "Bamum", "Batak", "Canadian_Aboriginal", "Chakma", "Cham", "Cherokee",
    "Hanifi_Rohingya", "Javanese", "Kayah_Li", "Lepcha", "Limbu", "Lisu", "Mandaic",
    "Meetei_Mayek", "Miao", "Mongolian", "New_Tai_Lue", "Newa", "Nko", "Nyiakeng_Puachue_Hmong",
    "Ol_Chiki", "Osage", "Saurashtra", "Sundanese", "Syloti_Nagri", "Syriac", "Tai_Le",
    "Tai_Tham", "Tai_Viet", "Tifinagh", "Vai", "Wancho", "Yi",
)
# fmt: on
_TOGETHER: Final = (
    ("Latin", "Han", "Hiragana", "Katakana"),
    ("Latin", "Han", "Bopomofo"),
    ("Latin", "Han", "Hangul"),
)
MARKS_IN_A_ROW: Final = 4  # more on one letter are a scribble (section 5.4)


def _of(*scripts: str) -> str:
    inside = "".join(rf"\p{{scx={script}}}" for script in (*scripts, "Zyyy", "Zinh"))
    return f"[{inside}]*+"


_ONE_READER: Final = regex.compile(
    "|".join([*(_of(*scripts) for scripts in _TOGETHER), *(_of(script) for script in _SCRIPTS)])
)
# What takes no room, turns the line around, or is no text: also letters that show nothing.
_UNSEEN: Final = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u2800]"
)
# A pictograph may say that it wants to be in colour, or be made of several.
_PICTURED: Final = regex.compile(
    r"(?<=\p{Extended_Pictographic})\ufe0f"
    r"|(?<=[\p{Extended_Pictographic}\ufe0f])\u200d(?=\p{Extended_Pictographic})"
)
_SCRIBBLE: Final = regex.compile(rf"\p{{Mn}}{{{MARKS_IN_A_ROW + 1},}}")


def hides_letters(text: str) -> bool:
    """Whether a line has characters that nobody sees, or a heap of marks on one letter."""
    decomposed = unicodedata.normalize("NFD", text)
    return bool(_UNSEEN.search(_PICTURED.sub("", text)) or _SCRIBBLE.search(decomposed))


def mixes_scripts(text: str) -> bool:
    """Whether a text has letters of scripts that nobody writes together: Latin and Greek."""
    return _ONE_READER.fullmatch(unicodedata.normalize("NFKC", text)) is None
