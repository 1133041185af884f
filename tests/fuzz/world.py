"""A hub in which much has happened, and the people who ask it for things.

Every kind of repo belongs to `owner` and is called `thing`, so that the questions of
`fixtures.questions` fit. After a while of odd requests the database is put back as it was: what one
of them destroyed is there again for the next.
"""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final

from httpx2 import Response
from starlette.testclient import TestClient

from fixtures.buckets import bucket_of, filled, sent
from fixtures.contents import changed, created, given, uploaded
from fixtures.gated import asks, decides, gate
from fixtures.hubs import FrozenClock
from fixtures.large_files import access_token, noise, oid_of, person
from fixtures.organizations import joins, organization
from fixtures.webhooks import listening_hub
from fuzz.requests import Odd
from strata.access.gates.record import Standing
from strata.app.serving import build_app
from strata.content.writing.operations import AddLarge
from strata.core.actor import Actor, Role, TokenRole
from strata.core.hub import Hub
from strata.core.names import RepoType
from strata.repos.change import Settings
from strata.repos.record import Repo

SITE: Final = "http://hub.example.com"
THING: Final = "owner/thing"
LARGE: Final = b"large " * 400
# What is written about a request that was refused: how often somebody tried, and that it happened.
ABOUT_REFUSALS: Final = frozenset({"attempts"})

Keys = dict[str, list[str]]  # what `{word}` of a template may stand for


def built(folder: Path) -> Hub:
    """Build the empty hub; one fuzzed person writes more than anybody could in an hour."""
    hub = listening_hub(folder, FrozenClock())
    unlimited = replace(
        hub.settings,
        limits=replace(hub.settings.limits, posts_per_hour=10**9),
        rates=replace(hub.settings.rates, enabled=False),
    )
    return replace(hub, settings=unlimited)


