"""What another site says, and what of it counts here (product §3.7), sentence by sentence."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey

from doors.pages.elsewhere import back_from, beside, joined, names_of, off_to, provider, through
from doors.pages.visitors import PASSWORD, Visitor, confirmed, letter, link_in
from fixtures.accounts import person
from fixtures.factors import set_up
from fixtures.hubs import FrozenClock
from fixtures.issuers import Issuer, Person, issuing
from fixtures.organizations import leaves, organization
from strata.core.actor import Role
from strata.core.call import reading
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.membership.recovery import SendReset
from strata.organizations import queries
from strata.sessions.identities.sites import endpoints
from strata.sessions.identities.sites.words import LEEWAY_S

AUTHENTICATION = "/settings/authentication"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def issuer(clock: FrozenClock) -> Iterator[Issuer]:
    with issuing(clock) as running:
        yield running


def role_in(hub: Hub, organization_id: int, name: str) -> Role | None:
    with reading(hub) as call:
        return queries.role_of(call, organization_id, person(hub, name).id)


def at(clock: FrozenClock, seconds: int) -> int:
    return int(clock().timestamp()) + seconds


@pytest.mark.parametrize(
    ("claim", "good", "bad"),
    [("exp", -LEEWAY_S + 1, -LEEWAY_S - 1), ("iat", LEEWAY_S, LEEWAY_S + 1),
     ("nbf", LEEWAY_S, LEEWAY_S + 1)],
)  # fmt: skip
def test_clocks_may_differ_by_a_minute(
    hub: Hub, issuer: Issuer, clock: FrozenClock, claim: str, good: int, bad: int
) -> None:
    near = beside(hub, provider(issuer))
    issuer.person = Person(more={claim: at(clock, good)})
    assert through(Visitor(near)).status == 303
    issuer.person = Person(more={claim: at(clock, bad)})
    assert through(Visitor(near)).status == 502


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
def test_only_two_ways_to_sign_are_believed(hub: Hub, issuer: Issuer, algorithm: str) -> None:
    near = beside(hub, provider(issuer))
    issuer.algorithm = algorithm
    assert through(Visitor(near)).status == 502


def test_a_key_on_the_curve_is_believed(hub: Hub, issuer: Issuer) -> None:
    issuer.key = issuer.signer = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    issuer.algorithm = "ES256"
    assert through(Visitor(beside(hub, provider(issuer)))).place == "/join?step=2&next=%2Fmodels"


def test_a_new_key_is_asked_for_once_a_minute(hub: Hub, issuer: Issuer, clock: FrozenClock) -> None:
    near = beside(hub, provider(issuer))
    assert through(Visitor(near)).status == 303
    issuer.key = issuer.signer = ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True)
    issuer.algorithm = "ES256"
    assert through(Visitor(near)).status == 502  # the keys were asked for in this minute
    clock.advance(endpoints.ASKED_AGAIN_AFTER)
    assert through(Visitor(near)).status == 303


def test_the_answer_names_its_issuer_where_the_site_promises_that(
    hub: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    near = beside(hub, provider(issuer))
    issuer.back = {"iss": "https://evil.example"}
    assert through(Visitor(near)).status == 502
    issuer.back = {"iss": issuer.url}
    assert through(Visitor(near)).status == 303
    issuer.more = {"authorization_response_iss_parameter_supported": True}
    clock.advance(endpoints.KEPT_FOR)
    assert through(Visitor(near)).status == 303
    issuer.back = {}
    assert through(Visitor(near)).status == 502


@pytest.mark.parametrize("named", ["https://evil.example", "{url}/", "{url}/../"])
def test_a_document_of_another_issuer_opens_nothing(hub: Hub, issuer: Issuer, named: str) -> None:
    issuer.more = {"issuer": named.format(url=issuer.url)}
    near = beside(hub, provider(issuer))
    assert Visitor(near).open("/login/with/there").status == 502


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri"])
def test_what_its_document_points_to_inside_is_not_called(
    hub: Hub, issuer: Issuer, endpoint: str
) -> None:
    """The operator has chosen one host; what else stands in this network was not meant."""
    inside = issuer.url.replace("127.0.0.1", "localhost")
    path = {"token_endpoint": "/token", "jwks_uri": "/keys"}[endpoint]
    issuer.more = {endpoint: f"{inside}{path}"}
    near = beside(hub, provider(issuer))
    refused = through(Visitor(near))
    assert refused.status == 502
    assert issuer.url not in refused.text


@pytest.mark.parametrize(
    ("said", "chosen", "used"),
    [
        (None, "", "basic"),  # Discovery 1.0 §3: the default
        (["client_secret_post"], "", "post"),
        (["client_secret_post", "client_secret_basic"], "", "basic"),
        (["client_secret_post", "client_secret_basic"], "post", "post"),
    ],
)
def test_the_secret_is_shown_as_the_site_wants_it(
    hub: Hub, issuer: Issuer, said: list[str] | None, chosen: str, used: str
) -> None:
    if said:
        issuer.more = {"token_endpoint_auth_methods_supported": said}
    near = beside(hub, provider(issuer, client_auth=chosen))
    assert through(Visitor(near)).status == 303
    assert issuer.secret_came_in == used


def test_the_way_there_is_pkce_with_the_exact_address_to_come_back_to(
    hub: Hub, issuer: Issuer
) -> None:
    near = beside(hub, provider(issuer))
    through(Visitor(near), "/models?redirect_uri=https://evil.example")
    asked = issuer.asked
    assert asked["redirect_uri"] == "http://hub.example.com/login/callback/there"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) > 40
    assert asked["scope"].split() == ["openid", "email", "profile"]


def test_what_the_token_lacks_is_asked_for_beside_it(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer))
    lacking: dict[str, Any] = {"email": None, "email_verified": None, "preferred_username": None}
    issuer.person = Person(more=lacking)
    issuer.beside = {"email": "octo@elsewhere.example", "email_verified": True, "name": "Octo Cat"}
    visitor = Visitor(near)
    assert through(visitor).place == "/join?step=2&next=%2Fmodels"
    joined(visitor, "octo")
    assert person(near, "octo").email == "octo@elsewhere.example"

    issuer.beside = {"sub": "somebody-else", "email": "first-one@example.org"}
    assert through(Visitor(near)).status == 502
    # The word that an address was verified is about the address beside it, not about another one.
    issuer.person = Person(subject="2", email="li@example.com", more={"email_verified": None})
    issuer.beside = {"email_verified": True}
    assert through(Visitor(near)).place == "/join?next=%2Fmodels"


def test_claims_may_have_other_names(hub: Hub, issuer: Issuer) -> None:
    acme_rule = ("https://hub.example/ml=acme:write",)
    near = beside(
        hub,
        provider(
            issuer, email_claim="mail", verified_claim="mail_ok", name_claim="display.full",
            username_claim="https://login.example/nick", groups_claim="realm_access.roles",
            roles=acme_rule,
        ),
    )  # fmt: skip
    acme = organization(near, "first-one", "acme")
    issuer.person = Person(
        more={
            "mail": "o@elsewhere.example",
            "mail_ok": "true",
            "display": {"full": "Octo Cat"},
            "https://login.example/nick": "cat",
            "realm_access": {"roles": ["https://hub.example/ml", "other"]},
        }
    )
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    assert person(near, "octo").email == "o@elsewhere.example"
    assert names_of(near, "octo") == ["cat"]
    assert role_in(near, acme.id, "octo") is Role.WRITE


def test_a_workspace_lets_in_its_own_people_only(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer, hosted_domain="example.com"))
    assert through(Visitor(near)).status == 403
    issuer.person = Person(more={"hd": "evil.example"})
    assert through(Visitor(near)).status == 403
    issuer.person = Person(more={"hd": "example.com"})
    assert through(Visitor(near)).status == 303
    assert issuer.asked["hd"] == "example.com"


def test_groups_give_roles_from_the_first_log_in_and_take_what_was_given_by_hand(
    hub: Hub, issuer: Issuer
) -> None:
    near = beside(hub, provider(issuer, roles=("ml=acme:write",)))
    acme = organization(near, "first-one", "acme")
    issuer.person = Person(more={"groups": ["ml", *[f"group-{n}" for n in range(500)]]})
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    assert role_in(near, acme.id, "octo") is Role.WRITE

    issuer.person = Person(subject="2", email="li@example.com", more={"groups": ["ml"]})
    li = confirmed(near, "li")
    off = li.submit(AUTHENTICATION, f"{AUTHENTICATION}/identities", provider="there")
    li.open(back_from(off_to(off)))
    assert role_in(near, acme.id, "li") is Role.WRITE


def test_a_role_from_a_group_ends_with_the_link(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer, roles=("ml=acme:write",)))
    acme = organization(near, "first-one", "acme")
    issuer.person = Person(email="li@example.com", more={"groups": ["ml"]})
    li = confirmed(near, "li")
    off = li.submit(AUTHENTICATION, f"{AUTHENTICATION}/identities", provider="there")
    li.open(back_from(off_to(off)))
    assert role_in(near, acme.id, "li") is Role.WRITE
    li.submit(AUTHENTICATION, f"{AUTHENTICATION}/identities/unlink", identity="1")
    assert role_in(near, acme.id, "li") is None


def test_the_last_admin_stays_whatever_the_groups_say(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer, roles=("leads=acme:admin",)))
    acme = organization(near, "first-one", "acme")
    issuer.person = Person(more={"groups": ["leads"]})
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    leaves(near, "first-one")
    issuer.person = Person()
    assert through(Visitor(near)).status == 303
    assert role_in(near, acme.id, "octo") is Role.ADMIN


@pytest.mark.parametrize(
    ("trusted", "factors", "asked"),
    [
        (True, ["pwd", "mfa"], False),
        (True, ["hwk"], False),
        (True, ["pwd"], True),
        (False, ["pwd", "mfa"], True),
    ],
)
def test_a_second_factor_stands_between_unless_the_site_has_asked_and_is_trusted(
    hub: Hub, issuer: Issuer, *, trusted: bool, factors: list[str], asked: bool
) -> None:
    near = beside(hub, provider(issuer, trust_mfa=trusted))
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    set_up(visitor)
    issuer.person = Person(more={"amr": factors})
    came = through(Visitor(near))
    assert came.place.startswith("/login/2fa") is asked


def test_an_account_without_a_password_gets_one_by_mail_and_has_none_for_programs(
    hub: Hub, issuer: Issuer
) -> None:
    near = beside(hub, provider(issuer))
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    stranger = Visitor(near)
    for guess in ("", PASSWORD):
        assert stranger.log_in("octo", guess).status != 303
    sent = visitor.submit(AUTHENTICATION, f"{AUTHENTICATION}/password/mail")
    assert sent.status == 303
    while run_due(near, {SendReset.kind: SendReset}):
        pass
    link = link_in(letter(near, "octo@elsewhere.example"))
    form = visitor.open(link).text.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert visitor.send(link, {"csrf_token": form, "password": PASSWORD}).place == "/login"
    assert Visitor(near).log_in("octo").status == 303


def test_an_identity_of_a_site_that_is_gone_is_no_way_in(hub: Hub, issuer: Issuer) -> None:
    both = beside(hub, provider(issuer), replace(provider(issuer), id="gone"))
    visitor = Visitor(both)
    through(visitor)
    joined(visitor, "octo")
    off = visitor.submit(AUTHENTICATION, f"{AUTHENTICATION}/identities", provider="gone")
    visitor.open(back_from(off_to(off)))
    assert len(names_of(both, "octo")) == 2
    near = replace(both, providers=both.providers[:1])
    later = Visitor(near)
    later.client.cookies.update(visitor.client.cookies)
    refused = later.submit(AUTHENTICATION, f"{AUTHENTICATION}/identities/unlink", identity="1")
    assert "This is your last way in" in refused.text
