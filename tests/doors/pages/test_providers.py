"""Log in with another site: whose account an identity opens, and whose word is believed (J07)."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import OctKey, RSAKey

from doors.pages.elsewhere import back_from, beside, joined, names_of, off_to, provider, through
from doors.pages.visitors import PASSWORD, Visitor, agreements, confirmed, letter, people
from fixtures.accounts import calling, fact_names, person
from fixtures.hubs import FrozenClock
from fixtures.issuers import CLIENT, SECRET, Issuer, Person, issuing
from fixtures.organizations import organization
from strata.accounts.plans import grants
from strata.accounts.plans.quotas import standing_of
from strata.core.actor import SYSTEM, Role
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.membership.closing import suspend
from strata.membership.joining import invites
from strata.organizations import queries
from strata.sessions.identities.linking import identities_of
from strata.sessions.identities.sites import endpoints
from strata.sessions.identities.sites.asking import LIFE
from strata.sessions.signed_in.sessions import PROVED_FOR

PAGE = "/settings/authentication"
CODE = "of whoever set it up"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def issuer(clock: FrozenClock) -> Iterator[Issuer]:
    with issuing(clock) as running:
        yield running


@pytest.fixture
def near(hub: Hub, issuer: Issuer) -> Hub:
    """A hub that knows an OpenID Connect issuer."""
    return beside(hub, provider(issuer))


@pytest.mark.parametrize("kind", ["oidc", "github"])
def test_a_new_person_chooses_a_name_and_needs_no_mail(hub: Hub, issuer: Issuer, kind: str) -> None:
    near = beside(hub, provider(issuer, kind))
    visitor = Visitor(near)
    came = through(visitor)
    assert came.place == "/join?step=2&next=%2Fmodels"
    assert "Password" not in visitor.open(came.place).text
    joined(visitor, "octo")
    octo = person(near, "octo")
    assert octo.verified_at is not None
    assert agreements(near) == [("terms", "sample-1", "oauth"), ("privacy", "sample-1", "oauth")]
    assert octo.email == "octo@elsewhere.example"
    assert octo.password_hash is None
    assert "Welcome" in letter(near, "octo@elsewhere.example").subject
    assert visitor.open("/verify-email").place == "/models"  # where the log-in was to lead

    again = Visitor(near)
    assert through(again).place == "/models"
    assert "octo" in again.open("/settings/account").text


def test_an_address_that_the_site_has_not_checked_counts_for_nothing(
    near: Hub, issuer: Issuer
) -> None:
    issuer.person = Person(verified=False)
    visitor = Visitor(near)
    came = through(visitor)
    assert came.place == "/join?next=%2Fmodels"
    form = visitor.open("/join")
    assert 'name="password"' not in form.text
    visitor.send("/join", form.hidden("/join") | {"email": "octo@elsewhere.example"})
    joined(visitor, "octo")
    assert person(near, "octo").verified_at is None
    assert "Confirm" in letter(near, "octo@elsewhere.example").subject


def test_an_address_of_an_account_here_opens_nothing_until_its_owner_links(
    near: Hub, issuer: Issuer
) -> None:
    confirmed(near, "li")
    issuer.person = Person(email="li@example.com")
    visitor = Visitor(near)
    came = through(visitor)
    assert came.place == "/login?next=/login/link"
    assert visitor.open("/settings/account").place.startswith("/login")
    form = visitor.open(came.place)
    assert "the address that the other site knows" in form.text
    fields = form.hidden("/login") | {"username": "li", "password": PASSWORD}
    assert visitor.send("/login", fields).place == "/login/link"
    done = visitor.submit("/login/link", "/login/link")
    assert done.place == PAGE
    assert names_of(near, "li") == ["octo"]
    assert "There was linked" in letter(near, "li@example.com").subject
    assert through(Visitor(near)).place == "/models"


def test_what_a_log_in_there_needed_is_dropped_over_https_too(near: Hub, issuer: Issuer) -> None:
    confirmed(near, "li")
    issuer.person = Person(email="li@example.com")
    site = "https://hub.example.com"
    secure = replace(near, settings=replace(near.settings, public_url=site))
    visitor = Visitor(secure, site=site)
    off = visitor.open("/login/with/there")
    assert "__Host-attempt" in visitor.client.cookies
    form = visitor.open(visitor.open(back_from(off.place)).place)
    assert "__Host-attempt" not in visitor.client.cookies
    assert "__Host-link" in visitor.client.cookies
    visitor.send("/login", form.hidden("/login") | {"username": "li", "password": PASSWORD})
    assert visitor.submit("/login/link", "/login/link").place == PAGE
    assert "__Host-link" not in visitor.client.cookies


def test_the_word_of_an_authoritative_site_links_at_once(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer, authoritative_domains=("example.com",)))
    confirmed(near, "li")
    issuer.person = Person(email="li@example.com")
    assert through(Visitor(near)).place == "/models"
    issuer.person = Person(subject="1", email="first-one@example.org")
    assert through(Visitor(near)).place == "/login?next=/login/link"


def test_a_suspended_account_reads_why_and_whom_to_ask(near: Hub) -> None:
    hub = replace(near, settings=replace(near.settings, contact="ops@example.com"))
    visitor = Visitor(hub)
    through(visitor)
    joined(visitor, "octo")
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend.suspend(work, person(hub, "octo"), suspend.Suspension("spam."))
    told = through(Visitor(hub))
    assert told.status == 403
    assert "This account is suspended: spam. Contact ops@example.com." in told.text
    assert "the role this needs" not in told.text
    assert fact_names(hub).count("account.login_failed") == 1


def test_the_key_is_the_name_at_the_site_and_never_the_address(near: Hub, issuer: Issuer) -> None:
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    issuer.person = Person(subject="other", email="octo@elsewhere.example")
    assert through(Visitor(near)).place == "/login?next=/login/link"
    issuer.person = Person(email="moved@elsewhere.example")
    assert through(Visitor(near)).place == "/models"


def test_an_account_links_and_unlinks_but_keeps_its_last_way_in(near: Hub) -> None:
    visitor = confirmed(near, "li")
    off = visitor.submit(PAGE, f"{PAGE}/identities", provider="there")
    assert visitor.open(back_from(off_to(off))).place == PAGE
    assert names_of(near, "li") == ["octo"]
    taken = confirmed(near, "wei")
    off = taken.submit(PAGE, f"{PAGE}/identities", provider="there")
    assert "already linked to another account here" in taken.open(back_from(off_to(off))).text
    with reading(near) as call:
        (held,) = identities_of(call, person(near, "li").id)
    form = taken.open(PAGE).hidden(f"{PAGE}/identities")
    assert taken.send(f"{PAGE}/identities/unlink", form | {"identity": str(held.id)}).status == 404
    gone = visitor.submit(PAGE, f"{PAGE}/identities/unlink", identity=str(held.id))
    assert gone.place == PAGE
    assert names_of(near, "li") == []

    alone = Visitor(near)
    through(alone)
    joined(alone, "octo")
    with reading(near) as call:
        (held,) = identities_of(call, person(near, "octo").id)
    refused = alone.submit(PAGE, f"{PAGE}/identities/unlink", identity=str(held.id))
    assert "This is your last way in" in refused.text
    assert names_of(near, "octo") == ["octo"]


def test_linking_asks_who_sits_there(near: Hub, clock: FrozenClock) -> None:
    visitor = confirmed(near, "li")
    form = visitor.open(PAGE).hidden(f"{PAGE}/identities")
    begun = visitor.send(f"{PAGE}/identities", form | {"provider": "there"})
    back = back_from(off_to(begun))
    other = confirmed(near, "wei")  # who sits at the browser in which li began
    other.client.cookies.set("attempt", visitor.client.cookies["attempt"])
    assert (other.open(back).status, names_of(near, "wei")) == (404, [])

    begun = visitor.send(f"{PAGE}/identities", form | {"provider": "there"})
    assert visitor.open(back_from(off_to(begun))).place == PAGE
    came = Visitor(near)
    assert through(came).place == "/models"  # at the word of the site, who has shown us nothing
    proof = came.open(PAGE).hidden("/logout")
    asked = came.send(f"{PAGE}/identities", proof | {"provider": "there"})
    assert (asked.status, "Confirm that it is you" in asked.text) == (403, True)

    clock.advance(PROVED_FOR)
    asked = visitor.send(f"{PAGE}/identities", form | {"provider": "there"})
    assert (asked.status, "Confirm that it is you" in asked.text) == (403, True)


FALSE: dict[str, dict[str, Any]] = {
    "another nonce": {"nonce": "x"},
    "another audience": {"aud": "somebody-else"},
    "two audiences and no party": {"aud": [CLIENT, "somebody-else"]},
    "another issuer": {"iss": "https://evil.example"},
    "expired": {"exp": 1},
    "no subject": {"sub": None},
    "no expiry": {"exp": None},
}


@pytest.mark.parametrize("claims", FALSE.values(), ids=FALSE.keys())
def test_a_word_that_does_not_hold_opens_nothing(
    near: Hub, issuer: Issuer, claims: dict[str, Any]
) -> None:
    issuer.person = Person(more=claims)
    visitor = Visitor(near)
    failed = through(visitor)
    assert (failed.status, "There did not answer" in failed.text) == (502, True)
    assert visitor.open("/settings/account").place.startswith("/login")
    assert visitor.open("/login").status == 200


def test_a_word_that_somebody_else_signed_opens_nothing(near: Hub, issuer: Issuer) -> None:
    issuer.signer = RSAKey.generate_key(2048, {"use": "sig"}, private=True)
    assert through(Visitor(near)).status == 502
    issuer.algorithm = "HS256"
    issuer.signer = OctKey.import_key(SECRET + "-long-enough-for-a-key-of-hmac")
    assert through(Visitor(near)).status == 502


def test_what_another_browser_began_or_was_denied_opens_nothing(near: Hub, issuer: Issuer) -> None:
    attacker, victim = Visitor(near), Visitor(near)
    back = back_from(attacker.open("/login/with/there").place)
    assert victim.open(back).status == 400
    victim.open("/login/with/there")
    over = victim.open(back)
    assert (over.status, "This log-in is over" in over.text) == (400, True)
    assert len(issuer.codes) == 1  # what the attacker brought is not even asked about
    assert victim.open("/settings/account").place.startswith("/login")
    several = replace(near, providers=(*near.providers, replace(near.providers[0], id="other")))
    mixed = Visitor(several)
    back = back_from(mixed.open("/login/with/there").place)
    assert mixed.open(back.replace("/callback/there", "/callback/other")).status == 400
    issuer.deny = True
    denied = through(Visitor(near))
    assert (denied.status, "You cancelled there" in denied.text) == (400, True)


def test_a_code_works_once_and_an_attempt_ends(near: Hub, clock: FrozenClock) -> None:
    visitor = Visitor(near)
    back = back_from(visitor.open("/login/with/there").place)
    visitor.open(back)
    assert visitor.open(back).status == 400
    back = back_from(visitor.open("/login/with/there").place)
    clock.advance(LIFE)
    assert visitor.open(back).status == 400


def test_a_site_that_is_away_leaves_the_password_form(near: Hub, issuer: Issuer) -> None:
    issuer.broken = True
    visitor = Visitor(near)
    away = visitor.open("/login/with/there")
    assert (away.status, "Traceback" in away.text) == (502, False)
    assert "There did not answer" in away.text
    confirmed(near, "li")
    assert visitor.log_in("li").status == 303


def test_a_site_that_goes_away_is_noticed_within_a_minute(
    near: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    assert through(Visitor(near)).status == 303
    issuer.broken = True
    clock.advance(endpoints.ASKED_AGAIN_AFTER)
    assert Visitor(near).open("/login/with/there").status == 502


def test_the_way_onward_stays_on_this_site(near: Hub) -> None:
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    assert through(Visitor(near), "//evil.example").place == "/"


def test_domains_that_may_not_come_in_do_not(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer, allowed_domains=("example.org",)))
    outside = through(Visitor(near))
    assert (outside.status, "may not log in here" in outside.text) == (403, True)


def test_groups_there_are_roles_here_as_long_as_they_last(hub: Hub, issuer: Issuer) -> None:
    rules = ("ml=acme:write", "leads=acme:admin")
    near = beside(hub, provider(issuer, roles=rules))
    acme = organization(near, "first-one", "acme")

    def role(name: str) -> Role | None:
        with reading(near) as call:
            return queries.role_of(call, acme.id, person(near, name).id)

    issuer.person = Person(more={"groups": ["ml", "leads"]})
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    through(Visitor(near))
    assert role("octo") is Role.ADMIN
    issuer.person = Person(more={"groups": ["ml"]})
    through(Visitor(near))
    assert role("octo") is Role.WRITE
    issuer.person = Person()
    through(Visitor(near))
    assert role("octo") is None


def test_groups_there_bring_a_plan_here_as_long_as_they_last(hub: Hub, issuer: Issuer) -> None:
    near = beside(hub, provider(issuer, plans=("leads=Lab", "ml=Pro", "odd=Nothing")))
    with reading(near) as call, working(call) as work:
        for name in ("Pro", "Lab"):
            grants.make(work, name, {"repos": 7})

    def plan() -> str:
        with reading(near) as call:
            return standing_of(call, person(near, "octo").id).plan

    issuer.person = Person(more={"groups": ["ml", "leads"]})
    visitor = Visitor(near)
    through(visitor)
    joined(visitor, "octo")
    seen = [plan()]
    for groups in (["ml", "odd"], ["odd"], []):
        issuer.person = Person(more={"groups": groups})
        through(Visitor(near))
        seen.append(plan())
    assert seen == ["Lab", "Pro", "Free", "Free"]


def test_the_first_admin_may_come_from_there_and_shows_the_code(hub: Hub, issuer: Issuer) -> None:
    accounts = replace(hub.settings.accounts, first_admin_code=CODE)
    empty = replace(
        hub, settings=replace(hub.settings, accounts=accounts), providers=(provider(issuer),)
    )
    visitor = Visitor(empty)
    assert through(visitor).place == "/join?next=%2Fmodels"  # the first step asks for the code
    sent_back = joined(visitor, "octo")
    assert (sent_back.status, people(empty)) == (400, 0)
    assert "Enter the code of the first administrator." in sent_back.text

    wrong = visitor.submit("/join", "/join", email="octo@elsewhere.example", first_code="a guess")
    assert "This is not the code." in wrong.text
    assert "Password" not in wrong.text  # the other site still vouches for them
    visitor.submit("/join", "/join", email="octo@elsewhere.example", first_code=CODE)
    joined(visitor, "octo")
    octo = person(empty, "octo")
    assert (octo.admin, octo.verified_at is not None) == (True, True)


def test_who_comes_from_there_needs_an_invitation_as_well(hub: Hub, issuer: Issuer) -> None:
    accounts = replace(hub.settings.accounts, sign_up="invite")
    guarded = replace(
        beside(hub, provider(issuer)), settings=replace(hub.settings, accounts=accounts)
    )
    with calling(guarded) as call, working(call) as work:
        code = invites.invite(work)
    visitor = Visitor(guarded)
    assert through(visitor).place == "/join?next=%2Fmodels"
    assert 'name="invite"' in visitor.open("/join").text
    skipped = joined(visitor, "octo")  # straight to the second step
    assert (skipped.status, people(guarded)) == (400, 1)
    assert "Enter the code of your invitation." in skipped.text
    email = "octo@elsewhere.example"
    assert visitor.submit("/join", "/join", email=email, invite=code).place == "/join?step=2"
    joined(visitor, "octo")
    assert person(guarded, "octo").verified_at is not None
    assert {method for _, _, method in agreements(guarded)} == {"oauth"}
