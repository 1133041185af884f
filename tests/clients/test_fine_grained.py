"""Fine-grained tokens through the unmodified clients of every age: log-in, reading, refusals."""

from itertools import count
from typing import Final

import pytest

from clients.conftest import MakeClient
from clients.environments import HUB_RELEASES, NEWEST
from clients.hub import Hub

LOGIN: Final = """
    import json, sys
    from huggingface_hub import HfApi, login
    login(token=sys.argv[1])
    print(json.dumps(HfApi().whoami(token=sys.argv[1])["auth"]["accessToken"]))
"""
# `login(token=)` is not in the ones before.
WITH_LOGIN: Final = tuple(
    release for release in HUB_RELEASES if tuple(map(int, release.split(".")[:2])) >= (0, 10)
)


_NUMBERS: Final = count()


def fine(hub: Hub, *scopes: str) -> str:
    hub.user("fina")
    name = f"fine {next(_NUMBERS)}"
    (value,) = hub.commands(
        ("token", "create", "--user", "fina", "--name", name, "--role", "fineGrained", *scopes)
    )
    hub.keep_secret(name, value)
    return value


@pytest.mark.parametrize("release", WITH_LOGIN)
def test_log_in_with_a_fine_grained_token(hub: Hub, client: MakeClient, release: str) -> None:
    value = fine(
        hub, "--scope", "fina=repo.content.read", "--scope", "*=discussion.write", "--gated"
    )

    told = client(release, endpoint=hub.url).value(LOGIN, value)

    assert isinstance(told, dict)
    assert told["role"] == "fineGrained"
    assert told["fineGrained"]["canReadGatedRepos"] is True
    assert told["fineGrained"]["global"] == ["discussion.write"]
    (own,) = told["fineGrained"]["scoped"]
    assert (own["entity"]["type"], own["entity"]["name"]) == ("user", "fina")
    assert own["permissions"] == ["repo.content.read"]


def test_log_in_on_the_command_line(hub: Hub, client: MakeClient) -> None:
    value = fine(hub, "--scope", "fina=repo.write")
    machine = client(NEWEST, endpoint=hub.url)

    said = machine.program("hf", "auth", "login", "--token", value)
    who = machine.program("hf", "auth", "whoami")

    assert value not in said.stdout + said.stderr
    assert "fina" in who.stdout


def test_the_warning_of_a_token_that_ends_soon_is_printed(hub: Hub, client: MakeClient) -> None:
    hub.user("fina")
    (value,) = hub.commands(
        ("token", "create", "--user", "fina", "--name", "soon", "--role", "read", "--days", "3")
    )
    hub.keep_secret("soon", value)

    said = client(NEWEST, token=value, endpoint=hub.url).run(
        "from huggingface_hub import HfApi; list(HfApi().list_models(limit=1))"
    )

    assert "This access token expires on" in said.stderr
