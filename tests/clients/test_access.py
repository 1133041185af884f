"""Who may do what over HTTP: every call of the seed path, by every kind of caller.

The expected answers are those of the Hub's error contract: what may not be seen looks missing
(401 to the anonymous, 404 to a stranger, both with `X-Error-Code: RepoNotFound`), what may be
seen but not changed is 403 (401 to the anonymous), and a bad token is 401 with one exact
sentence wherever it is shown.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import httpx
import pytest

from clients.access_calls import (
    LFS,
    NDJSON,
    PROPOSING,
    READS,
    SECRET_NAME,
    WRITES,
    Call,
    Target,
    _lfs_batch,
    made,
    require_nothing_private,
    sent,
    state,
)
from clients.api import Api, Json, Repo, RepoType, commit_lines, shown
from clients.conftest import DATABASES
from clients.hub import Hub, Person

Caller = Literal["owner", "read-token", "stranger", "anonymous", "bad-token"]
CALLERS: Final[tuple[Caller, ...]] = ("owner", "read-token", "stranger", "anonymous", "bad-token")
OTHERS: Final[tuple[Caller, ...]] = ("read-token", "stranger", "anonymous", "bad-token")

BAD_TOKEN: Final = "hf_" + "A" * 34
BAD_TOKEN_SAYS: Final = "Invalid credentials in Authorization header"


READ_NAMES: Final = {call.name for call in READS}


As = Callable[[Person | None], Api]


@pytest.fixture
def owner(hub: Hub) -> Person:
    return hub.user("access-owner")


@pytest.fixture
def target(api: As, owner: Person, repo_name: str, visibility: str, kind: RepoType) -> Target:
    """Make the repository that the test's `visibility` and `kind` name."""
    name = f"{SECRET_NAME}-{repo_name}" if visibility == "private" else repo_name
    return made(api(owner), Repo(kind, f"{owner.name}/{name}"), visibility)


@dataclass(frozen=True, slots=True)
class Standing:
    """A repository that many tests ask for one after the other, and what it was at first."""

    target: Target
    state: tuple[object, ...]


@pytest.fixture(scope="session")
def made_once() -> dict[tuple[str, str], Standing]:
    """By the address of a hub and the visibility."""
    return {}


@pytest.fixture
def standing(
    hub: Hub,
    api: As,
    owner: Person,
    visibility: str,
    made_once: dict[tuple[str, str], Standing],
) -> Standing:
    """Give a repository to calls that may not change it; to make it is six times their work."""
    key = (hub.url, visibility)
    if key not in made_once:
        name = f"{SECRET_NAME}-standing" if visibility == "private" else "standing"
        target = made(api(owner), Repo("model", f"{owner.name}/{name}"), visibility)
        made_once[key] = Standing(target, state(api(owner), target.repo))
    return made_once[key]


@pytest.fixture
def visibility() -> str:
    return "private"


@pytest.fixture
def kind() -> RepoType:
    return "model"


def send(hub: Hub, owner: Person, caller: Caller, call: Call, target: Target) -> httpx.Response:
    """Send a call as a caller."""
    token = {
        "owner": owner.token_write,
        "read-token": owner.token_read,
        "stranger": hub.user("access-stranger").token_write,
        "anonymous": None,
        "bad-token": BAD_TOKEN,
    }[caller]
    return sent(hub, token, call, target)


def expected_status(caller: Caller, call: Call, visibility: str) -> frozenset[int]:
    """Return the statuses that the error contract allows."""
    reading = call.name in READ_NAMES
    private = visibility == "private"
    if caller == "bad-token":
        return frozenset({401})
    if caller == "owner" or (reading and (caller == "read-token" or not private)):
        return call.ok
    if caller == "read-token":
        return frozenset({403})
    if caller == "stranger" and call.name in PROPOSING and not private:
        return call.ok
    if caller == "stranger":
        return frozenset({404 if private else 403})
    # A page without an account says "not found"; the clients' calls ask for credentials.
    return frozenset({404}) if call.kind == "page" else frozenset({401})


