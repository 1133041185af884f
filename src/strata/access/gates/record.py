"""Requests for access and who is told of them, as the room sees them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

Answer = str | bool | int | float  # what was filled into one field of a gate's form
Mode = Literal["real-time", "bulk"]  # each request at once, or a digest a day


class Standing(StrEnum):
    """Where a person stands who asked, or was granted access; values are those of the wire."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Asker:
    """Who wants in, as those who decide see them."""

    id: int
    public_id: str  # 24 hex
    name: str
    full_name: str
    email: str | None  # None: was never shared with this repo


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One person at one gate."""

    id: int
    key: str  # 24 hex, `requestId` on the wire
    repo_id: int
    asker: Asker
    standing: Standing
    answers: Mapping[str, Answer]
    requested_at: datetime
    reviewed_at: datetime | None  # None: waits, or a gate that lets everybody in did it
    reviewed_by: str | None  # name
    reason: str | None  # of a rejection or a reset, for the person


@dataclass(frozen=True, slots=True)
class Notices:
    """What shall happen with requests for one repo."""

    email: str | None = None  # None: the owner's own address
    mode: Mode = "real-time"
