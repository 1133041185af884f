"""Sites that log people in with their account here: stock clients, and those who try more."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs, urlsplit

import httpx
from authlib.integrations.httpx_client import OAuth2Client
from joserfc import jwt
from joserfc.jwk import KeySet

from clients.hub import Hub, Person
from clients.node import JavaScript
from clients.visits import Browser, browser

SCOPES: Final = "openid profile email"
HERE: Final = "http://localhost:3000"
ELSEWHERE: Final = "https://app.example.com/callback"
JAVASCRIPT: Final = """
const [clientId, redirectUrl, redirectedUrl, saved] = args;
const localStorage = saved ?? {};
if (!redirectedUrl) {
    const scopes = "openid profile email", state = "here";
    const url = await hub.oauthLoginUrl(
        { clientId, redirectUrl, scopes, hubUrl, localStorage, state });
    print([url, localStorage]);
} else {
    print(await hub.oauthHandleRedirect({ redirectedUrl, hubUrl, ...localStorage }));
}
"""


def registered(hub: Hub, *options: str, name: str = "A site") -> tuple[str, str]:
    """Have an operator add an application; its client_id and secret."""
    made = json.loads(hub.cli("app", "create", name, "--scope", SCOPES, *options))
    return made["client_id"], made["client_secret"] or ""


@contextmanager
def logged_in(hub: Hub, person: Person) -> Iterator[Browser]:
    with browser(hub.url) as web:
        web.log_in(person.name, person.password)
        yield web


def test_the_javascript_client_logs_a_person_in(hub: Hub, tmp_path: Path) -> None:
    person = hub.user("oauth-js")
    client_id, _ = registered(hub, "--redirect-uri", HERE)
    javascript = JavaScript(tmp_path, hub.url)
    begun = javascript.value(JAVASCRIPT, client_id, HERE)
    assert isinstance(begun, list)
    url, saved = begun
    with logged_in(hub, person) as web:
        back = web.decide(url)
        # Asked before: also a POST of the browser goes on at once, as the client's own test does.
        again = web.web.post(url)
    assert back.startswith(f"{HERE}/?")
    assert (again.status_code, again.headers["location"][:24]) == (303, f"{HERE}/?c")
    result = javascript.value(JAVASCRIPT, client_id, HERE, back, saved)

    assert isinstance(result, dict)
    hub.keep_secret("a site's token", result["accessToken"])
    told = result["userInfo"]
    assert (result["state"], result["scope"]) == ("here", SCOPES)
    assert told.pop("sub")
    assert told.pop("picture").startswith(f"{hub.url}/avatars/")
    assert told == {
        "name": "oauth-js",
        "preferred_username": "oauth-js",
        "profile": f"{hub.url}/oauth-js",
        "email": person.email,
        "email_verified": True,
        "isPro": False,
        "orgs": [],
    }


def test_a_stock_client_logs_in_verifies_refreshes_and_revokes(hub: Hub) -> None:
    person = hub.user("oauth-stock")
    client_id, secret = registered(hub, "--redirect-uri", ELSEWHERE)
    about = httpx.get(f"{hub.url}/.well-known/openid-configuration", trust_env=False).json()
    assert about["issuer"] == hub.url
    with OAuth2Client(
        client_id, secret, scope=SCOPES, redirect_uri=ELSEWHERE,
        code_challenge_method="S256", trust_env=False,
    ) as site:  # fmt: skip
        verifier = "v" * 64
        url, state = site.create_authorization_url(
            about["authorization_endpoint"], code_verifier=verifier, nonce="n0nce"
        )
        with logged_in(hub, person) as web:
            back = web.decide(url)
        answered = {name: value for name, (value,) in parse_qs(urlsplit(back).query).items()}
        assert (answered["state"], answered["iss"]) == (state, hub.url)
        given = site.fetch_token(
            about["token_endpoint"], authorization_response=back, code_verifier=verifier
        )
        hub.keep_secret("a site's secret", secret)
        hub.keep_secret("its token", given["access_token"])
        hub.keep_secret("its refresh token", given["refresh_token"])
        published = KeySet.import_key_set(httpx.get(about["jwks_uri"], trust_env=False).json())
        stated = jwt.decode(given["id_token"], published, algorithms=["RS256"]).claims
        told = site.get(about["userinfo_endpoint"]).json()
        assert stated["sub"] == told["sub"]
        assert (stated["aud"], stated["iss"], stated["nonce"]) == (client_id, hub.url, "n0nce")

        first = site.token["access_token"]
        site.refresh_token(about["token_endpoint"])
        hub.keep_secret("its next token", site.token["access_token"])
        assert site.token["access_token"] != first
        assert site.get(about["userinfo_endpoint"]).status_code == 200
        assert site.revoke_token(about["revocation_endpoint"], site.token["access_token"])
        assert site.get(about["userinfo_endpoint"]).status_code == 401


def test_a_program_registers_itself_and_people_are_warned(hub: Hub) -> None:
    person = hub.user("oauth-dcr")
    answer = httpx.post(
        f"{hub.url}/oauth/register",
        json={
            "client_name": "Totally the hub itself",
            "redirect_uris": [ELSEWHERE],
            "token_endpoint_auth_method": "none",
        },
        trust_env=False,
    )
    assert answer.status_code == 201
    made = answer.json()
    assert "client_secret" not in made
    with (
        OAuth2Client(
            made["client_id"], scope="openid", redirect_uri=ELSEWHERE,
            token_endpoint_auth_method="none", code_challenge_method="S256", trust_env=False,
        ) as program,
        logged_in(hub, person) as web,
    ):  # fmt: skip
        url, _ = program.create_authorization_url(
            f"{hub.url}/oauth/authorize", code_verifier="v" * 43
        )
        page = web.web.get(url)
        assert "nobody of this site vouches for it" in page.text
        assert "app.example.com" in page.text
        assert (
            "form-action 'self' https://app.example.com;" in page.headers["content-security-policy"]
        )
        back = web.decide(url)
        given = program.fetch_token(
            f"{hub.url}/oauth/token", authorization_response=back, code_verifier="v" * 43
        )
    hub.keep_secret("a program's token", given["access_token"])
    who = httpx.get(
        f"{hub.url}/api/whoami-v2",
        headers={"Authorization": f"Bearer {given['access_token']}"},
        trust_env=False,
    ).json()
    assert who["name"] == "oauth-dcr"
    assert (who["auth"]["type"], who["email"]) == ("oauth", None)
    assert who["auth"]["expiresAt"].endswith("Z")
    assert "accessToken" not in who["auth"]
