"""What Alembic runs: migrations inside the transaction that `upgrade` opened."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from strata.lib.db.columns import Moment
from strata.migrations.schema import declared, metadata


def render_item(kind: str, item: Any, autogenerate: Any) -> str | Literal[False]:
    """Spell our own column types by their names, and defaults as both databases read them."""
    if kind == "type" and isinstance(item, Moment):
        autogenerate.imports.add("from strata.lib.db.columns import Moment")
        return "Moment()"
    if kind == "type" and isinstance(item, sa.JSON):
        autogenerate.imports.add("from strata.lib.db.columns import Json")
        return "Json"
    if kind == "server_default" and isinstance(item.arg, sa.sql.elements.False_):
        return "sa.false()"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    include_name=declared,
    transaction_per_migration=False,
)
context.run_migrations()
