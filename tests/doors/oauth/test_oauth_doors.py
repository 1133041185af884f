"""The doors that applications knock on: shapes, refusals, and whose credentials count."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from fixtures.accounts import calling, made
from fixtures.authorizing import allowed, asking
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.oauth import CALLBACK, VERIFIER, application
from fixtures.programs import granted
from strata.app.serving import build_app
from strata.core.actor import TokenRole
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.oauth import apps
from strata.credentials.tokens import making

SITE = "http://hub.example.com"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
AS_JSON = {"Content-Type": "application/json"}


@pytest.fixture
def web(hub: Hub) -> Iterator[TestClient]:
    with TestClient(build_app(hub), base_url=SITE, follow_redirects=False) as client:
        yield client


def code_of(hub: Hub, name: str = "ana") -> str:
    return allowed(hub, made(hub, name), asking())["code"]


def redemption(code: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


def basic(client_id: str, secret: str) -> dict[str, str]:
    pair = base64.b64encode(f"{client_id}:{secret}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


def test_what_the_library_is_told_at_the_beginning(web: TestClient) -> None:
    answer = web.post("/oauth/device", data={"client_id": apps.COMMAND_LINE})

    told = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert set(told) == {
        "device_code", "user_code", "verification_uri", "verification_uri_complete",
        "expires_in", "interval",
    }  # fmt: skip
    assert told["verification_uri"] == f"{SITE}/device"
    assert told["verification_uri_complete"] == f"{SITE}/device?user_code={told['user_code']}"
    asked = {
        "grant_type": DEVICE,
        "device_code": told["device_code"],
        "client_id": apps.COMMAND_LINE,
    }
    waiting = web.post("/oauth/token", data=asked)
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")
    hurried = web.post("/oauth/token", json=asked)
    assert (hurried.status_code, hurried.json()["error"]) == (400, "slow_down")


@pytest.mark.parametrize("as_json", [False, True])
def test_a_code_is_redeemed_as_form_and_as_json(
    hub: Hub, web: TestClient, *, as_json: bool
) -> None:
    application(hub)
    fields = redemption(code_of(hub)) | {"client_id": "dummy-app", "client_secret": "dummy-secret"}
    body = {"json": fields} if as_json else {"data": fields}
    answer = web.post("/oauth/token", **body)  # type: ignore[arg-type]  # one of both

    told = answer.json()
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert set(told) == {
        "access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token",
    }  # fmt: skip
    assert (told["token_type"], told["scope"]) == ("bearer", "openid profile email")
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    for info in (
        web.get("/oauth/userinfo", headers=bearer),
        web.post("/oauth/userinfo", headers=bearer),
    ):
        assert set(info.json()) == {
            "sub", "name", "preferred_username", "profile", "picture", "email",
            "email_verified", "isPro", "orgs",
        }  # fmt: skip
    assert info.json()["profile"] == f"{SITE}/ana"


@pytest.mark.slow
def test_the_secret_comes_in_the_header_or_in_the_body_and_must_be_right(
    hub: Hub, web: TestClient
) -> None:
    application(hub)
    for number, (headers, fields, status, error) in enumerate(
        (
            (basic("dummy-app", "dummy-secret"), {}, 200, None),
            (basic("dummy-app", "wrong"), {}, 401, "invalid_client"),
            (basic("nobody", "x"), {}, 401, "invalid_client"),
            ({"Authorization": "Basic %%%"}, {}, 401, "invalid_client"),
            (basic("dummy-app", "dummy-secret"), {"client_id": "other"}, 400, "invalid_request"),
            (basic("dummy-app", "dummy-secret"), {"client_secret": "x"}, 400, "invalid_request"),
            ({}, {"client_id": "dummy-app", "client_secret": "wrong"}, 401, "invalid_client"),
            ({}, {}, 200, None),  # PKCE alone, as @huggingface/hub does
        )
    ):
        code = code_of(hub, f"person-{number}")
        answer = web.post("/oauth/token", data=redemption(code) | fields, headers=headers)
        assert (answer.status_code, answer.json().get("error")) == (status, error)
        if status == 401:
            assert answer.headers["www-authenticate"].startswith("Basic")


def test_no_persons_credentials_count_at_the_token_door(hub: Hub, web: TestClient) -> None:
    ana = made(hub, "ana")
    with calling(hub, ana) as call, working(call) as work:
        value = making.create(work, "hers", TokenRole.WRITE).value
    bearer = {"Authorization": f"Bearer {value}"}

    assert web.get("/api/whoami-v2", headers=bearer).status_code == 200
    for path in ("/oauth/token", "/oauth/device", "/oauth/revoke"):
        answer = web.post(path, data={"token": value, "grant_type": DEVICE}, headers=bearer)
        assert answer.json()["error"] in ("invalid_client", "invalid_request"), path
    # Her own token is none of an application's.
    info = web.get("/oauth/userinfo", headers=bearer)
    assert (info.status_code, info.json()["error"]) == (403, "insufficient_scope")
    assert info.headers["www-authenticate"] == 'Bearer error="insufficient_scope"'
    for headers in ({}, {"Authorization": "Bearer hf_oauth_wrong"}):
        info = web.get("/oauth/userinfo", headers=headers)
        assert (info.status_code, info.json()["error"]) == (401, "invalid_token")


def test_no_token_is_taken_from_the_address(hub: Hub, web: TestClient) -> None:
    """Addresses stand in logs, histories and referrers."""
    answer = granted(hub, made(hub, "ana"))
    for name, value in (("access_token", answer.access_token), ("token", answer.access_token)):
        for path in ("/oauth/userinfo", "/api/whoami-v2"):
            refused = web.get(path, params={name: value})
            assert refused.status_code == 400, path
            assert "not accepted in the address" in refused.text
    # What the token door is told it is told in the body.
    asked = {"grant_type": "refresh_token", "client_id": apps.COMMAND_LINE}
    inside = {**asked, "refresh_token": answer.refresh_token}
    assert web.post("/oauth/token", params=inside).status_code == 400
    assert web.post("/oauth/token", params=inside, data=asked).status_code == 400
    assert web.post("/oauth/token", data=inside).status_code == 200
    revoke = {"token": answer.refresh_token, "client_id": apps.COMMAND_LINE}
    assert web.post("/oauth/revoke", params=revoke).status_code == 400


def test_refusals_have_the_shape_of_oauth(hub: Hub, web: TestClient) -> None:
    refresh = granted(hub, made(hub, "ana")).refresh_token
    mine = {"client_id": apps.COMMAND_LINE}
    exchange = {"grant_type": EXCHANGE, "subject_token": "x"}
    for fields, error in (
        ({"client_id": "x"}, "unsupported_grant_type"),
        ({"grant_type": "password", "username": "ana", "password": "x"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "refresh_token", **mine}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "x", **mine}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": refresh}, "invalid_client"),
        (
            {"grant_type": "refresh_token", "refresh_token": refresh, "scope": "webhooks", **mine},
            "invalid_scope",
        ),
        ({**exchange}, "invalid_request"),
        (
            {**exchange, "subject_token_type": "urn:huggingface:token-type:user-email"},
            "unauthorized_client",
        ),
    ):
        answer = web.post("/oauth/token", data=fields)
        told = answer.json()
        assert set(told) == {"error", "error_description"}, told
        assert told["error"] == error, (fields, told)
        assert answer.status_code == (401 if error == "invalid_client" else 400)
        assert told["error_description"].isascii()
        assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"grant_type=refresh_token&grant_type=x", "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=x" % number for number in range(70)), "application/x-www-form-urlencoded"),
        (b"grant_type=a%00b", "application/x-www-form-urlencoded"),
        (b"[]", "application/json"),
        (b"{", "application/json"),
        (b"\xff", "application/json"),
        (b"x", "text/plain"),
        (b"", ""),
        (b"x" * 70_000, "application/x-www-form-urlencoded"),
    ],
)
def test_odd_bodies_are_refused(web: TestClient, content: bytes, kind: str) -> None:
    for path in ("/oauth/token", "/oauth/device", "/oauth/revoke"):
        answer = web.post(path, content=content, headers={"Content-Type": kind})
        assert answer.status_code in (400, 413), answer.text
        assert "error" in answer.json()
    assert web.post("/oauth/register", content=content).status_code in (400, 413)


def test_discovery_at_the_origin_and_under_the_prefix(tmp_path: Path, clock: FrozenClock) -> None:
    issuer = "https://example.com/hub"
    hub = build_test_hub(
        tmp_path / "prefixed",
        clock=clock,
        public_url=issuer,
        secret_key="x" * 32,
    )
    with TestClient(build_app(hub), base_url="https://example.com") as web:
        told = [
            web.get(f"{prefix}/.well-known/{name}").json()
            for prefix in ("", "/hub")
            for name in ("openid-configuration", "oauth-authorization-server")
        ]
        assert all(one == told[0] for one in told)
        assert told[0]["issuer"] == issuer
        for name in ("token", "jwks", "userinfo", "register", "revoke"):
            assert f"{issuer}/oauth/{name}" in told[0].values()
        assert web.get("/hub/oauth/jwks").json() == {"keys": []}
        started = web.post("/hub/oauth/device", data={"client_id": apps.COMMAND_LINE}).json()
        assert started["verification_uri"] == f"{issuer}/device"
    hub.database.close()


def test_programs_register_themselves(web: TestClient) -> None:
    wish: dict[str, object] = {"client_name": "A program", "redirect_uris": [CALLBACK]}
    wish |= {"unknown": {"x": 1}, "client_uri": None, "grant_types": None}
    answer = web.post("/oauth/register", json=wish)

    told = answer.json()
    assert answer.status_code == 201
    assert told["client_secret"]
    assert told["client_secret_expires_at"] == 0
    assert told["redirect_uris"] == [CALLBACK]
    public = web.post("/oauth/register", json=wish | {"token_endpoint_auth_method": "none"}).json()
    assert "client_secret" not in public
    for changes, error in (
        ({"redirect_uris": []}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://app.example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["data:text/html,x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://a@b.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://*.example.com/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example.com;sandbox/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["com.example.app://x,sandbox"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://app.example.com/#x"]}, "invalid_redirect_uri"),
        (
            {"redirect_uris": [f"https://app.example.com/{n}" for n in range(21)]},
            "invalid_redirect_uri",
        ),
        ({"redirect_uris": "https://app.example.com/"}, "invalid_client_metadata"),
        ({"client_name": "x" * 101}, "invalid_client_metadata"),
        ({"client_name": "<script>"}, "invalid_client_metadata"),
        ({"client_name": 1}, "invalid_client_metadata"),
        ({"client_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
        ({"grant_types": ["password"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"scope": "openid root"}, "invalid_scope"),
    ):
        refused = web.post("/oauth/register", json=wish | changes)
        assert (refused.status_code, refused.json()["error"]) == (400, error), changes


def test_registrations_of_one_address_are_limited(web: TestClient) -> None:
    wish = {"client_name": "A program", "redirect_uris": [CALLBACK]}
    answers = [web.post("/oauth/register", json=wish).status_code for _ in range(21)]
    assert answers == [201] * 20 + [429]


def test_a_page_of_any_origin_may_redeem_and_none_sees_a_cookie(web: TestClient) -> None:
    origin = {"Origin": "https://app.example.com"}
    answer = web.post("/oauth/token", data={"grant_type": "x"}, headers=origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers
    preflight = web.options("/oauth/userinfo", headers=origin)
    assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
