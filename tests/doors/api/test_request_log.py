"""What the log says of requests: who, from where, what, and what was refused."""

import json
from collections.abc import Iterator, Sequence

import pytest
import structlog

from fixtures.accounts import made
from fixtures.contents import created
from fixtures.large_files import access_token, web_client
from strata.core.hub import Hub
from strata.lib import logs

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def logging_of_its_own() -> Iterator[None]:
    """Let what a test says of logging be forgotten: other tests have other streams."""
    yield
    structlog.reset_defaults()


def logging(log_format: str = "json") -> None:
    logs.configure(log_format=log_format, level="info")
    structlog.configure(cache_logger_on_first_use=False)


def lines(capsys: pytest.CaptureFixture[str]) -> Sequence[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


async def test_a_line_says_who_when_where_and_what(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    ana = made(hub, "ana")
    logging()
    async with web_client(hub, access_token(hub, ana)) as client:
        await client.get("/api/whoami-v2")

    (line,) = lines(capsys)
    assert str(line["timestamp"]).endswith("Z")
    assert line["request_id"]
    assert line["ip"] == "127.0.0.1"
    assert (line["user_id"], line["token_id"]) == (ana.user_id, 1)
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/whoami-v2", 200)
    assert "refused" not in line
    assert "ana" not in json.dumps(line)


async def test_what_is_refused_stands_out_and_says_why(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    ana, eve = made(hub, "ana"), made(hub, "eve")
    created(hub, ana, "vault", private=True)
    created(hub, ana, "open")
    token = access_token(hub, eve)
    logging()
    async with web_client(hub, token) as client:
        hidden = await client.get("/api/models/ana/vault")
        missing = await client.get("/api/models/ana/nothing")
        await client.put("/api/models/ana/open/settings", json={"private": True})
        await client.put("/api/models/ana/open/settings", content=b"no json")
    async with web_client(hub, f"{token[:-1]}{'a' if token[-1] != 'a' else 'b'}") as client:
        await client.get("/api/whoami-v2")

    told = lines(capsys)
    assert [(line.get("refused"), line["level"]) for line in told] == [
        ("Hidden", "warning"),
        ("RepoNotFound", "info"),
        ("Forbidden", "warning"),
        ("Malformed", "info"),
        ("BadCredentials", "warning"),
    ]
    assert [line.get("user_id") for line in told] == [eve.user_id] * 3 + [None] * 2
    # Our own log alone tells them apart.
    assert hidden.text == missing.text
    assert hidden.status_code == missing.status_code


async def test_what_nobody_foresaw_is_logged_and_told_to_nobody(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    logging()
    with hub.database.writing() as db:
        db.exec_driver_sql("ALTER TABLE repos RENAME TO repos_elsewhere")
    async with web_client(hub) as client:
        client._transport.raise_app_exceptions = False  # type: ignore[attr-defined]  # noqa: SLF001
        answer = await client.get("/api/models?search=s3arched")
        again = await client.get("/healthz")

    assert (answer.status_code, again.status_code) == (500, 200)
    reference = answer.headers["x-request-id"]
    assert answer.json() == {"error": f"Something failed on our side. Reference {reference}."}
    failed, request, *_ = lines(capsys)
    assert (failed["event"], failed["level"]) == ("request failed", "error")
    assert failed["request_id"] == request["request_id"] == reference
    assert "repos" in str(failed["exception"])


@pytest.mark.slow
async def test_people_are_told_of_it_on_a_page(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    logging()
    with hub.database.writing() as db:
        db.exec_driver_sql("ALTER TABLE repos RENAME TO repos_elsewhere")
    async with web_client(hub) as client:
        client._transport.raise_app_exceptions = False  # type: ignore[attr-defined]  # noqa: SLF001
        answer = await client.get("/models", headers={"Accept-Language": "zh-CN"})

    reference = answer.headers["x-request-id"]
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert answer.headers["content-type"].startswith("text/html")
    assert "服务器出错了" in answer.text
    assert reference in answer.text
    assert "repos_elsewhere" not in answer.text
    assert "no such table" not in answer.text
    assert lines(capsys)[0]["request_id"] == reference


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_nobody_writes_lines_of_their_own(
    hub: Hub, capsys: pytest.CaptureFixture[str], log_format: str
) -> None:
    logging(log_format)
    async with web_client(hub) as client:
        await client.get("/api/x%0A2026-01-01T00:00:00Z%20[info]%20forged%1b[31m%E2%80%A8red%0D")
    structlog.get_logger("x").info("told", reason="one\ntwo")
    try:
        int("one\n2026-01-01 forged", 7)
    except ValueError as error:
        error.add_note("two\n2026-01-01 forged")
        structlog.get_logger("x").exception("failed")

    written = capsys.readouterr().err
    assert "forged" in written
    assert not [line for line in written.splitlines() if line.startswith("2026-01-01")]
    assert "\x1b[31m\u2028" not in written
    assert "\\u2028" in written
