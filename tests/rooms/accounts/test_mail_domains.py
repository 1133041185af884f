"""Whether a domain takes mail, asked of a real name server that answers as it is told (§3.4)."""

import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fixtures.accounts import calling, form, joined, made, person
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.name_servers import NameServer
from strata.accounts.mailboxes import mail_domains
from strata.core.errors import InvalidFields, ProofNeeded, TooMany
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.core.settings.refusal import BadSettings
from strata.lib.mail.domains import MailDomains
from strata.lib.mail.name_servers import place_of
from strata.membership.confirming import mailing
from strata.membership.emails import adding
from strata.membership.joining import signup

pytestmark = pytest.mark.slow

ZONE = {
    ("good.example", "MX"): "10 mail.good.example.",
    ("null.example", "MX"): "0 .",  # RFC 7505
    ("plain.example", "A"): "93.184.216.34",
    ("xn--bcher-kva.example", "MX"): "10 mail.good.example.",
    ("text.example", "TXT"): '"hello"',
}


@pytest.fixture
def server() -> Iterator[NameServer]:
    started = NameServer(ZONE)
    yield started
    started.close()


Build = Callable[..., Hub]


@pytest.fixture
def build(tmp_path: Path, clock: FrozenClock, server: NameServer) -> Iterator[Build]:
    """Build a hub that asks the name server."""
    built: list[Hub] = []

    def one(**more: Any) -> Hub:
        settings: dict[str, Any] = {
            "accounts.check_mail_domains": True,
            "accounts.name_servers": (server.place,),
            **more,
        }
        folder = tmp_path / f"data-{len(built)}"
        built.append(build_test_hub(folder, clock=clock, **settings))
        return built[-1]

    yield one
    for hub in built:
        hub.database.close()


@pytest.mark.parametrize(
    ("domain", "refused"),
    [
        ("good.example", False),
        ("plain.example", False),  # a host without MX takes mail itself (RFC 5321 §5)
        ("null.example", True),
        ("text.example", True),
        ("nowhere.example", True),
        ("broken.example", False),
        ("silent.example", False),
    ],
)
def test_only_what_the_name_system_says_for_certain_keeps_out(
    server: NameServer, domain: str, *, refused: bool
) -> None:
    assert MailDomains([server.place]).refuses(domain) is refused


def test_nobody_to_ask_keeps_nobody_out() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{closed.getsockname()[1]}"
    assert MailDomains([place]).refuses("nowhere.example") is False


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("10.0.0.53", ("10.0.0.53", 53)),
        ("10.0.0.53:5353", ("10.0.0.53", 5353)),
        ("fd00::53", ("fd00::53", 53)),
        ("[fd00::53]:5353", ("fd00::53", 5353)),
    ],
)
def test_a_name_server_is_named_with_or_without_its_port(
    written: str, place: tuple[str, int]
) -> None:
    assert place_of(written) == place


@pytest.mark.parametrize("written", ["dns.example", "999.1.2.3", "10.0.0.53:port", "[fd00::53"])
def test_what_is_no_name_server_is_refused_at_the_start(written: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match=r"accounts\.name_servers"):
        load(environment={}, overrides={"data": tmp_path, "accounts.name_servers": (written,)})


def faults(hub: Hub, email: str) -> dict[str, tuple[str, ...]]:
    with calling(hub) as call:
        try:
            signup.sign_up(call, form("alice", email=email))
        except InvalidFields as error:
            return dict(error.fields)
    return {}


def test_a_sign_up_is_told_that_nothing_arrives_there(build: Build) -> None:
    hub = build()
    assert faults(hub, "a@nowhere.example") == {"email": ("email.no_mail",)}
    assert faults(hub, "a@bücher.example") == {}


def test_who_may_not_sign_up_anyway_is_not_asked_about(build: Build, server: NameServer) -> None:
    assert faults(build(), "a@mailinator.com") == {"email": ("email.disposable",)}
    assert faults(build(), "no address") == {"email": ("email.invalid",)}
    named = build(**{"accounts.allowed_domains": ("nowhere.example",)})
    assert faults(named, "a@nowhere.example") == {}
    assert faults(build(), "a@hub.test") == {}
    off = build(**{"accounts.check_mail_domains": False})
    assert faults(off, "a@nowhere.example") == {}
    assert server.asked == []


def test_another_address_is_looked_at_too(build: Build) -> None:
    hub = build()
    joined(hub, "alice", email="a@good.example")
    with calling(hub) as call, pytest.raises(InvalidFields) as refused:
        mailing.change_address(call, "a@nowhere.example")
    assert refused.value.fields == {"email": ("email.no_mail",)}


def test_a_further_address_is_looked_at_too(build: Build, server: NameServer) -> None:
    hub = build()
    alice = made(hub, "alice", email="a@good.example")
    with calling(hub, alice) as call:
        with pytest.raises(InvalidFields) as refused:
            adding.ask(call, "a@nowhere.example", primary=True)
        assert refused.value.fields == {"email": ("email.no_mail",)}
        adding.ask(call, "b@good.example", primary=False)
        assert [one.email for one in adding.waiting(call, person(hub, "alice").id)] == [
            "b@good.example"
        ]
    asked = len(server.asked)
    with calling(hub, replace(alice, proved_until=None)) as call, pytest.raises(ProofNeeded):
        adding.ask(call, "a@null.example", primary=True)
    assert len(server.asked) == asked  # who did not prove who they are has nothing looked up


def test_one_address_has_only_so_many_domains_looked_up(build: Build, server: NameServer) -> None:
    hub = build()
    with calling(hub) as call:
        for _ in range(mail_domains.CHECKS_PER_HOUR):
            assert mail_domains.domain_faults(call, "a@nowhere.example") == ("email.no_mail",)
        with pytest.raises(TooMany):
            mail_domains.domain_faults(call, "a@nowhere.example")
    assert len(server.asked) <= mail_domains.CHECKS_PER_HOUR
