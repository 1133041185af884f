"""An application that may contribute goes on with what it made, and with nothing else (§4.4)."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from fixtures.accounts import calling, made
from fixtures.authorizing import allowed, asking, redeemed
from fixtures.contents import created
from fixtures.oauth import application
from fixtures.organizations import joins, organization, today
from fixtures.races import beside, worked
from strata.app.serving import build_app
from strata.core.actor import Actor, Role
from strata.core.call import Work, working
from strata.core.hub import Hub
from strata.core.names import RepoId, RepoType
from strata.credentials.oauth import narrowing
from strata.credentials.oauth.apps import Credentials
from strata.credentials.oauth.tokens import families, refreshing
from strata.credentials.tokens.presented import recognising
from strata.repos import change, create
from strata.repos.create import Wish

CONTRIBUTE = "openid contribute-repos"
COMMIT = (
    '{"key":"header","value":{"summary":"x"}}\n'
    '{"key":"file","value":{"path":"a","content":"eA==","encoding":"base64"}}\n'
)


@dataclass(frozen=True)
class Application:
    """One log-in of an application."""

    web: TestClient
    access: str
    refresh: str
    credentials: Credentials
    family: int

    def asks(self, method: str, path: str, content: str = "") -> int:
        kind = "application/x-ndjson" if "/commit/" in path else "application/json"
        headers = {"Authorization": f"Bearer {self.access}", "Content-Type": kind}
        return self.web.request(method, path, content=content, headers=headers).status_code

    def makes(self, name: str, organization: str = "") -> int:
        inside = f', "organization": "{organization}"' if organization else ""
        wish = f'{{"name": "{name}", "type": "model", "private": true{inside}}}'
        return self.asks("POST", "/api/repos/create", wish)

    def on(self, repo: str) -> tuple[int, int, int]:
        """What it gets of reading, committing, and settings."""
        place = f"/api/models/{repo}"
        return (
            self.asks("GET", place),
            self.asks("POST", f"{place}/commit/main", COMMIT),
            self.asks("PUT", f"{place}/settings", '{"private": true}'),
        )

    def listed(self, namespace: str) -> set[str]:
        """The models of a namespace that it is told of, all of them private."""
        headers = {"Authorization": f"Bearer {self.access}"}
        found = self.web.get("/api/models", params={"author": namespace}, headers=headers).json()
        return {one["id"] for one in found}


OPEN, SHUT = (200, 200, 403), (404, 404, 404)


@pytest.fixture
def web(each_hub: Hub) -> Iterator[TestClient]:
    with TestClient(build_app(each_hub), base_url="http://hub.example.com") as client:
        yield client


@pytest.fixture
def ana(each_hub: Hub) -> Actor:
    person = made(each_hub, "ana")
    created(each_hub, person, "secret", private=True)
    return person


def let_in(
    hub: Hub,
    web: TestClient,
    person: Actor,
    name: str,
    *organizations: str,
    scope: str = CONTRIBUTE,
) -> Application:
    """Log in to an application that may ask for more than it does."""
    app = application(hub, name, scopes=f"{CONTRIBUTE} read-repos")
    back = allowed(hub, person, asking(app.app.client_id, scope=scope), *organizations)
    found = redeemed(hub, back["code"], app.credentials)
    assert not isinstance(found, str), found
    return Application(
        web, found[0].access_token, found[0].refresh_token, app.credentials, found[0].family_id
    )


def again(
    hub: Hub, former: Application, person: Actor, scope: str = CONTRIBUTE, *organizations: str
) -> Application:
    """Log in to the same application anew, as on another machine."""
    asked = asking(former.credentials.client_id, scope=scope)
    code = allowed(hub, person, asked, *organizations)["code"]
    found = redeemed(hub, code, former.credentials)
    assert not isinstance(found, str), found
    return Application(
        former.web,
        found[0].access_token,
        found[0].refresh_token,
        former.credentials,
        found[0].family_id,
    )


def refreshed(hub: Hub, former: Application, *scopes: str) -> Application:
    asked = refreshing.Refresh(former.credentials, former.refresh, scopes or None)
    with calling(hub) as call:
        answer = refreshing.refresh(call, asked)
    return Application(
        former.web, answer.access_token, answer.refresh_token, former.credentials, answer.family_id
    )


def test_it_goes_on_with_what_it_made(each_hub: Hub, web: TestClient, ana: Actor) -> None:
    here = let_in(each_hub, web, ana, "writer")
    there = again(each_hub, here, ana)
    assert here.on("ana/secret") == SHUT
    assert here.makes("draft") == 200
    assert here.on("ana/draft") == OPEN
    assert there.on("ana/draft") == OPEN  # it was logged in there before
    assert again(each_hub, here, ana).on("ana/draft") == OPEN
    assert here.asks("DELETE", "/api/repos/delete", '{"name": "draft", "type": "model"}') == 403
    later = refreshed(each_hub, here)
    assert later.on("ana/draft") == OPEN
    assert later.on("ana/secret") == SHUT


def test_what_it_made_before_it_asked_counts(each_hub: Hub, web: TestClient, ana: Actor) -> None:
    here = let_in(each_hub, web, ana, "writer")
    assert here.makes("draft") == 200
    narrow = refreshed(each_hub, here, "openid")
    assert narrow.on("ana/draft") == SHUT
    assert narrow.makes("more") == 403
    other = again(each_hub, here, ana, scope="openid read-repos")
    assert other.on("ana/draft") == (200, 403, 403)


def test_another_application_and_another_person_get_nothing_of_it(
    each_hub: Hub, web: TestClient, ana: Actor
) -> None:
    here = let_in(each_hub, web, ana, "writer")
    assert here.makes("draft") == 200
    assert let_in(each_hub, web, ana, "thief").on("ana/draft") == SHUT
    assert again(each_hub, here, made(each_hub, "eve")).on("ana/draft") == SHUT


def test_in_an_organization_that_was_ticked(each_hub: Hub, web: TestClient, ana: Actor) -> None:
    made(each_hub, "li")
    acme, other = (organization(each_hub, "li", name) for name in ("acme", "other"))
    for name in ("acme", "other"):
        joins(each_hub, "ana", Role.CONTRIBUTOR, name=name)
    member = today(each_hub, ana)
    here = let_in(each_hub, web, member, "writer", acme.public_id)
    assert here.makes("draft", "acme") == 200
    assert here.makes("draft", other.name) == 403
    assert here.on("acme/draft") == OPEN
    assert here.listed("acme") == {"acme/draft"}
    # Logged in elsewhere without the organization, or narrowed to none, it is not let in there.
    there = again(each_hub, here, member)
    assert (there.on("acme/draft"), there.listed("acme")) == (SHUT, set())
    with calling(each_hub, member) as call, working(call) as work:
        narrowing.narrow(work, "writer", CONTRIBUTE.split(), [])
    assert (here.on("acme/draft"), here.listed("acme")) == (SHUT, set())
    # Nor does it follow a repo of hers into an organization.
    assert here.makes("mine") == 200
    places = [RepoId(RepoType.MODEL, name, "mine") for name in ("ana", "acme")]
    with calling(each_hub, today(each_hub, ana)) as call, working(call) as work:
        change.move(work, *places)
    assert (here.on("acme/mine"), here.listed("acme")) == (SHUT, set())
    joined = again(each_hub, here, member, CONTRIBUTE, acme.public_id)
    assert joined.on("acme/draft") == OPEN
    joins(each_hub, "ana", Role.NO_ACCESS, name="acme")  # and then not even she may
    assert joined.on("acme/draft") == SHUT


@pytest.mark.parametrize("first", ["the repo", "the token"])
def test_a_token_that_is_issued_while_it_makes_one_opens_it(
    each_hub: Hub, web: TestClient, ana: Actor, first: str
) -> None:
    here = let_in(each_hub, web, ana, "writer")
    caller = holder(each_hub, here.access)
    with calling(each_hub, caller) as call:
        draft = create.settle(call, Wish(RepoType.MODEL, None, "draft", private=True))
    issued: list[str] = []

    def make(work: Work) -> object:
        return create.insert(work, draft)

    def issue(work: Work) -> None:
        family = families.by_id(work, here.family)
        assert family is not None
        issued.append(families.access(work, family, "").access_token)

    acts = (make, issue) if first == "the repo" else (issue, make)
    failed = beside(each_hub, acts[0], lambda: worked(each_hub, caller, acts[1]), by=caller)
    assert not isinstance(failed, Exception), failed
    for value in (here.access, *issued):
        grants = holder(each_hub, value).grants
        assert grants is not None
        assert len(grants.repos) == 1


def holder(hub: Hub, value: str) -> Actor:
    """Who asks with this token."""
    with calling(hub) as call:
        found = recognising.actor_for_token(call.db, hub, value)
    assert found is not None
    return found
