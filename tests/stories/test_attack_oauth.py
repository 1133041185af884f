"""What applications can do with what they were given, and what they try beyond it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from fixtures.accounts import calling, inbox, made, person
from fixtures.authorizing import allowed, asking, redeemed
from fixtures.hubs import FrozenClock
from fixtures.let_in import given
from fixtures.oauth import application
from fixtures.organizations import joins, organization, today
from strata.access.organizations import tokens as org_tokens
from strata.accounts.tables import users
from strata.app.serving import build_app
from strata.content.making import new_repo
from strata.core.actor import Actor, Role
from strata.core.call import working
from strata.core.errors import Conflict, Forbidden, GrantRefused
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.credentials.oauth.tokens import ending, families, refreshing
from strata.organizations import queries as organizations
from strata.organizations.record import Organization
from strata.organizations.token_policy import Approval
from strata.repos.create import Wish

OUT = "Your token has been revoked by the organization administrator"


@pytest.fixture
def web(hub: Hub) -> Iterator[TestClient]:
    with TestClient(build_app(hub), base_url="http://hub.example.com") as client:
        yield client


@pytest.fixture
def ana(hub: Hub) -> Actor:
    """Give somebody with private repos of her own and of two organisations."""
    person = made(hub, "ana")
    roles = {organization(hub, "ana", name).id: Role.ADMIN for name in ("hers", "closed")}
    with calling(hub, replace(person, roles=roles)) as call:
        for namespace in (None, "hers", "closed"):
            wish = Wish(type=RepoType.MODEL, namespace=namespace, name="secret", private=True)
            new_repo.create(call, wish, files={})
    return person


def signed_in(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, verified=True, session_id=0)


def hers(hub: Hub) -> Organization:
    with calling(hub) as call:
        found = organizations.by_name(call, "hers")
    assert found is not None
    return found


def tidied(hub: Hub, clock: FrozenClock) -> None:
    """Let every access token of a browser run out, and the hub forget what is over."""
    clock.advance(families.BROWSER_LIFE + timedelta(hours=1))
    with calling(hub) as call, working(call) as work:
        families.forget_over(work)


def put_out(hub: Hub, admin: Actor) -> int:
    """Have an admin of the organisation keep the application out for good; the token's id."""
    with calling(hub, today(hub, admin)) as call, working(call) as work:
        (asked,) = org_tokens.overview(work, "hers").asked
        org_tokens.decide(work, "hers", asked.token_id, Approval.REVOKED)
    return asked.token_id


def bearer(value: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {value}"}


COMMIT = (
    '{"key":"header","value":{"summary":"x"}}\n'
    '{"key":"file","value":{"path":"a","content":"eA==","encoding":"base64"}}\n'
)
ACTS = {
    "read": ("GET", "/api/models/ana/secret", None),
    "commit": ("POST", "/api/models/ana/secret/commit/main", COMMIT),
    "create": ("POST", "/api/repos/create", '{"name": "fresh", "type": "model"}'),
    "settings": ("PUT", "/api/models/ana/secret/settings", '{"private": true}'),
    "collect": (
        "POST",
        "/api/collections",
        '{"title": "mine", "namespace": "ana", "private": true}',
    ),
    "discuss": (
        "POST",
        "/api/models/ana/secret/discussions",
        '{"title": "A title", "description": "d", "pullRequest": false}',
    ),
    "webhooks": ("GET", "/api/settings/webhooks", None),
}
OPENS = {
    "openid profile": set(),
    "openid read-repos": {"read"},
    "openid write-repos": {"read", "commit"},
    "openid contribute-repos": {"create"},
    "openid manage-repos": {"read", "commit", "create", "settings"},
    "openid write-collections": {"collect"},
    "openid read-collections": set(),
    "openid read-repos write-discussions": {"read", "discuss"},
    "openid webhooks": {"webhooks"},
    "openid gated-repos": set(),
}


@pytest.mark.parametrize("scope", OPENS)
def test_a_scope_opens_what_it_says_and_nothing_else(
    hub: Hub, ana: Actor, web: TestClient, scope: str
) -> None:
    headers = bearer(given(hub, ana, scope).access_token)
    opened = set()
    for act, (method, path, content) in ACTS.items():
        kind = "application/x-ndjson" if act == "commit" else "application/json"
        answer = web.request(
            method, path, content=content, headers={**headers, "Content-Type": kind}
        )
        assert answer.status_code in (200, 201, 401, 403, 404), (act, answer.text)
        if answer.status_code in (200, 201):
            opened.add(act)
    assert opened == OPENS[scope]
    # Whatever the scopes: no account, no other tokens, no applications.
    for path in ("/settings/tokens", "/settings/applications", "/device", "/settings/account"):
        page = web.get(path, headers={**headers, "Accept": "text/html"}, follow_redirects=False)
        assert page.status_code in (303, 403), (path, page.status_code)


def test_only_the_organizations_that_were_ticked(hub: Hub, ana: Actor, web: TestClient) -> None:
    headers = bearer(given(hub, ana, "openid read-repos", hers(hub).public_id).access_token)

    assert web.get("/api/models/ana/secret", headers=headers).status_code == 200
    assert web.get("/api/models/hers/secret", headers=headers).status_code == 200
    assert web.get("/api/models/closed/secret", headers=headers).status_code == 404
    who = web.get("/api/whoami-v2", headers=headers).json()
    assert [one["name"] for one in who["orgs"]] == ["hers"]


@pytest.mark.parametrize(("standing", "status"), [("suspended", 403), ("deletion_scheduled", 403)])
def test_a_closed_accounts_tokens_open_nothing(
    hub: Hub, ana: Actor, web: TestClient, standing: str, status: int
) -> None:
    headers = bearer(given(hub, ana, "openid profile read-repos").access_token)
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.update(users).where(users.c.id == ana.user_id).values(standing=standing))

    assert web.get("/api/models/ana/secret", headers=headers).status_code == status
    assert web.get("/oauth/userinfo", headers=headers).status_code == status


