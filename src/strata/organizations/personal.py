"""What this room holds of a person."""

from __future__ import annotations

from typing import Final

from strata.accounts.tables import namespaces
from strata.core.personal import Kept, Part, Personal, rows_of
from strata.organizations.admitting.tables import join_requests
from strata.organizations.collaborators.tables import collaborators
from strata.organizations.inviting.tables import organization_invite_uses, organization_invites
from strata.organizations.tables import memberships, organizations

PERSONAL: Final = Personal(
    kept=(
        Kept(memberships.c.user_id, "delete"),
        Kept(collaborators.c.user_id, "delete"),
        Kept(collaborators.c.added_by, "unname"),
        Kept(join_requests.c.user_id, "delete"),
        Kept(organization_invite_uses.c.user_id, "delete"),
        Kept(organization_invites.c.user_id, "delete"),
        Kept(organization_invites.c.inviter_id, "delete"),  # it holds while they may invite
        Kept(organizations.c.id, "stay"),  # no person
    ),
    parts=(
        Part(
            "organizations",
            rows_of(
                memberships.c.user_id,
                namespaces.c.name,
                memberships.c.role,
                memberships.c.joined_at,
                source=memberships.join(
                    namespaces, namespaces.c.id == memberships.c.organization_id
                ),
            ),
        ),
    ),
)
