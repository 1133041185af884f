"""Hostile requests: each is refused with words, none breaks or holds up the hub."""

import base64
import json
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from fixtures.contents import created, uploaded
from fixtures.large_files import access_token, person, web_client
from strata.app.hub import load_hub
from strata.content.writing.attributes import read_attributes, read_ignore
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.settings.loading import load
from strata.lib.markdown.render import MAX_HEADINGS, render
from strata.repos.record import Repo
from strata.web.paths import Routes
from strata.web.routes import ROUTES

pytestmark = pytest.mark.anyio

NO_CURSOR = 400
PATIENCE_S = 20.0  # far beyond what a bounded request takes, far below what an unbounded one does


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


@pytest.fixture
def repo(hub: Hub, ana: Actor) -> Repo:
    made = created(hub, ana, "one")
    uploaded(hub, ana, made, {"a.txt": b"hello"})
    return made


@pytest.fixture
async def owner(hub: Hub, ana: Actor, repo: Repo) -> AsyncIterator[httpx.AsyncClient]:
    assert repo.full_name == "ana/one"
    async with web_client(hub, access_token(hub, ana)) as client:
        yield client


@pytest.mark.parametrize("limit", ["²", "٣", "1" * 5000, "-1", "1e3"])
async def test_a_limit_that_is_no_number_is_refused(owner: httpx.AsyncClient, limit: str) -> None:
    answer = await owner.get("/api/models", params={"limit": limit})
    assert answer.status_code == 400
    assert answer.json() == {"error": '"limit" must be a number'}


@pytest.mark.parametrize("sort", ["trendingScore", "createdAt", "likes"])
@pytest.mark.parametrize(
    "place", ["[1,1180591620717411303424]", "[1,-1180591620717411303424]", "[1e300,1]", "[NaN,1]"]
)
async def test_a_cursor_beyond_the_columns_is_refused(
    owner: httpx.AsyncClient, sort: str, place: str
) -> None:
    cursor = base64.urlsafe_b64encode(place.encode()).rstrip(b"=").decode()
    for address in ("/api/models", "/models"):
        answer = await owner.get(address, params={"sort": sort, "cursor": cursor})
        # A float column can hold 1e300: that cursor leads to an empty page.
        wanted = 200 if (sort, place) == ("trendingScore", "[1e300,1]") else NO_CURSOR
        assert answer.status_code in (NO_CURSOR, wanted)


@pytest.mark.parametrize(
    "question",
    ["filter=" + ",".join("a" * 2000), "&".join(["search=a"] * 2000), "search=" + "a" * 60_000],
)
async def test_a_search_beyond_what_the_database_can_nest_is_refused(
    owner: httpx.AsyncClient, question: str
) -> None:
    answer = await owner.get(f"/api/models?{question}")
    assert answer.status_code == 400
    assert "at most" in answer.json()["error"]


async def test_a_checksum_of_thousands_of_digits_is_refused(owner: httpx.AsyncClient) -> None:
    issued = (await owner.get("/api/models/ana/one/xet-write-token/main")).json()
    path = httpx.URL(issued["casUrl"]).path
    answer = await owner.post(
        f"{path}/v1/xorb-grants/default/{'1' * 64}",
        headers={"Authorization": f"Bearer {issued['accessToken']}"},
        json={"length": 0, "checksum": {"algo": "crc64nvme", "value": "1" * 5000}},
    )
    assert answer.status_code == 400


@pytest.mark.parametrize("mark", ["\0", "\x01", "\x1b[2J", "\x7f", "\u202e"])
async def test_control_characters_never_reach_a_header(owner: httpx.AsyncClient, mark: str) -> None:
    for answer in (
        await owner.get(f"/ana/one/resolve/{quote(f'a{mark}b')}/a.txt"),
        await owner.post(f"/api/models/ana/one/branch/{quote(f'a b{mark}')}"),
        await owner.request("DELETE", f"/api/models/ana/one/branch/{quote(f'a{mark}b')}"),
    ):
        assert answer.status_code in (400, 404)
        for _name, value in answer.headers.raw:
            assert re.fullmatch(rb"[\x20-\x7e]*", value), value


async def test_a_nul_is_refused_before_any_database_sees_it(owner: httpx.AsyncClient) -> None:
    for answer in (
        await owner.get("/api/models?search=a%00"),
        await owner.get("/models?search=%00", headers={"Accept": "text/html"}),
        await owner.post("/api/repos/create", json={"name": "x", "organization": "a\0"}),
        await owner.put("/api/models/ana/one/settings", json={"description": "a\0"}),
    ):
        assert answer.status_code == 400, answer.text
        assert "U+0000" in answer.text
    assert (await owner.get("/api/models/ana/%00")).status_code == 404
    assert (await owner.get("/%00")).status_code == 404
    assert (await owner.request("DELETE", "/api/models/ana/one/tag/%00")).status_code == 404