def require_error_contract(answer: httpx.Response, caller: Caller, call: Call) -> None:
    """Check the headers and the body that go with a refusal."""
    code = answer.headers.get("X-Error-Code")
    if caller == "bad-token":
        assert answer.headers.get("X-Error-Message") == BAD_TOKEN_SAYS, shown(answer)
        assert code is None, shown(answer)
        return
    if call.kind == "git" and answer.status_code == 401:
        # Without it git and git-lfs never ask for, or send, a password.
        assert answer.headers["WWW-Authenticate"].lower().startswith("basic"), shown(answer)
    if call.kind != "api":
        return
    assert answer.headers.get("X-Error-Message"), shown(answer)
    assert answer.headers["X-Error-Message"].isascii(), shown(answer)
    if call.method != "HEAD":
        assert isinstance(answer.json(), dict), shown(answer)
        assert answer.json()["error"], shown(answer)


def identify(call: Call) -> str:
    return call.name


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("call", READS, ids=identify)
@pytest.mark.parametrize("visibility", ["private", "public"])
def test_reading(
    hub: Hub, owner: Person, standing: Standing, visibility: str, call: Call, caller: Caller
) -> None:
    answer = send(hub, owner, caller, call, standing.target)
    allowed = expected_status(caller, call, visibility)
    assert answer.status_code in allowed, shown(answer)
    if answer.status_code in call.ok:
        return
    require_error_contract(answer, caller, call)
    if call.kind == "api" and caller in {"stranger", "anonymous"}:
        assert answer.headers.get("X-Error-Code") == "RepoNotFound", shown(answer)
    if visibility == "private":
        require_nothing_private(answer, standing.target)


@pytest.mark.parametrize("caller", OTHERS)
@pytest.mark.parametrize("call", WRITES, ids=identify)
@pytest.mark.parametrize("visibility", ["private", "public"])
def test_writing_without_the_right_changes_nothing(
    request: pytest.FixtureRequest, hub: Hub, standing: Standing, call: Call, caller: Caller
) -> None:
    visibility: str = request.getfixturevalue("visibility")
    owner: Person = request.getfixturevalue("owner")
    api: As = request.getfixturevalue("api")
    target = standing.target
    answer = send(hub, owner, caller, call, target)
    assert answer.status_code in expected_status(caller, call, visibility), shown(answer)
    require_error_contract(answer, caller, call)
    if visibility == "private" and caller in {"stranger", "anonymous"}:
        if call.kind == "api":
            assert answer.headers.get("X-Error-Code") == "RepoNotFound", shown(answer)
        require_nothing_private(answer, target)
    assert state(api(owner), target.repo) == standing.state


@pytest.mark.parametrize("call", WRITES, ids=identify)
@pytest.mark.parametrize("kind", ["model", "dataset"])
@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_the_owner_may_write(hub: Hub, target: Target, owner: Person, call: Call) -> None:
    answer = send(hub, owner, "owner", call, target)
    assert answer.status_code in call.ok, shown(answer)


@pytest.mark.parametrize("caller", ["stranger", "anonymous"])
@pytest.mark.parametrize("call", [*READS, *WRITES], ids=identify)
def test_private_looks_exactly_like_missing(
    hub: Hub, standing: Standing, owner: Person, call: Call, caller: Caller
) -> None:
    target = standing.target
    missing = Target(
        Repo(target.repo.kind, target.repo.name.replace(SECRET_NAME, "nowhere-missing")),
        target.first,
        target.head,
    )
    private, absent = (send(hub, owner, caller, call, one) for one in (target, missing))
    assert private.status_code == absent.status_code
    assert _without_noise(private, target) == _without_noise(absent, missing)


def _without_noise(answer: httpx.Response, target: Target) -> tuple[str, list[tuple[str, str]]]:
    """Return an answer without what differs between any two requests."""
    name = target.repo.name.partition("/")[2]
    noise = {"date", "x-request-id", "content-length", "set-cookie", "ratelimit", "etag"}
    request_id = answer.headers.get("X-Request-Id", "")
    text = answer.text.replace(name, "NAME")
    if request_id:
        text = text.replace(request_id, "ID")
    headers = [
        (key, value.replace(name, "NAME"))
        for key, value in answer.headers.items()
        if key not in noise and not key.startswith("content-security")
    ]
    return text, sorted(headers)


@pytest.mark.parametrize("kind", ["model", "dataset", "space"])
@pytest.mark.parametrize("caller", ["stranger", "anonymous"])
def test_private_repos_are_not_listed(
    hub: Hub, target: Target, owner: Person, caller: Caller
) -> None:
    for address in (
        f"/api/{target.repo.kind}s?author={owner.name}",
        f"/api/{target.repo.kind}s?search={SECRET_NAME}",
        f"/{target.repo.kind}s?search=zanzibar",
        f"/{owner.name}",
    ):
        call = Call("list", "GET", address)
        answer = send(hub, owner, caller, call, target)
        assert answer.status_code == 200, shown(answer)
        assert SECRET_NAME not in answer.text, shown(answer)
    found = send(
        hub, owner, "owner", Call("list", "GET", f"/api/{target.repo.kind}s?search={SECRET_NAME}"),
        target,
    )  # fmt: skip
    assert target.repo.name in [one["id"] for one in found.json()]


