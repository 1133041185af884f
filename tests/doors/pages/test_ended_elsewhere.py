"""A site ends the sessions that came from it (OpenID Connect Back-Channel Logout 1.0).

Octo and Ana come from one issuer; Eve forges statements, and shows those again that she has heard.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from doors.pages.elsewhere import beside, joined, provider, through
from doors.pages.visitors import Visitor, confirmed
from fixtures.accounts import calling, fact_names, person
from fixtures.factors import set_up
from fixtures.hubs import FrozenClock
from fixtures.issuers import CLIENT, SECRET, Issuer, Person, issuing
from strata.core.call import reading, working
from strata.core.hub import Hub
from strata.events.tables import facts
from strata.sessions.identities import ending
from strata.sessions.identities.ending import EVENT, OLDEST
from strata.sessions.identities.sites import endpoints
from strata.sessions.identities.sites.words import LEEWAY_S
from strata.sessions.identities.tables import logout_statements
from strata.sessions.signed_in import sessions

DOOR = "/logout/backchannel/there"
OCTO = Person(more={"sid": "s-1"})
ANA = Person(subject="7", login="ana", email="ana@elsewhere.example", more={"sid": "s-2"})


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def issuer(clock: FrozenClock) -> Iterator[Issuer]:
    with issuing(clock) as running:
        running.person = OCTO
        yield running


@pytest.fixture
def near(hub: Hub, issuer: Issuer) -> Hub:
    """A hub that knows an issuer, and two people who have come from there."""
    near = beside(hub, provider(issuer))
    for one in (ANA, OCTO):
        issuer.person = one
        visitor = Visitor(near)
        through(visitor)
        joined(visitor, one.login)
    return near


def statement(issuer: Issuer, **changes: Any) -> str:
    """A logout token as the standard wants it, but for what is changed; None: left out."""
    at = int(issuer.moment().timestamp())
    claims = {
        "iss": issuer.url, "aud": CLIENT, "iat": at, "exp": at + 120, "jti": "of this one",
        "sub": "4711", "sid": "s-1", "events": {EVENT: {}}, **changes,
    }  # fmt: skip
    header = {
        "alg": issuer.algorithm,
        "kid": issuer.key.kid,
        "typ": claims.pop("typ", "logout+jwt"),
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    shown = {name: value for name, value in header.items() if value is not None}
    return jwt.encode(shown, kept, issuer.signer, algorithms=[issuer.algorithm])


def tell(hub: Hub, token: str, door: str = DOOR, **headers: str) -> tuple[int, str]:
    answer = Visitor(hub).client.post(door, data={"logout_token": token}, headers=headers)
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.text


def come(hub: Hub, issuer: Issuer, person: Person, session: str | None) -> Visitor:
    issuer.person = replace(person, more={"sid": session})
    visitor = Visitor(hub)
    assert through(visitor).status == 303
    return visitor


def is_in(visitor: Visitor) -> bool:
    return visitor.open("/settings/account").status == 200


def test_one_session_there_ends_what_it_opened_here_and_nothing_else(
    near: Hub, issuer: Issuer
) -> None:
    mine, other = come(near, issuer, OCTO, "s-1"), come(near, issuer, OCTO, "s-9")
    ana = come(near, issuer, ANA, "s-2")
    with_password = confirmed(near, "bo")
    assert tell(near, statement(issuer)) == (200, "")
    assert [is_in(one) for one in (mine, other, ana, with_password)] == [False, True, True, True]
    with reading(near) as call:
        last = call.db.execute(sa.select(facts).order_by(facts.c.id.desc()).limit(1)).one()
    assert (last.name, last.subject_id) == ("account.session_revoke", person(near, "octo").id)
    assert last.detail == {"provider": "there", "sessions": 2}  # and that of the sign-up
    assert tell(near, statement(issuer, jti="again")) == (200, "")  # nobody is left


def test_a_person_there_ends_all_that_they_opened(near: Hub, issuer: Issuer) -> None:
    browsers = [come(near, issuer, OCTO, "s-1"), come(near, issuer, OCTO, None)]
    ana = come(near, issuer, ANA, "s-2")
    assert tell(near, statement(issuer, sid=None))[0] == 200
    assert [is_in(one) for one in (*browsers, ana)] == [False, False, True]


def test_a_session_is_enough_and_one_without_a_name_ends_with_its_person(
    near: Hub, issuer: Issuer
) -> None:
    mine, nameless = come(near, issuer, OCTO, "s-1"), come(near, issuer, OCTO, None)
    assert tell(near, statement(issuer, sub=None))[0] == 200
    assert (is_in(mine), is_in(nameless)) == (False, True)
    assert tell(near, statement(issuer, jti="two"))[0] == 200
    assert not is_in(nameless)


def test_the_session_of_somebody_else_does_not_end_at_the_word_about_another(
    near: Hub, issuer: Issuer
) -> None:
    ana = come(near, issuer, ANA, "s-2")
    assert tell(near, statement(issuer, sub="4711", sid="s-2"))[0] == 200
    assert is_in(ana)


def test_a_session_stays_of_that_site_while_its_cookie_is_renewed(
    near: Hub, issuer: Issuer
) -> None:
    octo = come(near, issuer, OCTO, "s-1")
    with calling(near) as call:
        actor = sessions.actor_for_session(call.db, near, octo.client.cookies["sid"])
    assert actor is not None
    with calling(near, actor) as call, working(call) as work:
        renewed = sessions.renew(work, proved_by="password")
    octo.client.cookies = {"sid": renewed.cookie}
    assert is_in(octo)
    assert tell(near, statement(issuer))[0] == 200
    assert not is_in(octo)


def test_what_is_half_done_ends_too_and_what_was_finished_after_it(
    near: Hub, issuer: Issuer
) -> None:
    """A second factor stands between the site's word and the session."""
    li = confirmed(near, "li")
    app, _ = set_up(li)
    linked = replace(near, providers=(provider(issuer, authoritative_domains=("example.com",)),))
    come_as = Person(subject="li", email="li@example.com")
    half = come(linked, issuer, come_as, "s-5")
    whole = come(linked, issuer, come_as, "s-5")
    done = whole.submit("/login/2fa", "/login/2fa", code=app.code(1))
    assert done.place == "/"  # also in a browser that has seen no page of ours before
    assert is_in(whole)
    assert tell(linked, statement(issuer, sub="li", sid="s-5"))[0] == 200
    assert not is_in(whole)
    assert half.open("/login/2fa").place.startswith("/login?")
    assert is_in(li)


