"""What becomes of a token: its scopes, its end, another value, a leak, an organisation's word."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import HERE, calling, fact_names, inbox, joined, made
from fixtures.bearers import of_job
from fixtures.hubs import FrozenClock
from fixtures.organizations import SAMPLE
from fixtures.tokens import fine, issued, rotated
from strata.access.organizations import tokens as org_tokens
from strata.access.organizations.founding import found_organization
from strata.access.organizations.members import add, remove
from strata.access.organizations.tokens import Rules
from strata.core.actor import Actor, Bar, Grants, Role, TokenKind, TokenRole
from strata.core.call import Origin, working
from strata.core.errors import (
    Conflict,
    Forbidden,
    InvalidFields,
    Malformed,
    NotFound,
    ProofNeeded,
    TokenExpired,
    TooMany,
)
from strata.core.hub import Hub
from strata.credentials.oauth.tokens.ending import report
from strata.credentials.tokens import ending, expiring, owned, renewing
from strata.credentials.tokens.approving import approvals
from strata.credentials.tokens.making import Terms
from strata.credentials.tokens.presented import recognising
from strata.credentials.tokens.tables import tokens as kept_tokens
from strata.credentials.uses import KEPT, Uses, uses_of
from strata.events.tables import facts
from strata.organizations.create import NewOrganization
from strata.organizations.token_policy import Approval, TokenPolicy

DAY = timedelta(days=1)


def bearer(hub: Hub, value: str) -> Actor | None:
    with calling(hub) as call:
        return recognising.actor_for_token(call.db, hub, value)


def held(hub: Hub, actor: Actor) -> list[owned.Token]:
    with calling(hub, actor) as call:
        return owned.of(call, actor.user_id or 0)


def organization(hub: Hub, founder: Actor) -> tuple[Actor, int]:
    """Create acme; with its admin, as the next request knows them."""
    with calling(hub, founder) as call, working(call) as work:
        made_id = found_organization(
            work, NewOrganization(name="acme", full_name="Acme", guidelines=SAMPLE)
        ).id
    return replace(founder, roles={made_id: Role.ADMIN}), made_id


def member(hub: Hub, admin: Actor, person: Actor, role: Role = Role.WRITE) -> None:
    with calling(hub, admin) as call, working(call) as work:
        add(work, "acme", person.name or "", role)


def inside(organization_id: int, *names: str) -> Grants:
    return Grants(namespaces={organization_id: frozenset(names)})


def bars(hub: Hub, value: str) -> Mapping[int, Bar]:
    actor = bearer(hub, value)
    assert actor is not None
    assert actor.token is not None
    return actor.token.bars


def test_a_fine_grained_token_carries_what_it_names(hub: Hub) -> None:
    alice = made(hub, "alice")
    grants = Grants(
        gated=True,
        everywhere=frozenset({"discussion.write"}),
        namespaces={alice.user_id or 0: frozenset({"repo.content.read"})},
        repos={7: frozenset({"repo.write"})},
    )

    actor = bearer(hub, fine(hub, alice, grants).value)

    assert actor is not None
    assert actor.grants == grants
    assert actor.token is not None
    assert actor.token.role is TokenRole.FINE_GRAINED
    wide = bearer(hub, issued(hub, alice, "wide", TokenRole.WRITE, grants=grants).value)
    assert wide is not None
    assert wide.grants is None


def test_a_token_with_no_scopes_opens_nothing(hub: Hub) -> None:
    actor = bearer(hub, issued(hub, made(hub, "alice"), "t", TokenRole.FINE_GRAINED).value)

    assert actor is not None
    assert actor.grants == Grants()


def test_what_writes_or_names_an_organization_wants_to_know_who_sits_there(hub: Hub) -> None:
    alice = made(hub, "alice")
    unproved = replace(alice, proved_until=None)
    reading = Grants(gated=True, repos={1: frozenset({"repo.content.read"})})

    issued(hub, unproved, "read")
    fine(hub, unproved, reading)
    for act in (
        lambda: issued(hub, unproved, "w", TokenRole.WRITE),
        lambda: fine(hub, unproved, Grants(repos={1: frozenset({"repo.write"})})),
        lambda: fine(hub, unproved, Grants(), organizations=frozenset({5})),
        lambda: rotated(hub, unproved, held(hub, alice)[0].id),
        lambda: edited(hub, unproved, held(hub, alice)[0].id, Grants()),
    ):
        with pytest.raises(ProofNeeded):
            act()


def edited(hub: Hub, actor: Actor, token_id: int, grants: Grants, *named: int) -> None:
    with calling(hub, actor) as call, working(call) as work:
        renewing.edit(work, token_id, Terms(grants, frozenset(named)))


def test_the_owner_hears_of_a_token_that_only_read_and_now_writes(hub: Hub) -> None:
    alice = made(hub, "alice")
    token = fine(hub, alice, Grants(gated=True))
    assert inbox(hub, "alice@example.org") == []

    edited(hub, alice, token.id, Grants(repos={3: frozenset({"repo.write"})}))
    (told,) = inbox(hub, "alice@example.org")
    assert "may do more" in told.subject
    assert "fine" in told.text

    edited(hub, alice, token.id, Grants(repos={3: frozenset({"repo.content.read"})}))
    assert inbox(hub, "alice@example.org") == [told]  # it may do less


def test_other_scopes_hold_at_once_under_the_same_value_and_are_written_down(hub: Hub) -> None:
    alice = made(hub, "alice")
    token = fine(hub, alice, Grants(gated=True))

    edited(hub, alice, token.id, Grants(repos={3: frozenset({"repo.write"})}))

    actor = bearer(hub, token.value)
    assert actor is not None
    assert actor.grants == Grants(repos={3: frozenset({"repo.write"})})
    with calling(hub) as call:
        written = call.db.execute(sa.select(facts).order_by(facts.c.id.desc())).first()
    assert written is not None
    assert written.name == "token.edit"
    assert (written.detail["before"]["gated"], written.detail["before"]["repos"]) == (True, {})
    assert (written.detail["after"]["gated"], written.detail["after"]["repos"]) == (
        False,
        {"3": ["repo.write"]},
    )
    with pytest.raises(NotFound):
        edited(hub, alice, issued(hub, alice, "read").id, Grants())
    with pytest.raises(NotFound):
        edited(hub, made(hub, "mallory"), token.id, Grants(gated=True))


def test_an_expired_token_says_so(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    value = issued(hub, alice, expires_at=hub.clock() + DAY).value

    assert bearer(hub, value) is not None
    clock.advance(DAY)

    with pytest.raises(TokenExpired, match="Token expired"):
        bearer(hub, value)


@pytest.mark.parametrize(("days", "fault"), [(0, "token.over"), (-3, "token.over")])
def test_an_end_lies_ahead(hub: Hub, days: int, fault: str) -> None:
    with pytest.raises(InvalidFields) as caught:
        issued(hub, made(hub, "alice"), expires_at=hub.clock() + days * DAY)
    assert caught.value.fields == {"expires": (fault,)}


def test_the_site_and_organizations_bound_a_life(hub: Hub) -> None:
    alice = made(hub, "alice")
    alice, acme = organization(hub, alice)
    with calling(hub, alice) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.ANY, 30))
    grants = inside(acme, "repo.content.read")

    for end, fault in ((None, "token.needs_end"), (hub.clock() + 31 * DAY, "token.too_long")):
        with pytest.raises(InvalidFields) as caught:
            fine(hub, alice, grants, organizations=frozenset({acme}), expires_at=end)
        assert caught.value.fields == {"expires": (fault,)}
    fine(hub, alice, grants, organizations=frozenset({acme}), expires_at=hub.clock() + 30 * DAY)
    issued(hub, alice, "elsewhere")
    settings = replace(hub.settings.accounts, token_days=7)
    strict = replace(hub, settings=replace(hub.settings, accounts=settings))
    with pytest.raises(InvalidFields):
        issued(strict, alice, "for ever")


def test_owners_are_told_a_week_and_a_day_before_and_each_once(
    hub: Hub, clock: FrozenClock
) -> None:
    alice = made(hub, "alice")
    issued(hub, alice, "ci", expires_at=hub.clock() + 30 * DAY)
    issued(hub, alice, "ever")

    subjects = []
    for _ in range(32 * 4):
        with calling(hub) as call, working(call) as work:
            expiring.tell(work)
        clock.advance(DAY / 4)
    subjects = [kept.subject for kept in inbox(hub, "alice@example.org")]

    assert [subject.rpartition("expires ")[2] for subject in subjects] == ["in 7 days", "tomorrow"]
    assert fact_names(hub).count("token.expire") == 1


def test_clients_are_warned_in_the_last_week(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    value = issued(hub, alice, expires_at=hub.clock() + 10 * DAY).value

    def warned() -> str:
        actor = bearer(hub, value)
        assert actor is not None
        return expiring.warning(actor, hub.clock())

    assert warned() == ""
    clock.advance(4 * DAY)
    topic, _, text = warned().partition("; ")
    assert topic == "token-expiry"
    assert "expires on 2" in text
    assert expiring.warning(alice, hub.clock()) == ""


def test_the_value_before_lives_on_as_long_as_its_owner_said(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    token = issued(hub, alice)

    new = rotated(hub, alice, token.id, 2)

    assert bearer(hub, new) is not None
    assert bearer(hub, token.value) is not None
    clock.advance(timedelta(hours=2))
    assert bearer(hub, token.value) is None
    assert bearer(hub, new) is not None
    assert "2 more hours" in inbox(hub, "alice@example.org")[-1].text
    for hours in (-1, 25):
        with pytest.raises(InvalidFields):
            rotated(hub, alice, token.id, hours)


def test_a_refresh_begins_the_same_life_anew(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    token = issued(hub, alice, expires_at=hub.clock() + 30 * DAY)
    clock.advance(40 * DAY)

    value = rotated(hub, alice, token.id)

    actor = bearer(hub, value)
    assert actor is not None
    assert actor.token is not None
    assert actor.token.expires_at == hub.clock() + 30 * DAY


def test_a_refresh_gives_no_longer_life_than_is_allowed_by_now(hub: Hub) -> None:
    alice, acme = organization(hub, made(hub, "alice"))
    grants = inside(acme, "repo.content.read")
    issued(hub, alice, "for ever")
    issued(hub, alice, "to the end", expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
    fine(hub, alice, grants, organizations=frozenset({acme}))

    def ends(at: Hub) -> dict[str, datetime | None]:
        for token in held(hub, alice):
            rotated(at, alice, token.id)
        return {token.name: token.expires_at for token in held(hub, alice)}

    last = datetime(9999, 12, 31, tzinfo=UTC)
    assert ends(hub) == {"for ever": None, "to the end": last, "fine": None}
    with calling(hub, alice) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.ANY, 30))
    month, week = hub.clock() + 30 * DAY, hub.clock() + 7 * DAY
    assert ends(hub) == {"for ever": None, "to the end": last, "fine": month}
    settings = replace(hub.settings.accounts, token_days=7)
    strict = replace(hub, settings=replace(hub.settings, accounts=settings))
    assert ends(strict) == {"for ever": week, "to the end": week, "fine": week}


def test_a_page_sent_twice_makes_one_token_and_shows_a_value_that_works(hub: Hub) -> None:
    alice = made(hub, "alice")

    first = issued(hub, alice, "laptop", form_mark="m1")
    second = issued(hub, alice, "laptop", form_mark="m1")

    assert (second.id, second.name) == (first.id, first.name)
    assert bearer(hub, first.value) is None
    assert bearer(hub, second.value) is not None
    assert len(held(hub, alice)) == 1
    with pytest.raises(InvalidFields):
        issued(hub, alice, "laptop", form_mark="m2")
    with pytest.raises(InvalidFields):
        issued(hub, alice, "laptop")


def test_a_page_sent_twice_shows_no_token_that_writes_without_a_proof(hub: Hub) -> None:
    """Whoever sits at a browser left open asks for less, by the mark of the page before."""
    alice, acme = organization(hub, made(hub, "alice"))
    named = {"grants": inside(acme, "repo.content.read"), "organizations": frozenset({acme})}
    issued(hub, alice, "w", TokenRole.WRITE, form_mark="m1")
    fine(hub, alice, inside(alice.user_id or 0, "repo.write"), form_mark="m2")
    issued(hub, alice, "o", TokenRole.FINE_GRAINED, form_mark="m3", **named)
    issued(hub, alice, "r", TokenRole.READ, form_mark="m4")

    passer_by = replace(alice, proved_until=None)
    for mark in ("m1", "m2", "m3"):
        with pytest.raises(ProofNeeded):
            issued(hub, passer_by, "mine", TokenRole.READ, form_mark=mark)
    assert issued(hub, passer_by, "mine", TokenRole.READ, form_mark="m4").role is TokenRole.READ


def test_all_tokens_end_together(hub: Hub) -> None:
    alice, bob = made(hub, "alice"), made(hub, "bob")
    values = [issued(hub, alice, f"t{number}").value for number in range(3)]
    other = issued(hub, bob).value
    by_token = bearer(hub, values[0])

    with calling(hub, by_token or alice) as call, working(call) as work, pytest.raises(Forbidden):
        ending.delete_all(work)
    with calling(hub, alice) as call, working(call) as work:
        assert ending.delete_all(work) == 3

    assert [bearer(hub, value) for value in values] == [None] * 3
    assert bearer(hub, other) is not None


def test_whoever_finds_a_token_may_have_it_revoked(hub: Hub) -> None:
    alice = made(hub, "alice")
    token, spare = issued(hub, alice), issued(hub, alice, "spare")

    for _ in range(2):
        with calling(hub) as call, working(call) as work:
            report(work, [token.value, "hf_nothing", "", "x" * 10_000, token.value])

    assert bearer(hub, token.value) is None
    assert bearer(hub, spare.value) is not None
    (mail,) = inbox(hub, "alice@example.org")
    assert "reported" in mail.text
    assert token.value not in mail.text
    (listed,) = [one for one in held(hub, alice) if one.id == token.id]
    assert listed.leaked_at == hub.clock()
    assert fact_names(hub).count("token.revoke_leak") == 1
    assert bearer(hub, rotated(hub, alice, token.id, 3)) is not None
    assert bearer(hub, token.value) is None

    fresh = rotated(hub, alice, spare.id, 3)
    assert bearer(hub, spare.value) is not None  # and can be found as long as it works
    with calling(hub) as call, working(call) as work:
        report(work, [spare.value])
    assert [bearer(hub, value) for value in (spare.value, fresh)] == [None, None]


def test_reports_are_counted(hub: Hub) -> None:
    with calling(hub) as call, working(call) as work, pytest.raises(Malformed):
        report(work, ["hf_x"] * 101)
    for _ in range(100):
        with calling(hub) as call, working(call) as work:
            report(work, [])
    with calling(hub) as call, working(call) as work, pytest.raises(TooMany):
        report(work, [])


def test_the_last_uses_are_kept_and_no_more(hub: Hub, clock: FrozenClock) -> None:
    alice = made(hub, "alice")
    token = issued(hub, alice)
    actor = bearer(hub, token.value)
    assert actor is not None
    uses = Uses()

    for number in range(KEPT + 5):
        clock.advance(timedelta(minutes=1))
        agent = "hf_hub/2.4.0; python/3.11.2; secret/part"
        uses.note(actor, hub.clock(), Origin(ip=f"203.0.113.{number}", user_agent=agent))
        uses.note(actor, hub.clock(), Origin(ip=f"203.0.113.{number}", user_agent=agent))
        uses.flush(hub)

    with calling(hub) as call:
        found = uses_of(call, [token.id])[token.id]
    assert len(found) == KEPT
    assert (found[0].ip, found[0].client) == (f"203.0.113.{KEPT + 4}", "hf_hub/2.4.0")
    (listed,) = held(hub, alice)
    assert (listed.last_used_ip, listed.last_used_by) == (found[0].ip, "hf_hub/2.4.0")
    with calling(hub, alice) as call, working(call) as work:
        ending.delete(work, token.id)
    uses.note(actor, hub.clock(), HERE)
    uses.flush(hub)


def test_a_token_that_reaches_an_organization_is_told_by_mail(hub: Hub) -> None:
    alice = made(hub, "alice")
    alice, acme = organization(hub, alice)
    fine(hub, alice, Grants(gated=True))
    before = len(inbox(hub, "alice@example.org"))
    issued(
        hub, alice, "reach", TokenRole.FINE_GRAINED,
        grants=inside(acme, "repo.content.read"), organizations=frozenset({acme}),
    )  # fmt: skip

    told = inbox(hub, "alice@example.org")[before:]
    assert ["reach" in mail.text for mail in told] == [True]


def test_a_token_that_writes_somewhere_is_told_by_mail(hub: Hub) -> None:
    alice = made(hub, "alice")
    own = alice.user_id or 0
    for name in ("repo.content.read", "repo.write"):
        grants = Grants(namespaces={own: frozenset({name})})
        issued(hub, alice, name, TokenRole.FINE_GRAINED, grants=grants)
    assert ["repo.write" in mail.text for mail in inbox(hub, "alice@example.org")] == [True]


def test_an_organization_takes_fine_grained_tokens_only(hub: Hub) -> None:
    boss, bob = made(hub, "boss"), made(hub, "bob")
    boss, acme = organization(hub, boss)
    member(hub, boss, bob)
    wide = issued(hub, bob, "wide", TokenRole.WRITE).value
    narrow = fine(hub, bob, inside(acme, "repo.write"), organizations=frozenset({acme})).value

    assert (bars(hub, wide), bars(hub, narrow)) == ({}, {})
    with calling(hub, boss) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.FINE_GRAINED, None))

    assert (bars(hub, wide), bars(hub, narrow)) == ({acme: Bar.KIND}, {})


def seen_of(hub: Hub, token_id: int, organization_id: int) -> str:
    """The mark of what an admin sees of a token."""
    with calling(hub) as call:
        asked = approvals.asked_for(call, token_id, organization_id)
    assert asked is not None
    return asked.seen


def test_an_organization_approves_tokens_one_by_one(hub: Hub) -> None:
    boss, bob = made(hub, "boss"), made(hub, "bob")
    boss, acme = organization(hub, boss)
    member(hub, boss, bob)
    with calling(hub, boss) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.APPROVED, None))
    named = frozenset({acme})
    token = fine(hub, bob, inside(acme, "repo.content.read"), organizations=named)
    own = fine(hub, boss, inside(acme, "repo.write"), organizations=named)

    def decide(state: Approval, by: Actor = boss, token_id: int = token.id) -> None:
        seen = seen_of(hub, token.id, acme)
        with calling(hub, by) as call, working(call) as work:
            org_tokens.decide(work, "acme", token_id, state, seen)

    assert bars(hub, own.value) == {}
    assert bars(hub, token.value) == {acme: Bar.PENDING}
    roles = {acme: Role.WRITE}
    with pytest.raises(Forbidden):
        decide(Approval.APPROVED, replace(bob, roles=roles))
    decide(Approval.APPROVED, boss)
    mail = inbox(hub, "bob@example.org")[-1]
    assert mail.subject == "acme approved your access token"
    assert "/settings/tokens" in mail.text
    assert bars(hub, token.value) == {}
    # Wider scopes are asked for anew: an approval does not grow by itself, nor does one that is
    # given to what stood on a page from before.
    before = seen_of(hub, token.id, acme)
    edited(hub, bob, token.id, inside(acme, "repo.write"), acme)
    assert bars(hub, token.value) == {acme: Bar.PENDING}
    with calling(hub, boss) as call, working(call) as work:
        for late in ("", before):
            with pytest.raises(Conflict):
                org_tokens.decide(work, "acme", token.id, Approval.APPROVED, late)
        # To keep it out needs no look at what it asks for.
        org_tokens.decide(work, "acme", token.id, Approval.DENIED, before)
    assert bars(hub, token.value) == {acme: Bar.DENIED}
    decide(Approval.REVOKED, boss)
    edited(hub, bob, token.id, inside(acme, "repo.content.read"), acme)
    assert bars(hub, token.value) == {acme: Bar.REVOKED}
    with pytest.raises(Conflict):
        decide(Approval.APPROVED, boss)
    with pytest.raises(NotFound):
        decide(Approval.APPROVED, boss, token.id + 100)


def test_who_comes_back_asks_again(hub: Hub, clock: FrozenClock) -> None:
    boss, bob = made(hub, "boss"), made(hub, "bob")
    boss, acme = organization(hub, boss)
    member(hub, boss, bob)
    with calling(hub, boss) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.APPROVED, None))
    token = fine(hub, bob, inside(acme, "repo.write"), organizations=frozenset({acme}))
    with calling(hub, boss) as call, working(call) as work:
        seen = seen_of(hub, token.id, acme)
        org_tokens.decide(work, "acme", token.id, Approval.APPROVED, seen)

    with calling(hub, boss) as call, working(call) as work:
        remove(work, "acme", "bob")
    gone = bearer(hub, token.value)
    assert gone is not None
    assert gone.roles == {}
    clock.advance(DAY)
    member(hub, boss, bob)

    assert bars(hub, token.value) == {acme: Bar.PENDING}


def test_an_admin_puts_a_members_token_out_by_its_value(hub: Hub, clock: FrozenClock) -> None:
    boss, bob, eve = made(hub, "boss"), made(hub, "bob"), made(hub, "eve")
    boss, acme = organization(hub, boss)
    member(hub, boss, bob)
    theirs, own, strange = (issued(hub, one, "w", TokenRole.WRITE) for one in (bob, boss, eve))

    def revoke(value: str, by: Actor = boss) -> None:
        with calling(hub, by) as call, working(call) as work:
            org_tokens.revoke_value(work, "acme", value)

    with pytest.raises(Forbidden):
        revoke(theirs.value, eve)
    with pytest.raises(Conflict, match="your own"):
        revoke(own.value)
    for value in (strange.value, "hf_nothing"):
        with pytest.raises(NotFound):
            revoke(value)
    revoke(theirs.value)

    assert bars(hub, theirs.value) == {acme: Bar.REVOKED}
    assert bearer(hub, theirs.value) is not None  # elsewhere it works on

    # The value from before a refresh is as good as the new one, for as long as it works.
    old = issued(hub, bob, "old", TokenRole.WRITE)
    rotated(hub, bob, old.id, 1)
    clock.advance(timedelta(hours=1))
    with pytest.raises(NotFound):
        revoke(old.value)
    old = issued(hub, bob, "older", TokenRole.WRITE)
    fresh = rotated(hub, bob, old.id, 24)
    revoke(old.value)
    assert bars(hub, old.value) == bars(hub, fresh) == {acme: Bar.REVOKED}

    with calling(hub, boss) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.APPROVED, None))
    job = of_job(hub, bob, Grants(repos={1: frozenset({"repo.write"})}), TokenKind.PUBLISHER)
    assert bars(hub, job) == {}  # nobody has to approve what was set up there
    revoke(job)
    assert bars(hub, job) == {acme: Bar.REVOKED}


def test_an_unconfirmed_person_learns_nothing_of_tokens(hub: Hub) -> None:
    signed = joined(hub, "carol")
    carol = Actor(user_id=signed.user_id, name="carol", session_id=1)

    with calling(hub, carol) as call, working(call) as work, pytest.raises(Forbidden):
        renewing.rotate(work, 1)
    with calling(hub) as call:
        assert call.db.scalar(sa.select(sa.func.count()).select_from(kept_tokens)) == 0
