"""What is refused says which field is wrong, and is read to its end so that the caller hears it."""

from collections.abc import AsyncIterator

import pytest

from fixtures.clients import Clients
from fixtures.contents import texts
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.repos.record import Repo

pytestmark = pytest.mark.anyio

COMMIT = "/api/models/ana/one/commit/main"
HEADER = '{"key":"header","value":{"summary":"x"}}\n'
PIECE = b" " * 1024 * 1024


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"key":"header","value":7}', "$.value`"),
        ('{"key":"header","value":{"summary":7}}', "$.value.summary`"),
        ('{"key":7}', "$.key`"),
        (HEADER + '{"key":"file","value":{"path":["a"],"content":""}}', "$.value.path`"),
        (HEADER + '{"key":"file","value":{"path":"a"}}', "`content` - at `$.value`"),
        (HEADER + '{"key":"lfsFile","value":{"path":"a","oid":null}}', "$.value.oid`"),
        (HEADER + '{"key":"deletedFolder","value":{"path":1}}', "$.value.path`"),
    ],
)
async def test_a_commit_names_the_field_that_is_wrong(
    clients: Clients, hub: Hub, owner: Actor, repo: Repo, body: str, place: str
) -> None:
    before = texts(hub, owner, repo)

    answer = await clients.owner.post(COMMIT, content=body)

    assert answer.status_code == 400
    assert answer.json()["error"].endswith(place)
    assert texts(hub, owner, repo) == before


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_that_is_too_long_is_read_to_its_end(
    clients: Clients, repo: Repo, *, declared: bool
) -> None:
    """Who is refused in the middle of sending sees a broken connection and never the reason."""
    sent = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(20):
            sent += len(PIECE)
            yield PIECE

    headers = {"Content-Length": str(20 * len(PIECE))} if declared else {}
    place = f"/api/models/{repo.full_name}/tag/main"
    answer = await clients.owner.post(place, content=pieces(), headers=headers)

    assert answer.status_code == 413
    assert sent == 20 * len(PIECE)
