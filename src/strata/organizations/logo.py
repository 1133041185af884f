"""The logo of an organisation: kept like the picture of a person (product §2.3 P20, §3.16)."""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.profile import picture
from strata.accounts.profile.tables import profiles
from strata.core.call import Call, working
from strata.events.facts import Whose, record
from strata.organizations import queries
from strata.organizations.record import Organization
from strata.organizations.tables import organizations


def change_logo(call: Call, organization: Organization, content: bytes) -> None:
    """Show an organisation with a picture; the caller may do that.

    Raises:
        InvalidFields: `picture` cannot be used, with the reason.
    """
    upload = picture.keep(call.hub, organization.public_id, picture.squares_in(content))
    _point_to(call, organization, upload)


def remove_logo(call: Call, organization: Organization) -> None:
    """Go back to the picture that is drawn from the public id."""
    _point_to(call, organization, None)


def shown_logo(call: Call, public_id: str) -> str | None:
    """The file of the square that pages show; None for an organisation that has no logo."""
    return picture.file_of(_upload(call, public_id))


def logo_square(call: Call, file: str) -> bytes | None:
    """The bytes of a file that `shown_logo` named, while the organisation shows it."""
    owner = picture.owner_in(file)
    return picture.square_of(call.hub, _upload(call, owner) if owner else None, file)


def _upload(call: Call, public_id: str) -> str | None:
    upload: str | None = call.db.scalar(
        sa.select(profiles.c.picture)
        .join(organizations, organizations.c.id == profiles.c.namespace_id)
        .where(organizations.c.public_id == public_id)
    )
    return upload


def _point_to(call: Call, organization: Organization, upload: str | None) -> None:
    with working(call) as work:
        queries.locked(work, organization.id)  # as for the picture of a person
        before = work.db.scalar(
            sa.select(profiles.c.picture).where(profiles.c.namespace_id == organization.id)
        )
        picture.point(work, organization.id, upload)
        record(
            work,
            "org.settings.update",
            target=organization.name,
            detail={"logo": "removed" if upload is None else "changed"},
            whose=Whose(organization.id),
        )
    if before:
        picture.drop(call.hub, before)
