"""The list of throw-away mailboxes: refreshed, put back, never half (product §3.4)."""

import os
from pathlib import Path

import pytest

from fixtures.accounts import calling
from fixtures.hubs import FrozenClock, build_test_hub
from strata.accounts.mailboxes import addresses, disposable
from strata.core.errors import Malformed
from strata.core.hub import Hub


@pytest.fixture
def list_hub(tmp_path: Path, clock: FrozenClock) -> Hub:
    return build_test_hub(tmp_path / "data", clock=clock)


def refused(hub: Hub, email: str) -> bool:
    with calling(hub):
        return addresses.faults(email, hub.settings) == ("email.disposable",)


def test_a_newer_list_holds_at_once_and_can_be_taken_back(list_hub: Hub) -> None:
    settings = list_hub.settings
    assert (refused(list_hub, "a@mailinator.com"), refused(list_hub, "a@fresh.example")) == (
        True,
        False,
    )
    domains = disposable.parsed(
        "# of today\n\nFRESH.example\n*.wild.example # all\nbücher.example\n"
    )
    file = disposable.replace(settings, domains)
    assert file == settings.data / "disposable_domains.txt"
    for email in ("a@fresh.example", "a@x.FRESH.example", "a@wild.example", "a@bücher.example"):
        assert refused(list_hub, email), email
    assert not refused(list_hub, "a@mailinator.com")
    disposable.replace(settings, {"other.example"})
    assert (refused(list_hub, "a@fresh.example"), refused(list_hub, "a@other.example")) == (
        False,
        True,
    )
    assert disposable.forget(settings)
    assert not disposable.forget(settings)
    assert refused(list_hub, "a@mailinator.com")


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "names no domain"), ("# none\n", "names no domain"), ("a.example\n<html>\n", "Line 2"),
     ("localhost\n", "Line 1"), ("a b.example\n", "Line 1"), ("\0.example", "Line 1")],
)  # fmt: skip
def test_what_is_no_list_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(Malformed, match=why):
        disposable.parsed(text)


def test_a_list_that_cannot_be_read_leaves_the_one_that_comes_along(list_hub: Hub) -> None:
    file = disposable.file_of(list_hub.settings)
    for content in (b"\xff\xfe", b"<html>no list</html>", b""):
        file.write_bytes(content)
        os.utime(file, ns=(1, len(content)))
        assert refused(list_hub, "a@mailinator.com")


def test_the_setting_names_a_file_that_nodes_share(tmp_path: Path, clock: FrozenClock) -> None:
    shared = tmp_path / "shared.txt"
    shared.write_text("shared.example\n")
    settings = {"accounts.disposable_file": shared}
    hub = build_test_hub(tmp_path / "data", clock=clock, **settings)  # type: ignore[arg-type]  # the data folder's name is its own
    assert refused(hub, "a@shared.example")
    off = {**settings, "accounts.allow_disposable": True}
    open_hub = build_test_hub(tmp_path / "open", clock=clock, **off)  # type: ignore[arg-type]  # as above
    assert not refused(open_hub, "a@shared.example")
