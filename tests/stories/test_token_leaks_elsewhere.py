"""Access tokens in large files, in copies and in buckets; warnings where it is private."""

from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.accounts import calling, inbox, made
from fixtures.buckets import bucket_of, filled, sent
from fixtures.contents import changed, created, given, uploaded
from fixtures.git_server import Git, Origin, served
from fixtures.large_files import access_token, noise, web_client
from fixtures.programs import granted, refreshed
from strata.community.discussions.revealed import RevokeSaid
from strata.content.bucket.exposed import RevokeInBucket, look_through_bucket
from strata.content.making import new_repo
from strata.content.making.duplicate import Place, duplicate
from strata.content.writing.operations import AddLarge
from strata.content.writing.revealed import RevokeExposed, look_through
from strata.core.actor import SYSTEM, Actor
from strata.core.call import working
from strata.core.errors import RepoNotFound, Unprocessable
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.tokens.presented import recognising
from strata.events.jobs import Job
from strata.events.tables import jobs
from strata.repos.change import Settings, change_settings
from strata.repos.create import Wish
from strata.repos.lookup import lookup
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio
Look = RevokeInBucket | RevokeExposed | RevokeSaid
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
        return recognising.actor_for_token(call.db, hub, value) is not None


def leaky(value: str) -> bytes:
    return f"# settings\nendpoint = 1\ntoken = '{value}'\n".encode()


def large_in(hub: Hub, ana: Actor, repo: Repo, content: bytes) -> None:
    changed(hub, ana, repo, [given(hub, ana, repo, "conf.env", content)])


def by_xet(hub: Hub, ana: Actor, repo: Repo, content: bytes) -> None:
    """Upload bytes as chunks alone, as clients do since 1.20, and commit them."""
    file = sent(hub, ana, repo, content)
    changed(hub, ana, repo, [AddLarge("conf.env", file.oid, len(content))])


def test_what_came_by_xet_alone_is_looked_into(hub: Hub, ana: Actor, value: str) -> None:
    public, private = created(hub, ana, "open"), created(hub, ana, "own", private=True)
    with pytest.raises(Unprocessable) as refused:
        by_xet(hub, ana, public, leaky(value))
    assert "conf.env, line 3: this is an access token that works" in refused.value.message
    by_xet(hub, ana, private, leaky(value))
    assert works(hub, value)

    with calling(hub, ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    run(hub, RevokeExposed(private.id))
    assert not works(hub, value)


def test_a_new_repo_is_not_born_with_one(hub: Hub, ana: Actor, value: str) -> None:
    for private in (True, False):
        wish = Wish(RepoType.MODEL, None, f"born-{private}", private=private)
        files = {"conf.py": leaky(value)}
        with calling(hub, ana) as call:
            if private:
                new_repo.create(call, wish, files=files)
                continue
            with pytest.raises(Unprocessable) as refused:
                new_repo.create(call, wish, files=files)
            assert "conf.py, line 3" in refused.value.message
            with pytest.raises(RepoNotFound):
                lookup(call, RepoId(RepoType.MODEL, "ana", wish.name))
    assert works(hub, value)


def test_a_public_copy_of_a_private_repo_reveals_what_is_in_it(
    hub: Hub, ana: Actor, value: str
) -> None:
    private = created(hub, ana, "own", private=True)
    uploaded(hub, ana, private, {"conf.py": leaky(value)})
    telling = replace(hub, listeners=(look_through,))
    for hidden in (True, False):
        with calling(telling, ana) as call:
            duplicate(call, private.repo_id, Place("ana", f"copy-{hidden}", private=hidden))
        for job in queued(hub, RevokeExposed):
            run(hub, job)
        assert works(hub, value) is hidden


def test_a_small_large_file_of_a_public_repo_holds_none(hub: Hub, ana: Actor, value: str) -> None:
    public, private = created(hub, ana, "open"), created(hub, ana, "own", private=True)
    with pytest.raises(Unprocessable) as refused:
        large_in(hub, ana, public, leaky(value))
    assert "conf.env, line 3: this is an access token that works" in refused.value.message
    uploaded(hub, ana, public, {".gitattributes": RULES})
    with pytest.raises(Unprocessable):  # sent as a small file, kept as a large one
        uploaded(hub, ana, public, {"b.env": leaky(value)})
    with pytest.raises(Unprocessable, match="line 3"):  # as a shell of Windows writes it
        large_in(hub, ana, public, leaky(value).decode().encode("utf-16"))
    large_in(hub, ana, public, b"\0" + leaky(value))  # no text
    large_in(hub, ana, public, noise("x", 1_200_000) + leaky(value))  # no small one
    large_in(hub, ana, private, leaky(value))
    assert works(hub, value)

    with calling(hub, ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    run(hub, RevokeExposed(private.id))
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


def queued(hub: Hub, kind: type[Look] = RevokeInBucket) -> list[Look]:
    """The looks that wait."""
    with calling(hub) as call:
        rows = call.db.execute(jobs.select().where(jobs.c.kind == kind.kind)).all()
    return [kind(**row.body) for row in rows]


def run(hub: Hub, *looks: Job) -> None:
    for job in looks:
        with calling(hub, SYSTEM) as call:
            job.run(call)


@pytest.fixture
def listening(hub: Hub) -> Hub:
    """Give the same hub, which looks through what comes into buckets."""
    return replace(hub, listeners=(look_through_bucket,))


def test_what_comes_into_a_public_bucket_is_revoked(
    hub: Hub, listening: Hub, ana: Actor, value: str
) -> None:
    other, refreshing = access_token(hub, ana), granted(hub, ana).refresh_token
    public, private = bucket_of(hub, ana, "open"), bucket_of(hub, ana, "own", private=True)
    for bucket, content in ((public, leaky(value) + leaky(refreshing)), (private, leaky(other))):
        filled(listening, ana, bucket, {"deep/conf.env": content, "b.bin": noise("b", 9_000)})
    run(hub, *queued(hub))
    assert (works(hub, value), works(hub, other)) == (False, True)
    assert refreshed(hub, refreshing) == "invalid_grant"
    told = [one.text for one in inbox(hub, "ana@example.org") if "leaked" in one.subject]
    assert ["ana/open/deep/conf.env" in text for text in told] == [True, True]

    with calling(listening, ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    run(hub, *queued(hub))
    assert not works(hub, other)
