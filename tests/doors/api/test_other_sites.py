"""A browser sends its cookie whichever site asked it to: what is no form is taken from ours alone.

Product §3.8. Forms have a proof of their page as well: `doors/pages/test_unconfirmed.py`. Here is
every other route that writes, or asks by POST: it refuses a session that another site makes use of,
or it does not look at the session at all.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from httpx2 import Response

from doors.pages.visitors import PASSWORD, SITE, Visitor, confirmed
from doors.pages.writes import (
    GRANT,
    NOT_OFFERED,
    SDK,
    TICKETED,
    address,
    asked,
    ticketed_address,
    writing,
)
from fixtures.accounts import calling, made, person
from fixtures.buckets import bucket_of
from fixtures.contents import created
from fixtures.counting import counted
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.loops import one_loop
from fixtures.oauth import application
from fixtures.organizations import organization
from strata.content.refs import create_branch, create_tag
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import GIT_TYPES
from strata.web.oauth.token import DEVICE_CODE
from strata.web.paths import Route

__all__ = ["one_loop"]  # of all requests here

FOREIGN: Final[Mapping[str, Mapping[str, str]]] = {
    "another site": {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    "a browser that names its origin alone": {"Origin": "https://evil.example"},
    "one that names no origin": {"Sec-Fetch-Site": "cross-site"},
    "a neighbour": {"Origin": "http://evil.example.com", "Sec-Fetch-Site": "same-site"},
    "the same host at another port": {"Origin": f"{SITE}:8080"},
    "a frame without an origin": {"Origin": "null"},
}
OWN: Final[Mapping[str, Mapping[str, str]]] = {
    "a browser": {"Origin": SITE, "Sec-Fetch-Site": "same-origin"},
    "one that names its origin alone": {"Origin": SITE},
    "a program with the cookie of a browser": {},
}
REFUSAL: Final = "This request came from another site. Open the page on this hub and try again."

# Asked with an access token alone, but after a look at who sits there.
OF_TOKENS: Final = {"/api/logout", "/oauth/userinfo"}
# Nobody's session counts here; well-formed questions, which are answered alike without one.
IGNORING: Final[Mapping[str, Mapping[str, Any]]] = {
    "/api/login": {"json": {"username": "owner", "password": PASSWORD}},
    "/api/credentials/revoke": {"json": {"credentials": []}},
    "/api/credentials/scanned": {"json": []},
    "/api/validate-yaml": {"json": {"content": "---\n---", "repoType": "model"}},
    "/oauth/token": {
        "data": {"grant_type": DEVICE_CODE, "device_code": "x", "client_id": "television"}
    },
    "/oauth/device": {"data": {"client_id": "television", "scope": "openid"}},
    "/oauth/revoke": {"data": {"client_id": "television", "token": "x"}},
    "/oauth/register": {"json": {"redirect_uris": ["https://app.example.com/back"]}},
    "/logout/backchannel/{provider}": {"data": {"logout_token": "x"}},
    "/v1/telemetry": {"content": b""},
}
# Some that our own pages change something with, without a fresh proof.
CHANGING: Final = {
    "/api/repos/create",
    "/api/{type}/{repo}/branch/{path}",
    "/api/{type}/{repo}/commit/{revision}",
    "/api/{type}/{repo}/discussions",
    "/api/{type}/{repo}/like",
    "/api/buckets/{repo}/settings",
    "/api/collections",
    "/api/settings/notifications",
}


def others() -> Iterator[tuple[str, Route]]:
    """Every route that is asked with something else than GET, and is no form."""
    yield from ((method, route) for method, route in writing() if not route.page)


def looks_at_no_session(route: Route) -> bool:
    return (
        route.template in IGNORING
        or TICKETED.fullmatch(route.template) is not None
        or (NOT_OFFERED.fullmatch(route.template) is not None and "/lfs/" in route.template)
    )


GUARDED: Final = [(method, route) for method, route in others() if not looks_at_no_session(route)]
UNGUARDED: Final = [(method, route) for method, route in others() if looks_at_no_session(route)]


def named(value: object) -> str:
    return value.template if isinstance(value, Route) else str(value)


def inhabited(hub: Hub) -> Visitor:
    """Have somebody own things of each kind; give the browser in which they are logged in."""
    made(hub, "admin-of-it", admin=True)
    browser = confirmed(hub, "owner")
    owner = Actor(user_id=person(hub, "owner").id, name="owner", verified=True)
    organization(hub, "owner", "acme")
    things = [created(hub, owner, "thing", kind, sdk=SDK.get(kind)) for kind in GIT_TYPES]
    bucket_of(hub, owner, "thing")
    application(hub, "television", secret="", device_flow=True)
    with calling(hub, owner) as call:
        create_branch(call, things[0].repo_id, "x")
        create_tag(call, things[0].repo_id, "main", "y")
    return browser


class Watched:
    """A hub whose every change is noticed, whoever made it."""

    def __init__(self, hub: Hub) -> None:
        self.hub: Final = hub
        self.browser: Final = inhabited(hub)
        path = hub.settings.data / "strata.db"
        self._database: Final = sqlite3.connect(path, check_same_thread=False)

    def close(self) -> None:
        self._database.close()

    def state(self) -> object:
        """Two that are equal: nothing was written in between."""
        (version,) = self._database.execute("PRAGMA data_version").fetchone()
        folder = self.hub.settings.data
        files = sorted(path for path in folder.rglob("*") if "strata.db" not in path.name)
        return version, files, [(facts.key, facts.size) for facts in self.hub.objects.keys("")]


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """Give a hub that all tests find as it was made, since nothing may change it."""
    hub = build_test_hub(tmp_path_factory.mktemp("watched") / "data", clock=FrozenClock())
    with closing(hub.database), closing(Watched(hub)) as one:
        yield one


def refused(answer: Response) -> bool:
    """Whether the answer is that another site asked."""
    return answer.status_code == 403 and REFUSAL in (
        answer.headers.get("x-error-message", "") + answer.text
    )


@pytest.mark.parametrize(("method", "route"), GUARDED, ids=named)
def test_no_other_site_makes_use_of_a_session(watched: Watched, method: str, route: Route) -> None:
    before = watched.state()
    for sender, headers in FOREIGN.items():
        answer = asked(watched.browser, method, route, **headers)
        assert refused(answer), (sender, answer.status_code, answer.text)
    assert watched.state() == before


def test_our_own_pages_are_not_refused(tmp_path: Path) -> None:
    clock = FrozenClock()
    hub = build_test_hub(tmp_path / "data", clock=clock)
    changing = set()
    with closing(hub.database), closing(Watched(hub)) as watched:
        clock.advance(timedelta(minutes=16))  # so that nothing dangerous happens to what is there
        for method, route in GUARDED:
            before = watched.state()
            for sender, headers in OWN.items():
                answer = asked(watched.browser, method, route, **headers)
                assert not refused(answer), (method, route.template, sender)
                assert (answer.status_code == 401) == (route.template in OF_TOKENS), answer.text
            if watched.state() != before:
                changing.add(route.template)
    assert changing >= CHANGING


@pytest.mark.parametrize(("method", "route"), UNGUARDED, ids=named)
def test_elsewhere_a_session_opens_nothing(
    watched: Watched, method: str, route: Route, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticketed = TICKETED.fullmatch(route.template)
    place = ticketed_address(route) if ticketed else address(route)
    question = IGNORING.get(route.template, {"content": GRANT})
    alone = Visitor(watched.hub).client.request(method, place, **question)
    for headers in (*FOREIGN.values(), *OWN.values()):
        with counted(monkeypatch) as read:
            answer = watched.browser.client.request(method, place, headers=headers, **question)
        assert answer.status_code == alone.status_code, answer.text
        assert not [said for said in read if "sessions" in said]
    if ticketed:
        assert alone.status_code in {401, 403}


def test_a_look_at_a_session_is_noticed(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    with counted(monkeypatch) as read:
        assert watched.browser.client.get("/api/whoami-v2").json()["name"] == "owner"
    assert [said for said in read if "sessions" in said]


def test_the_lists_name_routes_that_exist() -> None:
    templates = {route.template for _, route in others()}
    assert IGNORING.keys() | OF_TOKENS | CHANGING <= templates
