"""The people and organizations whom the client's suite knows by name, made with `strata`.

Their names, full names and tokens stand in the client's tests for everyone to read.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from clients.hub import Hub
from clients.visits import browser


@dataclass(frozen=True, slots=True)
class Person:
    """Someone whom the tests speak for (with a token) or look at."""

    name: str
    full_name: str = ""
    token: str | None = None


# Whom the test of OAuth logs in as; the id and the cookie are this hub's own (`suite.py`).
LOGS_IN: Final = "hub.js"
ITS_PASSWORD: Final = "Corr3ct-Horse!h"
ITS_WEBSITE: Final = "https://github.com/huggingface/hub.js"
APPLICATION: Final = ("dummy-app", "dummy-secret", "http://localhost:3000")
SCOPES: Final = "openid profile email"

PEOPLE: Final = (
    Person("__DUMMY_HUB_USER__", "Dummy User", "hf_HubCITokenXXXXXXXXXXXXXXXXXXXXX"),
    Person("DVUser", token="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"),
    Person("EnterpriseAdmin", token="hf_enterprise_admin_token"),
    Person("julien-c"),
)


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """Whom the test of OAuth finds logged in, as this hub knows them."""

    cookie: str
    sub: str


def logged_in(hub: Hub) -> LoggedIn:
    """Have `hub.js` logged in at a browser, and the application let in that the suite knows."""
    client_id, secret, address = APPLICATION
    hub.commands(
        (
            "user", "create", LOGS_IN, "--email", "eliott@huggingface.co",
            "--full-name", "@huggingface/hub CI bot", "--password", ITS_PASSWORD,
        ),
        (
            "app", "create", "Dummy app", "--client-id", client_id, "--secret", secret,
            "--redirect-uri", address, "--scope", SCOPES,
        ),
    )  # fmt: skip
    asked = {
        "client_id": client_id, "redirect_uri": address, "response_type": "code",
        "scope": SCOPES, "state": "x",
    }  # fmt: skip
    with browser(hub.url) as web:
        web.log_in(LOGS_IN, ITS_PASSWORD)
        profile = {"full_name": "@huggingface/hub CI bot", "homepage": ITS_WEBSITE}
        web.submit("/settings/profile", "/settings/profile", **profile)
        back = web.decide(f"/oauth/authorize?{urlencode(asked)}")
        code = parse_qs(urlsplit(back).query)["code"][0]
        given = web.web.post(
            "/oauth/token",
            data={"grant_type": "authorization_code", "code": code, "redirect_uri": address},
            auth=(client_id, secret),
        ).json()
        bearer = {"Authorization": f"Bearer {given['access_token']}"}
        told = httpx.get(f"{hub.url}/oauth/userinfo", headers=bearer, trust_env=False).json()
        return LoggedIn(web.cookie, told["sub"])


def make_accounts(hub: Hub) -> None:
    """Create everyone and everything that the suite expects to be there."""
    hub.commands(*_people(), *_tokens(), *_organizations())
    for person in PEOPLE:
        if person.token is not None:
            hub.keep_secret(person.name, person.token)


def _people() -> Iterator[tuple[str, ...]]:
    for person in PEOPLE:
        email = f"{person.name.strip('_')}@example.org"
        yield "user", "create", person.name, "--email", email, "--full-name", person.full_name


def _tokens() -> Iterator[tuple[str, ...]]:
    for person in PEOPLE:
        if person.token is not None:
            yield (
                "token", "create", "--user", person.name, "--name", "suite", "--role", "write",
                "--value", person.token,
            )  # fmt: skip


def _organizations() -> Iterator[tuple[str, ...]]:
    yield (
        "org", "create", "valid_org_hub", "--admin", "__DUMMY_HUB_USER__",
        "--full-name", "Dummy Hub Org",
    )  # fmt: skip
    yield (
        "org", "create", "EnterpriseOrgPrivate", "--admin", "EnterpriseAdmin",
        "--visibility", "private",
    )  # fmt: skip
    yield "org", "create", "HuggingFaceH4", "--admin", "EnterpriseAdmin"
