"""What a page offers, and what it shows as blocked, and why."""

import re
from dataclasses import dataclass

from doors.pages.visitors import Page
from strata.web.paths import Match, Routes
from strata.web.routes import ROUTES

LEAVE = "/settings/account/delete"
TABLE = Routes(ROUTES)
GOING = "Your account is about to be deleted."
_FORM = re.compile(r'<form\b[^>]*\baction="([^"]*)"[^>]*\bmethod="post".*?</form>', re.DOTALL)
_BLOCKED = re.compile(r"<button [^>]*aria-disabled.*?</button>", re.DOTALL)


@dataclass(frozen=True)
class Control:
    """A blocked button as somebody hears it."""

    name: str
    why: str


def offered(page: Page) -> list[str]:
    """The templates of the forms that can be sent; a form without its proof cannot."""
    found = []
    for form in _FORM.finditer(page.text):
        if 'name="csrf_token"' in form[0]:
            match = TABLE.match("POST", form[1])
            assert isinstance(match, Match), form[1]
            found.append(match.route.template)
    return found


def blocked(page: Page) -> list[Control]:
    """The blocked buttons; each is described by a text that is on the page exactly once."""
    return [_control(page, tag) for tag in _BLOCKED.findall(page.text)]


def _control(page: Page, tag: str) -> Control:
    described = re.search(r'aria-describedby="([^"]+)"', tag)
    assert described, tag
    assert 'type="button"' in tag, "it is reached by the keyboard, and sends nothing"
    (why,) = re.findall(rf'id="{described[1]}">([^<]+)<', page.text)
    text = re.sub(r"<svg.*?</svg>|<[^>]+>", "", tag, flags=re.DOTALL)
    return Control(" ".join(text.split()), why)


def names(page: Page, why: str) -> list[str]:
    controls = blocked(page)
    assert {control.why for control in controls} <= {why}
    return [control.name for control in controls]
