"""Tokens that are over, and members who were put out, knock at every door."""

import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import httpx
import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, made
from fixtures.bearers import (
    BY_HAND,
    FILES,
    READING,
    SETTLING,
    WRITING,
    Door,
    every_kind,
    knock,
)
from fixtures.contents import given, uploaded
from fixtures.hubs import FrozenClock
from fixtures.large_files import noise, web_client
from fixtures.organizations import joins, leaves, organization, today
from fixtures.questions import OID
from strata.accounts.tables import users
from strata.content.making import new_repo
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.oauth.tokens import ending
from strata.credentials.tokens import ending as owned_ending, renewing
from strata.credentials.tokens.tables import tokens as kept_tokens
from strata.organizations.record import Organization
from strata.repos.create import Wish
from strata.repos.record import Repo

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
WRONG: Final = "Invalid credentials in Authorization header"
LARGE: Final = noise("large", 60_000)
ELSEWHERE: Final[Mapping[str, Door]] = {
    "whoami": Door("GET", "/api/whoami-v2"),
    "userinfo": Door("GET", "/oauth/userinfo"),
    "public lists": Door("GET", "/api/models"),
    "create": Door("POST", "/api/repos/create", {"name": "fresh", "type": "model"}),
    "delete": Door("DELETE", "/api/repos/delete", {"name": "plans", "organization": "acme"}),
    "move": Door("POST", "/api/repos/move", {"fromRepo": "acme/plans", "toRepo": "ana/x"}),
    "collections": Door("POST", "/api/collections", {"title": "t", "namespace": "ana"}),
    "discussion": Door("POST", "/api/models/{repo}/discussions", {"title": "A title"}),
    "webhooks": Door("GET", "/api/settings/webhooks"),
    "webhook": Door("POST", "/api/settings/webhooks", {"url": "https://h.example", "watched": []}),
    "members": Door("GET", "/api/organizations/acme/members"),
    "role": Door("PUT", "/api/organizations/acme/members/ana/role", {"role": "admin"}),
    "notifications": Door("GET", "/api/notifications"),
    "settings page": Door("GET", "/settings/tokens"),
    "keys page": Door("GET", "/settings/keys"),
    "admin page": Door("GET", "/admin/audit"),
    "device page": Door("GET", "/device"),
}
DOORS: Final = {**READING, **FILES, **WRITING, **SETTLING, **ELSEWHERE}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True, slots=True)
class Scene:
    """Ana belongs to acme and has a token of every kind."""

    hub: Hub
    clock: FrozenClock
    ana: Actor
    acme: Organization
    plans: Repo  # of acme, private
    values: Mapping[str, str]
    client: httpx.AsyncClient


@pytest.fixture
async def scene(hub: Hub, clock: FrozenClock) -> AsyncIterator[Scene]:
    ana, boss = made(hub, "ana", admin=True), made(hub, "boss")
    acme = organization(hub, "boss")
    joins(hub, "ana", Role.WRITE)
    ana, boss = today(hub, ana), today(hub, boss)
    with calling(hub, boss) as call:
        wish = Wish(RepoType.MODEL, "acme", "plans", private=True)
        plans = new_repo.create(call, wish, files={})
    uploaded(hub, boss, plans, {"a.txt": b"secret"})
    async with web_client(hub) as client:
        values = every_kind(hub, ana, acme, plans)
        yield Scene(hub, clock, ana, acme, plans, values, client)


def deleted(scene: Scene) -> set[str]:
    with calling(scene.hub, scene.ana) as call, working(call) as work:
        owned_ending.revoke_all(work, scene.ana.user_id or 0)
    return set(scene.values)


def reported(scene: Scene) -> set[str]:
    with calling(scene.hub) as call, working(call) as work:
        ending.report(work, list(scene.values.values()))
    return set(scene.values)


def expired(scene: Scene) -> set[str]:
    scene.clock.advance(timedelta(days=365))
    return set(scene.values)


def refreshed(scene: Scene) -> set[str]:
    """Have those that people made given another value; no others are."""
    digests = {scene.hub.secrets.digest("token", scene.values[name]): name for name in BY_HAND}
    with calling(scene.hub, scene.ana) as call, working(call) as work:
        rows = work.db.execute(sa.select(kept_tokens.c.id, kept_tokens.c.digest)).all()
        for row in rows:
            if row.digest in digests:
                renewing.rotate(work, row.id)
    return set(BY_HAND)


DEATHS: Final = (deleted, reported, expired, refreshed)


@pytest.mark.parametrize("death", DEATHS)
async def test_a_token_that_is_over_is_refused_at_every_door(
    scene: Scene, death: Callable[[Scene], set[str]]
) -> None:
    tickets = await asked_for(scene)
    for kind, value in scene.values.items():
        answer = await knock(scene.client, ELSEWHERE["whoami"], value, "acme/plans")
        assert answer.status_code == 200, (kind, answer.text)

    dead = death(scene)

    for kind in sorted(dead):
        for name, door in DOORS.items():
            for repo in ("acme/plans", "acme/absent"):
                answer = await knock(scene.client, door, scene.values[kind], repo)
                assert answer.status_code == 401, (kind, name, answer.status_code, answer.text)
                if door.address.startswith("/api/"):
                    assert answer.headers["X-Error-Message"] == WRONG
                assert "secret" not in answer.text
    for name, knocking in tickets.items():
        answer = await scene.client.send(knocking)
        assert answer.status_code in (401, 403), (name, answer.status_code, answer.text)


