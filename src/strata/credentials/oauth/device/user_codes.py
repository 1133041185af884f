"""The short code that a device shows and its person types, and what became of it (RFC 8628)."""

from __future__ import annotations

import re
import secrets
import unicodedata
from datetime import timedelta
from enum import StrEnum
from typing import Final

import sqlalchemy as sa

from strata.core.call import Call, Work
from strata.credentials.oauth.tables import oauth_devices

ALPHABET: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words; nothing that looks like another
HALF: Final = 4
LONGEST_TYPED: Final = 512  # characters: the whole address that a program shows, or its sentence
_WHOLE: Final = re.compile(
    rf"(?<![A-Z])([{ALPHABET}]{{{HALF}}})[^A-Z0-9]{{0,3}}([{ALPHABET}]{{{HALF}}})(?![A-Z])"
)


class State(StrEnum):
    """What became of a code."""

    WAITING = "waiting"
    ALLOWED = "allowed"
    DENIED = "denied"
    USED = "used"  # its tokens were fetched


def fresh() -> str:
    """A new code, as `read` gives it."""
    return "".join(secrets.choice(ALPHABET) for _ in range(2 * HALF))


def written(code: str) -> str:
    """A code as it is shown: in two halves."""
    return f"{code[:HALF]}-{code[HALF:]}"


def read(typed: str) -> str:
    """A code as it was typed or pasted, in any format (product §2.10).

    In either case and width, with or without the dash, with stray spaces, at the end of the address
    that leads here or of the sentence in which it was told.
    """
    text = unicodedata.normalize("NFKC", typed[:LONGEST_TYPED]).upper()
    whole = _WHOLE.findall(text)
    return "".join(whole[-1]) if whole else "".join(one for one in text if one in ALPHABET)


def digest_of(call: Call, code: str) -> str:
    """Under what a code is kept."""
    return call.hub.secrets.digest("oauth.user_code", code)


def forget_over(work: Work) -> None:
    """Remove codes that ended a day ago."""
    ended = oauth_devices.c.expires_at <= work.now - timedelta(days=1)
    work.db.execute(sa.delete(oauth_devices).where(ended))
