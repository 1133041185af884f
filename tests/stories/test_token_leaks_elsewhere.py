"""Access tokens in large files, in buckets and in discussions; warnings where it is private."""

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.accounts import calling, inbox, made
from fixtures.buckets import bucket_of, filled
from fixtures.contents import changed, created, given, uploaded
from fixtures.git_server import Git, Origin, served
from fixtures.large_files import access_token, noise, web_client
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.content.bucket.exposed import RevokeInBucket, look_through_bucket
from strata.content.writing.exposed import RevokeExposed
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.errors import Unprocessable
from strata.core.hub import Hub
from strata.credentials.tokens import tokens
from strata.events.jobs import Job
from strata.events.tables import jobs
from strata.repos.change import Settings, change_settings
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio
RULES = b"*.env filter=lfs diff=lfs merge=lfs -text\n"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana")


@pytest.fixture
def value(hub: Hub, ana: Actor) -> str:
    """A token of ana's that works."""
    return access_token(hub, ana)


def works(hub: Hub, value: str) -> bool:
    with calling(hub) as call:
        return tokens.actor_for_token(call.db, hub, value) is not None


def leaky(value: str) -> bytes:
    return f"# settings\nendpoint = 1\ntoken = '{value}'\n".encode()


def large_in(hub: Hub, ana: Actor, repo: Repo, content: bytes) -> None:
    changed(hub, ana, repo, [given(hub, ana, repo, "conf.env", content)])


def test_a_small_large_file_of_a_public_repo_holds_none(hub: Hub, ana: Actor, value: str) -> None:
    public, private = created(hub, ana, "open"), created(hub, ana, "own", private=True)
    with pytest.raises(Unprocessable) as refused:
        large_in(hub, ana, public, leaky(value))
    assert "conf.env, line 3: this is an access token that works" in refused.value.message
    uploaded(hub, ana, public, {".gitattributes": RULES})
    with pytest.raises(Unprocessable):  # sent as a small file, kept as a large one
        uploaded(hub, ana, public, {"b.env": leaky(value)})
    large_in(hub, ana, public, b"\0" + leaky(value))  # no text
    large_in(hub, ana, public, noise("x", 1_200_000) + leaky(value))  # no small one
    large_in(hub, ana, private, leaky(value))
    assert works(hub, value)

    with calling(hub, ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    with calling(hub, SYSTEM) as call:
        RevokeExposed(private.id).run(call)
    assert not works(hub, value)


async def test_a_commit_to_a_private_repo_is_warned_of(hub: Hub, ana: Actor, value: str) -> None:
    private = created(hub, ana, "own", private=True)
    async with web_client(hub, access_token(hub, ana)) as client:
        for content, warned in ((f"token {value}", True), ("nothing", False)):
            answer = await client.post(
                f"/api/models/{private.full_name}/commit/main",
                content='{"key":"header","value":{"summary":"x"}}\n{"key":"file","value":{"path":'
                f'"a.txt","content":"{content}","encoding":"utf-8"}}}}',
            )
            assert answer.status_code == 200, answer.text
            told = answer.headers.get("x-hf-warning", "")
            assert ("exposed-token; there is an access token that works" in told) is warned
            assert value not in told
    assert works(hub, value)


@pytest.mark.slow
def test_a_push_says_it_too_and_looks_into_pointers(
    hub: Hub, ana: Actor, value: str, tmp_path: Path
) -> None:
    (tmp_path / "machine").mkdir()
    git = Git(tmp_path / "machine")
    with served(hub) as url:
        origin = Origin(hub, url)
        private = origin.repo(ana, "own", private=True)
        clone = git.clone(origin.address(private, origin.token(ana)))
        git.commit(clone, {"conf.py": leaky(value)})
        said = git.ok("push", "origin", "main", at=clone)
        assert "Warning: there is an access token that works" in " ".join(said.split())

        public = origin.repo(ana, "open")
        pointer = given(hub, ana, public, "conf.env", leaky(value))
        text = (
            f"version https://git-lfs.github.com/spec/v1\noid sha256:{pointer.oid}\n"
            f"size {len(leaky(value))}\n"
        )
        clone = git.clone(origin.address(public, origin.token(ana)))
        git.commit(clone, {"conf.env": text.encode()})
        said = git.refused("push", "origin", "main", at=clone)
        assert "conf.env, line 3: this is an access token that works" in " ".join(said.split())
    assert works(hub, value)


def queued(hub: Hub) -> list[Job]:
    """The looks into buckets that wait."""
    with calling(hub) as call:
        rows = call.db.execute(jobs.select().where(jobs.c.kind == RevokeInBucket.kind)).all()
    return [RevokeInBucket(**row.body) for row in rows]


@pytest.fixture
def listening(hub: Hub) -> Hub:
    """Give the same hub, which looks through what comes into buckets."""
    return replace(hub, listeners=(look_through_bucket,))


def test_what_comes_into_a_public_bucket_is_revoked(
    hub: Hub, listening: Hub, ana: Actor, value: str
) -> None:
    other = access_token(hub, ana)
    public, private = bucket_of(hub, ana, "open"), bucket_of(hub, ana, "own", private=True)
    for bucket, content in ((public, leaky(value)), (private, leaky(other))):
        filled(listening, ana, bucket, {"deep/conf.env": content, "b.bin": noise("b", 9_000)})
    for job in queued(hub):
        with calling(hub, SYSTEM) as call:
            job.run(call)
    assert (works(hub, value), works(hub, other)) == (False, True)
    (told,) = [one for one in inbox(hub, "ana@example.org") if "leaked" in one.subject]
    assert "ana/open/deep/conf.env" in told.text

    with calling(listening, ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    for job in queued(hub):
        with calling(hub, SYSTEM) as call:
            job.run(call)
    assert not works(hub, other)


def test_nobody_writes_one_beside_a_public_repo(hub: Hub, ana: Actor, value: str) -> None:
    public, private = created(hub, ana, "open"), created(hub, ana, "own", private=True)
    text = f"Look:\n\n    {value}"
    with calling(hub, ana) as call:
        number = open_discussion(call, public.repo_id, "A title", "fine").number
        with pytest.raises(Unprocessable) as refused:
            open_discussion(call, public.repo_id, "A title", text)
        assert "In line 3 of this text" in refused.value.message
        assert value not in refused.value.message
        with pytest.raises(Unprocessable):
            thread.comment(call, public.repo_id, number, text)
        event = thread.comment(call, public.repo_id, number, "fine")
        with pytest.raises(Unprocessable):
            thread.edit(call, public.repo_id, number, event.key, text)
        open_discussion(call, private.repo_id, "A title", text)
    assert works(hub, value)
