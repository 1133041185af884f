"""Under which names the hub answers, and whose address it believes (product §3.21)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fixtures.accounts import inbox, made
from fixtures.hubs import FrozenClock, build_test_hub
from strata.app.serving import build_app
from strata.core.hub import Hub
from strata.events.jobs import run_due
from strata.membership.recovery import SendReset

PUBLIC = "https://hub.example.org/models"
Build = Callable[..., Hub]


@pytest.fixture
def build(tmp_path: Path, clock: FrozenClock) -> Build:
    """Give hubs whose operator said nothing of names but what a test says."""

    def built(**settings: object) -> Hub:
        chosen: dict[str, Any] = {"server.aliases": (), **settings}
        return build_test_hub(tmp_path / "data", clock=clock, **chosen)

    return built


def status(hub: Hub, host: str, peer: str = "203.0.113.7", **headers: str) -> int:
    """What a page answers that is asked for under a name."""
    client = TestClient(build_app(hub), base_url="http://x", client=(peer, 1))
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get("/api/models", headers={"Host": host, **named}).status_code


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8080", "hub.localhost", "127.0.0.1:8080", "127.8.9.1", "[::1]:8080"],
)
def test_a_hub_of_one_machine_answers_under_its_own_names(build: Build, host: str) -> None:
    assert status(build(), host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",  # leads to 127.0.0.1 by now (DNS rebinding)
        "localhost.evil.example",
        "evil.example:8080",
        "203.0.113.9",
        "127.0.0.1.evil.example",
        "0.0.0.0",
        "[::]",
        "",
        "localhost@evil.example",
        "localhost/evil.example",
        "localhost:8080:80",
    ],
)
def test_it_answers_under_no_name_that_somebody_else_has_lead_here(build: Build, host: str) -> None:
    assert status(build(), host) == 400


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("hub.example.org", 200),
        ("HUB.example.org.:443", 200),
        ("hub.internal", 200),  # an alias
        ("Hub.Internal:8080", 200),
        ("10.1.2.3:8080", 200),  # of a machine: no name that could lead elsewhere
        ("localhost", 200),
        ("evil.example", 400),
        ("hub.example.org.evil.example", 400),
        ("example.org", 400),
    ],
)
def test_a_public_hub_answers_under_its_name_and_its_aliases(
    build: Build, host: str, expected: int
) -> None:
    hub = build(public_url=PUBLIC, **{"server.aliases": ("hub.Internal",)})
    assert status(hub, host) == expected


def test_a_refusal_says_what_to_do(build: Build) -> None:
    client = TestClient(build_app(build(public_url=PUBLIC)), base_url="http://strata:8080")
    answer = client.get("/api/models")
    assert answer.status_code == 400
    assert "strata:8080" in answer.json()["error"]
    assert "STRATA_SERVER_ALIASES" in answer.json()["error"]


def test_a_proxy_may_say_the_name_and_a_stranger_may_not(build: Build) -> None:
    hub = build(public_url=PUBLIC, **{"server.trusted_proxies": ("10.0.0.0/8",)})
    told = {"X_Forwarded_Host": "evil.example"}
    assert status(hub, "10.0.0.1:8080", "10.0.0.2", **told) == 400
    assert status(hub, "hub.example.org", "203.0.113.7", **told) == 200
    assert status(hub, "evil.example", "203.0.113.7", X_Forwarded_Host="hub.example.org") == 400


@pytest.mark.slow
def test_no_mail_bears_the_name_that_an_attacker_wrote(build: Build) -> None:
    """Password reset poisoning: the owner would open the link and give its secret away."""
    hub = build()
    made(hub, "ana")
    client = TestClient(build_app(hub), base_url="http://localhost:8080", follow_redirects=False)
    page = client.get("/forgot-password").text
    proof = page.partition('name="csrf_token" value="')[2].partition('"')[0]
    form = {"username": "ana", "csrf_token": proof}
    answers = [
        client.post("/forgot-password", data=form, headers=headers).status_code
        for headers in (
            {"Host": "evil.example"},
            {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        )
    ]
    while run_due(hub, {SendReset.kind: SendReset}):
        pass
    assert answers == [400, 303]
    (mail,) = inbox(hub, "ana@example.org")
    assert "http://localhost:8080/reset-password/" in mail.text
    assert "evil.example" not in mail.text


@pytest.mark.parametrize(
    ("chain", "expected"),
    [
        ("198.51.100.4", "198.51.100.4"),
        ("192.0.2.1, 198.51.100.4", "198.51.100.4"),  # what the caller wrote counts for nothing
        ("192.0.2.1, 198.51.100.4, 10.9.9.9", "198.51.100.4"),  # a proxy before the proxy
        ("10.9.9.9, 10.8.8.8", "10.9.9.9"),  # somebody inside
        (" ,, ", "10.0.0.2"),
        ("", "10.0.0.2"),
    ],
)
@pytest.mark.parametrize("peer", ["10.0.0.2", "::ffff:10.0.0.2"])
def test_behind_proxies_the_caller_is_who_the_first_of_them_saw(
    build: Build, peer: str, chain: str, expected: str
) -> None:
    hub = build(
        **{"server.trusted_proxies": ("10.0.0.0/8",), "rates.anonymous_api": 1}, public_url=PUBLIC
    )
    app = build_app(hub)
    through = TestClient(app, base_url="http://hub.example.org", client=(peer, 1))
    assert through.get("/api/models", headers={"X-Forwarded-For": chain}).status_code == 200
    straight = TestClient(app, base_url="http://hub.example.org", client=(expected, 1))
    assert straight.get("/api/models").status_code == 429
