"""Applications ask through the browser: who may ask, where the answer goes, what a code gives."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet

from fixtures.accounts import calling, fact_names, inbox, log_of, made
from fixtures.authorizing import allowed, answered, asking, considered, redeemed
from fixtures.hubs import FrozenClock
from fixtures.oauth import CHALLENGE, VERIFIER, Registered, application
from fixtures.organizations import organization
from fixtures.programs import whose
from strata.accounts.tables import users
from strata.core.actor import Actor, Standing
from strata.core.call import working
from strata.core.errors import GrantRefused, Malformed
from strata.core.hub import Hub
from strata.credentials.oauth import consents
from strata.credentials.oauth.apps import Credentials
from strata.credentials.oauth.authorizing import requests
from strata.credentials.oauth.authorizing.question import ProveFirst, Question
from strata.credentials.oauth.openid import claims, keys


@pytest.fixture
def app(hub: Hub) -> Registered:
    return application(hub)


def test_a_person_logs_in_to_a_site(hub: Hub, app: Registered) -> None:
    ana = made(hub, "ana")
    question = considered(hub, ana, asking())
    assert isinstance(question, Question)
    assert question.scopes == ("openid", "profile", "email")
    back = allowed(hub, ana, asking())

    assert back["state"] == "st&te"
    assert back["iss"] == "http://localhost:8080"
    found = redeemed(hub, back["code"], app.credentials)
    assert not isinstance(found, str)
    answer, id_token = found
    assert answer.access_token.startswith("hf_oauth_")
    assert answer.expires_in_s == 8 * 3600
    actor = whose(hub, answer.access_token)
    assert actor is not None
    assert actor.name == "ana"
    with calling(hub) as call:
        published = KeySet.import_key_set({"keys": keys.published(call)})
        stated = jwt.decode(id_token, published, algorithms=["RS256"]).claims
    person = {"name": "ana", "preferred_username": "ana", "email": "ana@example.org"}
    assert person.items() <= stated.items()
    assert stated["iss"] == "http://localhost:8080"
    assert stated["aud"] == "dummy-app"
    assert stated["nonce"] == "n-0nce"
    assert stated["auth_time"] <= stated["iat"] < stated["exp"]
    assert {"isPro", "canPay", "orgs"}.isdisjoint(stated)
    assert (fact_names(hub)[-1], len(inbox(hub, "ana@example.org"))) == ("oauth.authorize", 1)


@pytest.mark.usefixtures("app")
def test_who_agreed_before_is_not_asked_again(hub: Hub) -> None:
    ana = made(hub, "ana")
    allowed(hub, ana, asking())

    assert considered(hub, ana, asking()) is None
    assert considered(hub, ana, asking(scope="openid")) is None
    assert considered(hub, ana, asking(prompt=frozenset({"none"}))) is None
    assert isinstance(considered(hub, ana, asking(prompt=frozenset({"consent"}))), Question)
    assert isinstance(considered(hub, made(hub, "bob"), asking()), Question)
    allowed(hub, ana, asking(prompt=frozenset({"consent"})))
    assert len(inbox(hub, "ana@example.org")) == 1  # told once
    with calling(hub, ana) as call, working(call) as work:
        consents.revoke(work, "dummy-app")
    assert isinstance(considered(hub, ana, asking()), Question)


def test_on_the_persons_own_machine_a_public_program_asks_each_time(hub: Hub) -> None:
    ana, here = made(hub, "ana"), "http://localhost:3000"
    application(hub, "program", secret="", redirect_uris=[here])
    asked = asking("program", redirect_uri=here)
    allowed(hub, ana, asked)

    assert isinstance(considered(hub, ana, asked), Question)
    with pytest.raises(GrantRefused) as refused:
        considered(hub, ana, replace(asked, prompt=frozenset({"none"})))
    assert refused.value.reason == "consent_required"


def test_a_code_is_good_once_and_a_second_use_takes_back_what_it_gave(
    hub: Hub, app: Registered
) -> None:
    code = allowed(hub, made(hub, "ana"), asking())["code"]
    answer = answered(hub, code, app.credentials)

    assert redeemed(hub, code, app.credentials) == "invalid_grant"
    assert whose(hub, answer.access_token) is None
    assert log_of(hub, "ana")[0] == "oauth.revoke"


@pytest.mark.parametrize(
    "changes",
    [
        {"verifier": VERIFIER + "x"},
        {"verifier": ""},
        {"verifier": CHALLENGE},  # as with the method `plain`
        {"redirect_uri": "https://app.example.com/callback/"},
    ],
)
def test_a_code_in_wrong_hands_is_used_up(
    hub: Hub, app: Registered, changes: dict[str, str]
) -> None:
    code = allowed(hub, made(hub, "ana"), asking())["code"]

    assert redeemed(hub, code, app.credentials, **changes) == "invalid_grant"
    assert redeemed(hub, code, app.credentials) == "invalid_grant"


def test_a_verifier_where_no_challenge_was_sent_is_refused(hub: Hub, app: Registered) -> None:
    """An attacker took the challenge out of the address (RFC 9700 §4.8)."""
    ana, bare = made(hub, "ana"), asking(challenge="", challenge_method="")
    code = allowed(hub, ana, bare)["code"]
    assert redeemed(hub, code, app.credentials) == "invalid_grant"
    code = allowed(hub, ana, bare)["code"]
    assert redeemed(hub, code, Credentials(), verifier="") == "invalid_client"
    assert redeemed(hub, code, Credentials("dummy-app"), verifier="") == "invalid_client"
    # Nor does any secret do, where it is not said whose it is.
    assert redeemed(hub, code, Credentials(secret="junk"), verifier="") == "invalid_client"
    assert not isinstance(redeemed(hub, code, app.credentials, verifier=""), str)


@pytest.mark.slow
def test_a_code_belongs_to_its_application(hub: Hub, app: Registered) -> None:
    """Mix-up: another application was handed the code, and tries it itself."""
    other = application(hub, "other")
    public = application(hub, "public", secret="")
    code = allowed(hub, made(hub, "ana"), asking())["code"]

    assert redeemed(hub, code, other.credentials) == "invalid_grant"
    assert redeemed(hub, code, public.credentials) == "invalid_grant"
    assert redeemed(hub, code, Credentials("dummy-app", "wrong")) == "invalid_client"
    assert not isinstance(redeemed(hub, code, app.credentials), str)


def test_a_browser_program_shows_the_verifier_alone(hub: Hub, app: Registered) -> None:
    code = allowed(hub, made(hub, "ana"), asking())["code"]
    answer = answered(hub, code, Credentials())

    assert answer.app == app.app
    assert answer.refresh_token == ""  # which it could not use without its secret


def test_a_code_lives_one_minute(hub: Hub, app: Registered, clock: FrozenClock) -> None:
    code = allowed(hub, made(hub, "ana"), asking())["code"]
    clock.advance(timedelta(minutes=1))

    assert redeemed(hub, code, app.credentials) == "invalid_grant"


def test_a_code_of_an_account_that_was_closed_meanwhile_gives_nothing(
    hub: Hub, app: Registered
) -> None:
    code = allowed(hub, made(hub, "ana"), asking())["code"]
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(standing=Standing.SUSPENDED.value))

    assert redeemed(hub, code, app.credentials) == "invalid_grant"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback/../evil",
        "https://app.example.com/callback%2f..",
        "https://app.example.com/callback#x",
        "https://app.example.com@evil.example/callback",
        "https://evil.example\\@app.example.com/callback",
        "https://app.example.com.evil.example/callback",
        "https://APP.example.com/callback",
        "http://app.example.com/callback",
        "https://app.example.com:8443/callback",
        "//app.example.com/callback",
        "javascript:alert(1)",
        "http://localhost:1/callback",
        "http://127.0.0.1.evil.example/callback",
        "https://app.example.com/callback\r\nX: 1",
    ],
)
@pytest.mark.usefixtures("app")
def test_nobody_is_sent_where_the_application_has_no_address(hub: Hub, address: str) -> None:
    with calling(hub) as call, pytest.raises(Malformed):
        requests.recognised(call, asking(redirect_uri=address))


def test_any_port_of_a_loopback_host_that_was_registered(hub: Hub) -> None:
    known = ["http://localhost:3000/cb", "http://[::1]/cb"]
    application(hub, "program", redirect_uris=known)

    with calling(hub) as call:
        for good in ("http://localhost:3000/cb", "http://localhost:49152/cb", "http://[::1]:7/cb"):
            requests.recognised(call, asking("program", redirect_uri=good))
        for bad in (
            "http://127.0.0.1:3000/cb",
            "http://localhost:3000/other",
            "https://localhost:3000/cb",
            "http://localhost.evil.example:3000/cb",
            "http://localhost:3000@evil.example/cb",
            "http://localhost:port/cb",
            "http://localhost:3001/cb#x",
            "http://ana@localhost:3001/cb",
        ):
            with pytest.raises(Malformed):
                requests.recognised(call, asking("program", redirect_uri=bad))


@pytest.mark.parametrize("client_id", ["", "nobody", "https://app.example.com/client.json", "a\0b"])
def test_an_unknown_application_sends_nobody_anywhere(hub: Hub, client_id: str) -> None:
    with calling(hub) as call, pytest.raises(Malformed):
        requests.recognised(call, asking(client_id))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid jobs"}, "invalid_scope"),
        ({"scope": "openid inference-api"}, "invalid_scope"),
        ({"scope": "openid read-repos"}, "invalid_scope"),  # not of this application
        ({"challenge_method": "plain"}, "invalid_request"),
        ({"challenge_method": ""}, "invalid_request"),
        ({"challenge": "short"}, "invalid_request"),
        ({"prompt": frozenset({"none", "login"})}, "invalid_request"),
        ({"prompt": frozenset({"dance"})}, "invalid_request"),
        ({"nonce": "x" * 501}, "invalid_request"),
        ({"unsupported": "request_not_supported"}, "request_not_supported"),
    ],
)
@pytest.mark.usefixtures("app")
def test_what_is_wrong_is_told_to_the_application(
    hub: Hub, changes: dict[str, object], reason: str
) -> None:
    with pytest.raises(GrantRefused) as refused:
        considered(hub, made(hub, "ana"), replace(asking(), **changes))  # type: ignore[arg-type]  # fields
    assert refused.value.reason == reason
    assert refused.value.message.isascii()


def test_a_public_application_must_send_a_challenge(hub: Hub) -> None:
    public = application(hub, "public", secret="")
    with pytest.raises(GrantRefused) as refused:
        considered(hub, made(hub, "ana"), asking("public", challenge="", challenge_method=""))
    assert refused.value.reason == "invalid_request"
    code = allowed(hub, made(hub, "bob"), asking("public"))["code"]
    assert answered(hub, code, public.credentials).refresh_token


@pytest.mark.usefixtures("app")
def test_silence_shows_nobody_anything(hub: Hub) -> None:
    silent = asking(prompt=frozenset({"none"}))
    for actor, reason in (
        (Actor(), "login_required"),
        (replace(made(hub, "ana"), must_agree=True), "interaction_required"),
        (made(hub, "bob"), "consent_required"),
    ):
        with pytest.raises(GrantRefused) as refused:
            considered(hub, actor, silent)
        assert refused.value.reason == reason


@pytest.mark.usefixtures("app")
def test_who_logged_in_long_ago_shows_once_more_who_they_are(hub: Hub, clock: FrozenClock) -> None:
    ana = replace(made(hub, "ana"), proved_until=clock() + timedelta(minutes=15))
    allowed(hub, ana, asking())

    assert isinstance(considered(hub, ana, asking(prompt=frozenset({"login"}))), ProveFirst)
    assert considered(hub, ana, asking(max_age_s=0)) is None
    clock.advance(timedelta(minutes=10))
    assert considered(hub, ana, asking(max_age_s=600)) is None
    assert isinstance(considered(hub, ana, asking(max_age_s=599)), ProveFirst)


def test_the_organizations_are_the_persons_choice(hub: Hub) -> None:
    ana = made(hub, "ana")
    app = application(hub, scopes="openid profile read-repos")
    hers, other = organization(hub, "ana", "hers"), organization(hub, "ana", "other")
    asked = asking(scope="openid profile read-repos", organizations=(hers.public_id,))
    question = considered(hub, ana, asked)
    assert isinstance(question, Question)
    assert question.proposed == {hers.public_id}
    code = allowed(hub, ana, asked, hers.public_id)["code"]
    answer = answered(hub, code, app.credentials)

    actor = whose(hub, answer.access_token)
    assert actor is not None
    with calling(hub, actor) as call:
        told = claims.userinfo(call)
    assert [one["preferred_username"] for one in told["orgs"]] == ["hers"]
    assert "email" not in told
    # Another one has to be asked for, although the scopes are known.
    more = replace(asked, organizations=(hers.public_id, other.public_id))
    assert considered(hub, ana, asked) is None
    assert isinstance(considered(hub, ana, more), Question)


@pytest.mark.slow
def test_keys_turn_and_the_old_one_is_known_a_week_longer(hub: Hub, clock: FrozenClock) -> None:
    with calling(hub) as call, working(call) as work:
        keys.turn(work)
        keys.turn(work)
        (first,) = keys.published(work)
    clock.advance(keys.SIGNS_FOR)
    with calling(hub) as call, working(call) as work:
        keys.turn(work)
        assert [key["kid"] for key in keys.published(work)][1:] == [first["kid"]]
        assert all("d" not in key for key in keys.published(work))
    clock.advance(timedelta(days=7))
    with calling(hub) as call, working(call) as work:
        keys.turn(work)
        assert first["kid"] not in [key["kid"] for key in keys.published(work)]
