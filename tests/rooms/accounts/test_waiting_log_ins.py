"""Log-ins from unknown browsers that wait for a link by mail: under attack, or always."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from fixtures.accounts import (
    HERE,
    PASSWORD,
    calling,
    confirmation_in,
    entered,
    fact_names,
    inbox,
    joined,
    made,
    mail_count,
    person,
)
from fixtures.hubs import FrozenClock
from fixtures.races import beside, interrupted, worked
from strata.accounts import people
from strata.accounts.confirmed import claim
from strata.accounts.factors import halfway
from strata.accounts.factors.halfway import Ticket
from strata.accounts.tables import attempts, blocks, users
from strata.core.actor import SYSTEM
from strata.core.call import Origin, working
from strata.core.errors import AccountSuspended, BadCredentials, Forbidden, NotFound, TooMany
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.membership import recovery
from strata.membership.closing import suspend
from strata.membership.emails import proved
from strata.sessions.entering import confirming, login, waiting
from strata.sessions.entering.entry import Browser, LoggedIn
from strata.sessions.entering.waiting import Outcome, SendLogInLink, Waiting
from strata.sessions.entering.warning import WarnOfGuesses
from strata.sessions.passwords import changing
from strata.sessions.signed_in.tables import waiting_log_ins

WRONG = "Wrong-Horse!b"
ELSEWHERE = replace(HERE, ip="192.0.2.1")
MINE = Browser(forms="my form cookie")
JOBS = {job.kind: job for job in (SendLogInLink, WarnOfGuesses)}


def enter(
    hub: Hub,
    who: str,
    password: str = PASSWORD,
    *,
    origin: Origin = ELSEWHERE,
    browser: Browser = MINE,
) -> LoggedIn | Ticket | Waiting:
    with calling(hub, origin=origin) as call:
        return login.log_in(call, login.LogIn(who, password, browser))


def attacked(hub: Hub, who: str) -> None:
    """Guess twenty times; the eighteen between the first and the last are only counted."""
    for number in (1, 2):
        with pytest.raises(BadCredentials):
            enter(hub, who, WRONG, origin=replace(HERE, ip=f"198.51.{number}.1"))
        of_person = attempts.c.key.startswith("login.person:")
        with hub.database.writing() as db:
            db.execute(sa.update(attempts).where(of_person).values(count=attempts.c.count + 18))


def waits(hub: Hub, who: str = "alice", password: str = PASSWORD, **place: object) -> Waiting:
    held = enter(hub, who, password, **place)  # type: ignore[arg-type]
    assert isinstance(held, Waiting)
    return held


def post(hub: Hub) -> None:
    while run_due(hub, JOBS):
        pass


def links(hub: Hub) -> list[str]:
    post(hub)
    told = [kept for kept in inbox(hub, "alice@example.org") if "Confirm" in kept.subject]
    return [confirmation_in(kept) for kept in told]


def confirm(hub: Hub, link: str, held: Waiting, browser: Browser = MINE) -> LoggedIn | Ticket:
    with calling(hub, origin=ELSEWHERE) as call:
        return confirming.confirm(call, link, held, browser)


def test_a_known_browser_logs_in_as_ever_and_another_waits_for_a_link(hub: Hub) -> None:
    made(hub, "alice")
    known = entered(enter(hub, "alice", origin=HERE))
    attacked(hub, "alice")

    again = enter(hub, "alice", browser=replace(MINE, device=known.device))
    assert entered(again).name == "alice"

    held = waits(hub, origin=HERE)  # the same address, and a browser that nobody knows
    (link,) = links(hub)
    opened = entered(confirm(hub, link, held))
    assert opened.name == "alice"
    assert entered(enter(hub, "alice", browser=replace(MINE, device=opened.device))).verified

    made(hub, "mallory")
    theirs = entered(enter(hub, "mallory", origin=HERE)).device
    waits(hub, browser=replace(MINE, device=theirs))  # known, and to somebody else


@pytest.mark.slow
def test_an_attack_is_twenty_failures_from_wherever(hub: Hub) -> None:
    made(hub, "alice")
    for number in range(20):
        assert entered(enter(hub, "alice", origin=HERE)).name == "alice"
        with pytest.raises(BadCredentials):
            enter(hub, "alice", WRONG, origin=replace(HERE, ip=f"198.51.{number}.1"))
    waits(hub)


@pytest.mark.parametrize(
    ("guessed", "other", "unknown"),
    [("alice", "alice@example.org", "no@example.org"), ("alice@example.org", "alice", "nobody")],
)
def test_an_attack_on_one_name_tells_nothing_of_another_and_guards_it(
    hub: Hub, guessed: str, other: str, unknown: str
) -> None:
    made(hub, "alice")
    known = entered(enter(hub, "alice", origin=HERE))
    attacked(hub, guessed)
    for who in (other, unknown):
        with pytest.raises(BadCredentials):
            enter(hub, who, WRONG)
    held = waits(hub, other)  # the right password alone opens nothing
    opened = entered(confirm(hub, links(hub)[-1], held))
    assert opened.name == "alice"
    assert entered(enter(hub, other, browser=replace(MINE, device=known.device))).name == "alice"


def test_under_another_name_a_program_is_told_too(hub: Hub) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    with pytest.raises(Forbidden, match="in a browser"):
        enter(hub, "alice@example.org", browser=Browser())


def test_without_an_attack_nobody_waits(hub: Hub) -> None:
    made(hub, "alice")
    assert entered(enter(hub, "alice")).name == "alice"
    assert entered(enter(hub, "alice")).name == "alice"


def test_the_owner_is_told_of_the_attack_once(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    for number in range(3):
        waits(hub, password=WRONG, origin=replace(HERE, ip=f"192.0.{number}.2"))
    clock.advance(timedelta(minutes=61))
    attacked(hub, "alice")

    post(hub)
    warned = [kept for kept in inbox(hub, "alice@example.org") if "failed" in kept.subject]
    assert len(warned) == 1
    clock.advance(timedelta(hours=25))
    attacked(hub, "alice")
    post(hub)
    warned = [kept for kept in inbox(hub, "alice@example.org") if "failed" in kept.subject]
    assert len(warned) == 2


def test_after_an_hour_the_password_is_enough_again(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    clock.advance(timedelta(minutes=59))
    waits(hub)
    clock.advance(timedelta(minutes=2))
    assert entered(enter(hub, "alice")).name == "alice"


@pytest.mark.slow
@pytest.mark.parametrize("who", ["alice", "nobody"])
def test_a_wrong_password_looks_like_the_right_one(hub: Hub, who: str) -> None:
    """Neither the answer nor what is counted afterwards tells an attacker which it was."""
    made(hub, "alice")
    attacked(hub, who)
    kept: list[tuple[int, list[int]]] = []

    for password in (PASSWORD, WRONG):
        place = replace(HERE, ip=f"192.0.2.{len(kept) + 1}")
        held = [enter(hub, who, password, origin=place) for _ in range(5)]
        assert {type(one) for one in held} == {Waiting}
        with pytest.raises(TooMany) as caught:  # five in five minutes, right ones too
            enter(hub, who, password, origin=place)
        kept.append((caught.value.retry_after_s, [len(one.value) for one in held]))  # type: ignore[union-attr]
    assert kept[0] == kept[1]

    post(hub)
    warnings = 1 if who == "alice" else 0
    confirmations = 5 if who == "alice" else 0
    assert mail_count(hub) == warnings + confirmations


def test_right_and_wrong_cost_the_same(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    work: Counter[str] = Counter()
    verify = PasswordHasher.verify

    def counting(hasher: PasswordHasher, hashed: str, password: bytes) -> bool:
        work["compare"] += 1
        return verify(hasher, hashed, password)

    def hear(*asked: object) -> None:
        work[str(asked[2]).split("(", 1)[0]] += 1

    costs: list[Counter[str]] = []
    monkeypatch.setattr(PasswordHasher, "verify", counting)
    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        for password in (PASSWORD, WRONG):
            work.clear()
            waits(hub, password=password, origin=replace(HERE, ip=f"192.0.2.{len(costs) + 1}"))
            costs.append(Counter(work))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)

    assert costs[0] == costs[1]
    assert costs[0]["compare"] == login.CANDIDATES


def test_a_link_is_good_for_nothing_but_its_own_log_in(hub: Hub, clock: FrozenClock) -> None:
    """An attacker who knows the password and fools the owner, or reads the mail, gets nothing."""
    made(hub, "alice")
    attacked(hub, "alice")
    theirs = waits(hub, browser=Browser(forms="attacker"))
    (link,) = links(hub)
    mine = waits(hub)

    for other in (mine, Waiting("", ""), replace(theirs, browser="my form cookie")):
        with calling(hub) as call:
            assert waiting.look(call, link, other) is Outcome.ELSEWHERE
        with pytest.raises(NotFound):
            confirm(hub, link, other)
    with calling(hub) as call:
        assert waiting.look(call, link, theirs) is Outcome.READY  # looking used nothing up
        assert waiting.look(call, "x" * 1000, theirs) is Outcome.OVER
        assert waiting.look(call, "", theirs) is Outcome.OVER  # rows without a link are not found

    _, own = links(hub)
    assert entered(confirm(hub, own, mine)).name == "alice"
    with pytest.raises(NotFound):  # once
        confirm(hub, own, mine)
    clock.advance(waiting.LIFE)
    with pytest.raises(NotFound):
        confirm(hub, link, theirs)


def test_what_is_kept_is_hashed(hub: Hub) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    held = waits(hub)
    (link,) = links(hub)

    with hub.database.reading() as db:
        (row,) = db.execute(sa.select(waiting_log_ins)).all()
    for secret in (link, held.value, held.browser):
        assert secret not in str(row)


def test_a_link_dies_with_a_new_password_which_ends_the_attack(hub: Hub) -> None:
    alice = made(hub, "alice")
    attacked(hub, "alice")
    held = waits(hub)
    (link,) = links(hub)
    with calling(hub, alice) as call, working(call) as work:  # and with another address
        user = person(hub, "alice")
        assert claim(work, user.id, email="new@example.org", key="new@example.org")
        proved.make_primary(work, "new@example.org")
    with pytest.raises(NotFound):
        confirm(hub, link, held)

    held = waits(hub)
    post(hub)
    link = confirmation_in(inbox(hub, "new@example.org")[-1])
    with calling(hub, alice) as call, working(call) as work:
        changing.keep_password(work, person(hub, "alice"), "no hash")

    with pytest.raises(NotFound):
        confirm(hub, link, held)


def test_a_log_in_that_began_with_the_old_password_opens_nothing_after_the_new_one(
    hub: Hub, clock: FrozenClock
) -> None:
    """It waits from then on, beside the forgetting of those that waited before."""
    made(hub, "alice")
    attacked(hub, "alice")

    def chosen() -> None:
        clock.advance(timedelta(seconds=1))
        user = person(hub, "alice")
        worked(hub, SYSTEM, lambda work: changing.keep_password(work, user, "another hash"))

    held = waits(interrupted(hub, chosen))
    (link,) = links(hub)
    with calling(hub) as call:
        assert waiting.look(call, link, held) is Outcome.ELSEWHERE
    with pytest.raises(NotFound):
        confirm(hub, link, held)


def test_a_log_in_that_goes_on_beside_the_new_password_opens_nothing(
    hub: Hub, clock: FrozenClock
) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    held = waits(hub)
    (link,) = links(hub)
    user = person(hub, "alice")
    clock.advance(timedelta(seconds=1))
    late = beside(
        hub,
        lambda work: people.locked(work, user.id),
        lambda: confirm(hub, link, held),
        by=SYSTEM,
        then=lambda work: changing.keep_password(work, user, "another hash"),
    )
    assert isinstance(late, NotFound), late


def test_a_reset_ends_the_waiting(hub: Hub) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    with calling(hub) as call:
        recovery.ask(call, "alice")
    while run_due(hub, {recovery.SendReset.kind: recovery.SendReset}):
        pass
    link = confirmation_in(inbox(hub, "alice@example.org")[-1])
    with calling(hub) as call:
        recovery.choose(call, link, recovery.NewPassword("An0ther-Horse!b"))

    assert entered(enter(hub, "alice", "An0ther-Horse!b")).name == "alice"


def test_who_has_a_second_factor_needs_it_after_the_link(hub: Hub) -> None:
    alice = made(hub, "alice")
    with hub.database.writing() as db:
        db.execute(sa.update(users).values(has_factor=True))
    attacked(hub, "alice")
    held = waits(hub)
    (link,) = links(hub)

    ticket = confirm(hub, link, held)

    assert isinstance(ticket, Ticket)
    with calling(hub) as call:
        found = halfway.look(call, ticket)
    assert found is not None
    assert (found.user_id, found.how) == (alice.user_id, "password+mail")


def test_a_closed_account_stays_closed(hub: Hub) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    held = waits(hub)
    (link,) = links(hub)
    with calling(hub) as call, working(call) as work:
        suspend.suspend(work, person(hub, "alice"), suspend.Suspension("spam"))
    failures = fact_names(hub).count("account.login_failed")

    with pytest.raises(AccountSuspended):
        confirm(hub, link, held)

    assert fact_names(hub).count("account.login_failed") == failures + 1


def test_five_mails_an_hour(hub: Hub) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    for number in range(7):
        waits(hub, origin=replace(HERE, ip=f"192.0.2.{number + 1}"))

    assert len(links(hub)) == 5
    assert fact_names(hub).count("account.login_mailed") == 5


def test_the_link_goes_to_nobody_elses_mailbox(hub: Hub) -> None:
    """Somebody signed up with the address of another account: its owner hears nothing of it."""
    made(hub, "owner")
    joined(hub, "pretender", email="owner@example.org")
    before = mail_count(hub)
    attacked(hub, "pretender")
    waits(hub, "pretender")
    post(hub)

    assert mail_count(hub) == before


def test_a_program_is_told_to_wait(hub: Hub) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    for password in (PASSWORD, WRONG):
        with pytest.raises(TooMany):
            enter(hub, "alice", password, browser=Browser())


def test_the_tidying_removes_what_is_over(hub: Hub, clock: FrozenClock) -> None:
    made(hub, "alice")
    attacked(hub, "alice")
    waits(hub)
    clock.advance(waiting.LIFE)
    with calling(hub) as call, working(call) as work:
        waiting.forget_over(work)
        assert work.db.execute(sa.select(waiting_log_ins)).all() == []
    with hub.database.reading() as db:
        assert db.execute(sa.select(attempts)).all()
        assert db.execute(sa.select(blocks)).all()


@pytest.fixture
def strict(hub: Hub) -> Hub:
    """A hub that wants every new browser confirmed."""
    accounts = replace(hub.settings.accounts, confirm_new_browsers=True)
    return replace(hub, settings=replace(hub.settings, accounts=accounts))


def test_a_site_may_have_every_new_browser_confirmed(strict: Hub) -> None:
    made(strict, "alice")
    with pytest.raises(BadCredentials):
        enter(strict, "alice", WRONG)

    held = waits(strict)
    (link,) = links(strict)
    opened = entered(confirm(strict, link, held))

    assert entered(enter(strict, "alice", browser=replace(MINE, device=opened.device))).verified
    waits(strict, browser=replace(MINE, device="another"))


def test_who_has_a_second_factor_or_no_mailbox_confirms_nothing(strict: Hub) -> None:
    joined(strict, "newcomer")
    assert entered(enter(strict, "newcomer")).name == "newcomer"

    made(strict, "alice")
    with strict.database.writing() as db:
        db.execute(sa.update(users).values(has_factor=True))
    assert isinstance(enter(strict, "alice"), Ticket)


def test_a_program_cannot_confirm_and_is_told_so(strict: Hub) -> None:
    made(strict, "alice")
    with pytest.raises(Forbidden, match="in a browser"):
        enter(strict, "alice", browser=Browser())
    assert links(strict) == []
