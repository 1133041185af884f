"""What entering the administration of the site takes, and what an admin's session is worth."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, inbox, made
from fixtures.authenticators import Authenticator
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.factors import passkeys
from strata.accounts.factors.challenges import Purpose, Use
from strata.accounts.tables import users
from strata.core.actor import Actor
from strata.core.call import Origin, working
from strata.core.errors import Forbidden, ProofNeeded
from strata.core.hub import Hub
from strata.sessions.protecting import changing
from strata.sessions.signed_in import console, sessions, sudo

SITE = "https://hub.example.com"
HERE = Origin(base_url=SITE, ip="203.0.113.7", user_agent="a browser")
Build = Callable[..., Hub]


@pytest.fixture
def build(tmp_path: Path, clock: FrozenClock) -> Iterator[Build]:
    """Give a function that builds a hub with settings."""
    built: list[Hub] = []

    def hub_with(**settings: object) -> Hub:
        chosen = {key.replace("__", "."): value for key, value in settings.items()}
        folder = tmp_path / f"d{len(built)}"
        built.append(build_test_hub(folder, clock=clock, **chosen))  # type: ignore[arg-type]  # by key
        return built[-1]

    yield hub_with
    for hub in built:
        hub.database.close()


def admin(hub: Hub, *, proved_by: str = "password") -> Actor:
    """An admin of the site who has just logged in."""
    person = made(hub, "ruth", admin=True, password=None)
    with calling(hub, origin=HERE) as call, working(call) as work:
        session = sessions.start(
            work, person.user_id or 0, admin=True, remember=False, proved_by=proved_by
        )
    return at(hub, session.cookie)


def at(hub: Hub, cookie: str) -> Actor:
    with calling(hub, origin=HERE) as call:
        found = sessions.actor_for_session(call.db, hub, cookie)
    assert found is not None
    return found


def enter(hub: Hub, actor: Actor) -> None:
    with calling(hub, actor, HERE) as call, working(call) as work:
        console.enter(work)


def with_passkey(hub: Hub, actor: Actor) -> Authenticator:
    key = Authenticator(origin=SITE)
    with calling(hub, actor, HERE) as call:
        options = changing.passkey_options(call)
    with calling(hub, actor, HERE) as call:
        changing.add_passkey(call, key.make(options), "key")
    return key


def test_over_https_the_console_takes_a_passkey(build: Build) -> None:
    hub = build(public_url=SITE)
    ruth = admin(hub, proved_by="password+totp")

    with pytest.raises(Forbidden) as lacks:
        enter(hub, ruth)
    assert lacks.value.message == "console.no_passkey"

    key = with_passkey(hub, ruth)
    with pytest.raises(ProofNeeded) as asked:  # a fresh log-in by other means is not enough
        enter(hub, ruth)
    assert asked.value.fault == "console.passkey"

    with calling(hub, ruth, HERE) as call:
        use = Use(Purpose.PROVE, ruth.session_mark)
        answer = key.show(passkeys.options_to_show(call, use, ruth.user_id))
        proved = sudo.prove(call, sudo.Proof(passkey=answer))
    enter(hub, proved.actor)


@pytest.mark.parametrize(
    ("proved_by", "wanted", "enters"),
    [
        ("passkey", "passkey", True),
        ("password+passkey", "passkey", True),
        ("password+totp", "passkey", False),
        ("password+totp", "second", True),
        ("password+recovery", "second", False),
        ("password", "second", False),
        ("mail", "second", False),
        ("password", "none", True),
    ],
)
def test_what_opens_the_console(build: Build, proved_by: str, wanted: str, *, enters: bool) -> None:
    hub = build(accounts__console_factor=wanted)
    ruth = admin(hub, proved_by=proved_by)

    if enters:
        enter(hub, ruth)
        return
    with pytest.raises(Forbidden):
        enter(hub, ruth)


@pytest.mark.parametrize(
    ("public_url", "wanted"),
    [
        ("", "none"),  # listens to its own machine alone
        (SITE, "passkey"),
        ("http://10.0.0.7:8080", "second"),  # browsers have no passkeys there
    ],
)
def test_what_the_console_takes_follows_from_the_address(
    build: Build, public_url: str, wanted: str
) -> None:
    hub = build(public_url=public_url)

    with calling(hub, origin=Origin(base_url=public_url or "http://localhost:8080")) as call:
        assert console.wanted_factor(call) == wanted


def test_no_mail_proves_an_admin_who_has_something_better(build: Build) -> None:
    hub = build()
    ruth = admin(hub)
    with calling(hub, ruth, HERE) as call:
        assert sudo.ways(call).mail  # else they could set nothing up

    with calling(hub, ruth, HERE) as call, working(call) as work:
        here = sa.update(users).where(users.c.id == ruth.user_id)
        work.db.execute(here.values(has_factor=True))
    with calling(hub, ruth, HERE) as call:
        assert not sudo.ways(call).mail
        with pytest.raises(ProofNeeded):
            sudo.prove(call, sudo.Proof(by_mail=True))
    assert inbox(hub, "ruth@example.org") == []