def test_creating_in_a_foreign_namespace_is_refused(
    hub: Hub, target: Target, owner: Person
) -> None:
    """An existing private name and a free one give a stranger the same answer."""
    answers = []
    for name in (target.repo.name.partition("/")[2], "surely-free"):
        call = Call(
            "create", "POST", "/api/repos/create",
            body={"name": name, "organization": "{owner}", "type": "model"},
        )  # fmt: skip
        answers.append(send(hub, owner, "stranger", call, target))
    assert [answer.status_code for answer in answers] == [403, 403]
    assert "url" not in answers[0].json()


def test_knowing_a_sha256_opens_nothing(api: As, hub: Hub, owner: Person, target: Target) -> None:
    """The bytes lie in a private repository; a stranger names them in one of their own."""
    secret = os.urandom(1_000)
    oid = hashlib.sha256(secret).hexdigest()
    give_large(api(owner), target.repo, secret)
    assert api(owner).content(target.repo, "large.bin") == secret

    stranger = hub.user("access-stranger")
    theirs = Repo("model", f"{stranger.name}/{target.repo.name.rpartition('-')[2]}")
    api(stranger).create(theirs)
    (named,) = lfs_batch(api(stranger), theirs, "download", oid)
    assert named["error"]["code"] == 404
    assert "actions" not in named
    (offered,) = lfs_batch(api(stranger), theirs, "upload", oid)
    assert set(offered["actions"]) >= {"upload"}, "told that the hub has the bytes"
    refused = api(stranger).web.post(
        f"{theirs.api}/commit/main", content=large_commit(oid), headers=NDJSON
    )
    assert 400 <= refused.status_code < 500, shown(refused)
    assert "large.bin" not in api(stranger).paths(theirs)
    assert api(stranger).web.get(f"{theirs.page}/resolve/main/large.bin").status_code == 404


def give_large(api: Api, repo: Repo, content: bytes) -> None:
    """Send bytes as git-lfs does and commit them as `large.bin`."""
    oid = hashlib.sha256(content).hexdigest()
    (offered,) = lfs_batch(api, repo, "upload", oid)
    action = offered["actions"]["upload"]
    sent = httpx.put(action["href"], content=content, headers=action.get("header"), trust_env=False)
    assert sent.status_code == 200, shown(sent)
    answer = api.web.post(f"{repo.api}/commit/main", content=large_commit(oid), headers=NDJSON)
    assert answer.status_code == 200, shown(answer)


def lfs_batch(api: Api, repo: Repo, operation: str, oid: str) -> list[Json]:
    """Ask for one object of 1,000 bytes; return what the hub says of it."""
    body = json.dumps(_lfs_batch(operation, oid, 1_000))
    answer = api.web.post(f"{repo.git}/info/lfs/objects/batch", content=body, headers=LFS)
    assert answer.status_code == 200, shown(answer)
    objects: list[Json] = answer.json()["objects"]
    return objects


def large_commit(oid: str) -> bytes:
    """Return the body of a commit of `large.bin`, 1,000 bytes sent before."""
    pointed = {"path": "large.bin", "algo": "sha256", "oid": oid, "size": 1_000}
    line = json.dumps({"key": "lfsFile", "value": pointed})
    return commit_lines("Add a large file", {}) + f"{line}\n".encode()


def test_an_empty_bearer_is_anonymous(api: As) -> None:
    # "Bearer " with its space is the same on the wire: a header's value has no outer spaces.
    answer = api(None).web.get("/api/models", headers={"Authorization": "Bearer"})
    assert answer.status_code == 200, shown(answer)


@pytest.mark.parametrize("address", ["/api/whoami-v2", "/api/models", "/"])
def test_a_bad_token_is_refused_wherever_it_is_shown(api: As, address: str) -> None:
    answer = api(None).web.get(address, headers={"Authorization": f"Bearer {BAD_TOKEN}"})
    assert answer.status_code == 401, shown(answer)
    assert answer.headers["X-Error-Message"] == BAD_TOKEN_SAYS
