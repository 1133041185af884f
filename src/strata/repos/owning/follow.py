"""What an account owns follows it to its new name; the old addresses lead there."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from strata.access.organizations.managing import managed
from strata.accounts.naming import former, names
from strata.accounts.naming.names import Namespace
from strata.accounts.profile.rename import renamed
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound, TooMany
from strata.events.audit.changes import changes
from strata.events.facts import Whose, record
from strata.lib.db.statements import upsert
from strata.repos.owning.given_up import lead_no_more
from strata.repos.tables import redirects, repos
from strata.sessions.signed_in.sudo import require_sudo

PAUSE: Final = timedelta(days=30)  # between two renames of an account that others link to
MOST_KEPT: Final = 10  # names that one account keeps from others


def rename_account(work: Work, account: Namespace, name: str) -> None:
    """Give an account another name and move its repos along, all or nothing (product §3.3).

    Links to the old name lead to the new one, and nobody else gets it for a while. The door made
    sure that the caller is the account.

    Raises:
        InvalidFields: the name cannot be used, or the last rename was less than 30 days ago.
        TooMany: the account keeps `MOST_KEPT` names from others already.
    """
    account = names.latest(work, account.id) or account
    _rename(work, account, name)
    detail = {"from": account.name, **changes({"name": account.name}, {"name": name})}
    record(work, "account.username_change", target=name, detail=detail)


def rename_organization(work: Work, name: str, new_name: str) -> str:
    """Give an organisation another name, as `rename_account`; the name that it has now.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`.
        ProofNeeded: a session must show who sits there.
        InvalidFields, TooMany: as `rename_account`.
    """
    organization = managed(work, name)
    require_sudo(work)
    place = names.latest(work, organization.id)
    if place is None or place.name != organization.name:
        raise NotFound(f"There is no organization named {name!r} any more.")
    _rename(work, place, new_name)
    record(
        work,
        "org.rename",
        target=new_name,
        detail={
            "from": organization.name,
            **changes({"name": organization.name}, {"name": new_name}),
        },
        whose=Whose(organization.id),
    )
    return new_name


def _rename(work: Work, account: Namespace, name: str) -> None:
    left = former.last_left(work, account.id)
    if left is not None and left + PAUSE > work.now and _is_linked_to(work, account.id):
        day = f"{left + PAUSE + timedelta(days=1):%Y-%m-%d}"  # the whole of it
        raise InvalidFields({"username": ("name.too_soon",)}, day=day)
    if former.kept_for(work, account.id) >= MOST_KEPT:
        wait = int(PAUSE.total_seconds())
        raise TooMany("You changed your name too often. Try again in a month.", retry_after_s=wait)
    if renamed(work, account, name):
        lead_no_more(work, name)
    _leave_redirects(work, account)
    _move_along(work, account.id, name)


def _is_linked_to(call: Call, owner_id: int) -> bool:
    """Whether the account has public repos."""
    public = _living(owner_id).where(repos.c.private.is_(sa.false()))
    return call.db.execute(public.limit(1)).first() is not None


def _leave_redirects(work: Work, account: Namespace) -> None:
    for row in work.db.execute(_living(account.id)).all():
        fresh = upsert(work.db, redirects).values(
            type=row.type, path_key=row.path_key, repo_id=row.id
        )
        work.db.execute(
            fresh.on_conflict_do_update(
                index_elements=["type", "path_key"], set_={"repo_id": row.id}
            )
        )


def _move_along(work: Work, owner_id: int, name: str) -> None:
    key = sa.literal(f"{name.lower()}/").concat(sa.func.lower(repos.c.name))
    work.db.execute(
        sa.update(repos).where(repos.c.owner_id == owner_id).values(namespace=name, path_key=key)
    )
    # An address that a repo answers at again is a redirect no longer.
    taken = sa.select(repos.c.path_key).where(
        repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None), repos.c.type == redirects.c.type
    )
    work.db.execute(sa.delete(redirects).where(redirects.c.path_key.in_(taken)))


def _living(owner_id: int) -> sa.Select[tuple[int, str, str]]:
    return sa.select(repos.c.id, repos.c.type, repos.c.path_key).where(
        repos.c.owner_id == owner_id, repos.c.deleted_at.is_(None)
    )
