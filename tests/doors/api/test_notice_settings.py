"""`/api/settings/notifications` and `/api/settings/watch`, by the Hub's names (02 §O)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fixtures.clients import Clients
from fixtures.contents import created
from fixtures.hubs import FrozenClock, build_test_hub
from fixtures.large_files import calling
from fixtures.organizations import organization
from strata.accounts.notices.choices import DEFAULTS, Kind, Wanted, choices_of
from strata.accounts.tables import users
from strata.community.watching import queries
from strata.core.actor import Actor
from strata.core.hub import Hub
from strata.lib.db.seek import Window

pytestmark = pytest.mark.anyio

CHOICES, WATCH = "/api/settings/notifications", "/api/settings/watch"


@pytest.fixture
def hub(tmp_path: Path, clock: FrozenClock) -> Iterator[Hub]:
    built = build_test_hub(tmp_path / "data", clock=clock)
    yield built
    built.database.close()


def chosen(hub: Hub, actor: Actor) -> dict[Kind, Wanted]:
    with calling(hub, actor) as call:
        return choices_of(call, actor.user_id or 0)


def watched(hub: Hub, actor: Actor) -> set[str]:
    with calling(hub, actor) as call:
        heeded = queries.heeded(call, actor.user_id or 0, Window(10), muted=False).rows
        accounts = queries.watched(call, actor.user_id or 0)
    return {one.repo_id.full_name for one in heeded} | {one.name for one in accounts}


async def test_what_is_named_is_changed_and_the_rest_stays(
    hub: Hub, clients: Clients, owner: Actor
) -> None:
    asked = {"discussions_participating": False, "web_discussions_watched": False}
    answer = await clients.owner.patch(CHOICES, json={"prefs": asked})
    assert answer.status_code == 200, answer.text
    assert answer.json()["prefs"] == {
        "announcements": False,
        "discussions_participating": False,
        "discussions_watched": False,
        "gated_user_access_request": True,
        "org_request": True,
        "web_discussions_participating": True,
        "web_discussions_watched": False,
    }
    only_web, nothing = Wanted(web=True, mail=False), Wanted(web=False, mail=False)
    changed = {Kind.PARTICIPATING: only_web, Kind.MENTION: only_web, Kind.WATCHED: nothing}
    assert chosen(hub, owner) == {**DEFAULTS, **changed}
    older = await clients.owner.patch(CHOICES, json={"notifications": {"announcements": True}})
    assert older.json()["prefs"]["announcements"] is True


async def test_what_there_is_not_is_refused_and_says_what_there_is(
    hub: Hub, clients: Clients, owner: Actor
) -> None:
    for body in (
        {"prefs": {"announcements": True, "daily_papers_digest": True}},
        {"prefs": {"announcements": "yes"}},
        {"prefs": ["announcements"]},
    ):
        answer = await clients.owner.patch(CHOICES, json=body)
        assert answer.status_code == 400, body
    assert (
        "'daily_papers_digest' is not among"
        in (
            await clients.owner.patch(CHOICES, json={"prefs": {"daily_papers_digest": True}})
        ).json()["error"]
    )
    assert chosen(hub, owner) == DEFAULTS
    for client, status in ((clients.nobody, 401), (clients.reading, 403)):
        assert (await client.patch(CHOICES, json={"prefs": {}})).status_code == status
        assert (await client.patch(WATCH, json={"add": []})).status_code == status


async def test_things_are_watched_by_their_ids_all_or_nothing(
    hub: Hub, clients: Clients, owner: Actor, stranger: Actor
) -> None:
    one, hidden = created(hub, stranger, "one"), created(hub, stranger, "hidden", private=True)
    acme = organization(hub, "bob")
    with calling(hub, owner) as call:
        bob = call.db.scalar(sa.select(users.c.public_id).where(users.c.id == stranger.user_id))
    things = [
        {"id": one.key, "type": "repo"},
        {"id": acme.public_id, "type": "org"},
        {"id": bob, "type": "user"},
    ]
    for _ in range(2):
        answer = await clients.owner.patch(WATCH, json={"add": things})
        assert (answer.status_code, watched(hub, owner)) == (200, {"bob/one", "acme", "bob"})
    answer = await clients.owner.patch(WATCH, json={"delete": things[:1], "add": things[1:]})
    assert watched(hub, owner) == {"acme", "bob"}

    said = set()
    for key in (hidden.key, "0" * 24):  # what is hidden is missing
        for kind in ("repo", "user", "org"):
            asked = {"add": [things[0], {"id": key, "type": kind}], "delete": things[1:]}
            answer = await clients.owner.patch(WATCH, json=asked)
            assert answer.status_code == 404, answer.text
            said.add(answer.text.replace(key, "…"))
    assert len(said) == 3  # one for each kind
    assert watched(hub, owner) == {"acme", "bob"}
    many = [{"id": one.key, "type": "repo"}] * 501
    assert (await clients.owner.patch(WATCH, json={"add": many})).status_code == 400
    assert (await clients.owner.patch(WATCH, json={"add": [{"id": "x"}]})).status_code == 400