class World:
    """The hub over HTTP, with everything in it and a way back to how it was."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._client = TestClient(
            build_app(hub), base_url=SITE, raise_server_exceptions=False, follow_redirects=False
        )
        people = {name: person(hub, name) for name in ("owner", "mia", "rob", "sam", "eve")}
        chief = replace(person(hub, "chief"), admin=True)
        self._headers = _headers(hub, people, chief)
        self.keys = _filled(self, people)
        self._path = str(hub.settings.data / "strata.db")
        self._pristine = sqlite3.connect(":memory:")
        self._monitor = sqlite3.connect(self._path)
        self._monitor.backup(self._pristine)
        self._seen = self._version()
        self._rows = self._dump()

    def close(self) -> None:
        self._pristine.close()
        self._monitor.close()

    def send(self, odd: Odd) -> Response:
        """Send one request and return the answer."""
        headers = {
            name.encode(): value.encode("latin-1")
            for name, value in {**odd.headers, **self._headers[odd.caller]}.items()
        }
        return self._client.request(
            odd.method, f"{SITE}{odd.target}", content=odd.body, headers=headers
        )

    def ask(self, caller: str, method: str, path: str, **body: object) -> dict[str, object]:
        """Ask for something that is right."""
        answer = self._client.request(method, path, json=body, headers=self._headers[caller])
        assert answer.status_code == 200, f"{method} {path}: {answer.status_code} {answer.text}"
        said: dict[str, object] = answer.json()
        return said

    def changed(self) -> set[str]:
        """Return the tables that say something else than when this was asked last."""
        version = self._version()
        if version == self._seen:  # nobody committed anything
            return set()
        before, self._rows, self._seen = self._rows, self._dump(), version
        return {name for name, rows in self._rows.items() if rows != before[name]}

    def restore(self) -> None:
        """Put every table back."""
        with closing(sqlite3.connect(self._path)) as database:
            self._pristine.backup(database)
        self._seen, self._rows = self._version(), self._dump()

    def _version(self) -> int:
        return int(self._monitor.execute("PRAGMA data_version").fetchone()[0])

    def _dump(self) -> dict[str, list[tuple[object, ...]]]:
        names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        return {
            name: self._monitor.execute(f'SELECT * FROM "{name}"').fetchall()
            for (name,) in self._monitor.execute(names).fetchall()
        }


def _headers(hub: Hub, people: Mapping[str, Actor], chief: Actor) -> dict[str, dict[str, str]]:
    tokens = {
        "owner": access_token(hub, people["owner"]),
        "reader": access_token(hub, people["owner"], TokenRole.READ),
        "member": access_token(hub, people["mia"]),
        "stranger": access_token(hub, people["sam"]),
        "admin": access_token(hub, chief),
    }
    return {"nobody": {}} | {
        caller: {"Authorization": f"Bearer {token}"} for caller, token in tokens.items()
    }


def _filled(world: World, people: Mapping[str, Actor]) -> Keys:
    hub, owner = world.hub, people["owner"]
    organization(hub, "owner")
    joins(hub, "mia", Role.WRITE)
    joins(hub, "rob", Role.READ)
    for kind in (RepoType.MODEL, RepoType.DATASET, RepoType.SPACE, RepoType.KERNEL):
        sdk = "static" if kind is RepoType.SPACE else None
        _repo(world, owner, created(hub, owner, "thing", kind, sdk=sdk))
    created(hub, owner, "hidden", private=True)
    _gate(hub, people, created(hub, owner, "gated"))
    bucket = bucket_of(hub, owner, "thing")
    filled(hub, owner, bucket, {"a.txt": b"hello", "dir/b.bin": noise("b", 5000)})
    keys = _talk(world) | _collection(world) | _webhook(world)
    return keys | {"oid": [oid_of(LARGE)], "user": ["rob", "mia", "owner"]}


def _repo(world: World, owner: Actor, repo: Repo) -> None:
    hub = world.hub
    card = b"---\nlicense: mit\ntags: [one]\n---\n# Thing\n"
    uploaded(hub, owner, repo, {"a.txt": b"hello\n", "dir/b.txt": b"b\n", "README.md": card})
    large = given(hub, owner, repo, "large.bin", LARGE)
    xet = sent(hub, owner, repo, noise("xet", 3000))
    changed(hub, owner, repo, [large, AddLarge("xet.bin", xet.oid, len(xet.content))])
    place = f"/api/{repo.type.plural}/{THING}"
    world.ask("owner", "POST", f"{place}/branch/dev")
    world.ask("owner", "POST", f"{place}/tag/main", tag="v0", message="annotated")
    world.ask("owner", "POST", f"{place}/like")


def _gate(hub: Hub, people: Mapping[str, Actor], repo: Repo) -> None:
    owner = people["owner"]
    gated = gate(hub, owner, repo, Settings(gated="manual"))
    for name in ("rob", "sam", "eve"):
        asks(hub, people[name], gated)
    decides(hub, owner, gated, Standing.ACCEPTED, "rob")
    decides(hub, owner, gated, Standing.REJECTED, "sam", "no")


def _talk(world: World) -> Keys:
    """Open on every kind: an open pull request, a merged one, a discussion, a closed one."""
    comments = []
    for kind in ("models", "datasets", "spaces", "kernels"):
        place = f"/api/{kind}/{THING}/discussions"
        for name in ("open", "merged"):
            lines = [
                {"key": "header", "value": {"summary": name}},
                {"key": "file", "value": {"path": f"{name}.txt", "content": "eA=="}},
            ]
            body = "\n".join(map(json.dumps, lines)).encode()
            odd = Odd("stranger", "POST", "", f"/api/{kind}/{THING}/commit/main?create_pr=1")
            answer = world.send(
                replace(odd, headers={"Content-Type": "application/x-ndjson"}, body=body)
            )
            assert answer.status_code == 200, answer.text
        world.ask("owner", "POST", f"{place}/2/merge")
        for title in ("Talk", "Done"):
            world.ask("stranger", "POST", place, title=title, description="Hello @owner")
        said = [_said(world, f"{place}/3/comment") for _ in range(3)]
        world.ask("stranger", "POST", f"{place}/3/comment/{said[0]}/edit", content="Better")
        world.ask("owner", "POST", f"{place}/3/comment/{said[1]}/hide")
        world.ask("owner", "POST", f"{place}/3/comment/{said[2]}/reaction", reaction="👍")
        world.ask("owner", "POST", f"{place}/4/status", status="closed", comment="Done")
        comments += said
    return {"number": ["3", "1", "2", "4"], "num": ["3", "1"], "comment": comments[:3]}


def _said(world: World, place: str) -> str:
    event = world.ask("stranger", "POST", place, comment="I say **this**")["newMessage"]
    assert isinstance(event, dict)
    return str(event["id"])


def _collection(world: World) -> Keys:
    slug = str(world.ask("owner", "POST", "/api/collections", title="Mine")["slug"])
    item = {"id": THING, "type": "dataset"}
    shown = world.ask("owner", "POST", f"/api/collections/{slug}/items", item=item, note="Good")
    items = shown["items"]
    assert isinstance(items, list)
    return {"slug": [slug.partition("/")[2]], "item": [str(items[0]["_id"])]}


def _webhook(world: World) -> Keys:
    made = world.ask(
        "owner",
        "POST",
        "/api/settings/webhooks",
        url="http://127.0.0.1:9/hook",
        watched=[{"type": "user", "name": "owner"}],
        secret="our-secret",
    )["webhook"]
    assert isinstance(made, dict)
    world.ask("owner", "POST", f"/api/models/{THING}/branch/heard")  # queues a delivery
    return {"id": [str(made["id"])], "log": _deliveries(world.hub)}


def _deliveries(hub: Hub) -> list[str]:
    with closing(sqlite3.connect(hub.settings.data / "strata.db")) as database:
        keys = [key for (key,) in database.execute("SELECT key FROM webhook_deliveries")]
    assert keys
    return keys
