"""Programs log in with a code that a person types (RFC 8628, product §3.11)."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import HERE, calling, fact_names, inbox, made
from fixtures.hubs import FrozenClock
from fixtures.oauth import COMMAND_LINE, application
from fixtures.organizations import organization
from fixtures.programs import allowed, granted, polled, started, whose
from strata.accounts.tables import users
from strata.core.actor import Actor, Standing, TokenKind
from strata.core.call import Origin, working
from strata.core.errors import (
    ClientRefused,
    EmailNotVerified,
    Forbidden,
    GrantRefused,
    NotFound,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.credentials.oauth import consents
from strata.credentials.oauth.apps import Credentials
from strata.credentials.oauth.device import deciding, user_codes
from strata.credentials.oauth.tokens import accesses, refreshing
from strata.credentials.oauth.tokens.families import Answer


def test_a_program_is_let_in(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    codes = started(hub)

    assert re.fullmatch(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", codes.user_code)
    assert (codes.expires_in_s, codes.interval_s) == (900, 5)
    assert re.fullmatch(r"[\w-]{43}", codes.device_code)  # 256 bits
    assert polled(hub, codes) == "authorization_pending"
    with calling(hub, ana) as call:
        found = deciding.found(call, codes.user_code.lower().replace("-", " "))
    assert (found.app.name, found.ip, found.user_agent) == (
        "Hub CLI / Python library", "198.51.100.9", "hf_hub/2.4.0",
    )  # fmt: skip
    allowed(hub, ana, codes.user_code)
    clock.advance(timedelta(seconds=5))
    answer = polled(hub, codes)

    assert isinstance(answer, Answer)
    assert answer.access_token.startswith("hf_oauth_")
    assert answer.refresh_token.startswith("hf_oauth_refresh_")
    assert answer.expires_in_s == 30 * 24 * 3600
    actor = whose(hub, answer.access_token)
    assert actor is not None
    assert actor.user_id == ana.user_id
    assert actor.token is not None
    assert actor.token.kind is TokenKind.OAUTH
    (letter,) = inbox(hub, "ana@example.org")
    assert "198.51.100.9" in letter.text
    assert "hf_hub/2.4.0" in letter.text
    assert "/settings/connected-applications" in letter.text
    assert fact_names(hub)[-1] == "oauth.device_approve"


def test_a_code_gives_its_tokens_once(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    codes = started(hub)
    allowed(hub, ana, codes.user_code)

    assert isinstance(polled(hub, codes), Answer)
    clock.advance(timedelta(seconds=5))
    assert polled(hub, codes) == "invalid_grant"
    with pytest.raises(NotFound):
        allowed(hub, ana, codes.user_code)


@pytest.mark.parametrize(
    "pasted",
    [
        "bcdfghjk", " BCDF \u2013 GHJK.", "b c d f g h j k",
        "".join(chr(ord(one) + 0xFEE0) for one in "BCDF-GHJK"),  # full width, as in Chinese
        "https://hub.example/device?user_code=BCDF-GHJK", "Please enter code: BCDF-GHJK",
        "请输入代码 bcdf-ghjk。",
    ],
)  # fmt: skip
def test_a_code_is_read_in_any_format(pasted: str) -> None:
    assert user_codes.read(pasted) == "BCDFGHJK"


def test_who_asks_too_often_is_slowed_down_for_good(hub: Hub, clock: FrozenClock) -> None:
    codes = started(hub)

    assert polled(hub, codes) == "authorization_pending"
    clock.advance(timedelta(seconds=4))
    assert polled(hub, codes) == "slow_down"
    clock.advance(timedelta(seconds=9))
    assert polled(hub, codes) == "slow_down"
    clock.advance(timedelta(seconds=15))
    assert polled(hub, codes) == "authorization_pending"


def test_a_person_says_no(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    codes = started(hub)
    with calling(hub, ana) as call:
        deciding.deny(call, codes.user_code)

    assert polled(hub, codes) == "access_denied"
    clock.advance(timedelta(seconds=5))
    assert polled(hub, codes) == "access_denied"
    with pytest.raises(NotFound):
        allowed(hub, ana, codes.user_code)
    assert inbox(hub, "ana@example.org") == []
    assert fact_names(hub)[-1] == "oauth.deny"


def test_a_code_ends_after_a_quarter_of_an_hour(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    codes, late = started(hub), started(hub)
    allowed(hub, ana, late.user_code)
    clock.advance(timedelta(minutes=15))

    assert polled(hub, codes) == "expired_token"
    assert polled(hub, late) == "expired_token"
    with pytest.raises(NotFound):
        allowed(hub, ana, codes.user_code)
    with calling(hub, ana) as call, pytest.raises(NotFound):
        deciding.found(call, codes.user_code)
    with calling(hub) as call, working(call) as work:
        user_codes.forget_over(work)
    assert polled(hub, codes) == "expired_token"
    clock.advance(timedelta(days=1))
    with calling(hub) as call, working(call) as work:
        user_codes.forget_over(work)
    assert polled(hub, codes) == "invalid_grant"


def test_ten_wrong_codes_in_a_quarter_of_an_hour_are_enough(hub: Hub, clock: FrozenClock) -> None:
    mallory, elsewhere = made(hub, "mallory"), Origin(ip="203.0.113.99")
    codes = started(hub)
    with calling(hub, mallory) as call:
        for _ in range(10):
            with pytest.raises(NotFound):
                deciding.found(call, "BBBB-BBBB")
        with pytest.raises(TooMany):
            deciding.found(call, codes.user_code)
    with calling(hub, mallory, elsewhere) as call, pytest.raises(TooMany):
        deciding.found(call, codes.user_code)  # the person is counted too
    with calling(hub, made(hub, "ana"), HERE) as call, pytest.raises(TooMany):
        deciding.found(call, codes.user_code)  # and so is the address

    clock.advance(timedelta(minutes=16))
    fresh = started(hub)
    with calling(hub, mallory) as call:
        for _ in range(12):  # good ones are not counted
            deciding.found(call, fresh.user_code)


def test_only_confirmed_people_at_a_browser_decide(hub: Hub) -> None:
    ana = made(hub, "ana")
    token = granted(hub, ana).access_token
    codes = started(hub)
    nobody = Actor()
    unconfirmed = made(hub, "newcomer")
    with calling(hub) as call, working(call) as work:
        work.db.execute(
            sa.update(users).where(users.c.id == unconfirmed.user_id).values(verified_at=None)
        )
    through_token = whose(hub, token)
    assert through_token is not None

    for actor, error in (
        (nobody, Unauthenticated),
        (unconfirmed, EmailNotVerified),
        (through_token, Forbidden),
        (
            Actor(user_id=ana.user_id, verified=True, session_id=0, standing=Standing.LEAVING),
            Forbidden,
        ),
    ):
        with pytest.raises(error):
            allowed(hub, actor, codes.user_code)
    assert polled(hub, codes) == "authorization_pending"


def test_a_code_belongs_to_its_application(hub: Hub) -> None:
    other = application(hub, "other", device_flow=True)
    codes = started(hub)
    allowed(hub, made(hub, "ana"), codes.user_code)

    assert polled(hub, codes, other.credentials) == "invalid_grant"
    assert polled(hub, codes, Credentials("other")) == "invalid_client"
    assert polled(hub, codes, Credentials("other", "wrong")) == "invalid_client"
    assert polled(hub, codes, Credentials("nobody")) == "invalid_client"
    assert isinstance(polled(hub, codes), Answer)


def test_what_an_application_may_not_have_it_cannot_ask_for(hub: Hub) -> None:
    browser_only = application(hub, "site", device_flow=False)
    narrow = application(hub, "narrow", scopes="openid", device_flow=True)

    for credentials, scope, reason in (
        (browser_only.credentials, "", "unauthorized_client"),
        (narrow.credentials, "openid email", "invalid_scope"),
        (COMMAND_LINE, "jobs", "invalid_scope"),
        (COMMAND_LINE, "root", "invalid_scope"),
    ):
        with pytest.raises(GrantRefused) as refused:
            started(hub, credentials, scope)
        assert refused.value.reason == reason
    with pytest.raises(ClientRefused):
        started(hub, Credentials("nobody"))


@pytest.mark.slow
def test_many_beginnings_at_one_address_are_refused(hub: Hub) -> None:
    for _ in range(120):
        started(hub)
    with pytest.raises(TooMany):
        started(hub)


def test_only_ones_own_organizations_can_be_opened(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    hers, his = organization(hub, "ana", "hers"), organization(hub, "bob", "his")
    codes = started(hub)
    allowed(hub, ana, codes.user_code, hers.public_id, his.public_id, "nonsense")
    answer = polled(hub, codes)

    assert isinstance(answer, Answer)
    with calling(hub, ana) as call:
        (one,) = consents.connected(call, ana.user_id or 0)
        assert consents.connected(call, bob.user_id or 0) == []
        token_id = whose(hub, answer.access_token)
        assert token_id is not None
        assert token_id.token is not None
        assert accesses.organizations_of(call, token_id.token.id) == (hers.id,)
    assert [place.name for place in one.organizations] == ["hers"]
    assert one.log_ins == 1


def test_who_is_suspended_meanwhile_gets_nothing(hub: Hub) -> None:
    ana = made(hub, "ana")
    codes = started(hub)
    allowed(hub, ana, codes.user_code)
    with calling(hub) as call, working(call) as work:
        work.db.execute(
            sa.update(users).where(users.c.id == ana.user_id).values(standing="suspended")
        )

    assert polled(hub, codes) == "invalid_grant"


@pytest.mark.slow
def test_revoking_ends_every_log_in_at_once(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    first, second, his = granted(hub, ana), granted(hub, ana), granted(hub, bob)
    waiting = started(hub)
    allowed(hub, ana, waiting.user_code)
    with calling(hub, ana) as call, working(call) as work:
        consents.revoke(work, COMMAND_LINE.client_id)

    assert whose(hub, first.access_token) is None
    assert whose(hub, second.access_token) is None
    assert whose(hub, his.access_token) is not None
    assert polled(hub, waiting) == "invalid_grant"
    with calling(hub) as call:
        for answer in (first, second):
            with pytest.raises(GrantRefused):
                refreshing.refresh(call, refreshing.Refresh(COMMAND_LINE, answer.refresh_token))
    with calling(hub, ana) as call, working(call) as work:
        assert consents.connected(call, ana.user_id or 0) == []
        with pytest.raises(NotFound):
            consents.revoke(work, COMMAND_LINE.client_id)
