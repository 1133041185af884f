"""What ends with a membership, an account and an organisation: by every door, and at once."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from fixtures.accounts import calling, inbox, made, person
from fixtures.authorizing import allowed, asking, redeemed
from fixtures.buckets import filled
from fixtures.hubs import FrozenClock
from fixtures.keys import SshPair
from fixtures.large_files import MadeFile, access_token, file_of, noise
from fixtures.oauth import application
from fixtures.organizations import joins, leaves, organization, today
from fixtures.ssh_server import SshMachine, SshOrigin, key_of, ssh_served
from strata.access import audit
from strata.access.organizations import admitting, inviting, managing, tokens as org_tokens
from strata.access.organizations.tokens import Rules
from strata.accounts.naming import names
from strata.accounts.profile import picture
from strata.app.hub import JOBS
from strata.app.serving import build_app
from strata.community.discussions import reading
from strata.community.pulls import merging
from strata.community.pulls.propose import propose
from strata.content.bucket import record as buckets
from strata.content.making import new_repo
from strata.content.writing.operations import Add, Change
from strata.core.actor import SYSTEM, Actor, Role
from strata.core.call import working
from strata.core.errors import Forbidden, InvalidFields, NotFound
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.oauth.tokens import families, refreshing
from strata.events.jobs import run_due
from strata.lib.db.seek import Window
from strata.lib.pictures.shelf import Shelf
from strata.lib.pictures.worker import NAMES
from strata.membership.closing.suspend import Suspension, restore, suspend
from strata.organizations.admitting import queries as admitting_queries
from strata.organizations.admitting.tables import join_requests
from strata.organizations.inviting.tables import organization_invites
from strata.organizations.tables import memberships, organizations
from strata.organizations.token_policy import Approval, TokenPolicy
from strata.repos import change
from strata.repos.create import Wish
from strata.repos.owning.ending import delete_organization
from strata.repos.record import Repo

PENDING = "your token needs to be approved by the organization"
DENIED = "your token was denied access to this organization"
EVERY = {"api", "tree", "small", "large", "lfs", "xet", "git", "ssh"}


@dataclass
class Doors:
    """All that a member can ask of a private repo, and the links that were given for later."""

    web: TestClient
    token: str
    machine: SshMachine
    origin: SshOrigin
    key: SshPair
    repo: Repo
    file: MadeFile
    links: dict[str, tuple[str, dict[str, str]]] = field(default_factory=dict)

    def open(self) -> set[str]:
        """The doors that let the member in at this moment."""
        asked = self._asked()
        self._remember(asked)
        found = {door for door, answer in asked.items() if answer.status_code < 400}
        tries: dict[str, tuple[str, dict[str, Any]]] = {
            "git": (self.origin.address(self.repo, self.token), {}),
            "ssh": (self.origin.ssh_address(self.repo), self.machine.over(self.key)),
        }
        for door, (url, over) in tries.items():
            if self.machine.run("ls-remote", url, **over).status == 0:
                found.add(door)
        return found

    def still(self) -> set[str]:
        """The links of before that still lead somewhere."""
        return {
            what
            for what, (url, headers) in self.links.items()
            if self.web.get(url, headers=headers, follow_redirects=False).status_code < 400
        }

    def _asked(self) -> dict[str, Any]:
        name, web = self.repo.full_name, self.web
        bearer = {"Authorization": f"Bearer {self.token}"}
        wanted = {"oid": self.file.oid, "size": len(self.file.content)}
        large = f"/{name}/resolve/main/big.bin"
        return {
            "api": web.get(f"/api/models/{name}", headers=bearer),
            "tree": web.get(f"/api/models/{name}/tree/main", headers=bearer),
            "small": web.get(f"/{name}/resolve/main/a.txt", headers=bearer),
            "large": web.get(large, headers=bearer, follow_redirects=False),
            "lfs": web.post(
                f"/{name}.git/info/lfs/objects/batch",
                json={"operation": "download", "objects": [wanted]},
                headers=bearer,
            ),
            "xet": web.get(f"/api/models/{name}/xet-read-token/main", headers=bearer),
        }

    def _remember(self, asked: dict[str, Any]) -> None:
        if asked["lfs"].status_code == 200:
            action = asked["lfs"].json()["objects"][0]["actions"]["download"]
            self.links["lfs"] = (action["href"], action.get("header", {}))
        if asked["xet"].status_code == 200:
            told = asked["xet"].json()
            address = f"{told['casUrl']}/v1/reconstructions/{self.file.name}"
            self.links["xet"] = (address, {"Authorization": f"Bearer {told['accessToken']}"})


def sent(web: TestClient, repo: str, token: str) -> MadeFile:
    """Upload a large file by Xet and commit it."""
    bearer = {"Authorization": f"Bearer {token}"}
    file = file_of(noise("acme", 200_000))
    told = web.get(f"/api/models/{repo}/xet-write-token/main", headers=bearer).json()
    store = {"Authorization": f"Bearer {told['accessToken']}"}
    for xorb in file.xorbs:
        address = f"{told['casUrl']}/v1/xorbs/default/{xorb.url_name}"
        assert web.post(address, content=xorb.body, headers=store).status_code == 200
    shard = web.post(f"{told['casUrl']}/v1/shards", content=file.shard(), headers=store)
    assert shard.json() == {"result": 1}
    lines = (
        '{"key":"header","value":{"summary":"x"}}\n{"key":"lfsFile","value":{"path":"big.bin",'
        f'"algo":"sha256","oid":"{file.oid}","size":{len(file.content)}}}}}'
    )
    done = web.post(f"/api/models/{repo}/commit/main", content=lines, headers=bearer)
    assert done.status_code == 200, done.text
    return file


@pytest.fixture
def li(hub: Hub) -> Actor:
    made(hub, "li")
    organization(hub, "li", private_by_default=True)
    return today(hub, Actor(person(hub, "li").id, "li", verified=True))


@pytest.fixture
def doors(hub: Hub, li: Actor, tmp_path: Path) -> Iterator[Doors]:
    """Bob, who writes in acme, before each door of its private repo."""
    bob = made(hub, "bob")
    joins(hub, "bob", Role.WRITE)
    with ssh_served(hub) as origin, TestClient(build_app(hub)) as web:
        repo = origin.repo(li, "secret", private=True, namespace="acme", files={"a.txt": b"a"})
        (tmp_path / "machine").mkdir()
        machine = SshMachine(tmp_path / "machine", origin)
        key = machine.key()
        key_of(hub, bob, key)
        file = sent(web, repo.full_name, access_token(hub, li))
        yield Doors(web, access_token(hub, bob), machine, origin, key, repo, file)


@pytest.mark.slow
def test_who_is_taken_out_loses_all_of_it_at_once(hub: Hub, li: Actor, doors: Doors) -> None:
    assert (doors.open(), doors.still()) == (EVERY, {"lfs", "xet"})
    leaves(hub, "bob", by=li)
    assert (doors.open(), doors.still()) == (set(), set())
    joins(hub, "bob", Role.NO_ACCESS, by=li)
    assert (doors.open(), doors.still()) == (set(), set())


def test_what_a_removed_member_made_stays_and_their_pull_requests_wait(hub: Hub, li: Actor) -> None:
    made(hub, "bob")
    joins(hub, "bob", Role.WRITE)
    bob = today(hub, Actor(person(hub, "bob").id, "bob", verified=True))
    wish = Wish(type=RepoType.MODEL, namespace="acme", name="of-bob", private=False)
    with calling(hub, bob) as call:
        repo = new_repo.create(call, wish, files={"a.txt": b"a"})
        better = Change("Better", "", (Add("b.txt", b"b"),))
        pull = propose(call, repo.repo_id, "main", better)
    leaves(hub, "bob", by=li)
    gone = today(hub, bob)
    with calling(hub, gone) as call:
        with pytest.raises(Forbidden):
            merging.merge(call, repo.repo_id, pull.number, merging.Wish())
        assert reading.details(call, repo.repo_id, pull.number).discussion.status == "open"
    with calling(hub, li) as call:
        merging.merge(call, repo.repo_id, pull.number, merging.Wish())
    with calling(hub, gone) as call:
        assert reading.details(call, repo.repo_id, pull.number).discussion.status == "merged"


@pytest.mark.slow
def test_a_closed_account_loses_what_its_organizations_have(hub: Hub, doors: Doors) -> None:
    assert doors.open() == EVERY
    bob = person(hub, "bob")
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend(work, bob, Suspension("spam", None, hide_content=False))
    assert (doors.open(), doors.still()) == (set(), set())
    with calling(hub, SYSTEM) as call, working(call) as work:
        restore(work, person(hub, "bob"))
    assert doors.open() == EVERY


@pytest.mark.usefixtures("li")
def test_a_closed_admin_decides_nothing_more(hub: Hub) -> None:
    made(hub, "bob")
    joins(hub, "bob", Role.ADMIN)
    made(hub, "eve")
    token = access_token(hub, today(hub, Actor(person(hub, "bob").id, "bob", verified=True)))
    with calling(hub, SYSTEM) as call, working(call) as work:
        suspend(work, person(hub, "bob"), Suspension("spam", None, hide_content=False))
    with TestClient(build_app(hub)) as web:
        headers = {"Authorization": f"Bearer {token}"}
        members_of = "/api/organizations/acme/members"
        log = "/api/organizations/acme/audit-log/export"
        assert web.get(log, headers=headers).status_code == 403
        assert web.get(members_of, headers=headers).status_code == 403
        page = web.get("/acme", headers={"Accept": "text/html"}).text
        assert ("bob" in page, "1 member<" in page) == (False, True)
        assert "bob" not in web.get("/api/organizations/acme/members").text


def policy(hub: Hub, li: Actor, chosen: TokenPolicy) -> None:
    with calling(hub, li) as call, working(call) as work:
        org_tokens.change_rules(work, "acme", Rules(chosen, None))


def decided(hub: Hub, li: Actor, token_id: int, state: Approval) -> None:
    with calling(hub, li) as call, working(call) as work:
        (one,) = (
            one for one in org_tokens.overview(work, "acme").asked if one.token_id == token_id
        )
        org_tokens.decide(work, "acme", token_id, state, one.seen)


def waiting(hub: Hub, li: Actor) -> list[tuple[int, str, Approval]]:
    with calling(hub, li) as call:
        asked = org_tokens.overview(call, "acme").asked
    return [(one.token_id, one.token_name, one.state) for one in asked]


def test_admins_approve_the_tokens_of_applications_too(hub: Hub, li: Actor) -> None:
    bob = made(hub, "bob")
    joins(hub, "bob", Role.READ)
    with TestClient(build_app(hub)) as web:
        bearer = {"Authorization": f"Bearer {access_token(hub, li)}"}
        body = {"name": "secret", "organization": "acme", "private": True}
        assert web.post("/api/repos/create", json=body, headers=bearer).status_code == 200
        policy(hub, li, TokenPolicy.APPROVED)
        app = application(hub, "notebook", scopes="openid read-repos")
        with calling(hub) as call:
            acme = managing.found(call, "acme")
        asked = asking("notebook", scope="openid read-repos")
        code = allowed(hub, today(hub, bob), asked, acme.public_id)["code"]
        found = redeemed(hub, code, app.credentials)
        assert not isinstance(found, str)
        first = found[0]

        def opens(answer: families.Answer) -> tuple[int, str]:
            headers = {"Authorization": f"Bearer {answer.access_token}"}
            got = web.get("/api/models/acme/secret", headers=headers)
            return got.status_code, got.text

        assert opens(first)[0] == 403
        assert PENDING in opens(first)[1]
        (told,) = [one for one in inbox(hub, "li@example.org") if "waits for acme" in one.subject]
        assert "bob: notebook" in told.text
        ((token_id, name, state),) = waiting(hub, li)
        assert (name, state) == ("notebook", Approval.PENDING)

        with calling(hub) as call:
            again = refreshing.refresh(
                call, refreshing.Refresh(app.credentials, first.refresh_token)
            )
        ((newest, _, _),) = waiting(hub, li)
        assert newest > token_id
        decided(hub, li, newest, Approval.APPROVED)
        assert (opens(first)[0], opens(again)[0]) == (200, 200)
        mail = inbox(hub, "bob@example.org")[-1]
        assert mail.subject == "acme approved the access of “notebook”"
        assert "/settings/connected-applications" in mail.text
        assert "/settings/tokens" not in mail.text  # no application's token is listed there

        decided(hub, li, newest, Approval.DENIED)
        assert DENIED in opens(first)[1]
        assert DENIED in opens(again)[1]
        with calling(hub) as call:
            third = refreshing.refresh(
                call, refreshing.Refresh(app.credentials, again.refresh_token)
            )
        assert DENIED in opens(third)[1]  # a refresh is no way around it
        with calling(hub, today(hub, bob)) as call, working(call) as work, pytest.raises(Forbidden):
            org_tokens.decide(work, "acme", newest, Approval.APPROVED)
        with calling(hub, li) as call:
            types = [one.entry.type for one in audit.of_organization(call, "acme", Window(3)).rows]
    assert types[:2] == ["token.org_deny", "token.org_approve"]


def test_an_organization_with_a_bucket_ends_after_it(each_hub: Hub, clock: FrozenClock) -> None:
    made(each_hub, "li")
    acme = organization(each_hub, "li")
    li = today(each_hub, Actor(person(each_hub, "li").id, "li", verified=True, session_id=0))
    li = replace(li, proved_until=clock() + timedelta(minutes=5))
    made(each_hub, "bob")
    joins(each_hub, "bob", Role.WRITE)
    with calling(each_hub, li) as call, working(call) as work:
        wish = Wish(RepoType.BUCKET, "acme", "data", private=True)
        bucket = buckets.create(work, wish)
        inviting.invite(work, "acme", ["new@example.com"], Role.READ)
        inviting.make_link(work, "acme", Role.READ, days=3, uses=2)
        admitting.change_rules(work, "acme", admitting_queries.Rules(anybody=True))
        org_tokens.change_rules(work, "acme", Rules(TokenPolicy.APPROVED, 30))
    filled(each_hub, li, bucket, {"a.bin": noise("bucket", 9_000)})
    eve = made(each_hub, "eve")
    with calling(each_hub, eve) as call, working(call) as work:
        admitting.ask(work, "acme", "please")

    with calling(each_hub) as call, working(call) as work:
        logo = Shelf(each_hub.objects, picture.FOLDER).keep(
            acme.public_id, dict.fromkeys(NAMES, b"a square")
        )
        picture.point(work, acme.id, logo)

    def delete() -> None:
        with calling(each_hub, li) as call, working(call) as work:
            delete_organization(work, "acme", "acme")

    with pytest.raises(InvalidFields) as refused:
        delete()
    assert refused.value.fields == {"delete_name": ("org.owns_repos",)}
    with calling(each_hub, li) as call, working(call) as work:
        change.delete(work, bucket.repo_id)
    delete()
    with calling(each_hub) as call:
        assert call.db.execute(sa.select(organizations)).all() == []
        assert call.db.execute(sa.select(memberships)).all() == []
        assert call.db.execute(sa.select(organization_invites)).all() == []
        assert call.db.execute(sa.select(join_requests)).all() == []
        with pytest.raises(NotFound):
            managing.found(call, "acme")
        assert names.conflicts(call, "acme") == ("name.taken",)
    assert len(list(each_hub.objects.keys(picture.FOLDER))) == len(NAMES)
    run_due(each_hub, JOBS)
    assert list(each_hub.objects.keys(picture.FOLDER)) == []
    # Whoever belonged to it goes on.
    with calling(each_hub, today(each_hub, li)) as call, working(call) as work:
        made_anew = buckets.create(work, Wish(RepoType.BUCKET, "li", "data"))
    assert made_anew.full_name == "li/data"
