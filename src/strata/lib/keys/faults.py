"""Why a text is no key that can be used."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong, in a word that a page turns into a sentence."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    PRIVATE = "private"  # somebody pasted the half that they must keep
    KIND = "kind"  # an algorithm that is not accepted
    SHORT = "short"
    REVOKED = "revoked"
    SEVERAL = "several"


class BadKey(ValueError):
    """The key cannot be used."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.value)
        self.fault = fault
