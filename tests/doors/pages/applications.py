"""The pages of applications, and how one asks to be let in."""

import html
import re
from urllib.parse import parse_qs, urlencode, urlsplit

from doors.pages.visitors import Page, Visitor
from fixtures.oauth import CALLBACK, CHALLENGE

LIST = "/settings/applications"
NEW = f"{LIST}/new"
CONNECTED = "/settings/connected-applications"


def address(client_id: str = "dummy-app", **changes: str) -> str:
    asked = {
        "client_id": client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid profile",
        "state": 'a"><script>',
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    return f"/oauth/authorize?{urlencode(asked | changes)}"


def answered(page: Page) -> dict[str, str]:
    """What the browser carries back to the application."""
    assert page.status == 303, page.text
    assert page.place.startswith(f"{CALLBACK}?"), page.place
    return {name: value for name, (value,) in parse_qs(urlsplit(page.place).query).items()}


def decided(visitor: Visitor, path: str, decision: str, **fields: str) -> Page:
    """Open the card and press a button."""
    page = visitor.open(path)
    assert page.status == 200, page.text
    action = re.findall(r'action="(/oauth/authorize[^"]*)"', page.text)[0]
    proof = dict(re.findall(r'name="(csrf_token)" value="([^"]*)"', page.text))
    return visitor.send(html.unescape(action), proof | {"decision": decision} | fields)
