"""No secret reaches the log or the audit log, whichever endpoint it is sent to."""

import json
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import httpx
import pytest
import sqlalchemy as sa
import structlog

from fixtures.contents import created, uploaded
from fixtures.large_files import access_token, person, web_client
from fixtures.questions import BODIES, FORMS, OID
from fixtures.shown_repos import session_of
from strata.core.hub import Hub
from strata.events.tables import facts
from strata.lib import logs
from strata.web.api.buckets import events as bucket_events
from strata.web.paths import Route
from strata.web.routes import ROUTES

pytestmark = pytest.mark.anyio

PASSWORD = "Un1que-Horse!pw"
FIELDS = {
    "type": "models", "web": "", "revision": "main", "path": "a.txt", "oid": OID, "number": "1",
    "lock": "1", "namespace": "ana", "comment": "0" * 24, "user": "bob", "status": "pending",
    "sha": OID, "slug": "x", "id": "1", "item": "0" * 24, "owner": "ana", "repo": "ana/vault",
    "name": "ana",
}  # fmt: skip
ENDLESS = {route.template for route in bucket_events.ROUTES}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def everywhere(client: httpx.AsyncClient, token: str, *, in_query: str) -> int:
    """Send a token to every endpoint, in every place where a client might put one."""
    sent = 0
    for route in ROUTES:
        if route.template in ENDLESS:
            continue
        for method in route.methods:
            for content, kind in (
                bodies(route, token) if method not in ("GET", "HEAD") else [("", "")]
            ):
                await client.request(
                    method,
                    address(route, token),
                    params={"service": "git-upload-pack", in_query: token},
                    content=content,
                    headers={"Content-Type": kind, "Referer": f"http://x/?token={token}"},
                )
                sent += 1
    return sent


def address(route: Route, token: str) -> str:
    """Its URL; what is free to choose is the token."""
    free = {"token": token, "code": token, "key": token, "log": token, "file": token}
    return re.sub(r"\{(\w+)\}", lambda found: (FIELDS | free).get(found[1], token), route.template)


def bodies(route: Route, token: str) -> list[tuple[str, str]]:
    told = {"token": token, "password": PASSWORD, "title": token, "note": token, "reason": token}
    known = BODIES.get(route.template, {})
    form = FORMS.get(route.template, {}) | told
    return [
        (json.dumps(known | told if isinstance(known, dict) else known), "application/json"),
        (urlencode(form), "application/x-www-form-urlencoded"),
    ]


@pytest.fixture
def logging_of_its_own() -> Iterator[None]:
    """Let what a test says of logging be forgotten: other tests have other streams."""
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("logging_of_its_own")
async def test_no_endpoint_writes_a_secret_down(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(log_format="json", level="debug")
    structlog.configure(cache_logger_on_first_use=False)
    ana, bob = person(hub, "ana"), person(hub, "bob")
    uploaded(hub, ana, created(hub, ana, "vault"), {"a.txt": b"x"})
    token, cookie = access_token(hub, ana), session_of(hub, bob)
    async with web_client(hub, token) as client:
        client.headers.update({"User-Agent": f"tool {token}", "X-Request-Id": token})
        assert await everywhere(client, token, in_query="q") > 300
    async with web_client(hub) as client:
        client.cookies.set("sid", cookie)
        client.headers["User-Agent"] = f"tool {token}"
        await everywhere(client, token, in_query="token")
        bad = {"username": "ana", "password": PASSWORD}
        await client.post("/login", data=bad, headers={"Authorization": f"Basic {token}"})
    written = capsys.readouterr()
    with hub.database.reading() as db:
        rows = db.execute(sa.select(facts)).all()
    assert written.err.count('"event":"request"') > 600
    assert len({row.name for row in rows}) >= 8  # acts that succeed are among them
    for secret in (token, cookie, PASSWORD):
        assert secret not in written.err + written.out
        assert [row for row in rows if secret in repr(row)] == []
