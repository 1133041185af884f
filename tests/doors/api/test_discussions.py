"""Discussions and pull requests over HTTP, as clients read and write them (02 §L)."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from PIL import Image

from fixtures.clients import Clients
from fixtures.contents import changed
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import BASE_URL
from strata.accounts.tables import emails, namespaces, users
from strata.content.writing.operations import Add
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.core.names import GIT_TYPES
from strata.credentials.tokens.tables import tokens
from strata.lib.pictures.squares import clean
from strata.repos.record import Repo

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("repo")]

ALL = "/api/models/ana/one/discussions"
_PICTURE = io.BytesIO()
Image.new("RGB", (8, 8), "red").save(_PICTURE, "PNG")
PNG = clean(_PICTURE.getvalue())  # as this hub keeps it


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    """Give one hub: where large files lie makes no difference here."""
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield built
    built.database.close()


async def done(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


async def opened(client: httpx.AsyncClient, *, pull: bool = False, title: str = "A title") -> int:
    body = {"title": title, "description": "Why?", "pullRequest": pull}
    answer = await done(await client.post(ALL, json=body))
    assert answer["pullRequest"] is pull
    number: int = answer["num"]
    return number


async def read(client: httpx.AsyncClient, number: int = 1, query: str = "") -> Any:
    return await done(await client.get(f"{ALL}/{number}{query}"))


async def test_a_discussion_is_what_clients_read(
    clients: Clients, hub: Hub, stranger: Actor
) -> None:
    await opened(clients.stranger)
    found = await read(clients.nobody, query="?diff=1")
    with hub.database.reading() as db:
        public_id = db.scalar(sa.select(users.c.public_id).where(users.c.id == stranger.user_id))
    author = {
        "_id": public_id,
        "name": "bob",
        "type": "user",
        "avatarUrl": f"{BASE_URL}/avatars/{public_id}.svg",
    }
    (event,) = found["events"]
    moment = "2026-11-23T09:00:00.000Z"
    assert found == {
        "_id": found["_id"],
        "num": 1,
        "title": "A title",
        "author": author,
        "createdAt": moment,
        "status": "open",
        "repo": {"name": "ana/one", "type": "model"},
        "isPullRequest": False,
        "numComments": 1,
        "numReactionUsers": 0,
        "pinned": False,
        "locked": False,
        "events": [event],
    }
    assert event == {
        "id": event["id"],
        "type": "comment",
        "author": author,
        "createdAt": moment,
        "data": {
            "edited": False,
            "hidden": False,
            "latest": {
                "raw": "Why?",
                "html": "<p>Why?</p>\n",
                "updatedAt": moment,
                "author": {"name": "bob"},
            },
            "history": [],
            "numEdits": 0,
            "reactions": [],
        },
    }


async def test_acts_answer_the_json_of_later_reads(clients: Clients) -> None:
    number = await opened(clients.stranger)
    here = f"{ALL}/{number}"
    who = clients.stranger
    said = (await done(await who.post(f"{here}/comment", json={"comment": "Hi"})))["newMessage"]
    assert said == (await read(clients.nobody))["events"][-1]
    key = said["id"].upper()
    edited = await done(await who.post(f"{here}/comment/{key}/edit", json={"content": "Ho"}))
    event = edited["updatedComment"]
    assert event == (await read(clients.nobody))["events"][-1]
    assert (event["id"], event["data"]["edited"], event["data"]["numEdits"]) == (
        said["id"],
        True,
        1,
    )
    assert event["data"]["history"] == [said["data"]["latest"]]
    body = {"reaction": "👍"}
    liked = await done(await clients.owner.post(f"{here}/comment/{key}/reaction", json=body))
    reactions = [{"reaction": "👍", "users": ["ana"], "count": 1}]
    assert liked["updatedComment"]["data"]["reactions"] == reactions
    assert liked["updatedComment"] == (await read(clients.nobody))["events"][-1]
    gone = await done(
        await clients.owner.request("DELETE", f"{here}/comment/{key}/reaction", json=body)
    )
    assert gone["updatedComment"] == event
    hidden = (await done(await who.post(f"{here}/comment/{key}/hide")))["updatedComment"]
    assert hidden == (await read(clients.nobody))["events"][-1]
    assert hidden["data"]["latest"]["raw"] == "This comment has been hidden"
    assert (hidden["data"]["hidden"], hidden["data"]["history"]) == (True, [])
    titled = (await done(await who.post(f"{here}/title", json={"title": "Other"})))["newTitle"]
    assert titled["data"] == {"from": "A title", "to": "Other"}
    closing = {"status": "closed", "comment": "Bye"}
    closed = (await done(await who.post(f"{here}/status", json=closing)))["newStatus"]
    assert closed["data"] == {"status": "closed"}
    pinned = await done(await clients.owner.post(f"{here}/pin", json={"pinned": True}))
    locked = await done(await clients.owner.post(f"{here}/lock", json={"locked": True}))
    found = await read(clients.nobody)
    assert found["events"][-5:] == [
        titled,
        found["events"][-4],
        closed,
        pinned["newPinning"],
        locked["newLocking"],
    ]
    assert found["events"][-4]["data"]["latest"]["raw"] == "Bye"
    assert (found["pinned"], found["locked"], found["status"]) == (True, True, "closed")
    assert found == await read(clients.nobody)


async def test_a_pull_request_is_opened_filled_and_merged(
    clients: Clients, hub: Hub, owner: Actor, stranger: Actor, repo: Repo
) -> None:
    number = await opened(clients.stranger, pull=True)
    found = await read(clients.nobody, number, "?diff=1")
    assert (found["status"], found["diff"], found["filesWithConflicts"]) == ("draft", "", [])
    assert found["changes"] == {"base": "refs/heads/main"}
    assert found["diffUrl"] == f"{BASE_URL}/ana/one/discussions/{number}/files"
    info = await done(
        await clients.nobody.get(f"/api/models/ana/one/revision/refs%2Fpr%2F{number}")
    )
    assert info["sha"] == (await done(await clients.nobody.get("/api/models/ana/one")))["sha"]
    changed(hub, stranger, repo, [Add("a.txt", b"HELLO\n")], f"refs/pr/{number}")
    refused = await clients.owner.post(f"{ALL}/{number}/merge")
    assert (refused.status_code, "draft" in refused.json()["error"]) == (409, True)
    await done(await clients.stranger.post(f"{ALL}/{number}/status", json={"status": "open"}))
    changed(hub, owner, repo, [Add("a.txt", b"mine\n")])
    assert (await read(clients.nobody, number))["filesWithConflicts"] == ["a.txt"]
    conflict = await clients.owner.post(f"{ALL}/{number}/merge")
    assert (conflict.status_code, "a.txt" in conflict.json()["error"]) == (409, True)
    changed(hub, owner, repo, [Add("a.txt", b"hello")])
    for client, status in ((clients.stranger, 403), (clients.reading, 403), (clients.nobody, 401)):
        assert (await client.post(f"{ALL}/{number}/merge")).status_code == status
    stale = await clients.owner.post(f"{ALL}/{number}/merge", json={"head": "0" * 40})
    assert stale.status_code == 412
    merged = await done(await clients.owner.post(f"{ALL}/{number}/merge", json={"comment": "Yes"}))
    found = await read(clients.nobody, number, "?diff=1")
    assert (found["status"], found["events"][-1]) == ("merged", merged["newStatus"])
    assert found["changes"]["mergeCommitId"] == merged["newStatus"]["data"]["oid"]
    assert "+HELLO" in found["diff"]
    room = await done(await clients.nobody.get(f"{ALL}/{number}/storage"))
    assert room == {"size": 0}, "main holds it now"
    assert (await clients.stranger.delete(f"{ALL}/{number}/ref")).status_code == 403
    await done(await clients.owner.delete(f"{ALL}/{number}/ref"))
    listed = await done(await clients.nobody.get("/api/models/ana/one/refs?include_prs=1"))
    assert listed["pullRequests"] == []


async def test_lists_page_and_filter(clients: Clients) -> None:
    for count in range(3):
        await opened(clients.stranger, pull=count == 1, title=f"Title {count}")
    await done(await clients.stranger.post(f"{ALL}/3/status", json={"status": "closed"}))

    async def numbers(query: str) -> tuple[list[int], int, int, int]:
        found = await done(await clients.nobody.get(f"{ALL}?{query}"))
        listed = [one["num"] for one in found["discussions"]]
        return listed, found["count"], found["start"], found["numClosedDiscussions"]

    assert await numbers("") == ([3, 2, 1], 3, 0, 1)
    assert await numbers("status=open") == ([2, 1], 2, 0, 1)
    assert await numbers("status=closed&type=discussion") == ([3], 1, 0, 1)
    assert await numbers("type=pull_request&status=all") == ([2], 1, 0, 0)
    assert await numbers("limit=2&p=1") == ([1], 3, 2, 1)
    assert await numbers("author=unknown") == ([], 0, 0, 0)
    assert await numbers("author=Bob&sort=comments") == ([3, 2, 1], 3, 0, 1)
    for query in ("type=x", "status=x", "sort=x", "p=x", "limit=-1"):
        assert (await clients.nobody.get(f"{ALL}?{query}")).status_code == 400


async def test_an_account_that_is_gone_is_left_out(
    clients: Clients, hub: Hub, stranger: Actor
) -> None:
    await opened(clients.stranger)
    await clients.stranger.post(f"{ALL}/1/comment", json={"comment": "Hi"})
    with hub.database.writing() as db:
        db.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        db.execute(sa.update(users).where(users.c.id == stranger.user_id).values(id=-1))
        db.execute(sa.update(namespaces).where(namespaces.c.id == stranger.user_id).values(id=-1))
        for table in (tokens, emails):
            theirs = table.c.user_id == stranger.user_id
            db.execute(sa.update(table).where(theirs).values(user_id=-1))
    found = await read(clients.nobody)
    assert "author" not in json.dumps(found)
    listed = await done(await clients.nobody.get(ALL))
    assert "author" not in listed["discussions"][0]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"title": "ab"}, 400),
        ("", {"title": 5}, 400),
        ("", {"description": "no title"}, 400),
        ("", {"title": "fine", "description": "x" * 65_537}, 413),
        ("", {"title": "fine", "pullRequest": "yes"}, 400),
        ("", {"title": "a\0b"}, 400),
        ("/1/comment", {"comment": ""}, 400),
        ("/1/comment", {}, 400),
        ("/1/comment", {"comment": "x" * 65_537}, 413),
        ("/1/comment", [1], 400),
        ("/1/title", {"title": "x" * 201}, 400),
        ("/1/status", {"status": "merged"}, 400),
        ("/1/status", {"status": "draft"}, 400),
        ("/1/status", {"status": "open"}, 409),
        ("/1/merge", {}, 400),
        ("/1/merge", {"comment": 1}, 400),
        ("/1/pin", {"pinned": "x"}, 400),
        ("/1/lock", {"locked": None}, 400),
        ("/9/comment", {"comment": "x"}, 404),
        ("/0/comment", {"comment": "x"}, 404),
        ("/999999999999/comment", {"comment": "x"}, 404),
        ("/x/comment", {"comment": "x"}, 404),
        ("/1/comment/000000000000000000000000/edit", {"content": "x"}, 404),
        ("/1/comment/%00/edit", {"content": "x"}, 404),
        ("/1/comment/x/hide", None, 404),
        ("/1/comment/x/reaction", {"reaction": "no"}, 400),
    ],
)
async def test_bad_requests_change_nothing(
    clients: Clients, path: str, body: Any, status: int
) -> None:
    await opened(clients.owner)
    before = await read(clients.owner)
    answer = await clients.owner.post(f"{ALL}{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.headers["x-error-message"]
    assert await read(clients.owner) == before
    assert (await done(await clients.owner.get(ALL)))["count"] == 1


async def test_lone_surrogates_are_no_text(clients: Clients) -> None:
    body = b'{"title": "fine \\ud800", "description": "\\udfff"}'
    answer = await clients.owner.post(ALL, content=body)
    assert answer.status_code == 400, answer.text
    assert (await clients.nobody.get(ALL)).status_code == 200


async def test_a_repo_without_discussions_answers_403(clients: Clients) -> None:
    await opened(clients.owner)
    await done(
        await clients.owner.put("/api/models/ana/one/settings", json={"discussionsDisabled": True})
    )
    for method, path in (
        *(("GET", ALL), ("GET", f"{ALL}/1"), ("POST", ALL), ("POST", f"{ALL}/1/comment")),
        *(("POST", f"{ALL}/1/merge"), ("DELETE", f"{ALL}/1")),
    ):
        body = {"title": "A title", "comment": "x"}
        answer = await clients.owner.request(method, path, json=body)
        assert answer.status_code == 403, path
        assert answer.headers["x-error-message"] == "Discussions are disabled for this repo"


async def test_every_kind_of_repo_has_discussions(clients: Clients) -> None:
    for kind in GIT_TYPES:
        body = {"name": f"of-{kind}", "type": kind.value, "sdk": "gradio"}
        await done(await clients.owner.post("/api/repos/create", json=body))
        here = f"/api/{kind.plural}/ana/of-{kind}/discussions"
        opening = {"title": "A title", "pullRequest": True}
        answer = await done(await clients.stranger.post(here, json=opening))
        found = await done(await clients.nobody.get(f"{here}/{answer['num']}?diff=1"))
        assert found["repo"] == {"name": f"ana/of-{kind}", "type": kind.value}
        assert answer["url"].endswith(f"/of-{kind}/discussions/1")


@pytest.mark.slow
async def test_an_attachment_is_shown_to_whoever_knows_its_address(clients: Clients) -> None:
    head = {"Content-Type": "image/png"}
    answer = await clients.stranger.post("/uploads", content=PNG, headers=head)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith(f"{BASE_URL}/uploads/")
    place = answer.text.removeprefix(BASE_URL)
    shown = await clients.nobody.get(place)
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["cache-control"] == "private, no-cache"  # nothing says yet who may
    said = {"title": "Look", "description": answer.text}
    asked = await clients.stranger.post(ALL, json=said)
    assert asked.status_code == 200, asked.text
    again = await clients.nobody.get(place)
    assert again.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "sandbox" in shown.headers["content-security-policy"]
    part = await clients.nobody.get(place, headers={"Range": "bytes=1-3"})
    assert (part.status_code, part.content) == (206, b"PNG")
    assert (await clients.nobody.get(place, headers={"Range": "bytes=99-"})).status_code == 416
    known = await clients.nobody.get(place, headers={"If-None-Match": shown.headers["etag"]})
    assert known.status_code == 304
    looked = await clients.nobody.head(place)
    assert (looked.status_code, looked.headers["content-length"]) == (200, str(len(PNG)))
    for client, status in ((clients.nobody, 401), (clients.reading, 403)):
        assert (await client.post("/uploads", content=PNG, headers=head)).status_code == status
    for kind, content, status in (
        ("text/html", b"<b>", 400),
        ("image/svg+xml", b"<svg/>", 400),
        ("image/png", b"<script>", 400),
        ("image/png", PNG.ljust(10 * 1024 * 1024 + 1), 413),
    ):
        refused = await clients.owner.post(
            "/uploads", content=content, headers={"Content-Type": kind}
        )
        assert refused.status_code == status
    assert (await clients.nobody.get("/uploads/x.png")).status_code == 404
