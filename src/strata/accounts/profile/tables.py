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
        for name in (
            "bio",
            "homepage",
            "affiliation",
            "github",
            "x",
            "linkedin",
            "bluesky",
            "interests",
            "readme",  # Markdown
            "public_email",  # the key of a confirmed address that everybody may see
        )
    ),
    sa.Column("picture", sa.Text),  # its upload; None: drawn from the public id
)

# How people want to see the hub; whoever chose nothing has no row.
preferences = sa.Table(
    "preferences",
    metadata,
    sa.Column("user_id", sa.ForeignKey("users.id"), primary_key=True, autoincrement=False),
    sa.Column("language", sa.Text, nullable=False),  # empty: as the browser asks
    sa.Column("theme", sa.Text, nullable=False),
    sa.Column("compact", sa.Boolean, nullable=False),
    sa.Column("tab_width", sa.Integer, nullable=False),
    sa.Column("shortcuts", sa.Boolean, nullable=False),
    sa.Column("private_repos", sa.Boolean, nullable=False),
    sa.Column("code_theme", sa.Text, nullable=False, server_default=""),
    sa.Column("landing", sa.Text, nullable=False, server_default=""),
    sa.Column("timezone", sa.Text, nullable=False, server_default=""),  # empty: UTC
)
