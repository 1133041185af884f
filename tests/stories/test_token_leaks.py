"""Access tokens that get into files: kept out where everybody reads, revoked where they stood."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.accounts import calling, inbox, made
from fixtures.git_server import Git, Origin, served
from fixtures.large_files import access_token, web_client
from fixtures.programs import granted, refreshed
from strata.content.writing.revealed import RevokeExposed, look_through
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.tokens.presented import recognising
from strata.credentials.tokens.values import fresh_value
from strata.events.tables import jobs
from strata.repos.change import Settings, change_settings
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def origin(hub: Hub) -> Iterator[Origin]:
    with served(hub) as url:
        yield Origin(hub, url)


@pytest.fixture
def git(tmp_path: Path) -> Git:
    (tmp_path / "machine").mkdir()
    return Git(tmp_path / "machine")


@pytest.fixture
def alice(hub: Hub) -> Actor:
    return made(hub, "alice")


def works(hub: Hub, value: str) -> bool:
    with calling(hub) as call:
        return recognising.actor_for_token(call.db, hub, value) is not None


def body(path: str, content: bytes) -> bytes:
    lines = [
        {"key": "header", "value": {"summary": "x"}},
        {
            "key": "file",
            "value": {
                "path": path,
                "content": base64.b64encode(content).decode(),
                "encoding": "base64",
            },
        },
    ]
    return "\n".join(json.dumps(line) for line in lines).encode()


def leaky(value: str) -> bytes:
    return f"# settings\nendpoint = 1\ntoken = '{value}'\n".encode()


async def test_a_commit_to_a_public_repo_holds_no_token_that_works(
    hub: Hub, origin: Origin, alice: Actor
) -> None:
    public, private = origin.repo(alice, "open"), origin.repo(alice, "own", private=True)
    bob = made(hub, "bob")
    other, refreshing = access_token(hub, bob), granted(hub, bob).refresh_token
    before = origin.head(public)
    async with web_client(hub, access_token(hub, alice)) as client:

        async def put(repo: Repo, content: bytes) -> tuple[int, str]:
            answer = await client.post(
                f"/api/models/{repo.full_name}/commit/main", content=body("conf.py", content)
            )
            return answer.status_code, answer.text

        for query in ("", "?create_pr=1"):
            refused = await client.post(
                f"/api/models/alice/open/commit/main{query}", content=body("conf.py", leaky(other))
            )
            assert refused.status_code == 422
            assert "conf.py, line 3: this is an access token that works" in refused.text
            assert other not in refused.text
        assert origin.head(public) == before
        assert works(hub, other)
        written_on_windows = leaky(other).decode().encode("utf-16")
        assert (await put(public, written_on_windows))[0] == 422
        assert (await put(public, leaky(refreshing)))[0] == 422
        assert (await put(private, leaky(other)))[0] == 200
        # Nothing of ours, one that is over, and what is no text.
        assert (await put(public, leaky("hf_" + "a" * 34)))[0] == 200
        assert (await put(public, leaky(fresh_value())))[0] == 200
        assert (await put(public, b"\0" + leaky(other)))[0] == 200


async def test_a_push_to_a_public_repo_brings_no_token_that_works(
    hub: Hub, origin: Origin, git: Git, alice: Actor
) -> None:
    public = origin.repo(alice, "open")
    value = origin.token(alice)
    clone = git.clone(origin.address(public, value))
    before = origin.head(public)

    git.commit(clone, {"deep/conf.py": leaky(value)})
    git.commit(clone, {"deep/conf.py": b"# taken out again\n"})
    said = git.refused("push", "origin", "main", at=clone)

    assert "deep/conf.py, line 3: this is an access token that works" in " ".join(said.split())
    assert value not in said.replace(origin.address(public, value), "")
    assert origin.head(public) == before
    assert works(hub, value)


async def test_what_becomes_public_takes_its_tokens_with_it(
    hub: Hub, origin: Origin, git: Git, alice: Actor
) -> None:
    private = origin.repo(alice, "own", private=True)
    pusher, value = origin.token(alice), origin.token(alice)
    refreshing = granted(hub, alice).refresh_token
    clone = git.clone(origin.address(private, pusher))
    git.commit(clone, {"conf.py": leaky(value), "stored_tokens": leaky(refreshing)})
    git.commit(clone, {"conf.py": b"# taken out again\n", "stored_tokens": b""})
    git.ok("push", "origin", "main", at=clone)
    assert works(hub, value)

    listening = replace(hub, listeners=(look_through,))
    with calling(listening, alice) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    with calling(hub, SYSTEM) as call:
        kinds = set(call.db.scalars(jobs.select().with_only_columns(jobs.c.kind)))
        assert RevokeExposed.kind in kinds
        RevokeExposed(private.id).run(call)
        RevokeExposed(private.id).run(call)

    assert not works(hub, value)
    assert refreshed(hub, refreshing) == "invalid_grant"
    assert works(hub, pusher)
    told = [mail.text for mail in inbox(hub, "alice@example.org") if "leaked" in mail.subject]
    assert len(told) == 2
    assert all("alice/own" in text for text in told)


async def test_a_repo_that_stays_private_keeps_its_owners_tokens(
    hub: Hub, origin: Origin, alice: Actor
) -> None:
    value = access_token(hub, alice)
    private = origin.repo(alice, "own", private=True, files={"conf.py": leaky(value)})

    with calling(hub, SYSTEM) as call:
        RevokeExposed(private.id).run(call)

    assert works(hub, value)
