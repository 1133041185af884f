"""What settings make of the way out: who may be called, and through which proxy."""

import pytest

from strata.core.settings.loading import load
from strata.core.settings.outbound import outbound_of
from strata.core.settings.refusal import BadSettings
from strata.lib.http.guard import TargetRefused


def test_the_proxy_of_the_machine_is_taken_over_unless_one_is_set() -> None:
    machine = {"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "localhost,.example.org"}
    borrowed = load(environment=machine)
    own = load(environment=machine | {"STRATA_WEBHOOKS_PROXY": "http://mine:1"})

    assert borrowed.settings.webhooks.proxy == "http://proxy:3128"
    assert borrowed.origins["webhooks.no_proxy"] == "environment"
    proxy = outbound_of(borrowed.settings).proxy
    assert proxy is not None
    assert not proxy.serves("hooks.example.org")
    assert own.settings.webhooks.proxy == "http://mine:1"
    assert outbound_of(load(environment={}).settings).proxy is None


def test_the_hub_itself_and_http_are_refused_by_default() -> None:
    settings = load(environment={"STRATA_PUBLIC_URL": "https://Hub.example.com/x"}).settings
    guard = outbound_of(settings).guard

    for url in ("https://hub.example.com/api", "http://example.org/", "https://127.0.0.1/"):
        with pytest.raises(TargetRefused):
            guard.target(url)
    assert guard.target("https://example.org/").host == "example.org"


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("STRATA_WEBHOOKS_ALLOW", "10.0.0.0/8, 1.2.3.4/99", "webhooks.allow"),
        ("STRATA_WEBHOOKS_ALLOW", "https://example.org", "webhooks.allow"),
        ("STRATA_WEBHOOKS_PROXY", "socks5://proxy", "STRATA_WEBHOOKS_PROXY"),
        ("STRATA_WEBHOOKS_TIMEOUT_S", "0", "webhooks.timeout_s"),
        ("STRATA_WEBHOOKS_TIMEOUT_S", "61", "webhooks.timeout_s"),
    ],
)
def test_what_cannot_be_meant_is_refused(variable: str, value: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        load(environment={variable: value})
