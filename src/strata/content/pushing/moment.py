"""What whoever pushes may do once the pack is here, which can be many minutes after they asked."""

from __future__ import annotations

from dataclasses import replace

import sqlalchemy as sa

from strata.accounts import people, standing
from strata.core.call import Work
from strata.core.errors import BadCredentials
from strata.credentials.keys.tables import ssh_keys
from strata.credentials.tokens.tables import tokens
from strata.organizations.collaborators.shares import with_shares
from strata.organizations.roles import roles_of

ENDED = "The credentials of this push ended while it came in."


def of_now(work: Work) -> Work:
    """The same work with the standing and the roles that its person has by now.

    Raises:
        BadCredentials: the account is gone, or the access token or the key ended.
    """
    actor = work.actor
    if actor.user_id is None:
        return work
    person = people.by_id(work, actor.user_id)
    if person is None or not _holds(work):
        raise BadCredentials(ENDED)
    roles, state = roles_of(work, person.id), standing.now(work, person)
    today = replace(actor, standing=state, roles=roles, shares={})
    return replace(work, actor=with_shares(work.db, work.hub, today))


def _holds(work: Work) -> bool:
    """Whether the token, or the key, with which the push began is still good."""
    token, key_id = work.actor.token, work.actor.ssh_key_id
    if key_id is not None:
        kept = sa.select(ssh_keys.c.id).where(ssh_keys.c.id == key_id)
        return work.db.execute(kept).first() is not None
    if token is None:
        return True
    alive = sa.or_(tokens.c.expires_at.is_(None), tokens.c.expires_at > work.now)
    mine = sa.select(tokens.c.id).where(tokens.c.id == token.id, tokens.c.leaked_at.is_(None))
    return work.db.execute(mine.where(alive)).first() is not None
