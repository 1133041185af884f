"""What an application is held to: the grants it named, and an end of every log-in (ASVS 10.4)."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, inbox, made
from fixtures.authorizing import allowed, answered, asking, considered, redeemed
from fixtures.bearers import of_job
from fixtures.hubs import FrozenClock
from fixtures.oauth import CALLBACK, application
from fixtures.organizations import organization
from fixtures.programs import (
    allowed as let_in_device,
    granted,
    polled,
    refreshed,
    renewed,
    started,
    whose,
)
from fixtures.tokens import issued
from strata.app.hub import JOBS
from strata.core.actor import SYSTEM, Actor, Grants, TokenKind
from strata.core.call import working
from strata.core.errors import Forbidden, GrantRefused, Malformed, NotFound, Unauthenticated
from strata.core.hub import Hub
from strata.core.settings.groups.programs import OauthSettings
from strata.credentials.oauth import consents, narrowing
from strata.credentials.oauth.apps import Credentials
from strata.credentials.oauth.authorizing import answering
from strata.credentials.oauth.authorizing.question import Question
from strata.credentials.oauth.making import operator, registration, shelf
from strata.credentials.oauth.making.keeping import Made
from strata.credentials.oauth.openid import claims
from strata.credentials.oauth.tables import oauth_apps
from strata.credentials.oauth.tokens import families
from strata.credentials.oauth.tokens.families import Answer
from strata.credentials.tokens.tables import tokens
from strata.events.jobs import run_due
from strata.events.tables import facts
from strata.lib.pictures.worker import NAMES

HERE_TOO = "http://localhost:3000/cb"


def registered(hub: Hub, *grants: str, method: str = "none") -> tuple[Made, Credentials]:
    """An application that registers itself, which nobody vouches for."""
    wish = registration.Wish(
        "A program", "", (CALLBACK, HERE_TOO), "openid profile", grants, method
    )
    with calling(hub) as call, working(call) as work:
        made_up = registration.register(work, wish)
    return made_up, Credentials(made_up.app.client_id, made_up.secret)


def let_in(hub: Hub, ana: Actor, who: Credentials) -> Answer:
    asked = asking(who.client_id, scope="openid profile")
    return answered(hub, allowed(hub, ana, asked)["code"], who)


def test_a_log_in_ends_after_a_year_however_often_it_is_refreshed(
    hub: Hub, clock: FrozenClock
) -> None:
    answer = granted(hub, made(hub, "ana"))
    for _ in range(3):
        clock.advance(timedelta(days=120))
        answer = renewed(hub, answer.refresh_token)
    # Neither token of the last days leads beyond the year.
    left = families.LONGEST_LIFE - timedelta(days=360)
    assert answer.expires_in_s == int(left.total_seconds())
    clock.advance(left)
    assert refreshed(hub, answer.refresh_token) == "invalid_grant"
    with calling(hub) as call, working(call) as work:
        families.forget_over(work)
    assert whose(hub, answer.access_token) is None


def test_of_tokens_that_nobody_made_by_hand_no_row_stays(hub: Hub, clock: FrozenClock) -> None:
    ana = made(hub, "ana")
    for kind in (TokenKind.PUBLISHER, TokenKind.OAUTH):
        of_job(hub, ana, Grants(gated=True), kind)
    issued(hub, ana, expires_at=clock() + timedelta(hours=1))  # its owner sees that it is over
    held = sa.select(tokens.c.kind)
    for passed, left in ((timedelta(minutes=59), 3), (timedelta(minutes=1), 1)):
        clock.advance(passed)
        with calling(hub) as call, working(call) as work:
            families.forget_over(work)
            assert len(work.db.scalars(held).all()) == left


def test_who_did_not_name_refresh_tokens_gets_none(hub: Hub) -> None:
    ana = made(hub, "ana")
    _, bare = registered(hub, "authorization_code")
    assert let_in(hub, ana, bare).refresh_token == ""
    _, naming = registered(hub, "authorization_code", "refresh_token")
    assert let_in(hub, ana, naming).refresh_token


def test_who_did_not_name_codes_sends_no_browser_anywhere(hub: Hub) -> None:
    _, program = registered(hub, registration.DEVICE_GRANT)
    with pytest.raises(Malformed):
        considered(hub, made(hub, "ana"), asking(program.client_id, scope="openid"))


def test_a_secret_alone_is_no_pkce_of_who_registered_itself(hub: Hub) -> None:
    ana = made(hub, "ana")
    _, site = registered(hub, "authorization_code", method="client_secret_basic")
    bare = asking(site.client_id, scope="openid", challenge="", challenge_method="")
    with pytest.raises(GrantRefused) as refused:
        considered(hub, ana, bare)
    assert refused.value.reason == "invalid_request"
    # Nor is a verifier alone as good as the secret that it has.
    asked = asking(site.client_id, scope="openid profile")
    code = allowed(hub, ana, asked)["code"]
    assert redeemed(hub, code, Credentials()) == "invalid_client"
    assert isinstance(answered(hub, code, site), Answer)


def test_where_the_operator_wants_it_everybody_sends_a_challenge(hub: Hub) -> None:
    ana = made(hub, "ana")
    application(hub)
    bare = asking(challenge="", challenge_method="")
    assert isinstance(considered(hub, ana, bare), Question)
    strict = replace(hub, settings=replace(hub.settings, oauth=OauthSettings(pkce_always=True)))
    with pytest.raises(GrantRefused) as refused:
        considered(strict, ana, bare)
    assert refused.value.reason == "invalid_request"
    assert isinstance(considered(strict, ana, asking()), Question)


def test_on_the_persons_own_machine_a_secret_that_need_not_be_shown_counts_for_nothing(
    hub: Hub,
) -> None:
    ana = made(hub, "ana")
    _, site = registered(hub, "authorization_code", method="client_secret_basic")
    asked = asking(site.client_id, scope="openid profile", redirect_uri=HERE_TOO)
    allowed(hub, ana, asked)
    assert isinstance(considered(hub, ana, asked), Question)  # asked each time
    elsewhere = replace(asked, redirect_uri=CALLBACK)
    assert considered(hub, ana, elsewhere) is None


def test_on_another_port_than_was_registered_the_person_is_asked_each_time(hub: Hub) -> None:
    """There another program may listen, which redeems with the verifier alone."""
    ana = made(hub, "ana")
    application(hub, redirect_uris=(HERE_TOO,))
    asked = asking(redirect_uri=HERE_TOO)
    allowed(hub, ana, asked)
    assert considered(hub, ana, asked) is None
    other = replace(asked, redirect_uri=HERE_TOO.replace("3000", "1337"))
    assert isinstance(considered(hub, ana, other), Question)
    with_secret = replace(other, challenge="", challenge_method="")
    assert considered(hub, ana, with_secret) is None


def test_a_person_lets_an_application_do_less_at_once(hub: Hub) -> None:
    ana = made(hub, "ana")
    app = application(hub, scopes="openid email read-repos gated-repos write-discussions")
    hers, other = organization(hub, "ana", "hers"), organization(hub, "ana", "other")
    wanted = asking(scope="openid email read-repos gated-repos write-discussions")
    ids = (hers.public_id, other.public_id)
    first = answered(hub, allowed(hub, ana, wanted, *ids)["code"], app.credentials)
    before = grants_of(hub, first)
    assert set(before.namespaces) == {ana.user_id, hers.id, other.id}

    with calling(hub, ana) as call, working(call) as work:
        narrowing.narrow(work, "dummy-app", ["read-repos", "webhooks"], [hers.public_id])
    after = grants_of(hub, first)
    assert (after.gated, after.everywhere) == (False, frozenset())
    assert after.namespaces == {
        key: names for key, names in before.namespaces.items() if key != other.id
    }
    next_one = refreshed(hub, first.refresh_token, credentials=app.credentials)
    assert isinstance(next_one, Answer)
    assert next_one.scopes == ("openid", "read-repos")
    assert grants_of(hub, next_one) == after
    with calling(hub, whose(hub, next_one.access_token) or Actor()) as call:
        told = claims.userinfo(call)
    assert "email" not in told
    assert [one["preferred_username"] for one in told["orgs"]] == ["hers"]
    # What it does not have any more it has to ask for, and it never had what was only named.
    assert isinstance(considered(hub, ana, wanted), Question)
    assert considered(hub, ana, asking(scope="openid read-repos")) is None
    with calling(hub, ana) as call:
        (one,) = consents.connected(call, ana.user_id or 0)
    assert one.scopes == ("openid", "read-repos")
    assert fact_names(hub)[-1] == "oauth.revoke"


def test_scopes_and_organizations_that_were_never_agreed_to_together_are_asked_about(
    hub: Hub,
) -> None:
    ana = made(hub, "ana")
    hers = organization(hub, "ana", "hers")
    app = application(hub, scopes="openid read-repos write-repos")
    writing, reading = asking(scope="openid write-repos"), asking(scope="openid read-repos")
    allowed(hub, ana, writing)  # in her own namespace
    allowed(hub, ana, reading, hers.public_id)
    assert considered(hub, ana, reading) is None
    question = considered(hub, ana, writing)
    assert isinstance(question, Question)
    assert question.proposed == {hers.public_id}
    with calling(hub, ana) as call, working(call) as work, pytest.raises(GrantRefused):
        answering.go_on(work, writing, app.app)
    # Less is as good as what was agreed to, and both are once both were.
    allowed(hub, ana, writing, hers.public_id)
    with calling(hub, ana) as call, working(call) as work:
        narrowing.narrow(work, "dummy-app", ["read-repos", "write-repos"], [hers.public_id])
    assert considered(hub, ana, asking(scope="openid read-repos write-repos")) is None
    # Where none is entered, each scope that was ever agreed to is.
    allowed(hub, ana, reading)
    assert considered(hub, ana, writing) is None
    allowed(hub, ana, asking(scope="openid"), hers.public_id)
    assert isinstance(considered(hub, ana, writing), Question)
    assert considered(hub, ana, asking(scope="openid")) is None


def test_whoever_lets_an_application_do_more_is_told_by_mail(hub: Hub) -> None:
    """Also where only another organisation is entered: it may have been a thief of the session."""
    ana = made(hub, "ana")
    hers = organization(hub, "ana", "hers")
    application(hub, scopes="openid read-repos")
    steps = (((), 1), ((hers.public_id,), 2), ((hers.public_id,), 2), ((), 2))
    for places, mails in steps:
        allowed(hub, ana, asking(scope="openid read-repos"), *places)
        told = [kept for kept in inbox(hub, "ana@example.org") if "authorized" in kept.subject]
        assert len(told) == mails, places
    with calling(hub) as call:
        said = call.db.scalars(
            sa.select(facts.c.detail).where(facts.c.name == "oauth.authorize").order_by(facts.c.id)
        ).all()
    assert [one["organizations"] for one in said] == [0, 1, 1, 0]


def test_what_was_not_fetched_yet_is_narrowed_too(hub: Hub) -> None:
    ana = made(hub, "ana")
    app = application(hub, scopes="openid email read-repos", device_flow=True)
    hers = organization(hub, "ana", "hers")
    code = allowed(hub, ana, asking(scope="openid email read-repos"), hers.public_id)["code"]
    shown = started(hub, app.credentials)
    let_in_device(hub, ana, shown.user_code, hers.public_id)
    with calling(hub, ana) as call, working(call) as work:
        narrowing.narrow(work, "dummy-app", ["read-repos"], [])
    for answer in (answered(hub, code, app.credentials), polled(hub, shown, app.credentials)):
        assert isinstance(answer, Answer)
        assert answer.scopes == ("openid", "read-repos")
        assert set(grants_of(hub, answer).namespaces) == {ana.user_id}


def test_nobody_narrows_what_others_let_in_and_no_token_does(hub: Hub) -> None:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    app = application(hub)
    answer = answered(hub, allowed(hub, ana, asking())["code"], app.credentials)
    holder = whose(hub, answer.access_token)
    assert holder is not None
    for actor, refusal in ((bob, NotFound), (Actor(), Unauthenticated), (holder, Forbidden)):
        with calling(hub, actor) as call, working(call) as work, pytest.raises(refusal):
            narrowing.narrow(work, "dummy-app", [], [])
    assert considered(hub, ana, asking()) is None


def grants_of(hub: Hub, answer: Answer) -> Grants:
    actor = whose(hub, answer.access_token)
    assert actor is not None
    assert actor.grants is not None
    return actor.grants


def test_the_logo_of_an_application_goes_with_it(hub: Hub) -> None:
    app = application(hub).app
    logo = shelf.shelf(hub).keep(app.client_id, dict.fromkeys(NAMES, b"a square"))
    with calling(hub, SYSTEM) as call, working(call) as work:
        work.db.execute(sa.update(oauth_apps).values(picture=logo))
        operator.remove(work, app.client_id)
    assert len(list(hub.objects.keys(shelf.FOLDER))) == len(NAMES)

    run_due(hub, JOBS)
    assert list(hub.objects.keys(shelf.FOLDER)) == []
