"""Rate limits at the door: what every answer says, who is refused, and what does not fool it."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from fixtures.accounts import made
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import access_token
from strata.app.serving import build_app
from strata.core.hub import Hub

SITE = "http://hub.example.com"
SMALL: dict[str, Any] = {
    "rates.api": 4,
    "rates.pages": 2,
    "rates.resolvers": 3,
    "rates.anonymous_api": 2,
    "rates.anonymous_pages": 2,
    "rates.anonymous_resolvers": 2,
    "rates.anonymous_git": 2,
    "rates.token_failures": 3,
    "server.trusted_proxies": ("10.0.0.0/8",),
}
# huggingface_hub/utils/_http.py, the releases 1.19 to 2.4
STATE = re.compile(r"\"(?P<resource_type>\w+)\"\s*;\s*r\s*=\s*(?P<r>\d+)\s*;\s*t\s*=\s*(?P<t>\d+)")
POLICY = re.compile(r"q\s*=\s*(?P<q>\d+).*?w\s*=\s*(?P<w>\d+)")

Knock = Callable[..., TestClient]


@pytest.fixture
def small(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give a hub whose quotas are small."""
    built = build_test_hub(tmp_path / "small", clock=clock, **SMALL)
    yield built
    built.database.close()


@pytest.fixture
def knock(small: Hub) -> Knock:
    """Give a client of one application at an address."""
    app = build_app(small)

    def at(address: str = "203.0.113.7", token: str = "") -> TestClient:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return TestClient(
            app, base_url=SITE, client=(address, 1), headers=headers, follow_redirects=False
        )

    return at


def test_every_answer_says_where_the_caller_stands(knock: Knock) -> None:
    client = knock()
    answers = [client.get("/api/models") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [STATE.search(answer.headers["RateLimit"])["r"] for answer in answers] == ["1", "0", "0"]  # type: ignore[index]
    assert answers[0].headers["RateLimit"].startswith('"api";r=1;t=')
    assert answers[0].headers["RateLimit-Policy"] == '"fixed window";"api";q=2;w=300'
    policy = POLICY.search(answers[0].headers["RateLimit-Policy"])
    assert policy is not None
    assert (policy["q"], policy["w"]) == ("2", "300")
    refused = answers[-1]
    state = STATE.search(refused.headers["RateLimit"])
    assert state is not None
    assert refused.headers["Retry-After"] == state["t"]
    assert "Try again in" in refused.json()["error"]
    assert refused.headers["X-Error-Message"] == refused.json()["error"]


def test_an_account_is_counted_wherever_it_is_and_not_with_its_neighbours(
    small: Hub, knock: Knock
) -> None:
    ana, bob = made(small, "ana"), made(small, "bob")
    token, other = access_token(small, ana), access_token(small, ana)
    for address, value in [("203.0.113.1", token), ("203.0.113.2", other)] * 2:
        assert knock(address, value).get("/api/models").status_code == 200
    assert knock("203.0.113.3", token).get("/api/models").status_code == 429
    assert knock("203.0.113.1", access_token(small, bob)).get("/api/models").status_code == 200
    assert knock("203.0.113.1").get("/api/models").status_code == 200


@pytest.mark.slow
def test_kinds_are_counted_apart_and_what_watches_the_hub_is_free(knock: Knock) -> None:
    client = knock()
    for path, kind in (
        ("/api/models", "api"),
        ("/no/such/resolve/main/x", "resolvers"),
        ("/models", "pages"),
        ("/no/such.git/info/refs?service=git-upload-pack", "git"),
    ):
        answers = [client.get(path) for _ in range(3)]
        assert answers[0].status_code != 429, path
        assert answers[-1].status_code == 429, path
        assert answers[0].headers["RateLimit"].startswith(f'"{kind}";r=1;')
    for path in ("/healthz", "/readyz", "/metrics", "/robots.txt"):
        for _ in range(4):
            answer = client.get(path)
            assert (answer.status_code, answer.headers.get("RateLimit")) == (200, None)


@pytest.mark.slow
def test_a_refused_page_is_a_page(knock: Knock) -> None:
    client = knock()
    answers = [client.get("/models", headers={"Accept": "text/html"}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "<h1" in answers[-1].text
    assert "Retry-After" in answers[-1].headers


def test_a_header_buys_no_new_quota(knock: Knock) -> None:
    client = knock()
    for number in range(2):
        client.get("/api/models", headers={"X-Forwarded-For": f"198.51.100.{number}"})
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        assert client.get("/api/models", headers={name: "198.51.100.9"}).status_code == 429
    through = knock("10.1.2.3")  # a proxy that is believed, and only in what it saw itself
    claims = [{"X-Forwarded-For": f"192.0.2.{number}, 198.51.100.77"} for number in range(3)]
    answers = [through.get("/api/models", headers=claim).status_code for claim in claims]
    assert answers == [200, 200, 429]


def test_credentials_that_nobody_looks_at_free_no_caller(knock: Knock) -> None:
    client, card = knock(token=f"hf_{'x' * 34}"), {"content": "---\nlicense: mit\n---\n"}
    judged = [client.post("/api/validate-yaml", json=card).status_code for _ in range(3)]
    assert judged == [200, 200, 429]


def test_addresses_of_one_line_are_one_caller(knock: Knock) -> None:
    for number in range(2):
        assert knock(f"2001:db8:1:2::{number:x}").get("/api/models").status_code == 200
    assert knock("2001:db8:1:2:ffff::1").get("/api/models").status_code == 429
    assert knock("2001:db8:1:3::1").get("/api/models").status_code == 200


def test_unknown_addresses_and_cookies_that_say_nothing_are_counted_too(knock: Knock) -> None:
    client = knock()
    assert [client.get("/api/nothing").status_code for _ in range(3)] == [404, 404, 429]
    stale = {"Cookie": "sid=nobody"}
    pages = [client.get("/models", headers=stale).status_code for _ in range(3)]
    assert pages == [200, 200, 429]


def test_wrong_tokens_are_refused_and_the_neighbours_right_one_is_not(
    small: Hub, knock: Knock
) -> None:
    right = access_token(small, made(small, "ana"))
    wrong = [knock("203.0.113.7", f"hf_wrong{number}") for number in range(5)]
    paths = ("/api/models", "/x/y/resolve/main/z", "/api/models", "/x/y/resolve/main/z")
    statuses = [client.get(path).status_code for client, path in zip(wrong, paths, strict=False)]
    assert statuses == [401, 401, 401, 429]
    assert knock("203.0.113.7", right).get("/api/models").status_code == 200
    assert knock("203.0.113.8", "hf_wrong").get("/api/models").status_code == 401
