"""Trusted publishers: jobs that write without a stored secret, and those that only claim to be."""

import json
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from httpx2 import Response
from joserfc.jwk import RSAKey
from starlette.testclient import TestClient

from doors.pages.visitors import PASSWORD, Visitor, confirmed
from fixtures.accounts import calling, made, person
from fixtures.buckets import bucket_of
from fixtures.contents import created
from fixtures.gated import asks, gate
from fixtures.hubs import FrozenClock
from fixtures.issuers import PATIENCE_S, Issuer, issuing
from fixtures.organizations import joins, leaves, organization
from strata.accounts.tables import users
from strata.app.serving import build_app
from strata.core.actor import Actor, Role, Standing
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.change import Settings
from strata.repos.publishers.tables import publisher_statements
from strata.sessions.identities.sites import endpoints
from strata.sessions.signed_in.sessions import PROVED_FOR

SITE = "http://hub.example.com"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
CLAIMS = "repository = acme/train\nref = refs/heads/main"
JOB = {"sub": "repo:acme/train:ref:refs/heads/main", "repository": "acme/train",
       "ref": "refs/heads/main"}  # fmt: skip


@pytest.fixture
def issuer(clock: FrozenClock) -> Iterator[Issuer]:
    with issuing(clock) as running:
        yield running


@pytest.fixture
def near(hub: Hub, issuer: Issuer) -> Hub:
    """A hub whose people may trust that issuer."""
    made(hub, "first-one", admin=True)
    publishers = replace(hub.settings.publishers, issuers=(issuer.url,))
    return replace(hub, settings=replace(hub.settings, publishers=publishers))


class Ci:
    """A CI service and its jobs."""

    def __init__(self, hub: Hub, issuer: Issuer) -> None:
        self.issuer, self.hub = issuer, hub
        self.client = TestClient(build_app(hub), base_url=SITE)

    def statement(self, **changes: Any) -> str:
        mark = {"jti": secrets.token_hex(8)}  # as every service has it
        return self.issuer.statement(**{"aud": SITE, **JOB, **mark, **changes})

    def ask(self, resource: str, **changes: Any) -> Response:
        """Exchange a job's statement as the client does."""
        return self.show(resource, self.statement(**changes))

    def show(self, resource: str, statement: str) -> Response:
        body = {
            "grant_type": EXCHANGE,
            "subject_token_type": ID_TOKEN,
            "subject_token": statement,
            "resource": resource,
        }
        return self.client.post("/oauth/token", json=body)

    def token(self, resource: str) -> str:
        answer = self.ask(resource)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert told["token_type"] == "bearer"
        assert told["expires_in"] == 3600
        return str(told["access_token"])

    def commit(self, token: str, repo: str, kind: str = "models") -> int:
        file = {"path": "a.txt", "content": "aGk=", "encoding": "base64"}
        values = {"header": {"summary": "by a job"}, "file": file}
        lines = "\n".join(json.dumps({"key": key, "value": values[key]}) for key in values)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/x-ndjson"}
        path = f"/api/{kind}/{repo}/commit/main"
        return self.client.post(path, content=lines, headers=headers).status_code

    def get(self, token: str, path: str) -> Response:
        return self.client.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def ci(near: Hub, issuer: Issuer) -> Ci:
    return Ci(near, issuer)


def trust(visitor: Visitor, issuer: Issuer, repo: str, claims: str = CLAIMS) -> int:
    place = f"/{repo}/settings/publishers"
    answer = visitor.submit(place, place, issuer=issuer.url, claims=claims)
    return answer.status


@pytest.fixture
def li(near: Hub, issuer: Issuer) -> Visitor:
    """Somebody with a private model whose jobs they trust, and another one."""
    visitor = confirmed(near, "li")
    owner = signed_in(near, "li")
    created(near, owner, "thing", private=True)
    created(near, owner, "other", private=True)
    assert trust(visitor, issuer, "li/thing", f"sub = {JOB['sub']}\n{CLAIMS}") == 303
    return visitor


def signed_in(hub: Hub, name: str) -> Actor:
    return Actor(user_id=person(hub, name).id, name=name, verified=True, session_id=0)


@pytest.mark.usefixtures("li")
def test_a_job_writes_to_its_repo_and_to_nothing_else(ci: Ci) -> None:
    token = ci.token("li/thing")
    assert token.startswith("hf_jwt_")
    assert ci.commit(token, "li/thing") == 200
    commits = ci.get(token, "/api/models/li/thing/commits/main").json()
    assert commits[0]["authors"][0]["user"] == "[OIDC]"
    assert ci.commit(token, "li/other") in {403, 404}
    assert ci.get(token, "/api/models/li/other").status_code == 404
    headers = {"Authorization": f"Bearer {token}"}
    made_one = ci.client.post("/api/repos/create", json={"name": "new"}, headers=headers)
    assert made_one.status_code == 401
    moved = ci.client.request(
        "DELETE", "/api/repos/delete", json={"name": "thing", "organization": "li"}, headers=headers
    )
    assert moved.status_code in {401, 403}
    settings = ci.client.put(
        "/api/models/li/thing/settings", json={"private": False}, headers=headers
    )
    assert settings.status_code == 403