FALSE: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "no issuer": {"iss": None},
    "for somebody else": {"aud": "somebody-else"},
    "for nobody": {"aud": None},
    "no time": {"iat": None},
    "no name of its own": {"jti": None},
    "an odd name": {"jti": ["x"]},
    "no event": {"events": None},
    "another event": {"events": {"http://schemas.example/other": {}}},
    "an odd event": {"events": {EVENT: "yes"}},
    "a list of events": {"events": [EVENT]},
    "about nobody": {"sub": None, "sid": None},
    "about an empty name": {"sub": ""},
    "about an odd name": {"sid": 5},
    "a log-in": {"nonce": "n"},
    "expired": {"exp": 1},
    "another type": {"typ": "at+jwt"},
    "the type of any token": {"typ": "JWT"},
    "no type": {"typ": None},
}


def test_a_word_that_does_not_hold_ends_nothing(near: Hub, issuer: Issuer) -> None:
    held = {}
    for what, claims in FALSE.items():
        octo = come(near, issuer, OCTO, "s-1")
        status, text = tell(near, statement(issuer, **{"jti": what, **claims}))
        held[what] = (status, '"invalid_request"' in text, is_in(octo))
        good = statement(issuer, jti=what)  # its name is not used up
        assert (tell(near, good)[0], is_in(octo)) == (200, False), what
    assert held == dict.fromkeys(FALSE, (400, True, True))


