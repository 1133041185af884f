"""A session that was ended opens nothing, whichever worker is asked (product §3.8)."""

from typing import Final

import pytest

from clients import visits
from clients.conftest import StartHub

ASKED: Final = 16  # connections, of which the kernel gives some to each worker


@pytest.mark.slow
def test_every_worker_shuts_an_ended_session_out(start_hub: StartHub) -> None:
    hub = start_hub({"STRATA_SERVER_WORKERS": "2"})
    ana = hub.user("ana")
    with visits.browser(hub.url) as here, visits.browser(hub.url) as stolen:
        for browser in (here, stolen):
            browser.log_in(ana.name, ana.password)
        assert statuses(hub.url, stolen.cookie) == {200}  # every worker has seen it

        others = "/settings/authentication/sessions/others"
        assert here.submit("/settings/authentication", others).status_code == 303

        # Five seconds are allowed; not one request is let in.
        assert statuses(hub.url, stolen.cookie) == {303}
        assert statuses(hub.url, here.cookie) == {200}


def statuses(url: str, cookie: str) -> set[int]:
    """Ask for a page of the account over fresh connections."""
    found = set()
    for _ in range(ASKED):
        with visits.browser(url) as asking:
            answer = asking.web.get("/settings/profile", headers={"Cookie": cookie})
            found.add(answer.status_code)
    return found
