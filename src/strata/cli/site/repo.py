"""`strata repo …`."""

from __future__ import annotations

from pathlib import Path

import click
import sqlalchemy as sa

from strata.cli.opening import opened
from strata.cli.place import Place, place_options
from strata.cli.printing import json_option, listed
from strata.core.names import RepoType
from strata.repos.tables import repos


@click.group()
def repo() -> None:
    """List repositories."""


@repo.command("list")
@click.option("--type", "repo_type", type=click.Choice([kind.value for kind in RepoType]))
@json_option
@place_options
def list_(data: Path | None, config: Path | None, repo_type: str | None, *, as_json: bool) -> None:
    """List all repositories, private ones too, oldest first."""
    columns = (repos.c.type, repos.c.namespace, repos.c.name, repos.c.private, repos.c.updated_at)
    statement = sa.select(*columns).where(repos.c.deleted_at.is_(None)).order_by(repos.c.id)
    if repo_type:
        statement = statement.where(repos.c.type == repo_type)
    with opened(Place(data, config)) as call:
        rows = [
            {
                "type": row.type,
                "id": f"{row.namespace}/{row.name}",
                "private": row.private,
                "updated": row.updated_at,
            }
            for row in call.db.execute(statement)
        ]
    listed(rows, as_json=as_json)