def test_a_reported_token_ends_its_log_in(
    hub: Hub, ana: Actor, web: TestClient, clock: FrozenClock
) -> None:
    app = application(hub, "leaky", secret="", scopes="openid")
    code = allowed(hub, ana, asking("leaky", scope="openid"))["code"]
    found = redeemed(hub, code, app.credentials)
    assert not isinstance(found, str)
    answer = found[0]
    with calling(hub) as call:
        again = refreshing.refresh(call, refreshing.Refresh(app.credentials, answer.refresh_token))
    with calling(hub) as call, working(call) as work:
        ending.report(work, [answer.access_token])

    assert web.get("/oauth/userinfo", headers=bearer(answer.access_token)).status_code == 401
    tidied(hub, clock)  # it is over by itself, and yet it leaked
    with calling(hub) as call, pytest.raises(GrantRefused) as refused:
        refreshing.refresh(call, refreshing.Refresh(app.credentials, again.refresh_token))
    assert refused.value.reason == "invalid_grant"


def test_what_an_organization_put_out_stays_out_after_a_refresh(
    hub: Hub, ana: Actor, web: TestClient, clock: FrozenClock
) -> None:
    app = application(hub, "put-out", secret="", scopes="openid read-repos")
    asked = asking("put-out", scope="openid read-repos")
    found = redeemed(hub, allowed(hub, ana, asked, hers(hub).public_id)["code"], app.credentials)
    assert not isinstance(found, str)
    path = "/api/models/hers/secret"
    assert web.get(path, headers=bearer(found[0].access_token)).status_code == 200
    made(hub, "li")
    joins(hub, "li", Role.ADMIN, name="hers")
    li = signed_in(hub, "li")
    made(hub, "bob")
    joins(hub, "bob", Role.WRITE, name="hers")
    with calling(hub, today(hub, signed_in(hub, "bob"))) as call, pytest.raises(Forbidden):
        org_tokens.overview(call, "hers")
    put_out(hub, li)
    assert OUT in web.get(path, headers=bearer(found[0].access_token)).text
    assert "hers revoked the access of “put-out”" in inbox(hub, "ana@example.org")[-1].subject

    tidied(hub, clock)  # "for good" is longer than the life of one token
    with calling(hub) as call:
        again = refreshing.refresh(
            call, refreshing.Refresh(app.credentials, found[0].refresh_token)
        )
    refused = web.get(path, headers=bearer(again.access_token))
    assert (refused.status_code, OUT in refused.text) == (403, True)
    with pytest.raises(Conflict):
        put_out(hub, li)
    assert web.get("/api/models/ana/secret", headers=bearer(again.access_token)).status_code == 200
