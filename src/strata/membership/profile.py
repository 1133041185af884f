"""What a person says of themselves to everybody."""

from __future__ import annotations

from strata.accounts.profile.details import Details, change_details, details_lines
from strata.core.call import Work
from strata.credentials.tokens.leaked.showing import require_none


def change_profile(work: Work, user_id: int, full_name: str, details: Details) -> None:
    """Write it down; the door made sure that it is they.

    Raises:
        InvalidFields: with what is wrong with each field; nothing is changed.
        Unprocessable: an access token that works stands in it.
    """
    require_none(work, full_name, *details_lines(details))
    change_details(work, user_id, full_name, details)
