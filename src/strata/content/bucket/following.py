"""What changed in a bucket, for those who follow it: what they missed, then what comes.

Changes of a bucket are numbered without gaps in the order in which they became visible, so a number
is a place to go on from. Old ones are forgotten; whoever was away for so long lists it anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from strata.content.bucket import queries
from strata.content.bucket.queries import ChangeRow
from strata.core.call import Call
from strata.core.errors import Malformed, RepoNotFound
from strata.core.names import RepoId
from strata.repos.lookup import lookup

AT_ONCE: Final = 500  # changes told together
BAD_CURSOR: Final = '"cursor" is not one of this bucket; list it anew and follow from there.'


@dataclass(frozen=True, slots=True)
class Place:
    """How far a follower is."""

    bucket: int  # row id: a bucket that takes over the name is another one
    number: int  # of the last change that was told

    @property
    def cursor(self) -> str:
        return f"{self.bucket}.{self.number}"


@dataclass(frozen=True, slots=True)
class Told:
    """The changes behind a place."""

    changes: list[ChangeRow]
    place: Place  # behind them


def place_of(
    call: Call, bucket_id: RepoId, cursor: str | None, since: datetime | None
) -> Place | None:
    """Where to begin: behind a cursor, at a moment, or now; None when that is forgotten.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
        Malformed: a cursor that this bucket never gave.
    """
    now = _now(call, bucket_id)
    if cursor is not None:
        return _at(call, now, _number_in(cursor, now))
    if since is None:
        return now
    known = queries.first_change(call, now.bucket)
    first = queries.first_change(call, now.bucket, since)
    if first is None:
        return now
    # Of those that were forgotten, some may have come at or after that moment too.
    return None if first == known and first > 1 else Place(now.bucket, first - 1)


def told(call: Call, bucket_id: RepoId, place: Place) -> Told | None:
    """What came behind a place; None when that is forgotten. The right is asked for each time.

    Raises:
        RepoNotFound, Moved, RepoDisabled: as `repos.lookup.lookup`.
    """
    now = _now(call, bucket_id)
    if now.bucket != place.bucket:
        return None
    if now.number <= place.number:
        return Told([], place)
    changes = queries.changes_after(call, place.bucket, place.number, AT_ONCE)
    if not changes or changes[0].number != place.number + 1:
        return None
    return Told(changes, Place(place.bucket, changes[-1].number))


def _now(call: Call, bucket_id: RepoId) -> Place:
    repo = lookup(call, bucket_id)
    last = queries.last_change(call, repo.id)
    if last is None:
        raise RepoNotFound
    return Place(repo.id, last)


def _number_in(cursor: str, now: Place) -> int:
    bucket, _, number = cursor.partition(".")
    if bucket != str(now.bucket) or not number.isdecimal() or len(number) > 18:
        raise Malformed(BAD_CURSOR)
    if int(number) > now.number:
        raise Malformed(BAD_CURSOR)
    return int(number)


def _at(call: Call, now: Place, number: int) -> Place | None:
    known = queries.first_change(call, now.bucket)
    whole = number == now.number or (known is not None and known <= number + 1)
    return Place(now.bucket, number) if whole else None
