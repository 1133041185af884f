"""What people say of themselves."""

import sqlalchemy as sa

from strata.core.tables import metadata

profiles = sa.Table(
    "profiles",
    metadata,
    sa.Column(
        "namespace_id", sa.ForeignKey("namespaces.id"), primary_key=True, autoincrement=False
    ),
    *(
        sa.Column(name, sa.Text, nullable=False, server_default="")
        for name in ("bio", "homepage", "affiliation", "github", "x", "linkedin", "bluesky")
    ),
    sa.Column("picture", sa.Text),  # what its files are called; None: drawn from the public id
)
