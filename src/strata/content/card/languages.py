"""The languages that a card may name."""

import re
from typing import Final

_CODES: Final = """
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id
ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu
lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt
qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn
to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_TWO_LETTERS: Final = frozenset(_CODES.split())
_SPECIAL: Final = frozenset({"code", "multilingual"})
_THREE_LETTERS: Final = re.compile(r"[a-z]{3}")


def is_language(code: str) -> bool:
    """Whether this is a code of ISO 639-1, -2 or -3, or a word that stands for no one language.

    The three-letter codes are some eight thousand; any three letters pass.
    """
    return code in _TWO_LETTERS or code in _SPECIAL or _THREE_LETTERS.fullmatch(code) is not None
