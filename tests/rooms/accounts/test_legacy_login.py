"""Name and password for programs of old (S-042): off, and no way around anything."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.accounts import PASSWORD, calling, joined, made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.programs import whose
from strata.accounts.tables import users
from strata.core.actor import TokenRole
from strata.core.call import working
from strata.core.errors import (
    AccountSuspended,
    BadCredentials,
    EmailNotVerified,
    Forbidden,
    StrataError,
    TooMany,
    Unauthenticated,
)
from strata.core.hub import Hub
from strata.credentials import legacy
from strata.credentials.tokens import making, owned
from strata.sessions.signed_in.tables import sessions


@pytest.fixture
def open_hub(tmp_path: Path, clock: FrozenClock) -> Hub:
    """Give a hub whose operator turned it on."""
    setting: dict[str, object] = {"accounts.legacy_password_login": True}
    return build_test_hub(tmp_path / "open", clock=clock, **setting)  # type: ignore[arg-type]  # a dotted key


def log_in(hub: Hub, name: str, password: str = PASSWORD) -> str:
    with calling(hub) as call:
        return legacy.log_in(call, name, password)


def test_an_account_without_a_password_gets_no_token(open_hub: Hub) -> None:
    made(open_hub, "ana", password=None)
    for guess in ("", PASSWORD):
        with pytest.raises(BadCredentials):
            log_in(open_hub, "ana", guess)


def test_it_is_off(hub: Hub) -> None:
    made(hub, "ana")
    for password in (PASSWORD, "wrong"):
        with pytest.raises(Forbidden, match="takes no passwords here"):
            log_in(hub, "ana", password)


def test_a_program_of_old_gets_a_token_and_gives_it_back(open_hub: Hub) -> None:
    ana = made(open_hub, "ana")
    value = log_in(open_hub, "ana@example.org")
    actor = whose(open_hub, value)

    assert actor is not None
    assert actor.token is not None
    assert actor.token.role is TokenRole.WRITE
    with calling(open_hub, actor) as call:
        assert [one.name for one in owned.of(call, ana.user_id or 0)] == [actor.token.name]
        assert call.db.scalar(sa.select(sa.func.count()).select_from(sessions)) == 0
        with working(call) as work:
            legacy.log_out(work)
    assert whose(open_hub, value) is None


def test_logging_out_keeps_tokens_that_people_made(open_hub: Hub) -> None:
    ana = made(open_hub, "ana")
    with calling(open_hub, ana) as call, working(call) as work:
        issued = making.create(work, "by hand", TokenRole.WRITE)
        with pytest.raises(Unauthenticated):
            legacy.log_out(work)
    actor = whose(open_hub, issued.value)
    assert actor is not None
    with calling(open_hub, actor) as call, working(call) as work:
        legacy.log_out(work)
    assert whose(open_hub, issued.value) is not None


def test_everybody_who_may_not_is_refused(open_hub: Hub) -> None:
    made(open_hub, "without", password=None)  # who enters by another provider
    joined(open_hub, "new-one")
    shut = made(open_hub, "shut")
    with calling(open_hub) as call, working(call) as work:
        work.db.execute(
            sa.update(users).where(users.c.id == shut.user_id).values(standing="suspended")
        )

    refusals: dict[str, type[StrataError]] = {
        "without": BadCredentials,
        "nobody": BadCredentials,
        "shut": AccountSuspended,
        "new-one": EmailNotVerified,
    }
    for name, error in refusals.items():
        with pytest.raises(error):
            log_in(open_hub, name)


def test_guesses_are_counted_as_those_on_the_page(open_hub: Hub) -> None:
    made(open_hub, "ana")
    for _ in range(5):
        with pytest.raises(BadCredentials):
            log_in(open_hub, "ana", "wrong")
    with pytest.raises(TooMany):
        log_in(open_hub, "ana")


def test_a_second_factor_shuts_it(open_hub: Hub) -> None:
    alice = made(open_hub, "alice")
    with calling(open_hub) as call, working(call) as work:
        mine = sa.update(users).where(users.c.id == alice.user_id)
        work.db.execute(mine.values(has_factor=True))
    with pytest.raises(Forbidden, match="second factor"):
        log_in(open_hub, "alice")
    with calling(open_hub) as call:
        assert not call.db.execute(sa.select(sessions.c.id)).first()
