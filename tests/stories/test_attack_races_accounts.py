"""Accounts at the moment they are opened, confirmed or closed, beside what decides about them.

Each story holds the transaction of one act open and has the other one come meanwhile.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    calling,
    confirmation_in,
    fact_names,
    form,
    in_session,
    inbox,
    joined,
    made,
    person,
)
from fixtures.authenticators import Authenticator
from fixtures.hubs import FrozenClock
from fixtures.races import beside, called, worked
from strata.accounts import confirmed, limits, people
from strata.accounts.factors import held
from strata.accounts.factors.held import Held
from strata.accounts.legal import documents, publishing
from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.legal.tables import agreement, consents
from strata.accounts.mailboxes import addresses
from strata.core.actor import SYSTEM, Actor, TokenRole
from strata.core.call import Work
from strata.core.errors import AlreadyExists, Conflict, InvalidFields
from strata.core.hub import Hub
from strata.credentials.tokens import making, owned
from strata.membership.confirming import unconfirmed
from strata.membership.emails import adding, proved
from strata.membership.joining import opening, signup
from strata.sessions.entering import entry, signing_out
from strata.sessions.entering.entry import Browser
from strata.sessions.protecting import changing, removal
from strata.sessions.signed_in.tables import sessions


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


def with_passkey(hub: Hub, who: Actor) -> None:
    answer = Authenticator().make(str(called(hub, who, changing.passkey_options)))
    called(hub, who, lambda call: changing.add_passkey(call, answer, "phone"))


def person_in(work: Work, name: str) -> people.User:
    """Somebody as a transaction of its own finds them, while another one is open."""
    found = people.by_name(work, name)
    assert found is not None
    return found


def publishes(kind: DocumentKind, version: str) -> Callable[[Work], None]:
    texts = dict.fromkeys(("en", "zh-CN"), f"Version {version}")
    return lambda work: publishing.publish(work, kind, version, texts)


def agreed(hub: Hub) -> list[tuple[str, str]]:
    with calling(hub) as call:
        kept = sa.select(consents.c.document, consents.c.version).order_by(consents.c.document)
        return [tuple(row) for row in call.db.execute(kept)]


def test_nobody_agrees_to_a_text_that_was_published_while_they_signed_up(hub: Hub) -> None:
    made(hub, "ana", admin=True, password=None)

    def first(work: Work) -> None:
        publishes(DocumentKind.TERMS, "2")(work)
        limits.note(work, "signup.all")  # for which the sign-up waits, when its form was judged

    late = beside(
        hub,
        first,
        lambda: called(hub, Actor(), lambda call: signup.sign_up(call, form("alice"))),
        by=SYSTEM,
    )
    assert isinstance(late, InvalidFields), late
    assert late.fields == {"consents": ("consent.changed",)}
    assert agreed(hub) == []
    with calling(hub) as call:
        assert people.by_name(call, "alice") is None


def enters(name: str) -> Callable[[Work], object]:
    """Somebody has shown everything, and is about to be let in."""

    def act(work: Work) -> None:
        entry.enter(work, person_in(work, name), Browser(), how="password")

    return act


def open_sessions(hub: Hub, who: Actor) -> int:
    with calling(hub) as call:
        theirs = sa.select(sa.func.count()).where(sessions.c.user_id == who.user_id)
        return call.db.scalar(theirs) or 0


def test_an_operator_signs_out_who_logs_in_at_this_moment(hub: Hub) -> None:
    ana = made(hub, "ana", password=None)
    late = beside(
        hub,
        enters("ana"),
        lambda: worked(
            hub, SYSTEM, lambda work: signing_out.sign_out(work, person_in(work, "ana"))
        ),
        by=Actor(),
    )
    assert late == 1, late
    assert open_sessions(hub, ana) == 0


def test_an_operator_signs_everybody_out_while_one_logs_in(hub: Hub) -> None:
    ana = made(hub, "ana", password=None)
    late = beside(
        hub,
        enters("ana"),
        lambda: worked(hub, SYSTEM, signing_out.sign_everybody_out),
        by=Actor(),
    )
    assert late == 1, late
    assert open_sessions(hub, ana) == 0


def test_their_owner_signs_out_who_logs_in_at_this_moment(hub: Hub) -> None:
    ana = in_session(hub, "ana")
    late = beside(
        hub, enters("ana"), lambda: worked(hub, ana, signing_out.revoke_others), by=Actor()
    )
    assert late == 1, late
    assert open_sessions(hub, ana) == 1


def test_factors_stay_whose_removal_an_operator_stops_at_the_last_moment(
    hub: Hub, clock: FrozenClock
) -> None:
    ana = in_session(hub, "ana")
    with_passkey(hub, ana)
    user = person(hub, "ana")
    wait = removal.ADMIN_WAIT
    worked(hub, SYSTEM, lambda work: removal.schedule(work, user, wait, by_operator=True))
    clock.advance(wait)
    late = beside(
        hub,
        lambda work: removal.cancel(work, user),
        lambda: called(hub, SYSTEM, removal.RemoveFactors(user.id).run),
        by=SYSTEM,
    )
    assert late is None, late
    with calling(hub) as call:
        assert held.of(call, user.id) == Held(authenticator=False, passkeys=1)
    assert "account.2fa_disable" not in fact_names(hub)


def test_two_documents_published_at_once_both_hold(hub: Hub) -> None:
    late = beside(
        hub,
        publishes(DocumentKind.TERMS, "2"),
        lambda: worked(hub, SYSTEM, publishes(DocumentKind.PRIVACY, "2")),
        by=SYSTEM,
    )
    assert late is None, late
    with calling(hub) as call:
        current = call.db.scalar(sa.select(agreement.c.current))
        assert current == documents.key_of(documents.versions(call))


def test_of_two_publications_of_one_version_the_second_is_told(hub: Hub) -> None:
    late = beside(
        hub,
        publishes(DocumentKind.TERMS, "2"),
        lambda: worked(hub, SYSTEM, publishes(DocumentKind.TERMS, "2")),
        by=SYSTEM,
    )
    assert isinstance(late, AlreadyExists), late


def asked_for(hub: Hub, who: Actor, email: str) -> str:
    """Have somebody ask for an address beside their own; the secret of the link."""
    worked(hub, who, lambda work: adding.add(work, email, primary=False))
    return confirmation_in(inbox(hub, email)[-1])


def test_no_account_is_opened_as_proved_with_an_address_that_is_proved_meanwhile(hub: Hub) -> None:
    bob = made(hub, "bob", password=None)
    link = asked_for(hub, bob, "wanted@example.org")
    late = beside(
        hub,
        lambda work: adding.confirm(work, link),
        lambda: made(hub, "carol", password=None, email="wanted@example.org"),
        by=SYSTEM,
    )
    assert isinstance(late, Conflict), late
    with calling(hub) as call:
        assert people.by_name(call, "carol") is None
        assert confirmed.owner_id(call, "wanted@example.org") == bob.user_id


def test_an_address_becomes_the_primary_one_beside_a_sign_up_that_names_it(hub: Hub) -> None:
    bob = made(hub, "bob", password=None)
    link = asked_for(hub, bob, "wanted@example.org")
    wanted = addresses.parse("wanted@example.org")
    assert wanted is not None
    row = opening.Row("mallory", "", wanted, None, "en", admin=False)
    late = beside(
        hub,
        lambda work: opening.write(work, row, verified_at=None),
        lambda: worked(hub, SYSTEM, lambda work: adding.confirm(work, link)),
        by=SYSTEM,
    )
    assert late is adding.Outcome.CONFIRMED, late
    worked(hub, bob, lambda work: proved.make_primary(work, "wanted@example.org"))
    assert person(hub, "bob").email_key == "wanted@example.org"
    assert person(hub, "mallory").address_taken


def test_whoever_signs_up_with_an_address_keeps_its_owner_from_nothing(hub: Hub) -> None:
    """While nobody can see the sign-up yet, its owner is asked to try once more."""
    bob = made(hub, "bob", password=None)
    link = asked_for(hub, bob, "wanted@example.org")
    wanted = addresses.parse("wanted@example.org")
    assert wanted is not None
    row = opening.Row("mallory", "", wanted, None, "en", admin=False)
    first = lambda work: proved.make_primary(work, "wanted@example.org")  # noqa: E731

    def confirms_and_prefers() -> object:
        worked(hub, SYSTEM, lambda work: adding.confirm(work, link))
        return worked(hub, bob, first)

    late = beside(
        hub,
        lambda work: opening.write(work, row, verified_at=None),
        confirms_and_prefers,
        by=SYSTEM,
    )
    assert late is None or isinstance(late, Conflict), late
    if late is not None:
        worked(hub, bob, first)
    assert person(hub, "bob").email_key == "wanted@example.org"
    assert person(hub, "mallory").address_taken


def test_an_account_that_is_given_something_at_this_moment_is_not_removed(
    hub: Hub, clock: FrozenClock
) -> None:
    made(hub, "ana", admin=True, password=None)
    joined(hub, "mallory")
    mallory = person(hub, "mallory").id
    clock.advance(timedelta(days=hub.settings.accounts.unconfirmed_days) - unconfirmed.NOTICE)
    worked(hub, SYSTEM, unconfirmed.tell)
    clock.advance(unconfirmed.NOTICE)
    late = beside(
        hub,
        lambda work: making.create_for(work, mallory, "given", TokenRole.READ),
        lambda: called(hub, SYSTEM, unconfirmed.remove),
        by=SYSTEM,
    )
    assert late is None, late
    assert person(hub, "mallory").id == mallory
    with calling(hub) as call:
        assert [one.name for one in owned.of(call, mallory)] == ["given"]


def test_nobody_leaves_for_good_with_what_they_are_given_at_this_moment(hub: Hub) -> None:
    made(hub, "ana", admin=True, password=None)
    joined(hub, "mallory")
    mallory = person(hub, "mallory").id
    late = beside(
        hub,
        lambda work: making.create_for(work, mallory, "given", TokenRole.READ),
        lambda: worked(hub, SYSTEM, lambda work: unconfirmed.leave(work, mallory)),
        by=SYSTEM,
    )
    assert late is False, late
