"""Signed links speak for people, with the rights that they have when the link is shown."""

from datetime import timedelta

import pytest

from fixtures.accounts import calling, in_session, made
from fixtures.hubs import FrozenClock
from strata.core.actor import ANONYMOUS, Actor, TokenRole
from strata.core.call import working
from strata.core.errors import BadCredentials
from strata.core.hub import Hub
from strata.credentials.tokens import ending, making, renewing
from strata.credentials.tokens.making import Terms
from strata.credentials.tokens.presented import recognising
from strata.credentials.tokens.presented.bearers import Bearer, actor_of, bearer_of
from strata.sessions.signed_in import sessions

FOR_EVER = Terms()


def by_token(
    hub: Hub, owner: Actor, role: TokenRole, terms: Terms = FOR_EVER
) -> tuple[Bearer, int]:
    """Ask for a link with an access token; whom it speaks for, and the token's id."""
    with calling(hub, owner) as call, working(call) as work:
        issued = making.create(work, f"a {role.value} token", role, terms)
    with calling(hub) as call:
        actor = recognising.actor_for_token(call.db, hub, issued.value)
    assert actor is not None
    return bearer_of(actor), issued.id


def shown(hub: Hub, bearer: Bearer) -> Actor:
    with calling(hub) as call:
        return actor_of(call, bearer)


def test_a_link_carries_no_more_right_than_its_token(hub: Hub) -> None:
    alice = made(hub, "alice")
    for role in TokenRole:
        bearer, token_id = by_token(hub, alice, role)
        actor = shown(hub, bearer)
        assert (actor.user_id, actor.name, actor.verified) == (alice.user_id, "alice", True)
        assert actor.token is not None
        assert (actor.token.id, actor.token.role) == (token_id, role)


def test_a_session_and_a_stranger_have_links_too(hub: Hub) -> None:
    alice = made(hub, "alice")
    assert shown(hub, bearer_of(alice)).token is None
    assert shown(hub, bearer_of(ANONYMOUS)) == ANONYMOUS


def test_a_session_that_is_ended_closes_what_it_opened(hub: Hub) -> None:
    """And what was opened with that: an upload is a chain of links."""
    li = in_session(hub, "li")
    link = bearer_of(li)
    next_one = bearer_of(shown(hub, link))
    assert shown(hub, next_one).name == "li"
    with calling(hub) as call, working(call) as work:
        sessions.end_all(work, li.user_id or 0)
    for bearer in (link, next_one):
        with pytest.raises(BadCredentials):
            shown(hub, bearer)


def test_nobody_opens_a_link_with_the_session_of_another(hub: Hub) -> None:
    mine, theirs = in_session(hub, "alice"), in_session(hub, "li")
    with pytest.raises(BadCredentials):
        shown(hub, Bearer(theirs.user_id, session_id=mine.session_id or 0))


def test_a_deleted_token_closes_what_it_opened(hub: Hub) -> None:
    alice = made(hub, "alice")
    bearer, token_id = by_token(hub, alice, TokenRole.WRITE)
    with calling(hub, alice) as call, working(call) as work:
        ending.delete(work, token_id)
    with pytest.raises(BadCredentials):
        shown(hub, bearer)


def test_a_token_that_is_over_closes_what_it_opened(hub: Hub, clock: FrozenClock) -> None:
    hour = timedelta(hours=1)
    terms = Terms(expires_at=hub.clock() + hour)
    bearer, _ = by_token(hub, made(hub, "alice"), TokenRole.READ, terms)
    assert shown(hub, bearer).name == "alice"
    clock.advance(hour)
    with pytest.raises(BadCredentials):
        shown(hub, bearer)


def test_a_refreshed_token_closes_what_the_old_one_opened(hub: Hub) -> None:
    alice = made(hub, "alice")
    bearer, token_id = by_token(hub, alice, TokenRole.WRITE)
    with calling(hub, alice) as call, working(call) as work:
        renewing.rotate(work, token_id)
    with pytest.raises(BadCredentials):
        shown(hub, bearer)


def test_nobody_speaks_for_an_account_that_is_gone_or_with_the_token_of_another(hub: Hub) -> None:
    alice, mallory = made(hub, "alice"), made(hub, "mallory")
    bearer, token_id = by_token(hub, alice, TokenRole.WRITE)
    for forged in (Bearer(999_999), Bearer(mallory.user_id, token_id, bearer.stamp)):
        with pytest.raises(BadCredentials):
            shown(hub, forged)
