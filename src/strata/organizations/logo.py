"""The logo of an organisation: kept like the picture of a person (product §2.3 P20, §3.16)."""

from __future__ import annotations

import sqlalchemy as sa

from strata.accounts.profile import picture
from strata.accounts.profile.tables import profiles
from strata.core.call import Call, working
from strata.core.errors import NotFound
from strata.events.facts import Whose, record
from strata.organizations import queries
from strata.organizations.record import Organization
from strata.organizations.tables import organizations


def change_logo(call: Call, organization: Organization, content: bytes) -> None:
    """Show an organisation with a picture; the caller may do that.

    Raises:
        InvalidFields: `picture` cannot be used, with the reason.
        NotFound: the organisation was deleted.
    """
    squares = picture.squares_in(content)
    with picture.kept(call.hub, organization.public_id, squares) as upload:
        before = _point_to(call, organization, upload)
    if before:
        picture.drop(call.hub, before)


def remove_logo(call: Call, organization: Organization) -> None:
    """Go back to the picture that is drawn from the public id.

    Raises:
        NotFound: the organisation was deleted.
    """
    before = _point_to(call, organization, None)
    if before:
        picture.drop(call.hub, before)


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


def _point_to(call: Call, organization: Organization, upload: str | None) -> str | None:
    """As for the picture of a person."""
    with working(call) as work:
        queries.locked(work, organization.id)
        if queries.by_id(work, organization.id) is None:
            raise NotFound(f"There is no organization named {organization.name!r} any more.")
        before = picture.pointed(work, organization.id)
        picture.point(work, organization.id, upload)
        record(
            work,
            "org.settings.update",
            target=organization.name,
            detail={"logo": "removed" if upload is None else "changed"},
            whose=Whose(organization.id),
        )
    return before
