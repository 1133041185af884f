"""A browser without scripts: keeps cookies, follows forms, sees what the pages say."""

import html
import re
from datetime import timedelta

import sqlalchemy as sa
from httpx2 import Response
from starlette.testclient import TestClient

from fixtures.hubs import FrozenClock
from fixtures.loops import kept_running
from strata.accounts.legal.tables import consents
from strata.accounts.people import everyone
from strata.app.serving import build_app
from strata.core.call import reading
from strata.core.hub import Hub
from strata.credentials.tokens.presented import recognising
from strata.events import outbox
from strata.membership.joining import by_operator

PASSWORD = "Abcdefg!"
SITE = "http://hub.example.com"
_HIDDEN = re.compile(r'<input type="hidden" name="([a-z_]+)" value="([^"]*)"')
_FORM = re.compile(r"<form\b.*?</form>", re.DOTALL)


class Page:
    """An answer as a person sees it."""

    def __init__(self, answer: Response) -> None:
        self.status = answer.status_code
        self.text = html.unescape(answer.text)
        self.headers = answer.headers
        self.cookies = answer.headers.get_list("set-cookie")

    @property
    def place(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("location", "")

    def hidden(self, action: str) -> dict[str, str]:
        """The hidden fields of the form that goes to `action`."""
        forms = [form for form in _FORM.findall(self.text) if f'action="{action}"' in form]
        return dict(_HIDDEN.findall(forms[-1])) if forms else {}


class Visitor:
    """One browser with its own cookies."""

    def __init__(
        self, hub: Hub, *, language: str = "en", site: str = SITE, ip: str = "testclient"
    ) -> None:
        self.hub = hub
        self.client = kept_running(
            TestClient(
                build_app(hub),
                base_url=site,
                follow_redirects=False,
                client=(ip, 50000),
                headers={"Accept": "text/html", "Accept-Language": language},
            )
        )

    def open(self, path: str, **headers: str) -> Page:
        answer = self.client.get(path, headers=headers)
        return Page(answer)

    def send(self, path: str, fields: dict[str, str], **headers: str) -> Page:
        """Submit exactly these fields."""
        answer = self.client.post(path, data=fields, headers=headers)
        return Page(answer)

    def submit(self, on: str, action: str, **fields: str) -> Page:
        """Open a page and submit its form for `action`."""
        page = self.open(on)
        assert page.status == 200, (on, page.status, page.place)
        return self.send(action, page.hidden(action) | fields)

    def begin(self, email: str, password: str = PASSWORD) -> Page:
        """Take the first step of a sign-up."""
        return self.submit("/join", "/join", email=email, password=password)

    def join(self, name: str, email: str = "", **fields: str) -> Page:
        """Sign up with both steps."""
        begun = self.begin(email or f"{name}@example.com")
        assert begun.place == "/join?step=2", begun.text
        self.take_time()
        agreed = {"username": name, "full_name": "", "language": "en", "consents": "on"}
        return self.submit("/join?step=2", "/join", **(agreed | fields))

    def take_time(self) -> None:
        """Type as slowly as people do; a hub with a real clock has its own time."""
        if isinstance(self.hub.clock, FrozenClock):
            self.hub.clock.advance(timedelta(seconds=self.hub.settings.accounts.fastest_sign_up_s))

    def log_in(self, name: str, password: str = PASSWORD, **fields: str) -> Page:
        return self.submit("/login", "/login", username=name, password=password, **fields)

    def make_token(self, name: str, role: str = "read") -> Page:
        action = "/settings/tokens/new"
        return self.submit(action, action, name=name, role=role)


def confirmed(hub: Hub, name: str) -> Visitor:
    """Give a browser in which a confirmed person is logged in."""
    with reading(hub) as call:
        by_operator.create_by_operator(
            call, by_operator.NewAccount(name=name, email=f"{name}@example.com", password=PASSWORD)
        )
    visitor = Visitor(hub)
    assert visitor.log_in(name).status == 303
    return visitor


def letter(hub: Hub, recipient: str) -> outbox.Kept:
    """The newest mail to an address."""
    with reading(hub) as call:
        return next(kept for kept in outbox.outbox(call) if kept.recipient == recipient)


def link_in(kept: outbox.Kept) -> str:
    """The path of the link of a mail."""
    found = re.search(r"https?://[^/\s]+(/\S+)", kept.text)
    assert found is not None, kept.text
    return found[1]


def code_in(kept: outbox.Kept) -> str:
    found = re.search(r"\b\d{6}\b", kept.text)
    assert found is not None, kept.text
    return found[0]


def token_in(page: Page) -> str:
    found = re.search(r"hf_[A-Za-z]{34}", page.text)
    assert found is not None, page.text
    return found[0]


def is_accepted(hub: Hub, value: str) -> bool:
    """Whether a token opens anything."""
    with reading(hub) as call:
        return recognising.actor_for_token(call.db, hub, value) is not None


def agreements(hub: Hub) -> list[tuple[str, str, str]]:
    """To what people agreed, the oldest first: document, version, and by which way."""
    with reading(hub) as call:
        kept = sa.select(consents.c.document, consents.c.version, consents.c.method)
        return [tuple(row) for row in call.db.execute(kept.order_by(consents.c.id))]


def people(hub: Hub) -> int:
    """How many accounts there are."""
    with reading(hub) as call:
        return len(everyone(call))
