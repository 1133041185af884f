"""What no longer means anything once somebody belongs to an organisation, or was put out of it."""

from __future__ import annotations

from typing import Final

from strata.core.call import Work
from strata.events.facts import Fact
from strata.organizations import queries
from strata.organizations.admitting import queries as requests
from strata.organizations.inviting import queries as invitations

_CAME: Final = "org.add_user"
_PUT_OUT: Final = "org.remove_user"


def follow_members(work: Work, fact: Fact) -> None:
    """End what somebody asked for or was offered before they came in, or could come back with.

    Else an old request would later lower their role, and an old invitation undo their removal.
    """
    if fact.name not in {_CAME, _PUT_OUT} or fact.subject_id is None or fact.target is None:
        return
    organization = queries.by_name(work, fact.target)
    if organization is None:
        return
    if fact.name == _CAME:
        requests.take_away(work, organization.id, fact.subject_id)
        invitations.delete_open_to(work, organization.id, fact.subject_id)
    else:
        invitations.close_links_to(work, organization.id, fact.subject_id)
