"""Product §4.4 at the doors: what each kind of token leaves of its person's right, row by row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx
import pytest

from fixtures.accounts import calling, made
from fixtures.bearers import (
    FILES,
    OF_BUCKETS,
    READING,
    SETTLING,
    WRITING,
    Door,
    by_hand,
    knock,
    of_application,
    of_job,
)
from fixtures.buckets import bucket_of, filled
from fixtures.contents import created, uploaded
from fixtures.gated import asks, decides, gate
from fixtures.large_files import web_client
from fixtures.organizations import joins, organization, today
from strata.access.gates.record import Standing
from strata.access.organizations import tokens as org_tokens
from strata.access.organizations.tokens import Rules
from strata.access.policy.narrowing import BARRED, GATED_TOKEN
from strata.content.making import new_repo
from strata.core.actor import SYSTEM, Actor, Bar, Grants, Role, TokenKind, TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.tokens.approving import approvals
from strata.organizations.record import Organization
from strata.organizations.token_policy import Approval, TokenPolicy
from strata.repos.change import Settings
from strata.repos.create import Wish
from strata.repos.record import Repo

pytestmark = [pytest.mark.anyio, pytest.mark.slow]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@dataclass(frozen=True, slots=True)
class Scene:
    """Ana, who may do everything here, and what is here."""

    hub: Hub
    ana: Actor
    acme: Organization
    vault: Repo  # her own, private
    plans: Repo  # of acme, private

    def fine(self, grants: Grants, *named: int) -> str:
        return by_hand(self.hub, self.ana, TokenRole.FINE_GRAINED, grants, *named)

    def app(self, scopes: str, *organizations: Organization) -> str:
        return of_application(self.hub, self.ana, f"openid {scopes}", *organizations)

    def barred(self, state: Approval) -> str:
        """A token of which acme says something, since its admins have a say."""
        inside = Grants(gated=True, namespaces={self.acme.id: on("repo.write")})
        value = self.fine(inside, self.acme.id)
        with calling(self.hub, SYSTEM) as call, working(call) as work:
            org_tokens.change_rules(work, "acme", Rules(TokenPolicy.APPROVED, None))
            newest = max(approvals.said_of(work, self.ana.user_id or 0))
            approvals.decide(work, newest, self.acme.id, state)
        return value


def on(*names: str) -> frozenset[str]:
    return frozenset(names)


def repo_of(
    hub: Hub, owner: Actor, name: str, namespace: str | None, *, private: bool = False
) -> Repo:
    with calling(hub, owner) as call:
        made_one = new_repo.create(
            call, Wish(RepoType.MODEL, namespace, name, private=private), files={}
        )
    uploaded(hub, owner, made_one, {"a.txt": b"x"})
    return made_one


@pytest.fixture
def scene(hub: Hub) -> Scene:
    ana, bob = made(hub, "ana"), made(hub, "bob")
    acme = organization(hub, "bob")
    joins(hub, "ana", Role.WRITE)
    ana, bob = today(hub, ana), today(hub, bob)
    vault = repo_of(hub, ana, "vault", None, private=True)
    repo_of(hub, ana, "open", None)
    plans = repo_of(hub, ana, "plans", "acme", private=True)
    repo_of(hub, bob, "shown", "acme")
    # A gate of somebody else that let her in, and one of acme before which members stand too.
    gated = gate(hub, bob, repo_of(hub, bob, "gated", None), Settings(gated="manual"))
    asks(hub, ana, gated)
    decides(hub, bob, gated, Standing.ACCEPTED, "ana")
    gate(hub, bob, repo_of(hub, bob, "gated", "acme"), Settings(gated="manual"))
    for name in ("jar", "chest"):
        bucket = bucket_of(hub, ana, name, private=name == "chest")
        filled(hub, ana, bucket, {"a.txt": b"x"})
    return Scene(hub, ana, acme, vault, plans)


@dataclass(frozen=True, slots=True)
class Row:
    """What a token gets of each thing; 0: the row says nothing of it."""

    token: Callable[[Scene], str]
    own: int  # private, ana's
    org: int  # private, acme's
    gated: int  # somebody else's, whose gate let ana in
    org_gated: int  # acme's
    write: int  # to ana's open one
    write_vault: int
    write_plans: int
    settle: int  # of ana's open one
    settle_vault: int
    remove: int  # of ana's
    create: int  # in ana's namespace
    says: str = ""  # beside what belongs to acme


R, W = "repo.content.read", "repo.write"


def own(scene: Scene) -> int:
    return scene.ana.user_id or 0


TABLE: Final[Mapping[str, Row]] = {
    "read": Row(
        lambda s: by_hand(s.hub, s.ana, TokenRole.READ),
        200, 200, 200, 200, 403, 403, 403, 403, 403, 403, 403,
    ),
    "write": Row(
        lambda s: by_hand(s.hub, s.ana, TokenRole.WRITE),
        200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200,
    ),
    "fg:none": Row(
        lambda s: s.fine(Grants()), 404, 404, 403, 403, 403, 404, 404, 403, 404, 403, 403
    ),
    "fg:gated": Row(
        lambda s: s.fine(Grants(gated=True)), 404, 404, 200, 200, 403, 404, 404, 403, 404, 403, 403
    ),
    "fg:repo-r": Row(
        lambda s: s.fine(Grants(repos={s.vault.id: on(R)})),
        200, 404, 403, 403, 403, 403, 404, 403, 403, 403, 403,
    ),
    "fg:repo-w": Row(
        lambda s: s.fine(Grants(repos={s.vault.id: on(W)})),
        200, 404, 403, 403, 403, 200, 404, 403, 200, 403, 403,
    ),
    "fg:org-r": Row(
        lambda s: s.fine(Grants(namespaces={s.acme.id: on(R)}), s.acme.id),
        404, 200, 403, 200, 403, 404, 403, 403, 404, 403, 403,
    ),
    "fg:org-w": Row(
        lambda s: s.fine(Grants(namespaces={s.acme.id: on(W)}), s.acme.id),
        404, 200, 403, 200, 403, 404, 200, 403, 404, 403, 403,
    ),
    "oauth read-repos": Row(
        lambda s: s.app("read-repos"), 200, 404, 403, 403, 403, 403, 404, 403, 403, 403, 403
    ),
    "oauth read-repos, acme": Row(
        lambda s: s.app("read-repos", s.acme),
        200, 200, 403, 200, 403, 403, 403, 403, 403, 403, 403,
    ),
    "oauth gated-repos": Row(
        lambda s: s.app("gated-repos"), 404, 404, 200, 200, 403, 404, 404, 403, 404, 403, 403
    ),
    "oauth write-repos": Row(
        lambda s: s.app("write-repos"), 200, 404, 403, 403, 200, 200, 404, 403, 403, 403, 403
    ),
    "oauth contribute-repos": Row(
        lambda s: s.app("contribute-repos"), 404, 404, 403, 403, 403, 404, 404, 403, 404, 403, 200
    ),
    "oauth manage-repos": Row(
        lambda s: s.app("manage-repos"), 200, 404, 200, 200, 200, 200, 404, 200, 200, 200, 200
    ),
    "ci-repo": Row(
        lambda s: of_job(
            s.hub, s.ana, Grants(repos={s.vault.id: on("repo.content.write")}), TokenKind.PUBLISHER
        ),
        200, 404, 403, 403, 403, 200, 404, 403, 403, 403, 401,
    ),
    "ci-user": Row(
        lambda s: of_job(s.hub, s.ana, Grants(gated=True), TokenKind.OAUTH),
        404, 404, 200, 200, 403, 404, 404, 403, 404, 403, 403,
    ),
    "pending": Row(
        lambda s: s.barred(Approval.PENDING),
        404, 403, 200, 403, 403, 404, 403, 403, 404, 403, 403, BARRED[Bar.PENDING],
    ),
    "denied": Row(
        lambda s: s.barred(Approval.DENIED),
        404, 403, 200, 403, 403, 404, 403, 403, 404, 403, 403, BARRED[Bar.DENIED],
    ),
    "revoked by org": Row(
        lambda s: s.barred(Approval.REVOKED),
        404, 403, 200, 403, 403, 404, 403, 403, 404, 403, 403, BARRED[Bar.REVOKED],
    ),
}  # fmt: skip
EVERYTHING: Final = {**READING, **FILES}
ONE_REPO: Final = frozenset({"fg:repo-r", "fg:repo-w", "ci-repo"})  # which is the vault


async def test_a_token_narrows_its_person_at_every_door(scene: Scene) -> None:
    """Collect what differs, so that a failure shows the whole picture."""
    wrong: list[str] = []
    async with web_client(scene.hub) as client:
        for name, row in TABLE.items():
            value = row.token(scene)
            columns: tuple[tuple[Mapping[str, Door], str, int], ...] = (
                (EVERYTHING, "ana/open", 200),
                (EVERYTHING, "acme/shown", 200),
                (EVERYTHING, "ana/vault", row.own),
                (EVERYTHING, "acme/plans", row.org),
                (READING, "bob/gated", 200),
                (FILES, "bob/gated", row.gated),
                (READING, "acme/gated", 200),
                (FILES, "acme/gated", row.org_gated),
                (WRITING, "ana/open", row.write),
                (WRITING, "ana/vault", row.write_vault),
                (WRITING, "acme/plans", row.write_plans),
                (SETTLING, "ana/open", row.settle),
                (SETTLING, "ana/vault", row.settle_vault),
            )
            for doors, repo, wanted in columns:
                for door_name, door in doors.items():
                    answer = await knock(client, door, value, repo)
                    if answer.status_code != wanted:
                        wrong.append(f"{name}, {door_name} {repo}: {answer.status_code}")
                    wrong += misworded(row, door_name, repo, answer)
            wrong += await making(scene, client, name, value)
            wrong += await buckets(client, name, value)
    assert wrong == []


def misworded(row: Row, door: str, repo: str, answer: httpx.Response) -> list[str]:
    """What a refusal of a thing of acme's, or before a gate, has to say and does not."""
    if answer.status_code != 403 or door in WRITING or door == "page":
        return []
    wanted = row.says if repo.startswith("acme/") else GATED_TOKEN if "gated" in repo else ""
    if not wanted and repo == "acme/gated":
        wanted = GATED_TOKEN
    said = answer.headers.get("X-Error-Message", "")
    return [] if wanted in said else [f"{door} {repo} says {said!r}"]