async def asked_for(scene: Scene) -> dict[str, httpx.Request]:
    """What the write token was given to go on with, each of which opens something now."""
    client, value = scene.client, scene.values["write"]
    large = given(scene.hub, scene.ana, scene.plans, "large.bin", LARGE)
    batch = "/acme/plans.git/info/lfs/objects/batch"
    huge = scene.hub.settings.lfs.multipart_threshold_bytes
    tickets = {}
    for operation, oid, size in (
        ("download", large.oid, len(LARGE)),
        ("upload", OID, 5),
        ("upload", "b" * 64, huge),
    ):
        question = {
            "operation": operation,
            "objects": [{"oid": oid, "size": size}],
            "transfers": ["basic", *(["multipart"] if size == huge else [])],
        }
        told = await knock(client, Door("POST", batch, question, basic=True), value, "")
        actions = told.json()["objects"][0]["actions"]
        if size == huge:
            part = httpx.URL(actions["upload"]["header"]["00001"]).raw_path.decode()
            done = httpx.URL(actions["upload"]["href"]).raw_path.decode()
            tickets["part"] = client.build_request("PUT", part, content=b"12345")
            finished = {"oid": oid, "parts": []}
            tickets["parts"] = client.build_request("POST", done, json=finished)
            continue
        for name, action in actions.items():
            method = {"download": "GET", "upload": "PUT", "verify": "POST"}[name]
            content = None if method == "GET" else b"12345"
            tickets[name] = client.build_request(
                method,
                httpx.URL(action["href"]).raw_path.decode(),
                content=content,
                headers=action.get("header", {}),
            )
    for kind in ("read", "write"):
        address = f"/api/models/acme/plans/xet-{kind}-token/main"
        told = (await knock(client, Door("GET", address), value, "")).json()
        place = httpx.URL(told["casUrl"]).path
        tickets[f"xet {kind}"] = client.build_request(
            *{
                "read": ("GET", f"{place}/v1/chunks/default-merkledb/{OID}"),
                "write": ("POST", f"{place}/v1/xorbs/default/{OID}"),
            }[kind],
            content=None if kind == "read" else b"x",
            headers={"Authorization": f"Bearer {told['accessToken']}"},
        )
    for name, knocking in tickets.items():
        opened = await client.send(knocking)
        assert opened.status_code not in (401, 403), (name, opened.status_code, opened.text)
    return tickets


CLOSED: Final[Mapping[str, tuple[int, str | None]]] = {  # standing → what every door says
    "suspended": (403, "AccountSuspended"),
    "deletion_scheduled": (403, None),
    "pending_approval": (403, None),
    "deleted": (403, "AccountSuspended"),
}


@pytest.mark.parametrize("standing", list(CLOSED))
async def test_a_closed_account_is_closed_at_every_door_with_every_kind(
    scene: Scene, standing: str
) -> None:
    """Also with the links and tickets that were given out while it was open."""
    tickets = await asked_for(scene)
    with calling(scene.hub, SYSTEM) as call, working(call) as work:
        here = users.c.id == scene.ana.user_id
        work.db.execute(sa.update(users).where(here).values(standing=standing))

    status, code = CLOSED[standing]
    for kind, value in scene.values.items():
        for name, door in DOORS.items():
            answer = await knock(scene.client, door, value, "acme/plans")
            assert answer.status_code == status, (kind, name, answer.status_code)
            if door.address.startswith("/api/"):
                assert answer.headers.get("X-Error-Code") == code, (kind, name)
            assert "secret" not in answer.text
    for name, knocking in tickets.items():
        answer = await scene.client.send(knocking)
        assert answer.status_code in (401, 403), (name, answer.status_code, answer.text)


async def test_who_was_put_out_finds_nothing_of_the_organization(scene: Scene) -> None:
    tickets = await asked_for(scene)
    leaves(scene.hub, "ana")

    for kind, value in scene.values.items():
        for name, door in {**READING, **FILES, **WRITING, **SETTLING}.items():
            hidden, missing = [
                await knock(scene.client, door, value, repo)
                for repo in ("acme/plans", "acme/absent")
            ]
            assert hidden.status_code == 404, (kind, name, hidden.status_code)
            assert told(hidden, "plans") == told(missing, "absent"), (kind, name)
        for name in ("create", "role", "move", "delete"):
            door = ELSEWHERE[name]
            if name == "create":
                door = replace(door, json={**CREATE, "organization": "acme"})
            answer = await knock(scene.client, door, value, "")
            assert answer.status_code in (401, 403, 404), (kind, name, answer.status_code)
    for name, knocking in tickets.items():
        answer = await scene.client.send(knocking)
        assert answer.status_code in (401, 403, 404), (name, answer.status_code)


CREATE: Final = {"name": "fresh", "type": "model"}


def told(answer: httpx.Response, name: str) -> tuple[int, str, str]:
    """What an answer tells, without the name that was asked for."""
    said = answer.headers.get("X-Error-Message", "")
    text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)
    return answer.status_code, said.replace(name, "?"), text.replace(name, "?")
