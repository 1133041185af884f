"""Delete an organisation that owns nothing any more (product §2.6 P52)."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from strata.access.organizations.managing import managed
from strata.accounts.naming import former, names
from strata.accounts.tables import namespaces
from strata.core.call import Call, Work
from strata.core.errors import InvalidFields, NotFound
from strata.events.facts import Whose, record
from strata.lib.db.cascade import delete_rows
from strata.membership.erasing import erase_rows
from strata.organizations.tables import organizations
from strata.repos.owning.owned import owned_by
from strata.sessions.signed_in.sudo import require_sudo

GHOST: Final = "ghost"  # what stands where the name of somebody gone would


def delete_organization(work: Work, name: str, typed: str) -> None:
    """Delete an organisation: its members, invitations and rules go, its name stays taken.

    Nobody else gets the name for a while, so that links do not lead to strangers.

    Args:
        typed: the name, as the caller typed it to be sure.

    Raises:
        NotFound: no such organisation.
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`.
        ProofNeeded: a session must show who sits there.
        InvalidFields: `delete_name` is another name, or the organisation owns repositories.
    """
    organization = managed(work, name)  # locked before its logo is looked for
    if typed != organization.name:
        raise InvalidFields({"delete_name": ("org.other_name",)})
    place = names.latest(work, organization.id)  # whoever creates a repo there waits, or was faster
    if place is None or place.name != organization.name:
        raise NotFound(f"There is no organization named {name!r} any more.")
    if owns(work, organization.id):
        raise InvalidFields({"delete_name": ("org.owns_repos",)})
    require_sudo(work)
    record(work, "org.delete", target=organization.name, whose=Whose(organization.id))
    erase_rows(work, organization.id)
    delete_rows(work.db, organizations, organizations.c.id == organization.id)
    former.leave(work, organization.id, organization.name)
    gone = sa.update(namespaces).where(namespaces.c.id == organization.id)
    work.db.execute(gone.values(key=f"~{organization.id}", name=GHOST, skeleton=None))


def owns(call: Call, organization_id: int) -> bool:
    """Whether repositories or buckets belong to it."""
    return bool(owned_by(call, organization_id))
