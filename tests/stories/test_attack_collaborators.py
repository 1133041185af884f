"""Mallory was invited and did not answer, or was a collaborator and is none any more."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from fixtures.accounts import calling, inbox, made
from fixtures.collaborators import changes_role, invites, mailed, removes, shared
from fixtures.contents import changed, created, given, uploaded
from fixtures.counting import counted, differing
from fixtures.held_keys import added as key_added, line
from fixtures.hidden import OF_A_REPO, seen
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.inboxes import badge, heard, listed, opens, says, told
from fixtures.large_files import access_token, file_of, noise, oid_of, web_client
from fixtures.let_in import given as application_given
from fixtures.organizations import today
from fixtures.receivers import Receiver, receiving
from fixtures.webhooks import called, hooked, listening_hub, states
from strata.access.policy.seeing import may_see
from strata.app.hub import LISTENERS
from strata.community.webhooks.faults import BadWebhook
from strata.content.making.duplicate import Place, duplicate
from strata.core.actor import Actor, Grants, Role, TokenRole
from strata.core.call import working
from strata.core.errors import RepoNotFound, StrataError
from strata.core.hub import Hub
from strata.credentials.keys import ssh
from strata.credentials.tokens import making
from strata.events.webhooks.record import State
from strata.lib.keys.ssh import read_key
from strata.repos.collaborating import answering, queries
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

API = "/api/models/ana/vault"
LARGE = noise("shared", 90_000)
FRESH = noise("fresh", 80_000)
XORB = file_of(noise("chunks", 50_000)).xorbs[0]
LFS = {"Content-Type": "application/vnd.git-lfs+json", "Accept": "application/vnd.git-lfs+json"}
COMMIT = (
    b'{"key":"header","value":{"summary":"x"}}\n'
    b'{"key":"file","value":{"path":"b.txt","content":"eA==","encoding":"base64"}}\n'
)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock, database_url: str | None) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock, database_url=database_url)
    yield replace(built, listeners=LISTENERS)
    built.database.close()


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return made(hub, "ana")


@pytest.fixture
def mallory(hub: Hub) -> Actor:
    return made(hub, "mallory")


@pytest.fixture
def vault(hub: Hub, ana: Actor) -> Repo:
    """Give a private repo with a small and a large file."""
    repo = created(hub, ana, "vault", private=True)
    uploaded(hub, ana, repo, {"a.txt": b"secret"})
    changed(hub, ana, repo, [given(hub, ana, repo, "large.bin", LARGE)])
    return repo


async def batch(client: httpx.AsyncClient, operation: str, content: bytes) -> dict[str, object]:
    """Ask where large bytes go, or come from."""
    asked = {
        "operation": operation,
        "transfers": ["basic"],
        "objects": [{"oid": oid_of(content), "size": len(content)}],
    }
    answer = await client.post(
        "/ana/vault.git/info/lfs/objects/batch", content=json.dumps(asked), headers=LFS
    )
    assert answer.status_code == 200, answer.text
    (one,) = answer.json()["objects"]
    actions: dict[str, object] = one["actions"]
    return actions


def href(actions: dict[str, object], name: str) -> str:
    action = actions[name]
    assert isinstance(action, dict)
    return str(action["href"])


@dataclass(frozen=True, slots=True)
class Doors:
    """All that Mallory held while she was let in."""

    by_token: httpx.AsyncClient
    narrow: httpx.AsyncClient
    nobody: httpx.AsyncClient
    cas: str
    cas_token: str
    download: str
    upload: str

    async def tried(self) -> list[int]:
        """The statuses of everything that read or wrote a moment ago."""
        asked = [
            await self.by_token.get(API),
            await self.by_token.get(f"{API}/tree/main"),
            await self.by_token.get("/ana/vault/resolve/main/a.txt"),
            await self.by_token.get("/ana/vault/raw/main/a.txt"),
            await self.by_token.get("/ana/vault.git/info/refs?service=git-upload-pack"),
            await self.by_token.get("/ana/vault.git/info/refs?service=git-receive-pack"),
            await self.by_token.get(f"{API}/discussions"),
            await self.by_token.get(f"{API}/xet-read-token/main"),
            await self.by_token.post(f"{API}/commit/main", content=COMMIT),
            await self.by_token.post(f"{API}/discussions", json={"title": "A title"}),
            await self.narrow.get(API),
            await self.narrow.get("/ana/vault/resolve/main/a.txt"),
            await self.nobody.get(self.download),
            await self.nobody.put(self.upload, content=FRESH),
            await self.nobody.post(
                f"{self.cas}/v1/xorbs/default/{XORB.url_name}",
                content=XORB.body,
                headers={"Authorization": f"Bearer {self.cas_token}"},
            ),
        ]
        return [answer.status_code for answer in asked]


@pytest.fixture
async def doors(hub: Hub, ana: Actor, mallory: Actor, vault: Repo) -> AsyncIterator[Doors]:
    """Let Mallory in as a writer, with everything that she can get hold of."""
    inside = shared(hub, ana, vault, mallory, Role.WRITE)
    named = Grants(repos={vault.id: frozenset({"repo.content.write"})})
    with calling(hub, inside) as call, working(call) as work:
        narrow = making.create(work, "narrow", TokenRole.FINE_GRAINED, making.Terms(named))
    async with AsyncExitStack() as stack:
        by_token, narrowed, nobody = [
            await stack.enter_async_context(web_client(hub, value))
            for value in (access_token(hub, inside), narrow.value, None)
        ]
        issued = (await by_token.get(f"{API}/xet-write-token/main")).json()
        yield Doors(
            by_token,
            narrowed,
            nobody,
            httpx.URL(issued["casUrl"]).path,
            issued["accessToken"],
            href(await batch(by_token, "download", LARGE), "download"),
            href(await batch(by_token, "upload", FRESH), "upload"),
        )


async def test_every_door_closes_at_once(hub: Hub, ana: Actor, vault: Repo, doors: Doors) -> None:
    before = await doors.tried()
    assert {status for status in before if status >= 300} == set(), before
    removes(hub, ana, vault, "mallory")
    after = await doors.tried()
    assert {status for status in after if status not in (401, 403, 404)} == set(), after


async def test_a_lower_role_in_the_middle_of_an_upload(
    hub: Hub, ana: Actor, vault: Repo, doors: Doors
) -> None:
    changes_role(hub, ana, vault, "mallory", Role.READ)
    pointer = {"path": "b.bin", "algo": "sha256", "oid": oid_of(FRESH), "size": len(FRESH)}
    lines = [{"key": "header", "value": {"summary": "x"}}, {"key": "lfsFile", "value": pointer}]
    # Who reads may send bytes for a pull request; none of them reaches a branch.
    await doors.nobody.put(doors.upload, content=FRESH)
    body = "\n".join(map(json.dumps, lines)).encode()
    for client in (doors.by_token, doors.narrow):
        refused = await client.post(f"{API}/commit/main", content=body)
        assert refused.status_code == 403, refused.text
    pushed = await doors.by_token.get(f"{API}/auth-check/write")
    assert pushed.status_code == 403
    tree = (await doors.by_token.get(f"{API}/tree/main")).json()
    assert "b.bin" not in {one["path"] for one in tree}
    for method, path, wish in (
        ("PUT", f"{API}/settings", {"private": False}),
        ("POST", f"{API}/branch/mine", {}),
        ("POST", f"{API}/super-squash/main", {"message": "x"}),
    ):
        assert (await doors.by_token.request(method, path, json=wish)).status_code == 403, path


@pytest.mark.parametrize("was", ["invited", "removed"])
async def test_the_repo_looks_and_costs_as_if_it_were_not_there(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo, was: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if was == "removed":
        shared(hub, ana, vault, mallory, Role.ADMIN)
        removes(hub, ana, vault, "mallory")
    else:
        invites(hub, ana, vault, "mallory", Role.ADMIN)
    routes = [
        route
        for route in OF_A_REPO
        if "GET" in route.methods and route.template.startswith(("/api/{type}", "/{web}"))
    ]
    assert len(routes) > 30
    async with web_client(hub, access_token(hub, mallory)) as client:
        for route in routes:
            missing = await seen(client, "GET", route, "absent")
            with counted(monkeypatch) as usual:
                await seen(client, "GET", route, "absent")
            with counted(monkeypatch) as work:
                assert await seen(client, "GET", route, "vault") == missing, route.template
            assert differing(work, usual) == {}, route.template


async def test_an_application_gets_no_further_than_its_persons_own_namespace(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    inside = shared(hub, ana, vault, mallory, Role.ADMIN)
    issued = application_given(hub, inside, "openid manage-repos")
    async with web_client(hub, issued.access_token) as client:
        assert (await client.get(API)).status_code == 404
        assert "ana/vault" not in (await client.get("/api/models")).text


async def test_enumeration_by_address_tells_nothing(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    mine = created(hub, mallory, "lure", private=True)
    del ana, vault
    answers = [invites(hub, mallory, mine, f"{who}@example.org") for who in ("ana", "nobody")]
    assert {(one.invitee, one.user_id) for one in answers} == {("", None)}
    told(hub)
    with calling(hub, mallory) as call:
        shown = [(one.invitee, one.email) for one in queries.invites_of_repo(call, mine.id)]
    assert sorted(shown) == [("", "ana@example.org"), ("", "nobody@example.org")]


async def test_keys_and_sessions_speak_with_the_rights_of_the_moment(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    key_added(hub, mallory, line())
    fingerprint = read_key(line()).fingerprint

    def by_key() -> bool:
        with hub.database.reading() as db:
            actor = ssh.actor_for_key(db, hub, fingerprint)
        assert actor is not None
        return may_see(actor, vault)

    assert not by_key()
    shared(hub, ana, vault, mallory)
    assert by_key()
    removes(hub, ana, vault, "mallory")
    assert not by_key()


async def test_inboxes_tell_of_invitations_and_of_no_more_than_one_may_know(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    sent = invites(hub, ana, vault, "mallory", Role.WRITE)
    (one,) = listed(hub, mallory)
    assert (one.event, one.path) == ("repo.collaborator_invite", "/settings/collaborations")
    assert one.detail["repo"] == "ana/vault"
    assert badge(hub, mallory) == 1
    invites(hub, ana, vault, "mallory@example.org", Role.READ)
    assert len(listed(hub, mallory)) == 2
    with calling(hub, mallory) as call, working(call) as work:
        answering.accept_mine(work, sent.key)
    assert heard(hub, ana) == [("managing", "repo.collaborator_accept")]
    assert [one.detail["role"] for one in listed(hub, mallory)] == ["read"]  # the other one waits
    inside = today(hub, mallory)
    opens(hub, inside, vault)
    says(hub, ana, vault, "Because.")
    assert ("participating", "discussion.comment.create") in heard(hub, inside)
    changes_role(hub, ana, vault, "mallory", Role.READ)
    assert ("concerned", "repo.collaborator_role") in heard(hub, inside)
    removes(hub, ana, vault, "mallory")
    says(hub, ana, vault, "And more, @mallory.")
    outside = today(hub, mallory)
    assert [event for _, event in heard(hub, outside)] == ["repo.collaborator_invite"]
    assert badge(hub, outside) == 1


async def test_who_declines_at_an_address_is_not_named_in_the_inbox(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    sent = invites(hub, ana, vault, "mallory@example.org")
    with calling(hub, mallory) as call, working(call) as work:
        answering.decline_mine(work, sent.key)
    (one,) = listed(hub, ana)
    assert (one.event, one.actor) == ("repo.collaborator_decline", None)
    assert listed(hub, mallory) == []
    assert "mallory@example.org declined" in inbox(hub, "ana@example.org")[-1].text


async def test_a_copy_belongs_to_who_makes_it_alone(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    eve = made(hub, "eve")
    inside = shared(hub, ana, vault, mallory, Role.READ)
    shared(hub, ana, vault, eve, Role.READ)
    with calling(hub, inside) as call:
        copy = duplicate(call, vault.repo_id, Place("mallory", "copy", private=True))
    assert copy.private
    for other in (ana, eve):
        assert not may_see(today(hub, other), copy)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


async def test_webhooks_of_a_collaborator_end_with_the_role(
    tmp_path: Path, clock: FrozenClock, receiver: Receiver
) -> None:
    hub = listening_hub(tmp_path / "hooks", clock)
    ana, mallory = made(hub, "ana"), made(hub, "mallory")
    vault = created(hub, ana, "vault", private=True)
    with pytest.raises(BadWebhook):
        hooked(hub, mallory, receiver, "model:ana/vault")
    inside = shared(hub, ana, vault, mallory, Role.READ)
    hook = hooked(hub, inside, receiver, "model:ana/vault")
    uploaded(hub, ana, vault, {"a.txt": b"one"})
    called(hub)
    assert states(hub, inside, hook) == [State.DELIVERED]
    removes(hub, ana, vault, "mallory")
    uploaded(hub, ana, vault, {"a.txt": b"two"})
    called(hub)
    assert len(receiver.received) == 1
    hub.database.close()


async def test_a_link_passed_on_opens_nothing(
    hub: Hub, ana: Actor, mallory: Actor, vault: Repo
) -> None:
    made(hub, "friend")
    invites(hub, ana, vault, "friend", Role.ADMIN)
    token = mailed(hub, "friend@example.org")
    with pytest.raises(StrataError), calling(hub, mallory) as call, working(call) as work:
        answering.accept(work, token)
    with calling(hub, today(hub, mallory)) as call:
        assert not may_see(call.actor, vault)
    with pytest.raises(RepoNotFound):
        invites(hub, mallory, vault, "mallory", Role.ADMIN)
