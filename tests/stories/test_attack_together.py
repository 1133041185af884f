"""Capabilities against each other: what one opens must not undo what another promised."""

import base64
from dataclasses import replace

import httpx
import pytest

from fixtures.accounts import joined, made, person as account
from fixtures.buckets import bucket_of
from fixtures.contents import changed, created, given
from fixtures.large_files import (
    access_token,
    calling,
    oid_of,
    person,
    web_client,
    working_as,
)
from fixtures.organizations import joins, organization, today
from strata.access.organizations.shown import organizations_of
from strata.accounts.naming import former
from strata.accounts.naming.names import Kind, Namespace, conflicts
from strata.content.making.duplicate import Place, duplicate
from strata.content.rewriting.removal import delete_large_files
from strata.content.soundness import unsound_history
from strata.core.actor import Actor, Role
from strata.core.errors import NotFound, TooMany
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos import create
from strata.repos.create import Wish
from strata.repos.owning.follow import MOST_KEPT, rename_account

pytestmark = pytest.mark.anyio

DEEP = b'{"x":' + b"[" * 100_000
DEEP_CURSOR = base64.urlsafe_b64encode(b'[0,"' + b"a" * 64 + b'",' + b"[" * 1_300).decode()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def hub(each_hub: Hub) -> Hub:
    return each_hub


@pytest.fixture
def ana(hub: Hub) -> Actor:
    return person(hub, "ana")


def client(hub: Hub, actor: Actor) -> httpx.AsyncClient:
    return web_client(hub, access_token(hub, actor))


def renamed(hub: Hub, actor: Actor, name: str) -> Actor:
    with working_as(hub, actor) as work:
        rename_account(work, Namespace(actor.user_id or 0, actor.name or "", Kind.USER), name)
    return replace(actor, name=name)


async def test_json_deeper_than_any_reader_goes_is_refused(hub: Hub, ana: Actor) -> None:
    created(hub, ana, "one")
    bucket_of(hub, ana, "b")
    async with client(hub, ana) as owner:
        for path in (
            "/api/quicksearch",
            "/api/repos/create",
            "/api/models/ana/one/commit/main",
            "/api/models/ana/one/discussions",
            "/api/collections",
            "/api/buckets/ana/b/batch",
            "/ana/one.git/info/lfs/objects/batch",
        ):
            answer = await owner.post(path, content=DEEP)
            assert answer.status_code == 400, path
        for path in ("/api/models", "/api/collections", "/api/models/ana/one/lfs-files"):
            answer = await owner.get(path, params={"cursor": DEEP_CURSOR})
            assert answer.status_code == 400, path


async def test_pages_for_people_send_tokens_to_the_log_in(hub: Hub, ana: Actor) -> None:
    created(hub, ana, "one", private=True)
    bucket_of(hub, ana, "b", private=True)
    async with client(hub, ana) as script:
        for path in ("/ana/one/settings", "/buckets/ana/b/settings", "/collections/new"):
            answer = await script.get(path, headers={"Accept": "text/html"})
            assert answer.status_code == 303, path
            assert answer.headers["location"].startswith("/login?next="), path


async def test_no_address_makes_a_database_look_for_a_nul(hub: Hub, ana: Actor) -> None:
    created(hub, ana, "one")
    async with client(hub, ana) as owner:
        talk = {"title": "A question", "description": "?"}
        assert (await owner.post("/api/models/ana/one/discussions", json=talk)).status_code == 200
        for method, path in (
            ("POST", "/api/buckets/a%00b/x"),
            ("GET", "/api/settings/webhooks/a%00b"),
            ("POST", "/api/settings/webhooks/a%00b/enable"),
            ("DELETE", "/api/settings/webhooks/a%00b"),
            ("POST", "/api/models/ana/one/discussions/1/comment/a%00b/hide"),
            ("GET", "/api/users/a%00b/overview"),
        ):
            assert (await owner.request(method, path)).status_code == 404, path


def test_a_gate_tells_of_no_member_that_an_organization_hides(hub: Hub) -> None:
    made(hub, "vera")
    asker, keeper = made(hub, "ben"), made(hub, "kim")
    organization(hub, "vera", "shy", members_hidden=True)
    organization(hub, "vera", "open")
    for name in ("shy", "open"):
        joins(hub, "ben", Role.READ, name=name)
    with calling(hub, keeper) as call:
        assert organizations_of(call, [asker.user_id or 0]) == {asker.user_id: ("open",)}
    joins(hub, "kim", Role.READ, name="shy")
    with calling(hub, today(hub, keeper)) as call:
        assert organizations_of(call, [asker.user_id or 0]) == {asker.user_id: ("open", "shy")}


def test_a_repo_settled_before_its_owner_was_renamed_is_not_made_at_the_old_name(
    hub: Hub, ana: Actor
) -> None:
    with calling(hub, ana) as call:
        draft = create.settle(call, Wish(RepoType.MODEL, None, "one"))
    renamed(hub, ana, "hanna")
    with pytest.raises(NotFound), working_as(hub, ana) as work:
        create.insert(work, draft)


def test_a_name_of_an_account_that_nobody_may_know_leads_nowhere(hub: Hub) -> None:
    joined(hub, "newcomer")
    newcomer = Actor(user_id=account(hub, "newcomer").id, name="newcomer")
    renamed(hub, newcomer, "late-comer")
    with calling(hub, newcomer) as call:
        assert former.holder(call, "newcomer") is None
        assert conflicts(call, "newcomer") == ()


def test_one_account_keeps_few_names_from_others(hub: Hub, ana: Actor) -> None:
    for number in range(MOST_KEPT):
        ana = renamed(hub, ana, f"ana-{number}")
    with pytest.raises(TooMany):
        renamed(hub, ana, "one-more")


def test_a_copy_of_a_repo_whose_bytes_were_given_up_is_sound(hub: Hub, ana: Actor) -> None:
    content = b"weights " * 300
    source = created(hub, ana, "one")
    changed(hub, ana, source, [given(hub, ana, source, "big.bin", content)])
    with calling(hub, ana) as call:
        delete_large_files(call, source.repo_id, [oid_of(content)], rewrite_history=False)
        duplicate(call, source.repo_id, Place("ana", "two"))
        assert list(unsound_history(call)) == []
