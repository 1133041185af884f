"""Two acts that need the same rows take them in one order: neither is ended by the database.

Each story holds what one act takes first, lets the other one come, and goes on.
"""

from collections.abc import Callable

import pytest

from fixtures.accounts import calling, confirmation_in, in_session, inbox, joined, person
from fixtures.authenticators import Authenticator
from fixtures.hubs import FrozenClock
from fixtures.oauth import CALLBACK
from fixtures.races import beside, called, worked
from fixtures.tokens import issued
from strata.accounts import confirmed, people
from strata.accounts.factors import passkeys
from strata.core.actor import SYSTEM, Actor
from strata.core.call import Work
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.credentials.oauth import apps, consents
from strata.credentials.oauth.making import keeping
from strata.credentials.oauth.making.description import Described
from strata.credentials.oauth.making.keeping import Birth
from strata.credentials.oauth.tokens.ending import end_leaked
from strata.credentials.tokens import renewing
from strata.credentials.tokens.leaked import leaks
from strata.credentials.tokens.making import Issued
from strata.membership.closing import gone, leave
from strata.membership.confirming import verification
from strata.membership.emails import adding
from strata.sessions.entering.entry import Browser
from strata.sessions.protecting import changing, finishing

FORMS = "the cookie that forms belong to"
WANTED = "pretender@example.org"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return in_session(hub, "ana")


def link_to(hub: Hub, path: str) -> str:
    """The secret of the last link to such a page that went to the address that two want."""
    return confirmation_in([kept for kept in inbox(hub, WANTED) if path in kept.text][-1])


def further(hub: Hub, who: Actor) -> str:
    """Have somebody ask for the address, which they have beside their own."""
    worked(hub, who, lambda work: adding.add(work, WANTED, primary=False))
    return link_to(hub, "/settings/emails/confirm/")


def with_passkey(hub: Hub, who: Actor, name: str) -> Authenticator:
    key = Authenticator()
    answer = key.make(str(called(hub, who, changing.passkey_options)))
    called(hub, who, lambda call: changing.add_passkey(call, answer, name))
    return key


def test_a_passkey_opens_beside_its_removal(hub: Hub, ana: Actor) -> None:
    key = with_passkey(hub, ana, "phone")
    with_passkey(hub, ana, "laptop")
    with calling(hub) as call:
        kept, _ = passkeys.of(call, ana.user_id or 0)
    shown = key.show(str(called(hub, Actor(), lambda call: finishing.passkey_options(call, FORMS))))

    def come() -> object:
        browser = Browser(forms=FORMS)
        return called(hub, Actor(), lambda call: finishing.enter_by_passkey(call, shown, browser))

    def take_away(work: Work) -> None:
        changing.remove_passkey(work, kept.id)

    late = beside(
        hub, lambda work: people.locked(work, ana.user_id or 0), come, by=ana, then=take_away
    )
    assert isinstance(late, InvalidFields), late


def test_two_who_prove_one_address_do_not_hold_each_other_up(hub: Hub, ana: Actor) -> None:
    """One of them has it beside their own address; the other one signed up with it."""
    link = further(hub, ana)
    joined(hub, "pretender")
    seen, theirs = person(hub, "pretender"), link_to(hub, "/email_confirmation/")

    late = beside(
        hub,
        lambda work: confirmed.lock_claimants(work, seen.email_key, seen.id),
        lambda: worked(hub, SYSTEM, lambda work: adding.confirm(work, link)),
        by=SYSTEM,
        then=lambda work: verification.confirm_link(work, theirs),
    )
    assert late is adding.Outcome.UNKNOWN
    with calling(hub) as call:
        assert confirmed.owner_id(call, seen.email_key) == seen.id


def test_two_reports_of_the_same_tokens_do_not_hold_each_other_up(hub: Hub, ana: Actor) -> None:
    first, second = issued(hub, ana), issued(hub, in_session(hub, "bob"))
    late = beside(
        hub,
        reported(first),
        lambda: worked(hub, SYSTEM, reported(second, first)),
        by=SYSTEM,
        then=reported(second),
    )
    assert late == 0, late
    assert not any(works(hub, one.value) for one in (first, second))


def reported(*tokens: Issued) -> Callable[[Work], int]:
    return lambda work: end_leaked(work, {one.value: "" for one in tokens})


def works(hub: Hub, value: str) -> bool:
    with calling(hub) as call:
        return leaks.alive(call, value)


def test_a_report_leaves_the_value_that_is_made_at_this_moment(hub: Hub, ana: Actor) -> None:
    old = issued(hub, ana)
    fresh: list[str] = []
    late = beside(
        hub,
        lambda work: fresh.append(renewing.rotate(work, old.id).value),
        lambda: worked(hub, SYSTEM, lambda work: end_leaked(work, {old.value: ""})),
        by=ana,
    )
    assert late == 0, late
    assert [works(hub, value) for value in (old.value, *fresh)] == [False, True]


def test_an_account_and_an_application_of_another_one_go_at_once(
    hub: Hub, clock: FrozenClock, ana: Actor
) -> None:
    """The one who leaves comes later than somebody who let in an application of theirs."""
    leaver = in_session(hub, "zoe")
    born = Birth(apps.Origin.PERSON, leaver.user_id, confidential=False)
    described = Described("An app", redirect_uris=(CALLBACK,), scopes=("openid",))

    def lets_in(work: Work) -> None:
        app = keeping.insert(work, described, born).app
        consents.agree(work, app, ana.user_id or 0, ("openid",), ())

    worked(hub, SYSTEM, lets_in)
    worked(hub, leaver, leave.schedule)
    clock.advance(leave.GRACE)
    late = beside(
        hub,
        lambda work: people.locked(work, ana.user_id or 0),
        lambda: called(hub, SYSTEM, gone.delete_due),
        by=SYSTEM,
        then=lambda work: people.locked(work, leaver.user_id or 0),
    )
    assert late is None, late
    with calling(hub) as call:
        assert people.by_name(call, "zoe") is None
        assert consents.people_of(call, leaver.user_id or 0) == set()