def test_a_job_writes_to_the_bucket_that_trusts_it(
    near: Hub, issuer: Issuer, li: Visitor, ci: Ci
) -> None:
    owner = signed_in(near, "li")
    bucket_of(near, owner, "store", private=True)
    bucket_of(near, owner, "other", private=True)
    assert (
        'href="/buckets/li/store/settings/publishers"' in li.open("/buckets/li/store/settings").text
    )
    assert ci.ask("buckets/li/store").json()["error"] == "invalid_grant"
    assert trust(li, issuer, "buckets/li/store", f"sub = {JOB['sub']}") == 303
    assert JOB["sub"] in li.open("/buckets/li/store/settings/publishers").text
    token = ci.token("buckets/li/store")
    (entity,) = ci.get(token, "/api/whoami-v2").json()["scope"]["entities"]
    assert (entity["type"], entity["name"]) == ("bucket", "li/store")
    for bucket, status in (("store", 200), ("other", 404)):
        for right in ("read", "write"):
            told = ci.get(token, f"/api/buckets/li/{bucket}/xet-{right}-token")
            assert told.status_code == status, (bucket, right)
    headers = {"Authorization": f"Bearer {token}"}
    assert ci.client.delete("/api/buckets/li/store", headers=headers).status_code == 403


@pytest.mark.usefixtures("li")
def test_a_job_is_an_app_and_its_token_lives_an_hour(ci: Ci, clock: FrozenClock) -> None:
    token = ci.token("li/thing")
    told = ci.get(token, "/api/whoami-v2").json()
    assert told["type"] == "app"
    assert [one["name"] for one in told["scope"]["entities"]] == ["li/thing"]
    assert "li@example.com" not in str(told)
    clock.advance(timedelta(hours=1))
    assert ci.get(token, "/api/whoami-v2").status_code == 401


OTHERS: dict[str, dict[str, Any]] = {
    "another repository": {"repository": "mallory/train"},
    "another branch": {"ref": "refs/heads/evil"},
    "letters of another case": {"repository": "Acme/train"},
    "a claim that is missing": {"repository": None},
    "another audience": {"aud": "https://huggingface.co"},
    "expired": {"exp": 1},
    "without an end": {"exp": None},
    "from the future": {"nbf": 9_999_999_999},
    "for another one as well": {"aud": [SITE, "https://huggingface.co"]},
    "a claim that is a list": {"repository": ["acme/train"]},
    "without a subject": {"sub": None},
    "another issuer": {"iss": "https://evil.example"},
}


