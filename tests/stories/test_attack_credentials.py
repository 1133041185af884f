"""What a thief still holds when its owner has taken it away, and what two nodes do at once."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    calling,
    confirmation_in,
    fact_names,
    in_session,
    inbox,
    made,
)
from fixtures.authorizing import allowed as agreed, asking, redeemed
from fixtures.hubs import FrozenClock
from fixtures.oauth import application
from fixtures.programs import allowed as let_in, granted, polled, refreshed, started, whose
from fixtures.races import beside, called, step_by_step, worked
from fixtures.tokens import issued
from strata.accounts import people
from strata.core.actor import SYSTEM, Actor, TokenRole
from strata.core.call import Work
from strata.core.errors import ClientRefused, NotFound, ProofNeeded, Unauthenticated
from strata.core.hub import Hub
from strata.credentials.keys import gpg, ssh
from strata.credentials.keys.tables import gpg_keys, ssh_keys
from strata.credentials.oauth import apps
from strata.credentials.oauth.apps import Origin
from strata.credentials.oauth.authorizing import answering, requests
from strata.credentials.oauth.device import starting
from strata.credentials.oauth.making import operator, own, registration
from strata.credentials.oauth.making.description import Described
from strata.credentials.oauth.making.keeping import Made
from strata.credentials.oauth.tables import (
    oauth_apps,
    oauth_consents,
    oauth_devices,
    oauth_families,
)
from strata.credentials.oauth.tokens.ending import end_all
from strata.credentials.tokens import expiring, making
from strata.credentials.tokens.tables import oauth_refreshes, tokens
from strata.events.jobs import run_due
from strata.membership import recovery
from strata.membership.recovery import NewPassword
from strata.sessions.signed_in import sessions
from strata.web.oauth.answers import scopes_of

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl thief"
OTHER = "An0ther-Horse!b"
NO_PASSWORD = None  # nothing here asks for one, and hashing takes time


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana", password=NO_PASSWORD)


def counted(hub: Hub, table: sa.Table) -> int:
    with calling(hub) as call:
        return call.db.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def reset(hub: Hub, **ticked: bool) -> None:
    """Ana gets a link by mail and gives her account another password."""
    with calling(hub) as call:
        recovery.ask(call, "ana")
    while run_due(hub, {recovery.SendReset.kind: recovery.SendReset}):
        pass
    link = confirmation_in(inbox(hub, "ana@example.org")[-1])
    with calling(hub) as call:
        recovery.choose(call, link, NewPassword(OTHER, **ticked))


def test_no_application_refreshes_what_a_reset_has_revoked(hub: Hub, ana: Actor) -> None:
    """The one box to tick when somebody else used the account: nothing that was given stays."""
    held = granted(hub, ana)
    reset(hub, revoke_tokens=True)
    assert whose(hub, held.access_token) is None
    assert refreshed(hub, held.refresh_token) == "invalid_grant"
    assert counted(hub, oauth_families) == counted(hub, oauth_refreshes) == 0


def test_nothing_that_was_agreed_to_is_fetched_after_such_a_reset(hub: Hub, ana: Actor) -> None:
    """A thief said yes to programs of theirs that have not come for their tokens yet."""
    app = application(hub)
    code = agreed(hub, ana, asking())["code"]
    device = started(hub)
    let_in(hub, ana, device.user_code)
    reset(hub, revoke_tokens=True)
    assert redeemed(hub, code, app.credentials) == "invalid_grant"
    assert polled(hub, device) == "invalid_grant"


def test_a_reset_that_leaves_the_tokens_leaves_the_applications(hub: Hub, ana: Actor) -> None:
    held = granted(hub, ana)
    reset(hub)
    assert whose(hub, held.access_token) is not None
    assert not isinstance(refreshed(hub, held.refresh_token), str)


@pytest.fixture
def thief(hub: Hub) -> Actor:
    """Who sits in a session of li, as li."""
    return in_session(hub, "li")


def make_a_token(work: Work) -> object:
    return making.create(work, "t", TokenRole.WRITE)


def add_a_key(work: Work) -> object:
    return ssh.add(work, "", KEY)


def let_a_program_in(work: Work) -> object:
    app = requests.recognised(work, asking())
    return answering.allow(work, asking(), app, ())


@pytest.mark.parametrize("act", [make_a_token, add_a_key, let_a_program_in])
def test_whose_session_is_ended_at_this_moment_gives_themselves_nothing(
    hub: Hub, thief: Actor, act: Callable[[Work], object]
) -> None:
    """The owner ends the other sessions and everything that they gave: nothing comes after that."""
    application(hub)
    li = thief.user_id or 0

    def throw_out(work: Work) -> None:
        people.locked(work, li)
        sessions.end_all(work, li)
        end_all(work, li)

    late = beside(hub, throw_out, lambda: worked(hub, thief, act), by=SYSTEM)
    assert isinstance(late, Unauthenticated), late
    assert counted(hub, tokens) == counted(hub, ssh_keys) == counted(hub, oauth_consents) == 0


def test_a_gpg_key_is_removed_once(hub: Hub, ana: Actor) -> None:
    with hub.database.writing() as db:
        owned = {"user_id": ana.user_id, "fingerprint": "ab" * 20}
        key = {"blob": b"-", "addresses": [], "subkeys": [], "created_at": hub.clock()}
        fresh = sa.insert(gpg_keys).values(**owned, **key)
        key_id = db.execute(fresh.returning(gpg_keys.c.id)).scalar_one()

    def remove(work: Work) -> None:
        gpg.remove(work, key_id)

    late = beside(hub, remove, lambda: worked(hub, ana, remove), by=ana)
    assert isinstance(late, NotFound), late
    assert fact_names(hub).count("key.gpg_remove") == len(inbox(hub, "ana@example.org")) == 1


def test_two_nodes_tell_of_the_end_of_a_token_once(
    hub: Hub, clock: FrozenClock, ana: Actor
) -> None:
    issued(hub, ana, expires_at=hub.clock() + timedelta(days=5))
    issued(hub, ana, "short", expires_at=hub.clock() + timedelta(minutes=1))
    clock.advance(timedelta(minutes=2))
    late = beside(hub, expiring.tell, lambda: worked(hub, SYSTEM, expiring.tell), by=SYSTEM)
    assert late is None
    assert len(inbox(hub, "ana@example.org")) == 1
    assert fact_names(hub).count("token.expire") == 1


def test_an_application_is_let_in_while_it_is_forgotten(
    hub: Hub, clock: FrozenClock, ana: Actor
) -> None:
    """It came by itself a month ago, and somebody lets it in in the hour of the housekeeping."""
    app = application(hub).app
    with hub.database.writing() as db:
        db.execute(sa.update(oauth_apps).values(origin=Origin.ITSELF.value))
    clock.advance(timedelta(days=31))

    def agree(work: Work) -> object:
        return answering.allow(work, asking(), app, ())

    def tidy() -> object:
        return worked(hub, SYSTEM, registration.forget_unused)

    assert beside(hub, agree, tidy, by=ana) is None
    assert counted(hub, oauth_apps) == counted(hub, oauth_consents) == 1


def test_a_program_begins_while_its_application_is_removed(hub: Hub) -> None:
    registered = application(hub, device_flow=True)
    credentials = registered.credentials

    def start() -> object:
        return called(hub, Actor(), lambda call: starting.start(call, credentials, ""))

    late = beside(hub, lambda work: operator.remove(work, "dummy-app"), start, by=SYSTEM)
    assert isinstance(late, ClientRefused), late
    assert counted(hub, oauth_devices) == 0


def test_an_application_is_removed_once(hub: Hub, ana: Actor) -> None:
    described = Described("mine", redirect_uris=("https://a.example.com/x",), scopes=("openid",))
    mine = worked(hub, ana, lambda work: own.create(work, described, confidential=False))
    assert isinstance(mine, Made)

    def delete(work: Work) -> None:
        own.delete(work, mine.app.client_id)

    late = beside(hub, delete, lambda: worked(hub, ana, delete), by=ana)
    assert isinstance(late, NotFound), late
    assert fact_names(hub).count("oauth.app_delete") == 1


def test_an_address_that_was_just_taken_away_comes_back_with_a_proof_only(
    hub: Hub, ana: Actor
) -> None:
    """A thief without a proof sends the old form, while the owner takes their address away."""
    evil, good = "https://evil.example.com/x", "https://good.example.com/x"

    def describe(address: str) -> Callable[[Work], object]:
        described = Described("mine", redirect_uris=(address,), scopes=("openid",))
        return lambda work: own.change(work, client_id, described)

    made_one = worked(
        hub,
        ana,
        lambda work: own.create(
            work,
            Described("mine", redirect_uris=(evil,), scopes=("openid",)),
            confidential=False,
        ),
    )
    assert isinstance(made_one, Made)
    client_id = made_one.app.client_id
    unproved = replace(ana, proved_until=None)
    late = beside(hub, describe(good), lambda: worked(hub, unproved, describe(evil)), by=ana)
    assert isinstance(late, ProofNeeded), late
    with calling(hub) as call:
        app = apps.find(call, client_id)
    assert app is not None
    assert app.redirect_uris == (good,)


def test_an_application_that_is_let_in_twice_at_once_is_told_of_once(hub: Hub, ana: Actor) -> None:
    app = application(hub).app

    def agree(work: Work) -> object:
        return answering.allow(work, asking(), app, ())

    late = beside(hub, agree, lambda: worked(hub, ana, agree), by=ana)
    assert not isinstance(late, Exception), late
    assert len(inbox(hub, "ana@example.org")) == 1


def test_nothing_outlives_an_application_that_is_removed(hub: Hub, ana: Actor) -> None:
    """Ana lets it in when its owner has begun to remove it, and it comes for its tokens at once."""
    registered, bob = application(hub), made(hub, "bob", password=NO_PASSWORD)
    with hub.database.writing() as db:
        db.execute(sa.update(oauth_apps).values(owner_id=bob.user_id))
    carried: dict[str, str] = {}
    slow = step_by_step(
        hub,
        ("FOR UPDATE", lambda: carried.update(agreed(hub, ana, asking()))),
        (
            "DELETE FROM oauth_codes",
            lambda: redeemed(hub, carried["code"], registered.credentials),
        ),
    )
    worked(slow, bob, lambda work: own.delete(work, "dummy-app"))
    assert counted(hub, oauth_apps) == counted(hub, oauth_consents) == 0
    assert counted(hub, tokens) == 0


def test_scopes_of_spaces_alone_are_none_that_were_named(hub: Hub, ana: Actor) -> None:
    """Else a page would ask for nothing, and give a token for that."""
    app = application(hub, secret="").app
    with calling(hub, ana) as call:
        named = requests.wanted(call, app, asking(scope=" "))
    assert named == tuple(requests.DEFAULT_SCOPES.split())
    assert scopes_of({"scope": " "}) is None
