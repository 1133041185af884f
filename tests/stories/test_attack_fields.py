"""Fields that no form offers: whoever sends them changes what they may, and nothing beside it."""

from typing import Any

import pytest
import sqlalchemy as sa

from doors.pages.visitors import PASSWORD, Visitor, confirmed, token_in
from fixtures.accounts import calling, person
from strata.accounts.legal import documents
from strata.accounts.tables import users
from strata.core.hub import Hub
from strata.events.webhooks.tables import webhooks
from strata.repos.tables import repos

# By every name that such a thing might have here or elsewhere.
BESIDE = {
    "admin": "on", "is_admin": "1", "isAdmin": "true", "role": "admin", "plan": "Team",
    "plan_id": "1",
    "verified": "on", "verified_at": "1", "emailVerified": "true", "standing": "active",
    "has_factor": "1", "public_id": "0" * 24, "id": "1", "user_id": "1", "owner_id": "1",
    "password_hash": "x", "created_at": "1", "storage": "9", "quota": "9", "agreed": "{}",
}  # fmt: skip
KEPT = ("id", "public_id", "admin", "verified_at", "standing", "has_factor", "password_hash")


def row(hub: Hub, name: str) -> tuple[Any, ...]:
    with calling(hub) as call:
        of = person(hub, name).id
        found = call.db.execute(
            sa.select(*(users.c[one] for one in KEPT)).where(users.c.id == of)
        ).one()
    return tuple(found)


@pytest.fixture
def ana(hub: Hub) -> Visitor:
    Visitor(hub).join("first-one")  # who administers
    return confirmed(hub, "ana")


def test_a_form_takes_what_it_offers(hub: Hub, ana: Visitor) -> None:
    before, place = row(hub, "ana"), "/settings/profile"
    done = ana.submit(place, place, **{**BESIDE, "full_name": "Ana Another"})
    assert done.status == 303
    assert person(hub, "ana").full_name == "Ana Another"
    assert row(hub, "ana") == before
    assert ana.open("/admin").status == 404


@pytest.mark.usefixtures("ana")
def test_a_sign_up_makes_an_ordinary_account(hub: Hub) -> None:
    body = {
        **BESIDE,
        "email": "eve@example.com", "password": PASSWORD, "username": "eve",
        "consents": documents.packaged_versions(), "admin": True, "verified": True,
    }  # fmt: skip
    Visitor(hub).client.post("/api/signup", json=body)
    with calling(hub) as call:
        found = call.db.execute(sa.select(users.c.admin, users.c.verified_at)).all()
    assert [one.admin for one in found].count(True) == 1  # the first one
    assert len([one for one in found if one.verified_at is not None]) == 1  # ana


def test_json_changes_what_its_endpoint_is_for(hub: Hub, ana: Visitor) -> None:
    bob = confirmed(hub, "bob")
    bearer = {"Authorization": f"Bearer {token_in(ana.make_token('all', 'write'))}"}
    more = {
        **BESIDE, "likes": 99, "downloads": 99, "namespace": "bob", "owner": "bob",
        "owner_id": person(hub, "bob").id, "key": "x", "disabled": True, "deleted_at": 1,
    }  # fmt: skip

    def send(method: str, path: str, **body: object) -> int:
        wish = {**more, **body}
        return ana.client.request(method, path, json=wish, headers=bearer).status_code

    assert send("POST", "/api/repos/create", name="one", type="model", organization=None) == 200
    assert send("PUT", "/api/models/ana/one/settings", private=True) == 200
    target = {"url": "https://example.org/in", "watched": [{"type": "user", "name": "ana"}]}
    assert send("POST", "/api/settings/webhooks", **target) == 200
    with calling(hub) as call:
        (repo,) = call.db.execute(sa.select(repos)).all()
        (webhook,) = call.db.execute(sa.select(webhooks)).all()
    hers = person(hub, "ana").id
    assert (repo.owner_id, repo.namespace, repo.private, repo.likes) == (hers, "ana", True, 0)
    assert (repo.deleted_at, repo.downloads) == (None, 0)
    assert (webhook.owner_id, webhook.disabled_at) == (hers, None)
    assert webhook.key != "x"
    assert bob.open("/ana/one").status == 404
