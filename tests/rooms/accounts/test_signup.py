"""Opening an account: everything or nothing, and silent about who is here."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from fixtures.accounts import (
    HERE,
    PASSWORD,
    calling,
    confirmation_in,
    fact_names,
    form,
    inbox,
    joined,
    made,
    mail_count,
    person,
)
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts import people
from strata.accounts.legal import documents
from strata.accounts.legal.kinds import DocumentKind
from strata.accounts.legal.tables import consents
from strata.accounts.tables import namespaces, users
from strata.core.call import working
from strata.core.errors import AlreadyExists, Conflict, Forbidden, InvalidFields, TooMany
from strata.core.hub import Hub
from strata.events import outbox
from strata.membership.confirming import verification
from strata.membership.joining import by_operator, faults, signup
from strata.sessions.signed_in import sessions


def test_sign_up_opens_an_account_that_waits_for_its_confirmation(hub: Hub) -> None:
    signed_up = joined(hub, "Alice", email="Alice@Example.ORG", language="zh-CN")

    alice = person(hub, "alice")
    assert (alice.id, alice.name) == (signed_up.user_id, "Alice")
    assert (alice.email, alice.email_key) == ("Alice@example.org", "alice@example.org")
    assert alice.verified_at is None
    assert alice.language == "zh-CN"
    assert fact_names(hub) == ["account.signup"]
    (kept,) = inbox(hub, "Alice@example.org")
    assert "验证" in kept.subject


def test_the_new_person_is_signed_in(hub: Hub) -> None:
    signed_up = joined(hub, "alice")

    with calling(hub) as call:
        actor = sessions.actor_for_session(call.db, hub, signed_up.session.cookie)

    assert actor is not None
    assert (actor.name, actor.verified) == ("alice", False)


def test_consent_is_kept_with_what_was_shown(hub: Hub) -> None:
    joined(hub, "alice", language="en", read_in="zh-CN")

    with calling(hub) as call:
        kept = call.db.execute(sa.select(consents).order_by(consents.c.document)).all()
    with calling(hub) as call:
        privacy = documents.document(call, DocumentKind.PRIVACY, "zh-CN")
    assert [row.document for row in kept] == ["privacy", "terms"]
    assert (kept[0].sha256, kept[0].version) == (privacy.sha256, privacy.version)
    assert (kept[0].language, kept[0].ip, kept[0].user_agent) == ("zh-CN", HERE.ip, "a browser")


def test_every_broken_field_is_named_at_once_and_nothing_is_kept(hub: Hub) -> None:
    broken = form("settings", email="nobody", password="short", full_name="<b>", consents={})

    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, broken)

    assert caught.value.fields == {
        "email": ("email.invalid",),
        "password": ("pw.too_short", "pw.need_upper", "pw.need_special"),
        "username": ("name.reserved",),
        "full_name": ("full_name.invalid",),
        "consents": ("consent.required",),
    }
    assert (fact_names(hub), mail_count(hub)) == ([], 0)


def test_documents_that_changed_meanwhile_are_shown_again(hub: Hub) -> None:
    outdated = {**documents.packaged_versions(), "terms": "older"}

    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, form("alice", consents=outdated))

    assert caught.value.fields == {"consents": ("consent.changed",)}


@pytest.mark.parametrize(
    "email",
    [
        "u@qq.com",
        "u@163.com",
        "u+tag@gmail.com",
        "u@bücher.example",
        "u@hub.local",
        "u@mail.corp.internal",
        "u@router.home.arpa",
        "u@nas.lan",
        "用户@例子.中国",
    ],
)
def test_addresses_of_all_kinds_may_join(hub: Hub, email: str) -> None:
    joined(hub, "alice", email=email)

    assert person(hub, "alice").email == email


@pytest.mark.parametrize(
    ("email", "fault"),
    [
        ("", "email.empty"),
        ("  ", "email.empty"),
        ("x", "email.invalid"),
        ("a@", "email.invalid"),
        ("@b.org", "email.invalid"),
        ("a@b", "email.invalid"),
        ("a b@c.org", "email.invalid"),
        ("a@" + "b" * 260, "email.too_long"),
        ("a@mailinator.com", "email.disposable"),
        ("a@inbox.MAILINATOR.com", "email.disposable"),
    ],
)
def test_what_keeps_an_address_out_is_named(hub: Hub, email: str, fault: str) -> None:
    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, form("alice", email=email))

    assert caught.value.fields == {"email": (fault,)}


@pytest.mark.parametrize(
    "settings",
    [{"accounts.allow_disposable": True}, {"accounts.allowed_domains": ("mailinator.com",)}],
)
def test_operators_may_let_throw_away_mailboxes_in(
    tmp_path: Path, clock: FrozenClock, settings: dict[str, Any]
) -> None:
    hub = build_test_hub(tmp_path / "rules", clock=clock, **settings)
    joined(hub, "alice", email="a@mailinator.com")
    hub.database.close()


@pytest.mark.parametrize(
    ("settings", "welcome", "unwelcome", "fault"),
    [
        (
            {"accounts.allowed_domains": ("uni.example",)},
            "a@UNI.example",
            "a@x.uni.example",
            "email.not_listed",
        ),
        (
            {"accounts.allowed_domains": ("*.uni.example",)},
            "a@x.uni.example",
            "a@uni.example",
            "email.not_listed",
        ),
        (
            {"accounts.blocked_domains": ("bücher.example",)},
            "a@x.example",
            "a@bücher.example",
            "email.blocked_domain",
        ),
    ],
)
def test_domain_rules_decide_who_may_join(
    tmp_path: Path,
    clock: FrozenClock,
    settings: dict[str, Any],
    welcome: str,
    unwelcome: str,
    fault: str,
) -> None:
    hub = build_test_hub(tmp_path / "rules", clock=clock, **settings)

    joined(hub, "alice", email=welcome)
    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, form("bob", email=unwelcome))

    assert caught.value.fields == {"email": (fault,)}
    hub.database.close()


def test_closed_sign_up_lets_nobody_in(tmp_path: Path, clock: FrozenClock) -> None:
    hub = build_test_hub(tmp_path / "closed", clock=clock, **{"accounts.sign_up": "closed"})

    with calling(hub) as call, pytest.raises(Forbidden):
        signup.sign_up(call, form("alice"))

    hub.database.close()


def test_a_taken_name_is_said_so(hub: Hub) -> None:
    joined(hub, "alice")

    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, form("Alice", email="other@example.org"))

    assert caught.value.fields == {"username": ("name.taken",)}
    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        signup.sign_up(call, form("Alice", email="other@example.org", consents={}))
    assert set(caught.value.fields) == {"username", "consents"}
    assert mail_count(hub) == 1


def test_a_form_asks_for_no_more_names_than_anybody_may(hub: Hub) -> None:
    """Else forms that open nothing would tell in a minute who is here."""
    made(hub, "alice", password=None)
    asking = form("Alice", consents={}, password="")
    with calling(hub) as call:
        for _ in range(faults.NAME_CHECKS_PER_MINUTE):
            with pytest.raises(InvalidFields) as caught:
                signup.sign_up(call, asking)
            assert caught.value.fields["username"] == ("name.taken",)
        with pytest.raises(TooMany):
            signup.sign_up(call, asking)
        with pytest.raises(TooMany):
            faults.name_faults(call, "Alice")


def test_an_address_that_is_here_already_looks_like_a_new_one(hub: Hub) -> None:
    joined(hub, "alice")
    before = (len(fact_names(hub)), mail_count(hub))
    fresh = joined(hub, "fresh")
    between = (len(fact_names(hub)), mail_count(hub))

    pretender = joined(hub, "mallory", email="ALICE@example.org")

    after = (len(fact_names(hub)), mail_count(hub))
    assert [b - a for a, b in zip(before, between, strict=True)] == [1, 1]
    assert [b - a for a, b in zip(between, after, strict=True)] == [1, 1]
    shapes = [
        (len(s.session.cookie), s.session.max_age_s, s.session.expires_at)
        for s in (fresh, pretender)
    ]
    assert shapes[0] == shapes[1]
    with calling(hub) as call:
        actors = [
            sessions.actor_for_session(call.db, hub, s.session.cookie) for s in (fresh, pretender)
        ]
    assert all(actor is not None and not actor.verified for actor in actors)
    with calling(hub) as call:
        assert call.db.scalar(sa.select(sa.func.count()).select_from(consents)) == 6


def test_the_owner_of_the_address_is_told_and_keeps_it(hub: Hub) -> None:
    made(hub, "alice")
    joined(hub, "mallory", email="ALICE@example.org")

    (kept,) = inbox(hub, "alice@example.org")
    assert "already" in kept.subject
    assert "/email_confirmation/" not in kept.text
    assert not person(hub, "alice").address_taken
    assert person(hub, "mallory").address_taken


@pytest.mark.parametrize("who", ["first", "later"])
def test_an_address_belongs_to_whoever_confirms_it(hub: Hub, who: str) -> None:
    joined(hub, "first", email="same@example.org")
    joined(hub, "later", email="SAME@example.org")
    sent = dict(zip(("first", "later"), mails_to(hub, "same@example.org"), strict=True))
    other = "later" if who == "first" else "first"

    with calling(hub) as call, working(call) as work:
        won = verification.confirm_link(work, confirmation_in(sent[who]))
        lost = verification.confirm_link(work, confirmation_in(sent[other]))

    assert (won, lost) == (verification.Outcome.VERIFIED, verification.Outcome.UNKNOWN)
    assert (person(hub, who).address_taken, person(hub, other).address_taken) == (False, True)
    assert person(hub, other).verified_at is None


def mails_to(hub: Hub, address: str) -> list[outbox.Kept]:
    with calling(hub) as call:
        kept = reversed(outbox.outbox(call))
        return [mail for mail in kept if mail.recipient.lower() == address]


def test_a_robot_gets_the_same_answer_and_nothing_is_made(hub: Hub) -> None:
    answer = joined(hub, "alice", suspicion="honeypot")

    assert len(answer.session.cookie) == len(joined(hub, "bob").session.cookie)
    assert fact_names(hub)[:1] == ["account.signup_trapped"]
    assert inbox(hub, "alice@example.org") == []
    with calling(hub) as call:
        assert people.by_name(call, "alice") is None
        assert sessions.actor_for_session(call.db, hub, answer.session.cookie) is None
        assert call.db.scalar(sa.select(sa.func.count()).select_from(users)) == 1


def test_robots_meet_the_same_rules_and_limits(hub: Hub) -> None:
    joined(hub, "taken")
    with calling(hub) as call:
        for number in range(4):
            with pytest.raises(InvalidFields):
                signup.sign_up(call, form("taken", email="x@example.org", suspicion="too fast"))
            signup.sign_up(call, form(f"robot{number}", suspicion="too fast"))
        with pytest.raises(TooMany):
            signup.sign_up(call, form("robot9", suspicion="too fast"))


def test_sign_ups_of_one_address_are_limited(hub: Hub, clock: FrozenClock) -> None:
    for number in range(5):
        joined(hub, f"user{number}x")
    with calling(hub, origin=HERE) as call, pytest.raises(TooMany) as caught:
        signup.sign_up(call, form("late"))
    assert 0 < caught.value.retry_after_s <= 3600

    joined(hub, "neighbour", origin=replace(HERE, ip="203.0.113.8"))
    clock.advance(timedelta(seconds=caught.value.retry_after_s))
    joined(hub, "late")


def test_sign_ups_of_one_network_are_limited(tmp_path: Path, clock: FrozenClock) -> None:
    limit: dict[str, Any] = {
        "accounts.sign_ups_per_hour_per_network": 2,
        "accounts.sign_ups_per_hour": 3,
    }
    hub = build_test_hub(tmp_path / "network", clock=clock, **limit)
    for number in range(2):
        joined(hub, f"user{number}x", origin=replace(HERE, ip=f"203.0.113.{number}"))

    with calling(hub, origin=replace(HERE, ip="203.0.113.99")) as call, pytest.raises(TooMany):
        signup.sign_up(call, form("late"))

    joined(hub, "elsewhere", origin=replace(HERE, ip="198.51.100.1"))
    with calling(hub, origin=replace(HERE, ip="192.0.2.1")) as call, pytest.raises(TooMany):
        signup.sign_up(call, form("late"))  # the whole site has had its three
    hub.database.close()


def test_one_line_of_ipv6_counts_as_one_address(tmp_path: Path, clock: FrozenClock) -> None:
    limit: dict[str, Any] = {"accounts.sign_ups_per_hour_per_ip": 1}
    hub = build_test_hub(tmp_path / "v6", clock=clock, **limit)
    joined(hub, "alice", origin=replace(HERE, ip="2001:db8::1"))

    with calling(hub, origin=replace(HERE, ip="2001:db8::2")) as call, pytest.raises(TooMany):
        signup.sign_up(call, form("late"))

    hub.database.close()


def test_a_refused_form_does_not_count_as_a_sign_up(hub: Hub) -> None:
    for _ in range(8):
        with calling(hub) as call, pytest.raises(InvalidFields):
            signup.sign_up(call, form("alice", password="short"))

    joined(hub, "alice")


def test_only_the_first_account_administers_the_hub(hub: Hub) -> None:
    joined(hub, "alice")
    joined(hub, "bob")

    assert person(hub, "alice").admin
    assert not person(hub, "bob").admin


def test_an_operators_account_comes_first(hub: Hub) -> None:
    made(hub, "operator")
    joined(hub, "alice")

    assert not person(hub, "alice").admin


def _at_once(hub: Hub, forms: list[signup.SignUp]) -> list[BaseException | None]:
    """Send all forms at the same moment; return what each one met."""
    barrier = threading.Barrier(len(forms))
    outcomes: list[BaseException | None] = []

    def send(number: int, one: signup.SignUp) -> None:
        origin = replace(HERE, ip=f"198.51.{number}.1")
        with calling(hub, origin=origin) as call:
            barrier.wait()
            try:
                signup.sign_up(call, one)
            except InvalidFields as error:
                outcomes.append(error)
            else:
                outcomes.append(None)

    threads = [threading.Thread(target=send, args=pair) for pair in enumerate(forms)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@pytest.mark.slow
def test_of_many_first_accounts_one_administers(hub: Hub) -> None:
    outcomes = _at_once(hub, [form(f"user{number}x") for number in range(6)])

    assert outcomes == [None] * 6
    with calling(hub) as call:
        assert sum(user.admin for user in people.everyone(call)) == 1


@pytest.mark.slow
def test_of_many_sign_ups_with_one_address_one_owns_it(hub: Hub) -> None:
    forms = [form(f"user{number}x", email="same@example.org") for number in range(6)]

    outcomes = _at_once(hub, forms)

    assert outcomes == [None] * 6
    with calling(hub) as call:
        owners = [user for user in people.everyone(call) if not user.address_taken]
        assert len(owners) == 1
        assert people.owner_of_address(call, "same@example.org") == owners[0]
    assert len(inbox(hub, "same@example.org")) == 6


def test_of_many_sign_ups_with_one_name_one_gets_it(hub: Hub) -> None:
    forms = [form("same", email=f"u{number}@example.org") for number in range(6)]

    outcomes = _at_once(hub, forms)

    assert outcomes.count(None) == 1
    with calling(hub) as call:
        assert call.db.scalar(sa.select(sa.func.count()).select_from(namespaces)) == 1
        assert call.db.scalar(sa.select(sa.func.count()).select_from(users)) == 1


def test_an_operators_account_is_confirmed_and_may_have_a_legacy_name(hub: Hub) -> None:
    made(hub, "__DUMMY_HUB_USER__", admin=True, password=None)

    created = person(hub, "__dummy_hub_user__")
    assert created.verified_at is not None
    assert created.admin
    assert created.password_hash is None


def test_operators_follow_the_password_policy_too(hub: Hub) -> None:
    account = by_operator.NewAccount(name="alice", email="a@example.org", password="weak")

    with calling(hub) as call, pytest.raises(InvalidFields) as caught:
        by_operator.create_by_operator(call, account)

    assert "password" in caught.value.fields


def test_operators_are_told_what_is_taken(hub: Hub) -> None:
    made(hub, "alice")
    same_name = by_operator.NewAccount(name="ALICE", email="b@example.org")
    same_address = by_operator.NewAccount(name="bob", email="Alice@Example.org")

    with calling(hub) as call:
        with pytest.raises(AlreadyExists):
            by_operator.create_by_operator(call, same_name)
        with pytest.raises(Conflict, match="has the address"):
            by_operator.create_by_operator(call, same_address)

    with calling(hub) as call:
        assert people.by_name(call, "bob") is None


def test_the_password_is_not_shown_by_values_that_carry_it() -> None:
    assert PASSWORD not in repr(form("alice"))
    assert PASSWORD not in repr(by_operator.NewAccount(name="a", email="b", password=PASSWORD))


@pytest.mark.slow
def test_many_strangers_do_not_fill_one_mailbox(hub: Hub) -> None:
    """Every one of them stays within what an account and an address may do."""
    made(hub, "victim")
    for number in range(25):
        there = replace(HERE, ip=f"198.51.{number}.7")
        for name, email in (("a", "victim@example.org"), ("b", "nobody@example.org")):
            joined(hub, f"{name}-{number}-x", origin=there, email=email)
    for email in ("victim@example.org", "nobody@example.org"):
        assert len(inbox(hub, email)) == 20, email
