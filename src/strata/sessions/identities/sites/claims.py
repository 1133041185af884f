"""What another site says about a person, after it was checked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Claims:
    """One person at one provider."""

    provider: str  # id of a `LoginProvider`
    issuer: str
    subject: str  # theirs for ever at this issuer
    shown: str  # how people know them there: a user name or an address
    email: str = ""  # only if the site has verified it
    full_name: str = ""
    groups: tuple[str, ...] = ()
    session: str = ""  # its name at the issuer, which may end it (`ending.py`)
    second_factor: bool = False  # the site asked for one, and the operator trusts that
