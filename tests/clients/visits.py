"""A browser without scripts, for stories in which a person logs in and lets applications in."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import httpx

from clients.api import shown
from fixtures.plain_http import NO_AUTHORITIES

_HIDDEN: Final = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
_FORM: Final = re.compile(r"<form\b.*?</form>", re.DOTALL)
_ACTION: Final = re.compile(r'action="([^"]*)"')
TIMEOUT: Final = 60.0  # seconds


class Browser:
    """One person's browser at one hub, with its own cookies."""

    def __init__(self, web: httpx.Client) -> None:
        self.web = web

    def log_in(self, name: str, password: str) -> None:
        """Log in with the form."""
        answer = self.submit("/login", "/login", username=name, password=password)
        assert answer.status_code == 303, shown(answer)

    def submit(self, on: str, action: str, **fields: str) -> httpx.Response:
        """Open a page and submit its form for `action`."""
        return self.send(self.web.get(on), action, **fields)

    def send(self, page: httpx.Response, action: str, **fields: str) -> httpx.Response:
        """Submit the form for `action` of a page that is open."""
        assert page.status_code == 200, shown(page)
        for form in _FORM.findall(page.text):
            target = html.unescape(_ACTION.findall(form)[0])
            if target.partition("?")[0].endswith(action):
                hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(form)}
                return self.web.post(target, data=hidden | fields)
        raise AssertionError(f"no form for {action} on {page.url}")

    def decide(self, address: str, decision: str = "allow", **fields: str) -> str:
        """Answer an application's question; where the browser is sent afterwards."""
        page = self.web.get(address)
        answer = (
            page
            if page.status_code == 303
            else self.send(page, "/oauth/authorize", decision=decision, **fields)
        )
        assert answer.status_code == 303, shown(answer)
        return answer.headers["location"]

    @property
    def cookie(self) -> str:
        """What the browser sends along, for a program that speaks for it."""
        return "; ".join(f"{name}={value}" for name, value in self.web.cookies.items())


@contextmanager
def browser(url: str) -> Iterator[Browser]:
    """Open a browser at a hub."""
    with httpx.Client(base_url=url, verify=NO_AUTHORITIES, trust_env=False, timeout=TIMEOUT) as web:
        yield Browser(web)
