"""Refresh tokens rotate, and a copied one ends the log-in it belongs to (product §3.11)."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, inbox, made
from fixtures.authorizing import allowed, answered, asking
from fixtures.hubs import FrozenClock
from fixtures.oauth import COMMAND_LINE, application
from fixtures.organizations import organization
from fixtures.programs import granted, refreshed, renewed, whose
from strata.accounts.tables import users
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.errors import TokenExpired, TooMany
from strata.core.hub import Hub
from strata.credentials.oauth import narrowing
from strata.credentials.oauth.apps import Credentials
from strata.credentials.oauth.openid import claims
from strata.credentials.oauth.tokens import ending, families
from strata.credentials.oauth.tokens.families import Answer


def change(hub: Hub, user_id: int | None, **values: object) -> None:
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.update(users).where(users.c.id == user_id).values(**values))


def test_a_refresh_token_is_followed_by_another_one(hub: Hub, clock: FrozenClock) -> None:
    first = granted(hub, made(hub, "ana"))
    clock.advance(timedelta(days=29, hours=1))
    second = renewed(hub, first.refresh_token)

    assert second.refresh_token != first.refresh_token
    assert second.expires_in_s == 30 * 24 * 3600
    assert second.scopes == first.scopes
    assert whose(hub, second.access_token) is not None
    # What is under way with the former one may end well.
    assert whose(hub, first.access_token) is not None
    clock.advance(timedelta(hours=1))
    with pytest.raises(TokenExpired):
        whose(hub, first.access_token)
    assert whose(hub, second.access_token) is not None


def test_a_stolen_refresh_token_ends_everything(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    other = granted(hub, ana)
    first = granted(hub, ana)
    stolen = first.refresh_token
    clock.advance(timedelta(days=29))
    second = renewed(hub, stolen)
    clock.advance(timedelta(minutes=2))

    assert refreshed(hub, stolen) == "invalid_grant"
    assert whose(hub, first.access_token) is None
    assert whose(hub, second.access_token) is None
    assert refreshed(hub, second.refresh_token) == "invalid_grant"
    assert fact_names(hub)[-1] == "oauth.refresh_reuse"
    letter = inbox(hub, "ana@example.org")[-1]
    assert "used a second time" in letter.text
    # Her other machine is none of the thief's business.
    assert isinstance(refreshed(hub, other.refresh_token), Answer)


def test_a_thief_who_comes_first_is_found_out_by_the_owner(hub: Hub, clock: FrozenClock) -> None:
    first = granted(hub, made(hub, "ana"))
    clock.advance(timedelta(days=1))
    thief = renewed(hub, first.refresh_token)
    clock.advance(timedelta(days=1))

    assert refreshed(hub, first.refresh_token) == "invalid_grant"
    assert whose(hub, thief.access_token) is None
    assert refreshed(hub, thief.refresh_token) == "invalid_grant"


def test_processes_that_refresh_at_once_end_up_with_one_successor(
    hub: Hub, clock: FrozenClock
) -> None:
    first = granted(hub, made(hub, "ana"))
    clock.advance(timedelta(days=29))
    one = renewed(hub, first.refresh_token)
    clock.advance(timedelta(seconds=59))
    two = renewed(hub, first.refresh_token)

    assert one.refresh_token == two.refresh_token
    assert one.access_token != two.access_token
    clock.advance(timedelta(days=29))
    last = renewed(hub, one.refresh_token)
    clock.advance(timedelta(minutes=1))
    # A copy that was taken within the minute is the same token, and gives itself away as any other.
    assert refreshed(hub, two.refresh_token) == "invalid_grant"
    assert whose(hub, last.access_token) is None


def test_a_refresh_token_ends_after_half_a_year(hub: Hub, clock: FrozenClock) -> None:
    first = granted(hub, made(hub, "ana"))
    clock.advance(timedelta(days=179))
    second = renewed(hub, first.refresh_token)
    clock.advance(timedelta(days=180))

    assert refreshed(hub, second.refresh_token) == "invalid_grant"
    assert "oauth.refresh_reuse" not in fact_names(hub)
    with calling(hub) as call, working(call) as work:
        families.forget_over(work)
    assert refreshed(hub, second.refresh_token) == "invalid_grant"


def test_nothing_grows_by_refreshing(hub: Hub) -> None:
    first = granted(hub, made(hub, "ana"))
    narrow = renewed(hub, renewed(hub, first.refresh_token).refresh_token)
    answer = refreshed(hub, narrow.refresh_token, "openid", "profile")

    assert isinstance(answer, Answer)
    assert answer.scopes == ("openid", "profile")
    assert refreshed(hub, answer.refresh_token, "openid", "webhooks") == "invalid_scope"
    assert refreshed(hub, answer.refresh_token, "openid", "root") == "invalid_scope"


def test_a_token_that_was_asked_for_less_tells_less(hub: Hub) -> None:
    ana = made(hub, "ana")
    mine = "openid profile email read-memberships"
    organization(hub, "ana", "hers")
    app = application(hub, scopes=mine)
    first = answered(hub, allowed(hub, ana, asking(scope=mine))["code"], app.credentials)
    told = told_to(hub, first)
    assert told["email"]
    assert told["preferred_username"] == "ana"
    assert len(told["orgs"]) == 1

    less = refreshed(hub, first.refresh_token, "openid", "email", credentials=app.credentials)
    assert isinstance(less, Answer)
    assert less.scopes == ("openid", "email")
    assert told_to(hub, less) == {
        name: told[name] for name in ("sub", "email", "email_verified")
    } | {"orgs": []}
    assert told_to(hub, first) == told  # its log-in has them still
    with calling(hub, ana) as call, working(call) as work:
        narrowing.narrow(work, "dummy-app", ["profile"], [])
    assert told_to(hub, less) == {"sub": told["sub"], "orgs": []}


def told_to(hub: Hub, answer: Answer) -> dict[str, Any]:
    """What the holder of an access token is told of its person."""
    with calling(hub, whose(hub, answer.access_token) or Actor()) as call:
        return dict(claims.userinfo(call))


def test_a_refresh_token_belongs_to_its_application(hub: Hub) -> None:
    other = application(hub, "other", secret="")
    secretive = application(hub, "secretive")
    first = granted(hub, made(hub, "ana"))

    assert refreshed(hub, first.refresh_token, credentials=other.credentials) == "invalid_grant"
    assert refreshed(hub, first.refresh_token, credentials=secretive.credentials) == "invalid_grant"
    assert refreshed(hub, first.refresh_token, credentials=Credentials()) == "invalid_client"
    assert refreshed(hub, first.access_token) == "invalid_grant"
    assert refreshed(hub, "") == "invalid_grant"
    assert refreshed(hub, "hf_oauth_refresh_" + "x" * 10_000) == "invalid_grant"
    assert isinstance(refreshed(hub, first.refresh_token), Answer)


@pytest.mark.parametrize(
    "values", [{"standing": "suspended"}, {"standing": "deletion_scheduled"}, {"verified_at": None}]
)
def test_an_account_that_is_not_open_gets_nothing(hub: Hub, values: dict[str, object]) -> None:
    ana = made(hub, "ana")
    first = granted(hub, ana)
    change(hub, ana.user_id, **values)

    assert refreshed(hub, first.refresh_token) == "invalid_grant"
    assert "oauth.refresh_reuse" not in fact_names(hub)


@pytest.mark.slow
def test_a_loop_of_refreshes_is_stopped(hub: Hub) -> None:
    value = granted(hub, made(hub, "ana")).refresh_token
    for _ in range(60):
        value = renewed(hub, value).refresh_token
    with pytest.raises(TooMany):
        refreshed(hub, value)


def test_an_application_ends_its_own_log_in_and_no_other(hub: Hub) -> None:
    other = application(hub, "other", secret="")
    first, second = granted(hub, made(hub, "ana")), granted(hub, made(hub, "bob"))
    with calling(hub) as call:
        ending.revoke(call, other.credentials, first.refresh_token)
        ending.revoke(call, COMMAND_LINE, "hf_oauth_unknown")
        assert whose(hub, first.access_token) is not None
        ending.revoke(call, COMMAND_LINE, first.access_token)
        ending.revoke(call, COMMAND_LINE, second.refresh_token)

    assert whose(hub, first.access_token) is None
    assert whose(hub, second.access_token) is None
    assert refreshed(hub, first.refresh_token) == "invalid_grant"
    assert fact_names(hub).count("oauth.revoke") == 2


def test_a_reported_refresh_token_ends_its_log_in_and_no_other(hub: Hub) -> None:
    ana = made(hub, "ana")
    lost, kept = granted(hub, ana), granted(hub, ana)
    with calling(hub) as call, working(call) as work:
        ending.report(work, [lost.refresh_token, "hf_oauth_refresh_nonsense", ""])
    assert refreshed(hub, lost.refresh_token) == "invalid_grant"
    assert whose(hub, lost.access_token) is None
    assert whose(hub, kept.access_token) is not None
    assert "token.revoke_leak" in fact_names(hub)
    assert "leaked and was revoked" in inbox(hub, "ana@example.org")[-1].subject
