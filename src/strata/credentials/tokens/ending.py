"""Access tokens that end before their time: their owner says so, or what becomes of the account.

Their person's row is taken before them, as by everybody who decides on them.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts import people
from strata.core.call import Work
from strata.core.errors import NotFound
from strata.credentials.tokens.owned import MADE_BY_HAND, require_session
from strata.credentials.tokens.tables import tokens
from strata.events.facts import record


def delete(work: Work, token_id: int) -> None:
    """Revoke a token of the signed-in person at once.

    Raises:
        Unauthenticated, Forbidden: as `create`; an unconfirmed person may delete.
        NotFound: the person has no such token.
    """
    require_session(work.actor)
    people.locked(work, work.actor.user_id or 0)
    row = work.db.execute(
        sa.delete(tokens)
        .where(tokens.c.id == token_id, tokens.c.user_id == work.actor.user_id, MADE_BY_HAND)
        .returning(tokens.c.name)
    ).first()
    if row is None:
        raise NotFound("There is no such token.")
    record(work, "token.delete", target=row.name)


def end(work: Work, token_id: int) -> None:
    """Revoke a token of the caller, who shows that very one."""
    people.locked(work, work.actor.user_id or 0)
    mine = (tokens.c.id == token_id, tokens.c.user_id == work.actor.user_id)
    row = work.db.execute(sa.delete(tokens).where(*mine).returning(tokens.c.name)).first()
    if row is not None:
        record(work, "token.delete", target=row.name)


def delete_all(work: Work) -> int:
    """Revoke every token that the signed-in person made; how many there were.

    Raises:
        Unauthenticated, Forbidden: as `delete`.
    """
    require_session(work.actor)
    people.locked(work, work.actor.user_id or 0)
    ended = work.db.execute(
        sa.delete(tokens).where(tokens.c.user_id == work.actor.user_id, MADE_BY_HAND)
    ).rowcount
    record(work, "token.delete", target=work.actor.name, detail={"tokens": ended})
    return ended


def revoke_all(work: Work, user_id: int) -> None:
    """Let no token of a locked account open anything any more."""
    gone = work.db.execute(
        sa.delete(tokens).where(tokens.c.user_id == user_id).returning(tokens.c.name)
    )
    for row in gone.all():
        record(work, "token.delete", target=row.name, actor_id=user_id)
