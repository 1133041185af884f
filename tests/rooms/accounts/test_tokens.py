"""Access tokens: made, shown once, recognised, replaced, revoked."""

import re
import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, fact_names, inbox, joined, log_of, made
from fixtures.hubs import FrozenClock
from strata.core.actor import ANONYMOUS, SYSTEM, Actor, TokenRole
from strata.core.call import working
from strata.core.errors import (
    Conflict,
    EmailNotVerified,
    Forbidden,
    InvalidFields,
    Malformed,
    NotFound,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.credentials.tokens import ending, making, owned, renewing, values
from strata.credentials.tokens.presented import recognising
from strata.credentials.tokens.tables import tokens as kept_tokens
from strata.credentials.uses import Uses
from strata.events.audit import listing
from strata.events.audit.narrowing import Filter
from strata.lib.db.seek import Window


def issued(hub: Hub, actor: Actor, name: str, role: TokenRole = TokenRole.READ) -> making.Issued:
    with calling(hub, actor) as call, working(call) as work:
        return making.create(work, name, role)


def imported(hub: Hub, owner: Actor, value: str, name: str = "known") -> making.Issued:
    with calling(hub) as call, working(call) as work:
        return making.create_for(work, owner.user_id or 0, name, TokenRole.WRITE, value=value)


def bearer(hub: Hub, value: str) -> Actor | None:
    with calling(hub) as call:
        return recognising.actor_for_token(call.db, hub, value)


def test_a_token_speaks_for_its_owner(hub: Hub) -> None:
    alice = made(hub, "alice")

    token = issued(hub, alice, "My First Token", TokenRole.WRITE)

    actor = bearer(hub, token.value)
    assert actor is not None
    assert (actor.user_id, actor.name, actor.verified) == (alice.user_id, "alice", True)
    assert actor.token is not None
    assert (actor.token.name, actor.token.role) == ("My First Token", TokenRole.WRITE)
    assert actor.token.created_at == hub.clock()


def test_the_value_has_the_shape_that_scanners_know(hub: Hub) -> None:
    value = issued(hub, made(hub, "alice"), "t").value

    assert re.fullmatch(r"hf_[A-Za-z]{34}", value)
    assert values.is_well_formed(value)


@pytest.mark.parametrize(
    "value",
    ["", "hf_", "hf_" + "a" * 34, "hf_" + "a" * 33, "hf_" + "é" * 34, "api_org_" + "a" * 34],
)
def test_junk_is_recognised_without_the_database(value: str) -> None:
    assert not values.is_well_formed(value)


def test_one_changed_letter_is_recognised() -> None:
    value = values.fresh_value()
    for place in range(3, len(value)):
        other = "a" if value[place] != "a" else "b"
        assert not values.is_well_formed(value[:place] + other + value[place + 1 :])


def test_the_value_is_not_kept(hub: Hub) -> None:
    token = issued(hub, made(hub, "alice"), "t")

    with hub.database.reading() as db:
        row = db.execute(sa.select(kept_tokens)).one()
    assert token.value not in str(row)
    assert token.value not in repr(token)
    assert (row.prefix, row.suffix) == (token.value[:7], token.value[-4:])


@pytest.mark.parametrize("value", ["", "hf_x", "x" * 100_000, "hf_ü", "hf_" + "a" * 34, "' OR 1=1"])
def test_an_unknown_value_is_nobody(hub: Hub, value: str) -> None:
    issued(hub, made(hub, "alice"), "t")

    assert bearer(hub, value) is None


@pytest.mark.parametrize(
    "name", ["My First Token", "令牌", "default", "a]b", "x" * 100, " padded "]
)
def test_names_of_every_script_are_allowed(hub: Hub, name: str) -> None:
    assert issued(hub, made(hub, "alice"), name).name == name.strip()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("", "token.name_empty"),
        ("  ", "token.name_empty"),
        ("x" * 101, "token.name_too_long"),
        ("DEFAULT", "token.bad_name"),
        ("a\nb", "token.bad_name"),
        ("a\x00b", "token.bad_name"),
        ("a\u2028b", "token.bad_name"),
        ("a\x85b", "token.bad_name"),
        ("a\ud800b", "token.bad_name"),
    ],
)
def test_names_that_break_clients_are_refused(hub: Hub, name: str, fault: str) -> None:
    alice = made(hub, "alice")

    with pytest.raises(InvalidFields) as caught:
        issued(hub, alice, name)

    assert caught.value.fields == {"name": (fault,)}


