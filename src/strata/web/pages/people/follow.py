"""Follow somebody from their page, and who is followed (product §2.6 P50, P51)."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from strata.accounts.naming import names
from strata.accounts.notices import heeding
from strata.community.follows import follow as acts, queries
from strata.core.call import Call
from strata.core.errors import NotFound
from strata.web.pages.forms.body import Form, form_of, submitted
from strata.web.pages.frame.addresses.places import person_address
from strata.web.pages.frame.visit import in_transaction, redirected


@dataclass(frozen=True, slots=True)
class Following:
    """How many follow somebody, and whether the viewer does."""

    followers: int
    followed: bool
    own: bool  # nobody follows or watches themselves
    watched: bool  # by the viewer


def following_of(call: Call, namespace_id: int) -> Following:
    """Who follows a person or an organisation, and how the viewer stands to it."""
    viewer = call.actor.user_id or 0
    return Following(
        queries.count_followers(call, namespace_id),
        followed=namespace_id in queries.followed_among(call, [namespace_id]),
        own=namespace_id == call.actor.user_id,
        watched=bool(viewer) and heeding.watches_account(call, viewer, namespace_id),
    )


async def submit(request: Request) -> Response:
    """POST /settings/following — follow `name`, or no longer."""
    form = await form_of(request)
    _, name = await submitted(request, form, _done)
    return redirected(request, person_address(name))


def _done(call: Call, form: Form) -> str:
    place = names.known(call, form.get("name", ""))
    if place is None:
        raise NotFound("There is nobody of this name.")
    act = acts.follow if form.get("follow") == "yes" else acts.unfollow
    in_transaction(lambda work: act(work, place.id))(call)
    return place.name
