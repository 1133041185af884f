"""A token goes no further than its scopes, by whatever door; its person could."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from fixtures.accounts import calling, made
from fixtures.buckets import bucket_of, filled
from fixtures.contents import created, given, uploaded
from fixtures.hidden import OF_A_REPO, seen
from fixtures.large_files import noise, web_client
from fixtures.organizations import SAMPLE
from strata.access.organizations.founding import found_organization
from strata.access.organizations.members import add, remove
from strata.accounts.tables import users
from strata.content.making import new_repo
from strata.core.actor import SYSTEM, Actor, Grants, Role, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoType, fresh_key
from strata.credentials.tokens import making
from strata.credentials.tokens.making import Terms
from strata.credentials.tokens.tables import tokens as kept_tokens
from strata.organizations.create import NewOrganization
from strata.repos.change import Settings, change_settings
from strata.repos.create import Wish
from strata.repos.record import Repo
from strata.web.paths import Route

pytestmark = pytest.mark.anyio

SECRET = b"what nobody else may read"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def fine(hub: Hub, owner: Actor, grants: Grants, *named: int) -> str:
    with calling(hub, SYSTEM) as call, working(call) as work:
        return making.create_for(
            work,
            owner.user_id or 0,
            f"fine {fresh_key()}",
            TokenRole.FINE_GRAINED,
            terms=Terms(grants, frozenset(named)),
        ).value


def on(*names: str) -> frozenset[str]:
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class Scene:
    """What ana owns, and who asks with which of her tokens."""

    hub: Hub
    ana: Actor
    vault: Repo  # private
    other: Repo  # private
    gated: Repo
    client: Callable[[Grants], httpx.AsyncClient]


@pytest.fixture
def scene(hub: Hub) -> Scene:
    ana = made(hub, "ana")
    vault = created(hub, ana, "vault", private=True)
    uploaded(hub, ana, vault, {"a.txt": SECRET, "README.md": b"---\ntags: [cryptid]\n---\n"})
    filled(hub, ana, bucket_of(hub, ana, "vault", private=True), {"a.txt": noise("b", 9_000)})
    other = created(hub, ana, "other", private=True)
    gated = created(hub, ana, "gated")
    uploaded(hub, ana, gated, {"a.txt": SECRET})
    with calling(hub, ana) as call, working(call) as work:
        change_settings(work, gated.repo_id, Settings(gated="manual"))

    def client(grants: Grants) -> httpx.AsyncClient:
        return web_client(hub, fine(hub, ana, grants))

    return Scene(hub, ana, vault, other, gated, client)


# Scopes that have nothing to do with the vault.
GRANTS = {
    "none": Grants(),
    "gated": Grants(gated=True),
    "talk": Grants(everywhere=on("discussion.write")),
    "elsewhere": Grants(
        namespaces={10_000: on("repo.write", "org.write")}, repos={10_000: on("repo.write")}
    ),
    "own, not repos": Grants(
        namespaces={1: on("collection.write", "user.webhooks.write", "repo.everything", "*")}
    ),
}


@pytest.mark.parametrize("scopes", list(GRANTS))
async def test_what_a_token_does_not_name_looks_missing_at_every_door(
    scene: Scene, scopes: str
) -> None:
    async with scene.client(GRANTS[scopes]) as client:
        for route in OF_A_REPO:
            for method in route.methods:
                missing = await told(client, method, route, "absent")
                assert await told(client, method, route, "vault") == missing, route.template


async def told(client: httpx.AsyncClient, method: str, route: Route, name: str) -> str:
    """Everything an answer tells, but how many more may be asked for."""
    return re.sub(r"r=\d+;t=\d+", "", str(await seen(client, method, route, name)))


LISTS = [
    "/api/models",
    "/api/models?search=vault",
    "/api/models?author=ana",
    "/api/models?filter=cryptid",
    "/api/models-tags-by-type",
    "/api/quicksearch?q=vault",
    "/api/trending",
    "/api/users/ana/overview",
    "/api/users/ana/likes",
    "/api/collections?owner=ana",
    "/api/buckets/ana",
    "/api/settings/repositories",
    "/api/settings/webhooks",
    "/api/whoami-v2",
    "/ana",
    "/models?search=vault",
    "/search?q=vault",
]


async def test_lists_counts_and_pages_show_nothing_that_the_token_does_not_name(
    scene: Scene,
) -> None:
    async with scene.client(Grants(gated=True, everywhere=on("discussion.write"))) as client:
        await client.post("/api/models/ana/vault/like")
        for address in LISTS:
            answer = await client.get(address)
            assert "ana/vault" not in answer.text, address
            assert "cryptid" not in answer.text.replace("filter=cryptid", ""), address
        overview = (await client.get("/api/users/ana/overview")).json()
        assert overview["numModels"] == 1  # the gated one, which everybody may know of


async def test_a_token_for_one_repo_reads_that_and_nothing_else(scene: Scene) -> None:
    grants = Grants(repos={scene.vault.id: on("repo.content.read")})
    async with scene.client(grants) as client:
        assert (await client.get("/ana/vault/resolve/main/a.txt")).content == SECRET
        assert [one["id"] for one in (await client.get("/api/models?author=ana")).json()] == [
            "ana/gated",
            "ana/vault",
        ] or len((await client.get("/api/models?author=ana")).json()) == 2
        assert (await client.get("/ana/other/resolve/main/.gitattributes")).status_code == 404
        refused = await client.get("/ana/gated/resolve/main/a.txt")
        assert refused.status_code == 403
        assert refused.headers["X-Error-Message"].startswith("Please enable access to public gated")
        assert "X-Error-Code" not in refused.headers
        written = {
            "POST /api/models/ana/vault/branch/x": {},
            "PUT /api/models/ana/vault/settings": {"private": False},
            "POST /api/models/ana/vault/discussions": {"title": "t", "description": "d"},
        }
        for asked, body in written.items():
            method, _, address = asked.partition(" ")
            answer = await client.request(method, address, json=body)
            assert answer.status_code == 403, asked
            assert "scopes" in answer.headers["X-Error-Message"]
        for name in ("mine", "vault"):
            answer = await client.post("/api/repos/create", json={"name": name, "type": "model"})
            assert answer.status_code == 403


async def test_writing_and_taking_away_are_different_scopes(scene: Scene) -> None:
    async with scene.client(Grants(repos={scene.vault.id: on("repo.write")})) as client:
        settings = {"private": True}
        assert (
            await client.put("/api/models/ana/vault/settings", json=settings)
        ).status_code == 200
        gone = {"name": "vault", "organization": "ana", "type": "model"}
        moved = {"fromRepo": "ana/vault", "toRepo": "ana/mine", "type": "model"}
        refused = await client.request("DELETE", "/api/repos/delete", json=gone)
        assert refused.status_code == 403
        assert (await client.post("/api/repos/move", json=moved)).status_code == 403
    own = Grants(namespaces={scene.ana.user_id or 0: on("repo.write")})
    async with scene.client(own) as client:
        assert (await client.post("/api/repos/move", json=moved)).status_code == 200
        gone["name"] = "mine"
        assert (await client.request("DELETE", "/api/repos/delete", json=gone)).status_code == 200


async def test_links_and_tickets_carry_the_scopes_of_the_token(scene: Scene) -> None:
    """What was opened with a token closes when its scopes are taken back."""
    hub, ana = scene.hub, scene.ana
    stored = noise("large", 60_000)
    large = given(hub, ana, scene.vault, "large.bin", stored)
    grants = Grants(repos={scene.vault.id: on("repo.content.read")})
    asked = {"operation": "download", "objects": [{"oid": large.oid, "size": len(stored)}]}
    async with scene.client(grants) as client, web_client(hub) as nobody:
        batch = await client.post("/ana/vault.git/info/lfs/objects/batch", json=asked)
        link = batch.json()["objects"][0]["actions"]["download"]["href"]
        path = httpx.URL(link).raw_path.decode()
        assert (await nobody.get(path)).status_code == 200
        upload = {**asked, "operation": "upload"}
        denied = await client.post("/ana/vault.git/info/lfs/objects/batch", json=upload)
        assert denied.status_code == 403
        assert (await client.get("/api/models/ana/vault/xet-write-token/main")).status_code == 403
        with calling(hub, SYSTEM) as call, working(call) as work:
            work.db.execute(
                sa.update(kept_tokens)
                .where(kept_tokens.c.user_id == ana.user_id)
                .values(grants={"gated": True})
            )
        assert (await nobody.get(path)).status_code in (401, 404)


async def test_git_serves_what_the_token_names(scene: Scene) -> None:
    """The same question as git asks it, with the token as the password."""
    grants = Grants(repos={scene.vault.id: on("repo.content.read")})
    value = fine(scene.hub, scene.ana, grants)
    async with web_client(scene.hub) as client:

        async def asked(repo: str, service: str) -> int:
            answer = await client.get(
                f"/ana/{repo}.git/info/refs?service={service}", auth=("x", value)
            )
            return answer.status_code

        assert await asked("vault", "git-upload-pack") == 200
        assert await asked("vault", "git-receive-pack") == 403
        assert await asked("other", "git-upload-pack") == 404
        assert await asked("gated", "git-upload-pack") == 403


async def test_a_webhook_hears_no_more_than_the_token_that_made_it(scene: Scene) -> None:
    own = scene.ana.user_id or 0
    wish = {"url": "https://hooks.example.com/x", "watched": [{"type": "user", "name": "ana"}]}
    vault = {**wish, "watched": [{"type": "model", "name": "ana/vault"}]}
    async with scene.client(Grants(namespaces={own: on("user.webhooks.write")})) as client:
        assert (await client.post("/api/settings/webhooks", json=wish)).status_code == 403
        assert (await client.post("/api/settings/webhooks", json=vault)).status_code == 400
    wide = Grants(namespaces={own: on("user.webhooks.write", "repo.content.read")})
    async with scene.client(wide) as client:
        assert (await client.post("/api/settings/webhooks", json=wish)).status_code == 200


async def test_the_token_of_a_member_who_was_put_out_opens_nothing_at_once(hub: Hub) -> None:
    boss, bob = made(hub, "boss"), made(hub, "bob")
    with calling(hub, boss) as call, working(call) as work:
        acme = found_organization(
            work, NewOrganization(name="acme", full_name="Acme", guidelines=SAMPLE)
        ).id
    boss = replace(boss, roles={acme: Role.ADMIN})
    with calling(hub, boss) as call, working(call) as work:
        add(work, "acme", "bob", Role.WRITE)
    with calling(hub, boss) as call:
        wish = Wish(RepoType.MODEL, "acme", "plans", private=True)
        repo = new_repo.create(call, wish, files={})
    uploaded(hub, boss, repo, {"a.txt": SECRET})
    grants = Grants(
        namespaces={acme: on("repo.write", "org.write")}, repos={repo.id: on("repo.write")}
    )
    async with web_client(hub, fine(hub, bob, grants, acme)) as client:
        assert (await client.get("/acme/plans/resolve/main/a.txt")).content == SECRET
        assert [one["name"] for one in (await client.get("/api/whoami-v2")).json()["orgs"]] == [
            "acme"
        ]
        answer = await client.put(
            "/api/organizations/acme/members/bob/role", json={"role": "admin"}
        )
        assert answer.status_code == 403  # the scope is there, the person's right is not
        with calling(hub, boss) as call, working(call) as work:
            remove(work, "acme", "bob")
        assert (await client.get("/acme/plans/resolve/main/a.txt")).status_code == 404
        assert (await client.get("/api/whoami-v2")).json()["orgs"] == []
        created_ = {"name": "x", "organization": "acme", "type": "model"}
        assert (await client.post("/api/repos/create", json=created_)).status_code == 403


async def test_the_token_of_a_suspended_owner_opens_nothing(scene: Scene) -> None:
    async with scene.client(Grants(everywhere=on("repo.write"))) as client:
        assert (await client.get("/api/whoami-v2")).status_code == 200
        with calling(scene.hub, SYSTEM) as call, working(call) as work:
            work.db.execute(
                sa.update(users)
                .where(users.c.id == scene.ana.user_id)
                .values(standing="suspended", standing_until=work.now + timedelta(days=1))
            )
        for address in ("/api/whoami-v2", "/api/models", "/ana/vault/resolve/main/a.txt"):
            answer = await client.get(address)
            assert (answer.status_code, answer.headers["X-Error-Code"]) == (403, "AccountSuspended")


async def test_a_token_stands_in_no_address(scene: Scene) -> None:
    value = fine(scene.hub, scene.ana, Grants(everywhere=on("repo.content.read")))
    async with web_client(scene.hub) as client:
        for name in ("token", "access_token"):
            refused = await client.get(f"/ana/vault/resolve/main/a.txt?{name}={value}")
            assert refused.status_code == 400
            assert value not in refused.text


async def test_a_read_token_is_told_how_to_propose(scene: Scene) -> None:
    commit = b'{"key":"header","value":{"summary":"x"}}\n'
    with calling(scene.hub, SYSTEM) as call, working(call) as work:
        reading = making.create_for(work, scene.ana.user_id or 0, "r", TokenRole.READ).value
    async with web_client(scene.hub, reading) as client:
        for query, words in (
            ("", "Forbidden: pass `create_pr=1` as a query parameter to create a Pull Request."),
            ("?create_pr=1", "Authorization error."),
        ):
            answer = await client.post(f"/api/models/ana/vault/commit/main{query}", content=commit)
            assert answer.status_code == 403
            assert json.loads(answer.text)["error"].startswith(
                f"{words} This token has the read role"
            )
