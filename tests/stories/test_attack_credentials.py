"""What a thief still holds when its owner has taken it away, and what two nodes do at once."""

import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, confirmation_in, inbox, made
from fixtures.authorizing import allowed as agreed, asking, redeemed
from fixtures.oauth import application
from fixtures.programs import allowed as let_in, granted, polled, refreshed, started, whose
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.credentials.oauth.tables import oauth_families
from strata.credentials.tokens.tables import oauth_refreshes
from strata.events.jobs import run_due
from strata.membership import recovery
from strata.membership.recovery import NewPassword

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