def test_a_name_is_used_once_by_one_person(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    issued(hub, alice, "laptop")

    with pytest.raises(InvalidFields) as caught:
        issued(hub, alice, "LAPTOP")

    assert caught.value.fields == {"name": ("token.dup",)}
    issued(hub, bob, "laptop")


def test_a_double_click_makes_one_token(hub: Hub) -> None:
    alice = made(hub, "alice")
    met: list[str] = []

    def click() -> None:
        try:
            met.append(issued(hub, alice, "same").name)
        except InvalidFields as error:
            met.append(error.fields["name"][0])

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(met) == ["same"] + ["token.dup"] * 5
    assert fact_names(hub).count("token.create") == 1


@pytest.mark.slow
def test_a_person_holds_a_hundred_tokens(hub: Hub) -> None:
    alice = made(hub, "alice")
    with calling(hub, alice) as call, working(call) as work:
        for number in range(100):
            making.create(work, f"t{number}", TokenRole.READ)

    with pytest.raises(InvalidFields) as caught:
        issued(hub, alice, "one more")

    assert caught.value.fields == {"name": ("token.too_many",)}


def test_who_may_not_create_tokens(hub: Hub) -> None:
    unconfirmed = joined(hub, "carol")
    carol = Actor(user_id=unconfirmed.user_id, name="carol", session_id=1)
    by_token = bearer(hub, issued(hub, made(hub, "alice"), "t", TokenRole.WRITE).value)
    assert by_token is not None

    with pytest.raises(Unauthenticated):
        issued(hub, ANONYMOUS, "x")
    with pytest.raises(EmailNotVerified, match=r"^Please confirm your email address before"):
        issued(hub, carol, "x")
    with pytest.raises(Forbidden):
        issued(hub, by_token, "x")


def test_its_owner_reads_in_their_log_of_a_token_that_an_operator_made(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")

    with calling(hub, SYSTEM) as call, working(call) as work:
        making.create_for(work, alice.user_id or 0, "known", TokenRole.READ)

    for owner, told in ((alice, ["known"]), (bob, [])):
        assert owner.user_id is not None
        with calling(hub, owner) as call:
            log = listing.of_person(call, owner.user_id, Window(10), Filter(type="token.create"))
        assert [(one.target, one.actor_kind) for one in log.rows] == [(t, "system") for t in told]


def test_a_write_token_is_announced_by_mail_and_a_read_token_is_not(hub: Hub) -> None:
    alice = made(hub, "alice")

    issued(hub, alice, "reader")
    assert inbox(hub, "alice@example.org") == []
    value = issued(hub, alice, "wr<i>ter", TokenRole.WRITE).value

    (kept,) = inbox(hub, "alice@example.org")
    assert "wr<i>ter" in kept.text
    assert "wr&lt;i&gt;ter" in kept.html
    assert "<i>" not in kept.html
    assert value not in kept.text
    assert fact_names(hub)[-2:] == ["token.create", "token.create"]


def test_refreshing_kills_the_old_value_and_keeps_the_rest(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    old = issued(hub, alice, "laptop", TokenRole.WRITE)
    clock.advance(timedelta(hours=1))

    with calling(hub, alice) as call, working(call) as work:
        new = renewing.rotate(work, old.id)

    assert bearer(hub, old.value) is None
    actor = bearer(hub, new.value)
    assert actor is not None
    assert actor.token is not None
    assert (actor.token.id, actor.token.name) == (old.id, "laptop")
    assert (new.id, new.role) == (old.id, TokenRole.WRITE)
    assert "refreshed" in inbox(hub, "alice@example.org")[-1].subject
    with calling(hub, alice) as call:
        (listed,) = owned.of(call, alice.user_id or 0)
    assert (listed.suffix, listed.rotated_at) == (new.value[-4:], hub.clock())


def test_a_deleted_token_stops_at_once(hub: Hub) -> None:
    alice = made(hub, "alice")
    token = issued(hub, alice, "laptop")

    with calling(hub, alice) as call, working(call) as work:
        ending.delete(work, token.id)

    assert bearer(hub, token.value) is None
    with calling(hub, alice) as call:
        assert owned.of(call, alice.user_id or 0) == []
    assert fact_names(hub)[-1] == "token.delete"


def test_nobody_touches_the_tokens_of_another(hub: Hub) -> None:
    token = issued(hub, made(hub, "alice"), "laptop")
    mallory = made(hub, "mallory")

    with calling(hub, mallory) as call:
        with working(call) as work, pytest.raises(NotFound):
            renewing.rotate(work, token.id)
        with working(call) as work, pytest.raises(NotFound):
            ending.delete(work, token.id)

    assert bearer(hub, token.value) is not None


@pytest.mark.parametrize("value", ["hf_knownvalue_0123", "hf_" + "x" * 34, "hf_" + "y" * 253])
def test_operators_may_import_a_known_value(hub: Hub, value: str) -> None:
    alice = made(hub, "alice")

    assert imported(hub, alice, value).value == value

    actor = bearer(hub, value)
    assert actor is not None
    assert actor.name == "alice"
    assert log_of(hub, "alice")[0] == "token.create"


@pytest.mark.parametrize(
    "value", ["", "abc", "hf_short", "hf_with space 1", "hf_ümläut_1234", "hf_" + "z" * 254]
)
def test_values_that_no_client_sends_are_not_imported(hub: Hub, value: str) -> None:
    alice = made(hub, "alice")

    with pytest.raises(Malformed):
        imported(hub, alice, value)


def test_a_value_belongs_to_one_token(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    imported(hub, alice, "hf_knownvalue_0123")

    with pytest.raises(Conflict):
        imported(hub, bob, "hf_knownvalue_0123")


def test_last_use_is_written_by_the_flush_and_never_moves_back(
    hub: Hub, clock: FrozenClock
) -> None:
    alice = made(hub, "alice")
    actor = bearer(hub, issued(hub, alice, "t").value)
    assert actor is not None
    uses = Uses()

    def last_used() -> object:
        with calling(hub) as call:
            return owned.of(call, alice.user_id or 0)[0].last_used_at

    earlier = hub.clock()
    clock.advance(timedelta(minutes=1))
    uses.note(actor, hub.clock())
    assert last_used() is None
    uses.flush(hub)
    assert last_used() == hub.clock()
    uses.note(actor, earlier)
    uses.flush(hub)
    assert last_used() == hub.clock()
