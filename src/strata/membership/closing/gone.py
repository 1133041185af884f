"""Delete the accounts whose week is over: what tells of the person goes, the place stays.

The row of the account is emptied and named `ghost`, so that what others answered to stays readable.
Its name is kept from others for a while. Each account is one transaction.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
import structlog

from strata.accounts import confirmed, people
from strata.accounts.legal import agreeing
from strata.accounts.naming import former
from strata.accounts.tables import namespaces, users
from strata.core.actor import Standing
from strata.core.call import Call, Work, working
from strata.core.names import fresh_key
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.making import operator
from strata.events import outbox
from strata.events.audit.erase import erase
from strata.events.facts import Whose, record
from strata.membership.closing import letters
from strata.membership.closing.facts import GONE
from strata.membership.closing.leave import needs
from strata.membership.erasing import erase_rows

GHOST: Final = "ghost"
log = structlog.get_logger("strata.accounts")


def delete_due(call: Call) -> None:
    """Delete whoever had a week to think it over; one who is needed by an organisation waits."""
    due = sa.select(users.c.id).where(
        users.c.standing == Standing.LEAVING.value, users.c.standing_until <= call.now
    )
    for user_id in call.db.scalars(due.order_by(users.c.id)).all():
        try:
            with working(call) as work:
                _delete_if_due(work, user_id)
        except Exception:  # whoever cannot be deleted must not keep the others
            log.exception("account was not deleted; the next round tries again", user_id=user_id)


def _delete_if_due(work: Work, user_id: int) -> None:
    # With all who let in an application that goes too: whoever locks several begins with the first.
    for one in sorted({user_id, *consents.people_of(work, user_id)}):
        people.locked(work, one)
    user = people.by_id(work, user_id)
    if user is None or not _is_due(work, user):  # they thought better of it meanwhile
        return
    if needs(work, user):
        log.warning("account waits for its deletion: an organization needs its admin")
        return
    delete(work, user)


def _is_due(call: Call, user: people.User) -> bool:
    until = user.standing_until
    return user.standing == Standing.LEAVING and until is not None and until <= call.now


def delete(work: Work, user: people.User) -> None:
    """Delete an account at once."""
    told = confirmed.readers(work, user)
    addresses = {user.email, *(reader.email for reader in told)}
    # The other rooms take away what is theirs while the account can still be read.
    record(work, GONE, whose=Whose(subject_id=user.id))
    for app in apps.of_owner(work, user.id):
        operator.remove(work, app.client_id)
    agreeing.outlive(work, user.id, user.public_id)
    erase_rows(work, user.id)
    _empty(work, user)
    erase(work, user.id)
    outbox.forget(work, addresses)
    for reader in told:
        outbox.post_and_forget(work, letters.gone(work, reader))


def _empty(work: Work, user: people.User) -> None:
    """Leave of the account what keeps the place of an author."""
    nobody = f"~{user.id}"  # no name or address can be this
    former.leave(work, user.id, user.name)
    tombstone = {
        "public_id": fresh_key(),
        "full_name": "",
        "email": "",
        "email_key": nobody,
        "address_taken": False,
        "verified_at": None,
        "password_hash": None,
        "admin": False,
        "standing": Standing.DELETED.value,
        "standing_reason": None,
        "standing_until": None,
        "last_login_at": None,
        "password_at": None,
        "agreed": None,
    }
    work.db.execute(sa.update(users).where(users.c.id == user.id).values(**tombstone))
    named = {"key": nobody, "name": GHOST, "skeleton": None}
    work.db.execute(sa.update(namespaces).where(namespaces.c.id == user.id).values(**named))
