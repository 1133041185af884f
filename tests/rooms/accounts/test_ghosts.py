"""What is left of a deleted account keeps the place of an author, and is no account any more."""

import pytest

from fixtures.accounts import calling, made, person
from strata.accounts import people
from strata.accounts.people import User
from strata.core.actor import SYSTEM
from strata.core.call import working
from strata.core.errors import AccountSuspended
from strata.core.hub import Hub
from strata.events.outbox import outbox
from strata.membership.closing import gone
from strata.sessions.entering import entry, sites
from strata.sessions.entering.entry import Browser
from strata.sessions.entering.warning import WarnOfGuesses


@pytest.fixture
def ghost(hub: Hub) -> User:
    """Give an account as somebody has read it who did not see that it went."""
    made(hub, "rita", admin=True)
    made(hub, "zebra")
    user = person(hub, "zebra")
    with calling(hub, SYSTEM) as call, working(call) as work:
        gone.delete(work, user)
    return user


def test_it_is_found_in_no_way(hub: Hub, ghost: User) -> None:
    with calling(hub, SYSTEM) as call, working(call) as work:
        assert people.by_id(work, ghost.id) is None
        assert people.latest(work, ghost.id) is None
        assert people.by_name(work, f"~{ghost.id}") is None
        assert people.owner_of_address(work, f"~{ghost.id}") is None
        assert [one.name for one in people.everyone(work)] == ["rita"]


def test_nobody_is_warned_of_guesses_at_the_password_of_an_account_that_went(
    hub: Hub, ghost: User
) -> None:
    with calling(hub, SYSTEM) as call:
        before = [mail.recipient for mail in outbox(call)]
        WarnOfGuesses(ghost.id, "http://localhost", "r1").run(call)
        assert [mail.recipient for mail in outbox(call)] == before


def test_a_proof_that_was_shown_before_opens_no_session_of_it(hub: Hub, ghost: User) -> None:
    browser = Browser()
    with calling(hub, SYSTEM) as call:
        with pytest.raises(AccountSuspended) as refused, working(call) as work:
            entry.enter(work, ghost, browser, how="password")
        sites.note_refused(call, ghost, refused.value)
