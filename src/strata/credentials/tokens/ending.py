"""Access tokens that end before their time: their owner says so, or what becomes of the account."""

from __future__ import annotations

import sqlalchemy as sa

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
    ended = work.db.execute(
        sa.delete(tokens).where(tokens.c.user_id == work.actor.user_id, MADE_BY_HAND)
    ).rowcount
    record(work, "token.delete", target=work.actor.name, detail={"tokens": ended})
    return ended


def revoke_all(work: Work, user_id: int) -> None:
    """Let no token of an account open anything any more."""
    gone = work.db.execute(
        sa.delete(tokens).where(tokens.c.user_id == user_id).returning(tokens.c.name)
    )
    for row in gone.all():
        record(work, "token.delete", target=row.name, actor_id=user_id)
