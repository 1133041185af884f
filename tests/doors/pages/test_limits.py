"""What somebody reads who has as many of a thing as their plan allows: numbers (product §3.17)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from doors.pages.visitors import Page, Visitor, confirmed
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.keys import ssh_pair
from strata.core.hub import Hub

HOOK = {"url": "https://93.184.216.34/h", "accounts": "li", "repo": "on", "secret": ""}
ONE: dict[str, Any] = {
    "accounts.tokens_per_user": 1,
    "accounts.keys_per_user": 1,
    "webhooks.per_user": 1,
    "quotas.repos": 1,
    "quotas.organizations": 1,
}


@pytest.fixture
def full(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "full", clock=clock, **ONE)
    yield built
    built.database.close()


def test_each_limit_says_how_many_there_are_and_may_be(full: Hub, tmp_path: Path) -> None:
    li = confirmed(full, "li")
    first, second = (wished(li, tmp_path, number) for number in range(2))
    assert {answer.status for answer in first.values()} <= {200, 303}
    for things, answer in second.items():
        assert answer.status in {400, 413}
        assert f"1 of 1 {things}" in answer.text, things
    chinese = Visitor(full, language="zh-CN")
    chinese.log_in("li")
    assert "你已有 1 个访问令牌" in chinese.make_token("third").text


def wished(li: Visitor, folder: Path, number: int) -> dict[str, Page]:
    """Ask for one of everything; the answers by what stands behind their numbers."""
    key = ssh_pair(folder / str(number)).public
    new, organization, hook = "/new", "/organizations/new", "/settings/webhooks/new"
    return {
        "access tokens": li.make_token(f"t{number}"),
        "SSH keys": li.submit("/settings/keys", "/settings/keys/ssh", key=key),
        "webhooks": li.submit(hook, hook, **HOOK),
        "are": li.submit(new, new, owner="li", name=f"m{number}", visibility="public"),
        "are in use": li.submit(
            organization,
            organization,
            name=f"acme{number}",
            guidelines="on",
            visibility="public",
        ),
    }
