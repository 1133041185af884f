"""Passwords that leaked elsewhere, and the second policy, at every place where one is chosen."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from fixtures.accounts import calling, inbox, joined, link_in, made, person
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.leaks import leaking, sha1
from strata.accounts.passwords import policy
from strata.accounts.passwords.chosen import new_password_faults
from strata.core.call import working
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.core.settings.refusal import BadSettings
from strata.membership import recovery
from strata.membership.joining import by_operator
from strata.sessions.passwords import reset
from strata.sessions.passwords.changing import Change, change_password

LEAKED = "Leaked-Horse!7"
FRESH = "Fresh-Donkey!7"
PHRASE = "lamp river quiet"
BREACHED = ("pw.breached",)

Build = Callable[..., Hub]


@pytest.fixture
def build(tmp_path: Path, clock: FrozenClock) -> Iterator[Build]:
    made_hubs: list[Hub] = []

    def building(**settings: Any) -> Hub:
        hub = build_test_hub(tmp_path / "data", clock=clock, **settings)
        made_hubs.append(hub)
        return hub

    yield building
    for hub in made_hubs:
        hub.database.close()


@contextmanager
def refused(key: str) -> Iterator[None]:
    with pytest.raises(InvalidFields) as caught:
        yield
    assert caught.value.fields == {"password": (key,)}


def test_every_place_where_a_password_is_chosen_asks_the_list(build: Build, tmp_path: Path) -> None:
    """Sign-up, an operator, the settings and a reset link; with a real file."""
    names = sorted([sha1(LEAKED), *(sha1(f"other {number}") for number in range(50))])
    path = tmp_path / "leaked.txt"
    path.write_text("".join(f"{one}:2\n" for one in names))
    hub = build(**{"accounts.breach_file": path})
    with refused("pw.breached"):
        joined(hub, "eve", password=LEAKED)
    account = by_operator.NewAccount(name="bob", email="bob@example.org", password=LEAKED)
    with calling(hub) as call, refused("pw.breached"):
        by_operator.create_by_operator(call, account)
    ana = made(hub, "ana", password=FRESH)
    with calling(hub, ana) as call, refused("pw.breached"):
        change_password(call, Change(current=FRESH, password=LEAKED))
    with calling(hub) as call, working(call) as work:
        reset.send(work, person(hub, "ana"), ["ana@example.org"])
    link = link_in(inbox(hub, "ana@example.org")[-1]).rpartition("/")[2]
    with calling(hub) as call, refused("pw.breached"):
        recovery.choose(call, link, recovery.NewPassword(LEAKED))
    assert joined(hub, "eve", password=FRESH).name == "eve"


def test_the_server_hears_five_digits_and_nothing_else(build: Build) -> None:
    with leaking(LEAKED, "Another-One!8") as leaks:
        hub = build(**{"accounts.breach_api": leaks.url})
        assert new_password_faults(hub, LEAKED) == BREACHED
        assert new_password_faults(hub, FRESH) == ()
        assert leaks.asked == [f"/range/{sha1(LEAKED)[:5]}", f"/range/{sha1(FRESH)[:5]}"]
        assert new_password_faults(hub, "short") != ()
        assert len(leaks.asked) == 2  # what breaks a rule is told to nobody


def test_padding_is_no_leak(build: Build) -> None:
    with leaking() as leaks:
        hub = build(**{"accounts.breach_api": leaks.url})
        leaks.known = {FRESH}
        assert new_password_faults(hub, FRESH) == BREACHED
        leaks.times = 0
        assert new_password_faults(hub, FRESH) == ()


def test_the_way_out_is_the_proxy_of_the_hub(build: Build) -> None:
    with leaking(LEAKED) as proxy:
        hub = build(
            **{
                "accounts.breach_api": "http://leaks.example/range",
                "webhooks.proxy": f"http://127.0.0.1:{proxy.port}",
            }
        )
        assert new_password_faults(hub, LEAKED) == BREACHED
        assert proxy.asked == [f"http://leaks.example:80/range/{sha1(LEAKED)[:5]}"]


def test_a_check_that_fails_keeps_nobody_out(build: Build, tmp_path: Path) -> None:
    with leaking(LEAKED) as leaks:
        leaks.status = 503
        hub = build(
            **{"accounts.breach_api": leaks.url, "accounts.breach_file": tmp_path / "missing.txt"}
        )
        assert new_password_faults(hub, LEAKED) == ()
        assert len(leaks.asked) == 1
    assert joined(hub, "eve", password=LEAKED).name == "eve"  # nobody listens any more


def test_nobody_is_asked_unless_the_operator_says_so(hub: Hub) -> None:
    assert new_password_faults(hub, LEAKED) == ()
    assert not hub.settings.accounts.breach_api


def test_a_passphrase_needs_length_and_nothing_else(build: Build) -> None:
    hub = build(**{"accounts.password_policy": "passphrase"})
    for password, broken in {
        PHRASE: (),
        "密码安全测试一二三四五六": (),
        "elevenchars": ("pw.too_short_phrase",),
        "Abcdef1!": ("pw.too_short_phrase",),
        "password1234": ("pw.common",),
        "x" * 128: (),
        "x" * 129: ("pw.too_long",),
        "lamp\x00river quiet": ("pw.control_char",),
    }.items():
        assert new_password_faults(hub, password) == broken, password
    with refused("pw.contains_identity"):
        joined(hub, "lamp-river", password="my lamp-river is")
    assert joined(hub, "eve", password=PHRASE).name == "eve"
    ana = made(hub, "ana", password=PHRASE)
    with calling(hub, ana) as call, refused("pw.too_short_phrase"):
        change_password(call, Change(current=PHRASE, password="Abcdef1!"))


def test_the_seeds_policy_stays_the_seeds(hub: Hub) -> None:
    assert policy.policy_of(hub.settings.accounts) is policy.SEED
    assert "pw.need_upper" in new_password_faults(hub, PHRASE)


@pytest.mark.parametrize(
    "wrong", [{"accounts.password_policy": "none"}, {"accounts.breach_api": "leaks.example"}]
)
def test_wrong_settings_are_said(wrong: dict[str, object]) -> None:
    with pytest.raises(BadSettings, match=next(iter(wrong)).replace(".", r"\.")):
        load(environment={}, overrides=wrong)
