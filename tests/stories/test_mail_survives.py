"""A hub that is killed between the server's word for a mail and its own note of it."""

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from clients.hub import Hub, free_port
from fixtures.post_offices import polite, post_office
from strata.app.hub import JOBS, MAILING, load_hub
from strata.core.settings.loading import load
from strata.events.jobs import LEASE, run_due
from strata.lib import clock


def make_mail(hub: Hub) -> None:
    """Have one mail written, to ann."""
    for words in (
        ("user", "create", "ann", "--email", "ann@example.com"),
        ("token", "create", "--user", "ann", "--name", "ci", "--role", "write"),
    ):
        assert hub.strata(*words).returncode == 0


def listed(hub: Hub) -> dict[str, Any]:
    """The only mail, as an operator sees it."""
    (row,) = json.loads(hub.strata("mail", "list", "--json").stdout)
    assert isinstance(row, dict)
    return row


def test_a_killed_hub_loses_no_mail_and_repeats_it_recognisably(tmp_path: Path) -> None:
    """`kill -9` while the server is about to say that it has the mail: it goes out once more."""
    with post_office() as office:
        hub = Hub(tmp_path, {"STRATA_MAIL_URL": office.url})

        def manner(step: str, argument: str) -> str:
            if step == "content" and len(office.seen) == 1:
                hub.kill()
            return polite(step, argument)

        office.manner = manner
        hub.start()
        make_mail(hub)
        office.wait(lambda: len(office.taken) == 1)

        settings = load(environment={}, overrides={"data": hub.data, "mail.url": office.url})
        again = load_hub(settings.settings, now=lambda: clock.now() + LEASE + timedelta(minutes=1))
        while run_due(again, JOBS, MAILING):
            pass
        again.database.close()

        first, second = (mail for _, _, mail in office.taken)
        assert first["Message-ID"] == second["Message-ID"]
        assert first.as_bytes() == second.as_bytes()
        row = listed(hub)
        assert (row["state"], row["attempts"]) == ("sent", 1)  # the lost attempt was not noted


def test_mail_waits_while_the_server_is_away_and_leaves_once_when_it_is_back(
    tmp_path: Path,
) -> None:
    hub = Hub(tmp_path, {"STRATA_MAIL_URL": f"smtp://127.0.0.1:{free_port()}?from=hub@example.org"})
    hub.start()
    try:
        make_mail(hub)
        deadline = time.monotonic() + 30
        while not (row := listed(hub))["attempts"]:
            assert time.monotonic() < deadline
        assert (row["state"], "no mail server at" in row["reply"]) == ("queued", True)
    finally:
        hub.stop()

    with post_office() as office:
        hub.start({"STRATA_MAIL_URL": office.url})
        try:
            office.wait(lambda: len(office.taken) == 1)
        finally:
            hub.stop()
    assert listed(hub)["state"] == "sent"
    assert [to for _, to, _ in office.taken] == ["ann@example.com"]
