"""Remove accounts whose address nobody confirmed (product §3.5): told first, then gone.

Name and address become free. Spared are administrators (an empty hub would make the next stranger
one), accounts that hold anything an operator gave them, and everybody who was confirmed, by
themselves or by an operator. Each account is removed in a transaction of its own: after a wave of
robots nobody else who writes waits for all of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from strata.accounts import confirmed, people
from strata.accounts.legal import agreeing
from strata.accounts.legal.tables import consents
from strata.accounts.plans.tables import plan_grants, quota_overrides
from strata.accounts.tables import former_names, namespaces, users
from strata.core.actor import Standing
from strata.core.call import Call, Origin, Work, working
from strata.core.errors import Conflict
from strata.credentials.oauth.tables import oauth_apps
from strata.credentials.tokens.tables import tokens
from strata.events import outbox
from strata.events.audit.erase import erase
from strata.events.facts import Whose, record
from strata.events.letters import Reader
from strata.membership.confirming import approval, letters
from strata.membership.confirming.tables import verifications
from strata.membership.erasing import erase_rows
from strata.organizations.tables import memberships

NOTICE = timedelta(days=3)  # between the mail and the removal, also when the hub was away
AT_ONCE = 500  # accounts in one round
# What an operator may have given somebody who is not confirmed.
_GIVEN = (
    tokens.c.user_id,
    memberships.c.user_id,
    oauth_apps.c.owner_id,
    plan_grants.c.owner_id,
    quota_overrides.c.owner_id,
)


def tell(work: Work) -> None:
    """Write to whoever has three days left to confirm; to each of them once."""
    old = _life(work) - NOTICE
    due = _unconfirmed().where(users.c.created_at <= work.now - old)
    due = due.where(users.c.removal_told_at.is_(None)).limit(AT_ONCE)
    for row in work.db.execute(_locked(due)).all():
        told = sa.update(users).where(users.c.id == row.id)
        work.db.execute(told.values(removal_told_at=work.now))
        if not row.address_taken:  # otherwise the address is somebody else's
            _write_to(work, row)


def remove(call: Call) -> None:
    """Remove the accounts whose time is over and who were told so three days ago."""
    over = _unconfirmed().where(
        users.c.created_at <= call.now - _life(call),
        users.c.removal_told_at <= call.now - NOTICE,
    )
    for user_id in call.db.scalars(over.with_only_columns(users.c.id).limit(AT_ONCE)).all():
        with working(call) as work:
            people.locked(work, user_id)  # before it is asked whether anything was given to it
            row = work.db.execute(_locked(over.where(users.c.id == user_id))).first()
            if row is not None:  # otherwise it was confirmed meanwhile, or given something
                _is_removed(work, row)


def leave(work: Work, user_id: int) -> bool:
    """Remove an account at its owner's wish while nobody has confirmed it or let it in.

    False: it is open, administers the hub, or holds what an operator gave it.
    """
    waits = users.c.standing == Standing.PENDING.value
    people.locked(work, user_id)  # as in `remove`
    mine = _removable().where(users.c.id == user_id, sa.or_(users.c.verified_at.is_(None), waits))
    row = work.db.execute(_locked(mine)).first()
    return row is not None and _is_removed(work, row)


def turn_away(work: Work, user: people.User) -> None:
    """Remove an account that waits to be let in; the person is told.

    Raises:
        Conflict: it does not wait, or holds what an operator gave it.
    """
    people.locked(work, user.id)  # another operator may let it in at this moment
    if not approval.is_waiting(work, user.id):
        raise Conflict(f"{user.name} does not wait for approval.")
    told = confirmed.readers(work, user)
    row = work.db.execute(_locked(_removable().where(users.c.id == user.id))).first()
    if row is None or not _is_removed(work, row):
        raise Conflict(f"{user.name} holds what an operator gave it.")
    record(work, "admin.user_reject", whose=Whose(subject_id=user.id))
    for reader in told:
        outbox.post_and_forget(work, letters.turned_away(work, reader))


def _life(call: Call) -> timedelta:
    return timedelta(days=call.hub.settings.accounts.unconfirmed_days)


def _unconfirmed() -> sa.Select[Any]:
    unconfirmed = users.c.verified_at.is_(None)
    return _removable().where(unconfirmed, users.c.standing != Standing.DELETED.value)


def _removable() -> sa.Select[Any]:
    """Accounts of people who were given nothing."""
    given = [~sa.exists().where(column == users.c.id) for column in _GIVEN]
    return (
        sa.select(users, namespaces.c.name)
        .join(namespaces, namespaces.c.id == users.c.id)
        .where(sa.not_(users.c.admin), *given)
        .order_by(users.c.id)
    )


def _locked(accounts: sa.Select[Any]) -> sa.Select[Any]:
    return accounts.with_for_update(of=users)


def _write_to(work: Work, row: sa.Row[Any]) -> None:
    base_url = work.db.scalar(
        sa.select(verifications.c.base_url)
        .where(verifications.c.user_id == row.id)
        .order_by(verifications.c.id.desc())
        .limit(1)
    )
    reader = Reader(row.email, row.name, row.language)
    letter = letters.removal_near(work, reader, base_url=base_url or "", days=NOTICE.days)
    outbox.post(work, letter)


def _is_removed(work: Work, row: sa.Row[Any]) -> bool:
    """Remove it; False: an operator gave it something, such as a repo, and it stays as it was."""
    try:
        with work.db.begin_nested():
            _remove(work, row)
    except IntegrityError:
        return False
    return True


def _remove(work: Work, row: sa.Row[Any]) -> None:
    """Remove the account, its name, and all that rooms, mails and the log hold of it.

    Raises:
        IntegrityError: it has what outlives accounts, such as a repo.
    """
    agreed = work.db.execute(sa.select(consents).where(consents.c.user_id == row.id)).all()
    agreeing.outlive(work, row.id, row.public_id)
    erase_rows(work, row.id)
    work.db.execute(sa.delete(former_names).where(former_names.c.namespace_id == row.id))
    work.db.execute(sa.delete(users).where(users.c.id == row.id))
    work.db.execute(sa.delete(namespaces).where(namespaces.c.id == row.id))
    erase(work, row.id)
    if not row.address_taken:  # otherwise the mails are somebody else's
        outbox.forget_done(work, [row.email])
    # What was agreed to outlives the account, without the person: not even from where they left.
    documents = {entry.document: entry.version for entry in agreed}
    nameless = replace(work, origin=Origin(request_id=work.origin.request_id))
    whose = Whose(subject_id=row.id)
    record(nameless, "account.purge", detail={"documents": documents}, whose=whose)
