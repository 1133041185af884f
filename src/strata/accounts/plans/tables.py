"""What each process of a hub counted of busy callers, for the others."""

import sqlalchemy as sa

from strata.core.tables import metadata

rate_counts = sa.Table(
    "rate_counts",
    metadata,
    sa.Column("window", sa.BigInteger, primary_key=True, autoincrement=False),  # of five minutes
    sa.Column("process", sa.Text, primary_key=True),
    sa.Column("bucket", sa.Text, primary_key=True),
    sa.Column("caller", sa.Text, primary_key=True),  # "account 12" or "address 203.0.113.7"
    sa.Column("count", sa.Integer, nullable=False),
)
