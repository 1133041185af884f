"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine.interfaces import Dialect
from typing_extensions import override

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
LATEST_MILLIS = 2**47  # the year 6429; datetime ends a little later

Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


# Text that sorts by its bytes everywhere: PostgreSQL would ask the language of the database.
Bytewise = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def to_millis(moment: datetime) -> int:
    """Milliseconds since 1970: what `Moment` columns hold."""
    return (moment - EPOCH) // _MILLISECOND


def from_millis(millis: int) -> datetime:
    return EPOCH + timedelta(milliseconds=millis)


class Moment(sa.TypeDecorator[datetime]):
    """A UTC instant kept as integer milliseconds.

    Sorts, compares and reads the same on both databases, and is what the wire shows: three
    fraction digits.
    """

    impl = sa.BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_millis(value)

    @override
    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_millis(value)


def identity() -> sa.Column[int]:
    """The internal 64-bit id of a table."""
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
