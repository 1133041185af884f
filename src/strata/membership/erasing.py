"""Take away what each room holds of a person or an organization that goes."""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.profile import picture
from strata.core.call import Work
from strata.lib.db.cascade import delete_rows
from strata.sessions.identities.leaving import forget_person as forget_logins_elsewhere


def erase_rows(work: Work, user_id: int) -> None:
    """Delete or unname the rows of one who goes, as their rooms declare it in `core.personal`.

    The row of the account or organization, its name and its former names stay: what becomes of
    them is the caller's to say. The picture goes with a job, after this is committed.
    """
    forget_logins_elsewhere(work, user_id)
    picture.forget(work, user_id)
    for personal in work.hub.personal:
        for kept in personal.kept:
            mine, table = kept.column == user_id, _table(kept.column)
            if kept.leaving == "delete":
                delete_rows(work.db, table, mine)
            elif kept.leaving == "unname":
                work.db.execute(sa.update(table).where(mine).values(**{kept.column.name: None}))


def _table(column: sa.Column[object]) -> sa.Table:
    table: sa.Table = column.table
    return table
