"""Sign browsers out: one's own others, or as an operator those of one person or of everybody.

People show first who sits there: else whoever came by an open browser could shut its owner out of
the others, and stay.
"""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts import people
from strata.accounts.factors import halfway, remembered
from strata.accounts.people import User
from strata.core.call import Call, Work
from strata.core.errors import NotFound, Unauthenticated
from strata.events.facts import Whose, record
from strata.sessions.entering import waiting
from strata.sessions.signed_in.sessions import end_all
from strata.sessions.signed_in.sudo import require_sudo
from strata.sessions.signed_in.tables import sessions


def revoke(work: Work, session_id: int) -> None:
    """End one session of the signed-in person, in whatever browser it is.

    Raises:
        Unauthenticated, ProofNeeded: who asks must be sure.
        NotFound: the person has no such session.
    """
    user_id = _person(work)
    theirs = sa.and_(sessions.c.id == session_id, sessions.c.user_id == user_id)
    if work.db.execute(sa.delete(sessions).where(theirs)).rowcount == 0:
        raise NotFound("There is no such session.")
    record(work, "account.session_revoke", target=work.actor.name)


def revoke_others(work: Work) -> int:
    """End every session of the signed-in person but this one; how many there were.

    Raises:
        Unauthenticated, ProofNeeded: who asks must be sure.
    """
    user_id = _person(work)
    people.locked(work, user_id)  # who logs in at this moment is signed out too
    ended = end_all(work, user_id, but=work.actor.session_id)
    record(work, "account.session_revoke", target=work.actor.name, detail={"sessions": ended})
    return ended


def sign_out(work: Work, user: User) -> int:
    """End every session of an account, and what was on its way to be one; for operators."""
    people.locked(work, user.id)  # as in `revoke_others`
    ended = end_all(work, user.id)
    halfway.forget(work, user.id)
    waiting.forget(work, user.id)
    remembered.forget(work, user.id)
    record(
        work,
        "account.session_revoke",
        target=user.name,
        detail={"sessions": ended},
        whose=Whose(subject_id=user.id),
    )
    return ended


def sign_everybody_out(work: Work) -> int:
    """End every session of everybody, and what was on its way to be one; for operators.

    Access tokens and keys go on.
    """
    people.everybody_locked(work)  # who logs in at this moment is signed out too
    ended = work.db.execute(sa.delete(sessions)).rowcount
    for held in (halfway, waiting, remembered):
        held.forget_all(work)
    record(work, "account.session_revoke", detail={"sessions": ended, "everybody": True})
    return ended


def _person(call: Call) -> int:
    if call.actor.user_id is None or call.actor.session_id is None:
        raise Unauthenticated("Log in first.")
    require_sudo(call)
    return call.actor.user_id