async def test_words_about_a_nul_are_no_nul(owner: httpx.AsyncClient) -> None:
    told = {"description": r"write \u0000 for it"}
    assert (await owner.put("/api/models/ana/one/settings", json=told)).status_code == 200


async def test_a_nul_in_a_commit_message_is_refused(owner: httpx.AsyncClient) -> None:
    header = {"key": "header", "value": {"summary": "s", "description": "a\0"}}
    answer = await owner.post("/api/models/ana/one/commit/main", content=json.dumps(header))
    assert answer.status_code == 400


async def test_rules_and_paths_that_multiply_are_refused(owner: httpx.AsyncClient) -> None:
    deep = [{"path": "a/" * 255 + f"{n}", "size": 1} for n in range(1000)]
    body = {"files": deep, "gitIgnore": "\n".join(f"*a*b{n}" for n in range(1000))}
    started = time.perf_counter()
    answer = await owner.post("/api/models/ana/one/preupload/main", json=body)
    assert answer.status_code == 413
    endless = {"files": [{"path": "a/" * 100_000, "size": 1}]}
    answer = await owner.post("/api/models/ana/one/preupload/main", json=endless)
    assert answer.status_code == 422
    assert time.perf_counter() - started < PATIENCE_S


def test_hostile_patterns_cost_little_for_each_path() -> None:
    text = "\n".join("*a*" * 300 + f"{n} filter=lfs" for n in range(1000))
    started = time.perf_counter()
    rules, ignored = read_attributes(text), read_ignore(text)
    for _ in range(100):
        assert not rules.is_large("a" * 200)
        assert not ignored.ignores("a" * 200)
    assert time.perf_counter() - started < PATIENCE_S


async def test_megabytes_of_blank_lines_are_passed_over(owner: httpx.AsyncClient) -> None:
    header = json.dumps({"key": "header", "value": {"summary": "s"}})
    line = json.dumps({"key": "file", "value": {"path": "b.txt", "content": ""}})
    body = f"\n{header}\n" + " \n" * 5_000_000 + line
    started = time.perf_counter()
    answer = await owner.post("/api/models/ana/one/commit/main", content=body)
    assert answer.status_code == 200, answer.text
    assert time.perf_counter() - started < PATIENCE_S / 4


def test_a_card_of_headings_has_a_bounded_table_of_contents() -> None:
    rendered = render("# a\n" * 10_000, resolve_link=lambda address, _kind: address)
    assert len(rendered.toc) == MAX_HEADINGS


def test_failures_of_the_database_tell_no_values(hub: Hub) -> None:
    with (
        pytest.raises(sa.exc.DatabaseError) as failure,
        hub.database.reading() as db,
    ):
        db.execute(sa.text("SELECT :secret FROM missing"), {"secret": "s3cr3t"})
    assert "s3cr3t" not in str(failure.value)


def test_the_database_is_nobody_elses_to_read(tmp_path: Path) -> None:
    hub = load_hub(load(environment={}, overrides={"data": tmp_path / "data"}).settings)
    modes = {
        file.name: oct(file.stat().st_mode & 0o777) for file in hub.settings.data.glob("strata.db*")
    }
    hub.database.close()
    assert "strata.db" in modes
    assert set(modes.values()) == {"0o600"}, modes


async def test_the_log_holds_no_secret_of_a_link(
    owner: httpx.AsyncClient, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads the log must not be able to do what a mail or a ticket lets somebody do."""
    secret = re.compile(r"\{(token|ticket|grant)\}")
    found = [route for route in ROUTES if secret.search(route.template)]
    for route in found:
        path = secret.sub("s3cr3t-of-the-mail", route.template)
        path = re.sub(r"\{\w+\}", "1", path)
        for method in route.methods:
            await owner.request(method, path, headers={"Accept": "text/html"})
    mailed = "s3cr3t" * 8
    await owner.get(f"/reset-password/{mailed}/")  # copied with more than belongs to it
    written = capsys.readouterr()
    said = written.out + written.err
    assert len(found) >= 14
    assert [route.template for route in found if route.template not in said] == []
    assert "s3cr3t" not in said


def test_an_asterisk_is_no_path() -> None:
    assert Routes(ROUTES).match("GET", "*") is None
