"""Settings that cannot be used, and how that is said."""

from __future__ import annotations


class BadSettings(ValueError):
    """The settings cannot be used; the message says how to mend them."""


def require(holds: object, otherwise: str) -> None:
    """Go on only with what holds.

    Args:
        holds: taken by its truth.
        otherwise: what is wrong, and what to do instead.

    Raises:
        BadSettings: it does not hold.
    """
    if not holds:
        raise BadSettings(otherwise)
