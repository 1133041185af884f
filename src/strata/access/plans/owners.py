"""Who answers for a namespace: the person, or the admins of the organisation."""

from __future__ import annotations

from strata.access.policy.namespaces import require_admin
from strata.access.policy.persons import require_writer
from strata.accounts import people
from strata.accounts.naming import names
from strata.accounts.people import User
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.organizations.queries import admins_of


def answering_for(call: Call, owner_id: int) -> list[User]:
    """Whom to write to about a namespace."""
    person = people.by_id(call, owner_id)
    return admins_of(call, owner_id) if person is None else [person]


def managed(call: Call, name: str) -> names.Namespace:
    """A namespace whose plan the caller looks after: their own, or their organisation's.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`.
        NotFound: there is none of this name.
    """
    user_id = require_writer(call.actor, "look after a plan")
    place = names.find(call, name or call.actor.name or "")
    if place is None:
        raise NotFound(f"There is no user or organization named {name!r}.")
    if place.id != user_id:
        require_admin(call.actor, place.id)
    return place


def shown_to(call: Call, name: str) -> names.Namespace:
    """A namespace whose plan the caller may look at: their own, or one that they administer.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.namespaces.require_admin`.
        NotFound: there is none of this name.
    """
    place = names.find(call, name or call.actor.name or "")
    if place is None:
        raise NotFound(f"There is no user or organization named {name!r}.")
    if place.id != call.actor.user_id:
        require_admin(call.actor, place.id)
    return place