def test_a_site_of_old_may_leave_the_type_out_where_the_operator_says_so(
    near: Hub, issuer: Issuer
) -> None:
    lenient = replace(near, providers=(provider(issuer, untyped_logout=True),))
    for typ in (None, "JWT"):
        octo = come(near, issuer, OCTO, "s-1")
        token = statement(issuer, typ=typ, jti=f"typed {typ}")
        assert tell(near, token)[0] == 400
        assert tell(lenient, token)[0] == 200
        assert not is_in(octo)
    assert tell(lenient, statement(issuer, typ="at+jwt"))[0] == 400


def test_what_eve_signs_ends_nothing(near: Hub, issuer: Issuer) -> None:
    octo = come(near, issuer, OCTO, "s-1")
    ours = issuer.signer
    issuer.signer = RSAKey.generate_key(2048, {"use": "sig"}, private=True)
    forged = [statement(issuer)]
    issuer.algorithm, issuer.signer = (
        "HS256",
        OctKey.import_key(SECRET + "-long-enough-for-hmac-256"),
    )
    forged.append(statement(issuer))
    issuer.algorithm, issuer.signer = "RS256", ours
    unsigned = statement(issuer).rpartition(".")[0] + "."
    login = issuer.statement("a nonce")
    for token in (*forged, unsigned, login, "", "x", "x.y.z", "x" * 20_000):
        assert tell(near, token)[0] == 400
    assert is_in(octo)
    assert "account.session_revoke" not in fact_names(near)


def test_a_statement_counts_once_and_for_some_minutes(
    near: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    token = statement(issuer, exp=None)
    assert tell(near, token)[0] == 200
    octo = come(near, issuer, OCTO, "s-1")
    assert tell(near, token)[0] == 400
    late = statement(issuer, jti="late", exp=None)
    clock.advance(OLDEST)
    assert tell(near, late)[0] == 200
    assert not is_in(octo)
    octo = come(near, issuer, OCTO, "s-1")
    later = statement(
        issuer, jti="later", exp=None, iat=int(clock().timestamp() - OLDEST.seconds - LEEWAY_S - 1)
    )
    assert tell(near, later)[0] == 400
    assert tell(near, statement(issuer, jti="x", iat=int(clock().timestamp()) + 90))[0] == 400
    assert is_in(octo)


def test_names_of_statements_are_kept_as_long_as_those_count(
    near: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    def kept() -> int:
        with reading(near) as call, working(call) as work:
            ending.forget_over(work)
            return len(work.db.execute(sa.select(logout_statements)).all())

    tell(near, statement(issuer))
    clock.advance(OLDEST)
    assert kept() == 1
    clock.advance(OLDEST)
    assert kept() == 0


def test_the_door_is_for_sites_that_make_such_statements(
    near: Hub, issuer: Issuer, clock: FrozenClock
) -> None:
    octo = come(near, issuer, OCTO, "s-1")
    assert tell(near, statement(issuer), "/logout/backchannel/elsewhere")[0] == 404
    of_github = replace(near, providers=(provider(issuer, "github"),))
    assert tell(of_github, statement(issuer))[0] == 400
    assert Visitor(near).client.post(DOOR).status_code == 400
    # The cookie of whoever sends it does not count, nor does it need one of our forms.
    assert octo.client.post(DOOR, data={"logout_token": "x"}).status_code == 400
    issuer.broken = True
    clock.advance(endpoints.KEPT_FOR)
    assert tell(near, statement(issuer))[0] == 400  # it cannot be asked for its keys
    assert not is_in(octo) or "account.session_revoke" not in fact_names(near)


def test_nothing_that_is_kept_of_a_session_names_the_person_there(
    near: Hub, issuer: Issuer
) -> None:
    come(near, issuer, replace(OCTO, subject="4711"), "s-1")
    with reading(near) as call:
        rows = call.db.execute(sa.text("SELECT * FROM sessions")).all()
    assert rows
    assert not any(name in str(row) for row in rows for name in ("4711", "s-1", issuer.url))