async def buckets(client: httpx.AsyncClient, name: str, value: str) -> list[str]:
    """What is said of her open and her private repo holds for her buckets."""
    row, wrong = TABLE[name], []
    hidden = name in ONE_REPO
    for kind, jar, chest in (
        ("reading", 200, row.own),
        ("writing", row.write, row.write_vault),
        ("settling", row.settle, row.settle_vault),
    ):
        for door_name, door in OF_BUCKETS[kind].items():
            for repo, wanted in (("ana/jar", jar), ("ana/chest", 404 if hidden else chest)):
                answer = await knock(client, door, value, repo)
                if answer.status_code != wanted:
                    wrong.append(f"{name}, {door_name} {repo}: {answer.status_code}")
    return wrong


async def making(scene: Scene, client: httpx.AsyncClient, name: str, value: str) -> list[str]:
    """Making a repo, and taking one away."""
    row, headers = TABLE[name], {"Authorization": f"Bearer {value}"}
    doomed = created(scene.hub, scene.ana, f"doomed-{list(TABLE).index(name)}")
    wish = {"name": f"by-{doomed.name}", "type": "model"}
    answers = {
        "create": await client.post("/api/repos/create", json=wish, headers=headers),
        "delete": await client.request(
            "DELETE",
            "/api/repos/delete",
            json={"name": doomed.name, "organization": "ana", "type": "model"},
            headers=headers,
        ),
    }
    wanted = {"create": row.create, "delete": row.remove}
    return [
        f"{name}, {act}: {answer.status_code}"
        for act, answer in answers.items()
        if answer.status_code != wanted[act]
    ]
