"""Every place in which somebody writes what others read: none of them takes a token that works."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from fixtures.accounts import calling, made
from fixtures.buckets import bucket_of, sent
from fixtures.contents import created
from fixtures.gated import asks, decides, gate
from fixtures.git_server import Git, Origin, served
from fixtures.large_files import access_token, web_client
from fixtures.organizations import organization, today
from strata.access.gates.record import Standing
from strata.access.organizations import admitting, founding
from strata.access.plans import requests as plan_requests
from strata.accounts.profile.details import Details
from strata.community.announcements.announce import announce
from strata.community.collections import edit as collections
from strata.community.discussions import thread
from strata.community.discussions.opening import open_discussion
from strata.community.pulls.propose import propose
from strata.content.making import new_repo
from strata.content.refs import create_tag
from strata.content.rewriting.squash import super_squash
from strata.content.writing.commit import commit
from strata.content.writing.operations import Add, Change
from strata.content.writing.revealed import RevokeExposed
from strata.core.actor import SYSTEM, Actor
from strata.core.call import Call, Work, working
from strata.core.errors import Unprocessable
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.oauth.making import own as applications
from strata.credentials.oauth.making.description import Described
from strata.credentials.tokens.presented import recognising
from strata.membership.profile import change_profile
from strata.organizations.change import OrganizationSettings
from strata.organizations.create import NewOrganization
from strata.repos.change import Settings, change_settings
from strata.repos.create import Wish
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio
LINES: Final = "A first line\n\nA second, and a token"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True, slots=True)
class Scene:
    """A public repo, a gated one, and who writes there."""

    hub: Hub
    ana: Actor
    bob: Actor
    open: Repo
    gated: Repo
    number: int  # of a discussion in the public one


@pytest.fixture
def scene(hub: Hub) -> Scene:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    organization(hub, "ana")
    shown, gated = created(hub, ana, "open"), created(hub, ana, "gated")
    gated = gate(hub, ana, gated, Settings(gated="manual"))
    with calling(hub, ana) as call:
        number = open_discussion(call, shown.repo_id, "A title", "fine").number
    return Scene(hub, today(hub, ana), bob, shown, gated, number)


def works(hub: Hub, value: str) -> bool:
    with calling(hub) as call:
        return recognising.actor_for_token(call.db, hub, value) is not None


Said = Callable[[Scene, Call, Work, str], object]
ANA_WRITES: Final[dict[str, Said]] = {
    "profile: name": lambda s, _c, w, text: change_profile(w, s.ana.user_id or 0, text, Details()),
    "profile: bio": lambda s, _c, w, text: _profile(s, w, Details(bio=text)),
    "profile: readme": lambda s, _c, w, text: _profile(s, w, Details(readme=f"{LINES} {text}")),
    "profile: homepage": lambda s, _c, w, text: _profile(
        s, w, Details(homepage=f"https://e.org/{text}")
    ),
    "profile: interests": lambda s, _c, w, text: _profile(s, w, Details(interests=text)),
    "organization: its bio": lambda _s, _c, w, text: founding.change_organization(
        w, "acme", _acme("Acme", Details(bio=text))
    ),
    "organization: its readme": lambda _s, _c, w, text: founding.change_organization(
        w, "acme", _acme("Acme", Details(readme=text))
    ),
    "organization: its name": lambda _s, _c, w, text: founding.change_organization(
        w, "acme", _acme(text, Details())
    ),
    "organization: a new one": lambda _s, _c, w, text: founding.found_organization(
        w, NewOrganization(name="other", full_name="Other", details=Details(bio=text))
    ),
    "repo: description": lambda s, _c, w, text: change_settings(
        w, s.open.repo_id, Settings(description=text)
    ),
    "plan: a request": lambda _s, _c, w, text: plan_requests.ask(w, "ana", text),
    "announcement": lambda _s, _c, w, text: announce(
        w, {"en": f"News\n\n{text}", "zh-CN": "新闻\n\n无"}
    ),
    "application: name": lambda _s, _c, w, text: applications.create(
        w,
        Described(text, redirect_uris=("https://e.org/",), scopes=("openid",)),
        confidential=False,
    ),
    "collection: title": lambda _s, _c, w, text: collections.create(w, collections.Wish(text)),
    "collection: description": lambda _s, _c, w, text: collections.create(
        w, collections.Wish("Fine", description=text)
    ),
    "discussion: title": lambda s, c, _w, text: open_discussion(c, s.open.repo_id, text, "fine"),
    "discussion: text": lambda s, c, _w, text: open_discussion(c, s.open.repo_id, "Fine", text),
    "discussion: comment": lambda s, c, _w, text: thread.comment(c, s.open.repo_id, s.number, text),
    "discussion: renamed": lambda s, _c, w, text: thread.rename(w, s.open.repo_id, s.number, text),
    "commit: file": lambda s, c, _w, text: _commit(s, c, "Fine", "", text),
    "commit: summary": lambda s, c, _w, text: _commit(s, c, f"Use {text}", "", "fine"),
    "commit: description": lambda s, c, _w, text: _commit(s, c, "Fine", f"{LINES} {text}", "fine"),
    "pull request: text": lambda s, c, _w, text: propose(
        c, s.open.repo_id, "main", Change("Fine", text, [Add("b.txt", b"b")])
    ),
    "squash: message": lambda s, c, _w, text: super_squash(c, s.open.repo_id, "main", text),
    "tag: message": lambda s, c, _w, text: create_tag(c, s.open.repo_id, "main", "v1", text),
    "tag: name": lambda s, c, _w, text: create_tag(c, s.open.repo_id, "main", text),
    "new repo: file": lambda _s, c, _w, text: new_repo.create(
        c, Wish(RepoType.MODEL, None, "born"), files={"a.txt": text.encode()}
    ),
    "gate: why somebody is not let in": lambda s, _c, _w, text: decides(
        s.hub, s.ana, s.gated, Standing.REJECTED, "bob", text
    ),
}
OUTSIDE_TRANSACTION: Final = (
    "discussion: t",
    "discussion: c",
    "commit",
    "pull",
    "squash",
    "tag",
    "new",
    "gate",
)


def _acme(name: str, details: Details) -> OrganizationSettings:
    return OrganizationSettings(
        name, private_by_default=False, members_hidden=False, details=details
    )


def _profile(scene: Scene, work: Work, details: Details) -> None:
    change_profile(work, scene.ana.user_id or 0, "Ana", details)


def _commit(scene: Scene, call: Call, title: str, body: str, text: str) -> None:
    change = Change(title, body, [Add("a.txt", text.encode())])
    commit(call, scene.open.repo_id, "main", change)


@contextmanager
def suppress_into(told: dict[str, str], place: str) -> Iterator[None]:
    """Keep what a place said when it refused the text."""
    try:
        yield
    except Unprocessable as refused:
        told[place] = refused.message


def test_no_place_takes_one(scene: Scene) -> None:
    hub, value = scene.hub, access_token(scene.hub, scene.ana)
    asks(hub, scene.bob, scene.gated)
    told: dict[str, str] = {}
    for place, says in ANA_WRITES.items():
        with calling(hub, scene.ana) as call, suppress_into(told, place):
            if place.startswith(OUTSIDE_TRANSACTION):
                says(scene, call, None, value)  # type: ignore[arg-type]  # opens its own
            else:
                with working(call) as work:
                    says(scene, call, work, value)
    assert [place for place in ANA_WRITES if place not in told] == []
    assert [place for place, text in told.items() if "token that works" not in text] == []
    assert [place for place, text in told.items() if value in text] == []
    assert works(hub, value)


def test_what_people_send_to_others_holds_none_either(scene: Scene) -> None:
    hub, value = scene.hub, access_token(scene.hub, scene.bob)
    with pytest.raises(Unprocessable):
        asks(hub, scene.bob, scene.gated, {"Why?": f"Because of {value}"})
    with calling(hub, scene.bob) as call, working(call) as work, pytest.raises(Unprocessable):
        admitting.ask(work, "acme", f"Let me in: {value}")
    assert works(hub, value)


async def test_where_few_read_who_wrote_it_is_warned(scene: Scene) -> None:
    """A message of a commit to a private repo, and a file put into a private bucket."""
    hub, value = scene.hub, access_token(scene.hub, scene.ana)
    private = created(hub, scene.ana, "own", private=True)
    message = Change(f"Use {value}", "", [Add("a.txt", b"fine")])
    with calling(hub, scene.ana) as call:
        assert (
            "there is an access token that works"
            in commit(call, private.repo_id, "main", message).warning
        )
    own, shown = bucket_of(hub, scene.ana, "own", private=True), bucket_of(hub, scene.ana, "shown")
    async with web_client(hub, access_token(hub, scene.ana)) as client:
        for bucket, text, warned in (
            (own, value, True),
            (own, "fine", False),
            (shown, value, False),
        ):
            file = sent(hub, scene.ana, bucket, f"token = {text}".encode())
            line = f'{{"type":"addFile","path":"a.txt","xetHash":"{file.name}","mtime":0}}'
            answer = await client.post(f"/api/buckets/{bucket.full_name}/batch", content=line)
            assert answer.status_code == 200, answer.text
            told = answer.headers.get("x-hf-warning", "")
            assert told.startswith("exposed-token; there is an access token that works") is warned
            assert value not in told
    assert works(hub, value)

    with calling(hub, scene.ana) as call, working(call) as work:
        change_settings(work, private.repo_id, Settings(private=False))
    with calling(hub, SYSTEM) as call:
        RevokeExposed(private.id).run(call)
    assert not works(hub, value)  # the message is history that everybody reads now


@pytest.mark.slow
def test_a_pushed_message_is_read_too(scene: Scene, tmp_path: Path) -> None:
    hub = scene.hub
    (tmp_path / "machine").mkdir()
    git = Git(tmp_path / "machine")
    with served(hub) as url:
        origin = Origin(hub, url)
        value = origin.token(scene.ana)
        for repo, private in (
            (scene.open, False),
            (created(hub, scene.ana, "own", private=True), True),
        ):
            clone = git.clone(origin.address(repo, value))
            git.commit(clone, {"a.txt": b"a"}, f"Use {value}")
            git.commit(clone, {"a.txt": b"b"})
            push = git.ok if private else git.refused
            told = " ".join(push("push", "origin", "main", at=clone).split())
            assert ("Warning: there is an access token that works" in told) is private
            assert ("its message, line" in told) is not private
        fresh = git.clone(origin.address(scene.open, value))
        git.ok("tag", "-a", "v1", "-m", f"Use {value}", at=fresh)
        told = git.refused("push", "origin", "v1", at=fresh)
        assert "its message, line" in " ".join(told.split())
    assert works(hub, value)
