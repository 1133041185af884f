"""one job for all pictures: what waits to take one away is named anew, with its folder."""

import sqlalchemy as sa
from alembic import op

from strata.lib.db.columns import Json

revision = "0071"
down_revision = "0070"
branch_labels = None
depends_on = None

FOLDERS = {"accounts.picture": "avatars", "oauth.logo": "logos"}


def upgrade() -> None:
    jobs = sa.table("jobs", sa.column("id"), sa.column("kind"), sa.column("body", Json))
    db = op.get_bind()
    waiting = sa.select(jobs.c.id, jobs.c.kind, jobs.c.body).where(jobs.c.kind.in_(FOLDERS))
    for row in db.execute(waiting).all():
        body = {"folder": FOLDERS[row.kind], "upload": row.body["upload"]}
        named = sa.update(jobs).where(jobs.c.id == row.id)
        db.execute(named.values(kind="pictures.drop", body=body))
