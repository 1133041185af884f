"""What is here answers as fast as what is not: measured at a running hub (product §3.4, §6.2).

Statements and hashes are counted in `rooms/accounts/test_equal_work.py` and
`stories/test_attack_hidden.py`; this sees what counting does not.
"""

from collections.abc import Callable, Iterator
from itertools import count, cycle
from typing import Final

import httpx
import pytest

from clients.api import Repo, speaking_as
from clients.conftest import StartHub
from clients.visits import Browser, browser
from fixtures.ranks import ALIKE, chance_of_being_slower, told_apart
from strata.accounts.legal.documents import packaged_versions

pytestmark = pytest.mark.slow

PASSWORD: Final = "Corr3ct-Horse!"
WRONG: Final = "Wr0ng-Horse!b"
KNOWN: Final = 12  # people, each tried up to 16 times: an account under attack is another story
SETTINGS: Final = {
    "STRATA_SERVER_TRUSTED_PROXIES": "127.0.0.1,::1",
    "STRATA_ACCOUNTS_FASTEST_SIGN_UP_S": "0",
    "STRATA_ACCOUNTS_SIGN_UPS_PER_HOUR": "100000",
    "STRATA_ACCOUNTS_PASSWORD_HASH_MIB": "19",  # the least: a hash must show all the same
}


class Stranger:
    """Somebody without an account, who asks each time from another place."""

    def __init__(self, visitor: Browser) -> None:
        self.visitor = visitor
        self.web = visitor.web
        self.numbers = count(1)
        self.forms = {path: self.web.get(path) for path in ("/login", "/forgot-password")}

    def log_in(self, who: str) -> httpx.Response:
        """With a wrong password."""
        return self._fill("/login", username=who, password=WRONG)

    def forget(self, who: str) -> httpx.Response:
        """The password."""
        return self._fill("/forgot-password", username=who)

    def join(self, email: str) -> httpx.Response:
        """In one step."""
        name = f"new-{next(self.numbers)}"
        body = {"email": email, "password": PASSWORD, "username": name}
        self._move()
        with httpx.Client(
            base_url=self.web.base_url, trust_env=False, headers=self.web.headers
        ) as web:
            return web.post("/api/signup", json=body | {"consents": packaged_versions()})

    def look(self, path: str) -> httpx.Response:
        """At a page, or at what the API says."""
        self._move()
        return self.web.get(path)

    def _fill(self, path: str, **fields: str) -> httpx.Response:
        self._move()
        return self.visitor.send(self.forms[path], path, **fields)

    def _move(self) -> None:
        number = next(self.numbers)
        self.web.headers["X-Forwarded-For"] = f"198.{18 + number // 250}.{number % 250}.7"


@pytest.fixture
def stranger(start_hub: StartHub) -> Iterator[Stranger]:
    """Somebody at a hub where ana hides a repo and a few others have accounts."""
    hub = start_hub(SETTINGS)
    ana = hub.user("ana")
    made = [
        ("user", "create", name, "--email", f"{name}@example.org", "--password", PASSWORD)
        for name in (f"known-{number}" for number in range(KNOWN))
    ]
    hub.commands(*made)
    with speaking_as(hub.url, ana) as api:
        api.create(Repo("model", "ana/vault"), private=True)
    with browser(hub.url) as visitor:
        yield Stranger(visitor)


def known(suffix: str = "") -> Iterator[str]:
    return cycle(f"known-{number}{suffix}" for number in range(KNOWN))


def unknown(suffix: str = "") -> Iterator[str]:
    return (f"nobody-{number}{suffix}" for number in count())


def repeated(
    act: Callable[[str], httpx.Response], about: Iterator[str], status: int
) -> Callable[[], None]:
    """The act about one after the other; each must be answered so."""

    def once() -> None:
        answer = act(next(about))
        assert answer.status_code == status, answer.text[-2000:]

    return once


def test_nobody_and_nothing_is_found_by_the_clock(stranger: Stranger) -> None:
    mail = "@example.org"
    pairs = {
        "log-in by name": (stranger.log_in, known(), unknown(), 401),
        "log-in by address": (stranger.log_in, known(mail), unknown(mail), 401),
        "sign-up": (stranger.join, known(mail), unknown(mail), 201),
        "forgotten password": (stranger.forget, known(), unknown(), 303),
        "private repo, API": (
            stranger.look, cycle(["/api/models/ana/vault"]), cycle(["/api/models/ana/absent"]), 401
        ),
        "private repo, page": (
            stranger.look, cycle(["/ana/vault"]), cycle(["/ana/absent"]), 404
        ),
    }  # fmt: skip
    apart = {}
    for name, (act, here, missing, status) in pairs.items():
        found, lost = repeated(act, here, status), repeated(act, missing, status)
        found(), lost()
        apart[name] = told_apart(found, lost)
    assert {name: far for name, far in apart.items() if far >= ALIKE} == {}, apart


def test_the_measure_sees_a_difference_and_forgives_an_interruption() -> None:
    steady = [10.0, 10.1, 9.9, 10.2, 10.0, 10.3]
    assert chance_of_being_slower(steady, steady) == 0.5
    assert chance_of_being_slower([one + 3 for one in steady], steady) == 1.0
    interrupted = [10.1, 9.9, 10.2, 500.0, 10.0, 10.05]
    assert abs(chance_of_being_slower(interrupted, steady) - 0.5) < ALIKE