@pytest.mark.usefixtures("li")
@pytest.mark.parametrize("changes", OTHERS.values(), ids=OTHERS.keys())
def test_other_jobs_get_nothing(ci: Ci, changes: dict[str, Any]) -> None:
    refused = ci.ask("li/thing", **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.usefixtures("li")
def test_a_statement_that_somebody_else_signed_gets_nothing(ci: Ci, issuer: Issuer) -> None:
    issuer.signer = RSAKey.generate_key(2048, {"use": "sig"}, private=True)
    assert ci.ask("li/thing").json()["error"] == "invalid_grant"
    for wild in ("", "a.b", "a.b.c", "e30.e30.", "x" * 20_000):
        answer = ci.show("li/thing", wild)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


@pytest.mark.usefixtures("li")
def test_an_issuer_that_is_away_is_asked_once_a_minute(
    ci: Ci, issuer: Issuer, clock: FrozenClock
) -> None:
    """Anybody may name it: each question would keep a thread for ten seconds."""
    issuer.broken = True
    for _ in range(3):
        away = ci.ask("li/thing")
        assert (away.status_code, away.json()["error"]) == (400, "invalid_grant")
        assert "does not hold: status 500" in away.text
    assert len(issuer.questions) == 1
    issuer.broken = False
    assert ci.ask("li/thing").status_code == 400
    clock.advance(endpoints.ASKED_AGAIN_AFTER)
    assert ci.ask("li/thing").status_code == 200
    # It goes away again: what is known of it holds on, whoever shows a key that it does not have.
    issuer.broken, issuer.signer = True, RSAKey.generate_key(2048, {"use": "sig"}, private=True)
    clock.advance(endpoints.ASKED_AGAIN_AFTER)
    assert ci.ask("li/thing").status_code == 400
    issuer.signer = issuer.key
    assert ci.ask("li/thing").status_code == 200


@pytest.mark.usefixtures("li")
def test_who_waits_for_an_issuer_holds_nothing_and_asks_once(ci: Ci, issuer: Issuer) -> None:
    reader = ci.hub.database._reader.pool  # noqa: SLF001
    assert isinstance(reader, sa.QueuePool)
    issuer.answering.clear()
    shown = [ci.statement() for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        running = [threads.submit(ci.show, "li/thing", one) for one in shown]
        assert issuer.arrived.wait(PATIENCE_S)
        assert reader.checkedout() == 0
        issuer.answering.set()
        assert [one.result().status_code for one in running] == [200] * 4
    assert len(issuer.questions) == 2  # of its document, and of its keys


@pytest.mark.usefixtures("li")
def test_a_statement_is_exchanged_once(ci: Ci, clock: FrozenClock) -> None:
    """Whoever finds it in the log of the job comes too late."""
    for changes in ({}, {"jti": None}):
        shown = ci.statement(**changes)
        first = ci.show("li/thing", shown)
        assert first.status_code == 200
        for resource in ("li/thing", "li/other", "li"):
            again = ci.show(resource, shown)
            assert (again.status_code, again.json()["error"]) == (400, "invalid_grant"), resource
        assert "exchanged before" in ci.show("li/thing", shown).text
        # Signed anew by the service it is still the same one; and of what ended nothing is kept.
        assert ci.commit(first.json()["access_token"], "li/thing") == 200
    assert ci.ask("li/thing", jti="mine").status_code == 200
    assert ci.ask("li/thing", jti="mine", iat=int(clock().timestamp()) - 1).status_code == 400
    clock.advance(timedelta(days=1))
    assert ci.ask("li/thing").status_code == 200
    with calling(ci.hub) as call:
        kept = call.db.scalar(sa.select(sa.func.count()).select_from(publisher_statements))
    assert kept == 1


@pytest.mark.usefixtures("li")
def test_a_statement_that_matched_nothing_is_not_used_up(ci: Ci) -> None:
    shown = ci.statement()
    assert ci.show("li/other", shown).status_code == 400
    assert ci.show("li/thing", shown).status_code == 200


@pytest.mark.usefixtures("li")
def test_another_issuer_is_neither_asked_for_its_keys_nor_taken_for_the_one_that_is_trusted(
    ci: Ci, clock: FrozenClock
) -> None:
    with issuing(clock) as stranger:
        unknown = Ci(ci.hub, stranger).ask("li/thing")
        assert (unknown.status_code, "is not trusted here" in unknown.text) == (400, True)
        settings = ci.hub.settings
        publishers = replace(settings.publishers, issuers=(ci.issuer.url, stranger.url))
        both = replace(ci.hub, settings=replace(settings, publishers=publishers))
        known = Ci(both, stranger).ask("li/thing")
        assert (known.status_code, "No trusted publisher" in known.text) == (400, True)


@pytest.mark.usefixtures("li")
def test_of_several_who_show_one_statement_at_once_one_wins(ci: Ci) -> None:
    shown, begin = ci.statement(), Barrier(4)

    def show() -> int:
        begin.wait()
        return ci.show("li/thing", shown).status_code

    with ThreadPoolExecutor(4) as threads:
        found = [running.result() for running in [threads.submit(show) for _ in range(4)]]
    assert sorted(found) == [200, 400, 400, 400]


@pytest.mark.usefixtures("li")
def test_a_service_may_give_a_job_one_token_for_all_its_steps(near: Hub, issuer: Issuer) -> None:
    publishers = replace(near.settings.publishers, reusable=(f"{issuer.url}/",))
    ci = Ci(replace(near, settings=replace(near.settings, publishers=publishers)), issuer)
    shown = ci.statement()
    assert [ci.show("li/thing", shown).status_code for _ in range(3)] == [200, 200, 200]


@pytest.mark.usefixtures("li")
def test_what_is_hidden_and_what_is_missing_answer_alike(ci: Ci) -> None:
    places = [
        "li/other",
        "li/none",
        "no/none",
        "datasets/li/thing",
        "li",
        "first-one",
        "a/b/c/d",
        "/",
    ]
    answers = [ci.ask(resource) for resource in places]
    assert {(one.status_code, one.text) for one in answers} == {(400, answers[0].text)}


def test_whoever_loses_the_right_takes_it_from_the_jobs(near: Hub, issuer: Issuer, ci: Ci) -> None:
    organization(near, "first-one", "lab")
    mei = confirmed(near, "mei")
    joins(near, "mei", Role.WRITE, name="lab")
    made_by = Visitor(near)
    made_by.log_in("mei")
    made_by.submit("/new", "/new", owner="lab", name="model", visibility="public")
    assert trust(mei, issuer, "lab/model", f"sub = {JOB['sub']}") == 303
    token = ci.token("lab/model")
    assert ci.commit(token, "lab/model") == 200
    leaves(near, "mei", name="lab")
    assert ci.commit(token, "lab/model") == 403
    assert ci.ask("lab/model").status_code == 200
    with near.database.writing() as db:
        db.execute(sa.update(users).values(standing=Standing.SUSPENDED.value))
    assert ci.ask("lab/model").status_code == 400


def test_a_job_of_a_person_reads_and_never_writes(
    near: Hub, issuer: Issuer, ci: Ci, li: Visitor
) -> None:
    place = "/settings/authentication"
    done = li.submit(place, f"{place}/publishers", issuer=issuer.url, claims=f"sub = {JOB['sub']}")
    assert done.place == place
    token = ci.token("li")
    assert token.startswith("hf_oauth_")
    assert ci.get(token, "/api/whoami-v2").json()["name"] == "li"
    assert ci.get(token, "/api/models/li/thing").status_code == 404
    created(near, signed_in(near, "first-one"), "open", RepoType.MODEL)
    assert ci.get(token, "/api/models/first-one/open").status_code == 200
    assert ci.commit(token, "li/thing") in {403, 404}
    # The gates through which li went, and no others.
    keeper = signed_in(near, "first-one")
    for name, asked in (("through", True), ("closed", False)):
        repo = gate(near, keeper, created(near, keeper, name), Settings(gated="auto"))
        if asked:
            asks(near, signed_in(near, "li"), repo)
    file = "resolve/main/.gitattributes"
    assert ci.get(token, f"/first-one/through/{file}").status_code == 200
    assert ci.get(token, f"/first-one/closed/{file}").status_code == 403
    headers = {"Authorization": f"Bearer {token}"}
    for method, path, content in (
        ("POST", "/api/repos/create", {"name": "new"}),
        ("POST", "/api/models/first-one/open/like", {}),
        ("POST", "/api/models/first-one/open/discussions", {"title": "x", "description": "y"}),
        ("PUT", "/api/models/li/thing/settings", {"private": False}),
        ("POST", "/api/models/first-one/closed/ask-access", {}),
        ("DELETE", "/api/repos/delete", {"name": "thing", "organization": "li"}),
    ):
        refused = ci.client.request(method, path, json=content, headers=headers)
        assert refused.status_code in {401, 403, 404}, (path, refused.text)


def test_a_rule_must_say_whose_jobs_they_are(li: Visitor, issuer: Issuer) -> None:
    twice = "sub = job-1\nsub = job-2"  # of which the first one would not count
    for bad in ("ref = refs/heads/main", "", "sub =", "= x", "sub = " + "x" * 600, twice):
        assert trust(li, issuer, "li/other", bad) == 400
    place = "/li/other/settings/publishers"
    other = li.submit(place, place, issuer="https://evil.example", claims="sub = x")
    assert other.status == 400


def test_only_who_manages_a_repo_trusts_for_it(
    near: Hub, issuer: Issuer, li: Visitor, ci: Ci
) -> None:
    mallory = confirmed(near, "mallory")
    assert mallory.open("/li/thing/settings/publishers").status == 404
    form = mallory.open("/settings/authentication").hidden("/settings/authentication/publishers")
    fields = form | {"issuer": issuer.url, "claims": CLAIMS}
    assert mallory.send("/li/thing/settings/publishers", fields).status == 404
    token = ci.token("li/thing")
    page = li.open("/li/thing/settings/publishers")
    number = page.text.partition('name="publisher" value="')[2].partition('"')[0]
    place = "/li/thing/settings/publishers"
    assert mallory.send(place, form | {"publisher": number}).status == 404
    created(near, signed_in(near, "mallory"), "own")
    for hers in ("/mallory/own/settings/publishers", "/settings/authentication/publishers"):
        assert mallory.send(hers, form | {"publisher": number}).status == 404
    assert li.send(place, page.hidden(place) | {"publisher": number}).place == place
    assert ci.ask("li/thing").json()["error"] == "invalid_grant"
    assert ci.commit(token, "li/thing") == 200  # until its hour is over


def test_trusting_asks_who_sits_there(li: Visitor, issuer: Issuer, clock: FrozenClock) -> None:
    place = "/li/other/settings/publishers"
    form = li.open(place).hidden(place)
    clock.advance(PROVED_FOR)
    asked = li.send(place, form | {"issuer": issuer.url, "claims": "sub = x"})
    assert (asked.status, "Confirm that it is you" in asked.text) == (403, True)
    done = li.send(place, asked.hidden(place) | {"sudo_password": PASSWORD})
    assert done.status == 303
