"""SSH and GPG keys of people: added, recognised, removed."""

import dataclasses
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, inbox, joined, made, person
from fixtures.held_keys import added, line
from fixtures.hubs import FrozenClock
from fixtures.keys import GpgHome, gpg_home
from fixtures.organizations import organization
from strata.accounts.tables import emails, users
from strata.core.actor import ANONYMOUS, Actor, TokenFacts, TokenRole
from strata.core.call import working
from strata.core.errors import (
    AccountSuspended,
    BadCredentials,
    EmailNotVerified,
    Forbidden,
    InvalidFields,
    NotFound,
    ProofNeeded,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.credentials.keys import gpg, ssh
from strata.credentials.keys.tables import gpg_issuers, gpg_keys, ssh_keys
from strata.credentials.tokens.presented.bearers import actor_of, bearer_of
from strata.credentials.uses import Uses
from strata.organizations.tables import organizations


def removed(hub: Hub, actor: Actor, key_id: int) -> None:
    with calling(hub, actor) as call, working(call) as work:
        ssh.remove(work, key_id)


def listed(hub: Hub, actor: Actor) -> list[ssh.SshKey]:
    with calling(hub) as call:
        return ssh.of(call, actor.user_id or 0)


def speaker(hub: Hub, fingerprint: str) -> Actor | None:
    with calling(hub) as call:
        return ssh.actor_for_key(call.db, hub, fingerprint)


@pytest.fixture(scope="module")
def home() -> Iterator[GpgHome]:
    with tempfile.TemporaryDirectory() as folder:
        kept = gpg_home(Path(folder) / "g")
        kept.make("Alice <alice@example.org>", "ed25519", "sign", "1d")
        kept.run("--quick-add-uid", "alice", "Alice at work <alice@work.example>")
        yield kept
        kept.end()


def test_a_key_speaks_for_its_owner(hub: Hub) -> None:
    alice = made(hub, "alice")
    key = added(hub, alice, line(), "  My laptop ")
    assert (key.title, key.kind, key.last_used_at) == ("My laptop", "ED25519", None)

    actor = speaker(hub, key.fingerprint)

    assert actor is not None
    assert (actor.user_id, actor.name, actor.verified) == (alice.user_id, "alice", True)
    assert (actor.ssh_key_id, actor.token, actor.session_id) == (key.id, None, None)
    assert speaker(hub, "SHA256:nobody") is None


def test_the_owner_is_told_and_the_audit_knows(hub: Hub) -> None:
    alice = made(hub, "alice")
    key = added(hub, alice, line(), "laptop")
    removed(hub, alice, key.id)
    assert [name for name in fact_names(hub) if name.startswith("key.")] == [
        "key.ssh_add",
        "key.ssh_remove",
    ]
    subjects = [mail.subject for mail in inbox(hub, "alice@example.org")]
    assert subjects[-2:] == ["New SSH key on Strata", "An SSH key on Strata was removed"]
    assert key.fingerprint in inbox(hub, "alice@example.org")[-1].text


def test_without_a_title_the_comment_is_one(hub: Hub) -> None:
    alice = made(hub, "alice")
    assert added(hub, alice, line(7)).title == "laptop 7"
    bare = " ".join(line(8).split()[:2])
    assert added(hub, alice, bare).title.startswith("SHA256:")


@pytest.mark.parametrize(
    ("title", "fault"), [("x" * 101, "key.title_too_long"), ("a\x07b", "key.bad_title")]
)
def test_titles_have_rules(hub: Hub, title: str, fault: str) -> None:
    with pytest.raises(InvalidFields) as refused:
        added(hub, made(hub, "alice"), line(), title)
    assert refused.value.fields == {"title": (fault,)}


def test_a_key_belongs_to_one_account_whose_name_is_not_told(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    key = added(hub, alice, line())
    with pytest.raises(InvalidFields) as refused:
        added(hub, bob, line() + " another comment")
    assert refused.value.fields == {"key": ("key.taken",)}
    with pytest.raises(InvalidFields) as again:
        added(hub, alice, line())
    assert again.value.fields == {"key": ("key.yours",)}
    removed(hub, alice, key.id)
    assert added(hub, bob, line()).id != key.id  # an id is never given twice


def test_only_a_confirmed_person_who_was_just_proved_adds_keys(hub: Hub) -> None:
    alice = made(hub, "alice")
    joined(hub, "newcomer")
    newcomer = Actor(user_id=person(hub, "newcomer").id, name="newcomer", session_id=1)
    facts = TokenFacts(1, "t", TokenRole.WRITE, hub.clock())
    cases: list[tuple[Actor, type[Exception]]] = [
        (ANONYMOUS, Unauthenticated),
        (newcomer, EmailNotVerified),
        (dataclasses.replace(alice, proved_until=hub.clock()), ProofNeeded),
        (dataclasses.replace(alice, token=facts), Forbidden),
        (dataclasses.replace(alice, session_id=None, ssh_key_id=1), Forbidden),
    ]
    for actor, failure in cases:
        with pytest.raises(failure):
            added(hub, actor, line())
        with pytest.raises(failure), calling(hub, actor) as call, working(call) as work:
            gpg.add(work, "whatever")
    assert listed(hub, alice) == []


def test_keys_have_a_limit(hub: Hub) -> None:
    alice = made(hub, "alice")
    for number in range(20):
        added(hub, alice, line(number))
    with pytest.raises(InvalidFields) as refused:
        added(hub, alice, line(99))
    assert refused.value.fields == {"key": ("ssh_key.too_many",)}
    assert len(listed(hub, alice)) == 20


def test_only_the_owner_removes_a_key(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    key = added(hub, alice, line())
    with pytest.raises(NotFound):
        removed(hub, bob, key.id)
    assert speaker(hub, key.fingerprint) is not None
    removed(hub, alice, key.id)
    assert speaker(hub, key.fingerprint) is None


def test_a_removed_key_closes_the_links_it_opened(hub: Hub) -> None:
    alice = made(hub, "alice")
    key = added(hub, alice, line())
    actor = speaker(hub, key.fingerprint)
    assert actor is not None
    bearer = bearer_of(actor)
    with calling(hub) as call:
        assert actor_of(call, bearer).ssh_key_id == key.id
    removed(hub, alice, key.id)
    with calling(hub) as call, pytest.raises(BadCredentials):
        actor_of(call, bearer)


def test_the_key_of_a_closed_account_opens_nothing(hub: Hub) -> None:
    alice = made(hub, "alice")
    key = added(hub, alice, line())
    for standing, failure in (
        ("suspended", AccountSuspended),
        ("deletion_scheduled", Forbidden),
        ("pending_approval", Forbidden),
    ):
        with calling(hub) as call, working(call) as work:
            work.db.execute(sa.update(users).values(standing=standing))
        with pytest.raises(failure):
            speaker(hub, key.fingerprint)


def test_last_use_is_written_in_bulk(hub: Hub, clock: FrozenClock) -> None:
    key = added(hub, made(hub, "alice"), line())
    actor = speaker(hub, key.fingerprint)
    assert actor is not None
    uses = Uses()
    clock.advance(timedelta(hours=1))
    uses.note(actor, hub.clock())
    assert listed(hub, actor)[0].last_used_at is None
    uses.flush(hub)
    assert listed(hub, actor)[0].last_used_at == hub.clock()


def test_keys_go_with_their_account(hub: Hub, home: GpgHome) -> None:
    alice = made(hub, "alice")
    added(hub, alice, line())
    with calling(hub, alice) as call, working(call) as work:
        gpg.add(work, home.public("alice"))
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.delete(emails).where(emails.c.user_id == alice.user_id))
        work.db.execute(sa.delete(users).where(users.c.id == alice.user_id))
        for table in (ssh_keys, gpg_keys, gpg_issuers):
            assert work.db.execute(sa.select(table)).first() is None


def test_a_gpg_key_shows_which_addresses_are_confirmed(hub: Hub, home: GpgHome) -> None:
    alice = made(hub, "alice")
    with calling(hub, alice) as call, working(call) as work:
        key = gpg.add(work, home.public("alice"))
    matches = {address.email: address.matches for address in key.addresses}
    assert matches == {"alice@example.org": True, "alice@work.example": False}
    assert key.key_id == home.fingerprints("alice")[0][-16:]
    assert key.expires_at is not None
    bob = made(hub, "bob")
    with calling(hub, bob) as call, working(call) as work, pytest.raises(NotFound):
        gpg.remove(work, key.id)
    with calling(hub, alice) as call, working(call) as work:
        gpg.remove(work, key.id)
        assert gpg.of(work, alice.user_id or 0) == []
    assert [name for name in fact_names(hub) if name.startswith("key.")] == [
        "key.gpg_add",
        "key.gpg_remove",
    ]


def test_nobody_is_shut_out_by_whoever_adds_their_gpg_key_first(hub: Hub, home: GpgHome) -> None:
    eve, alice = made(hub, "eve"), made(hub, "alice")
    for actor in (eve, alice):
        with calling(hub, actor) as call, working(call) as work:
            gpg.add(work, home.public("alice"))
    with (
        pytest.raises(InvalidFields) as refused,
        calling(hub, alice) as call,
        working(call) as work,
    ):
        gpg.add(work, home.public("alice"))
    assert refused.value.fields == {"key": ("key.yours",)}


def test_an_organization_that_asks_for_two_factors_is_closed_to_a_key(hub: Hub) -> None:
    li = made(hub, "li")
    acme = organization(hub, "li")
    key = added(hub, li, line())
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.update(organizations).values(factor_from=work.now))
    spoken = speaker(hub, key.fingerprint)
    assert spoken is not None
    assert spoken.closed == {acme.id}
    with calling(hub) as call:
        assert actor_of(call, bearer_of(spoken)).closed == {acme.id}
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.update(users).values(has_factor=True))
    free = speaker(hub, key.fingerprint)
    assert free is not None
    assert free.closed == frozenset()
