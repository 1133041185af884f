"""No request breaks the hub: whatever is sent to a route is answered, and never with 500.

pytest tests/fuzz                      # 1,500 requests, the same ones every time
pytest tests/fuzz --requests 20000     # before a release
"""

from contextlib import closing
from pathlib import Path

import pytest
from httpx2 import Response
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from fixtures.contents import created, uploaded
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import access_token, person
from fuzz.requests import Odd, odd_requests
from strata.app.serving import build_app
from strata.core.actor import TokenRole
from strata.core.hub import Hub

NOT_OFFERED = 501
SITE = "http://hub.example.com"


class Callers:
    """The owner of a repository, the same with a token that reads, and nobody."""

    def __init__(self, hub: Hub) -> None:
        ana = person(hub, "ana")
        person(hub, "bob")
        uploaded(hub, ana, created(hub, ana, "one"), {"a.txt": b"hello"})
        self._headers = {
            "owner": {"Authorization": f"Bearer {access_token(hub, ana)}"},
            "reader": {"Authorization": f"Bearer {access_token(hub, ana, TokenRole.READ)}"},
            "nobody": {},
        }
        self._client = TestClient(
            build_app(hub), base_url=SITE, raise_server_exceptions=False, follow_redirects=False
        )

    def send(self, odd: Odd) -> Response:
        """Send one request and return the answer."""
        headers = {
            name.encode(): value.encode("latin-1")
            for name, value in {**odd.headers, **self._headers[odd.caller]}.items()
        }
        return self._client.request(
            odd.method, f"{SITE}{odd.target}", content=odd.body, headers=headers
        )


def test_no_odd_request_breaks_the_hub(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    hub = build_test_hub(tmp_path / "data", clock=FrozenClock())
    with closing(hub.database):
        callers = Callers(hub)

        @settings(
            max_examples=pytestconfig.getoption("--requests"),
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(odd_requests())
        def send(odd: Odd) -> None:
            answer = callers.send(odd)
            assert answer.status_code < 500 or answer.status_code == NOT_OFFERED, (
                f"{odd}\n{answer.status_code} {answer.text[:500]}"
            )

        send()
