"""The server dies at each step of a commit; nothing acknowledged is lost, nothing is half there.

`STRATA_CRASH_AT=<point>` ends the process at once at that step; the server refuses it without
`STRATA_TESTING=1`.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from clients.api import Repo, commit_lines, speaking_as
from clients.conftest import DATABASES, Database, MakeClient, SettingsFor
from clients.environments import NEWEST
from clients.git import address, machine
from clients.hub import Hub, HubDiedError, Person

CRASHED: Final = 70  # the exit status of a crash point
POINTS: Final = ("after-objects", "after-pack", "before-commit", "after-commit")
LANDED_AT: Final = frozenset({"after-commit"})
"""The database's commit is the commit: past it, the change is there though nobody was told."""

IMPATIENT: Final = {
    "HF_XET_CLIENT_RETRY_MAX_ATTEMPTS": "1",
    "HF_XET_CLIENT_RETRY_BASE_DELAY": "100ms",
    "HF_XET_CLIENT_RETRY_MAX_DURATION": "5s",
}
"""Otherwise the client knocks for six minutes at the server that is gone."""

UPLOAD: Final = """
    import json, sys
    from huggingface_hub import CommitOperationAdd, HfApi
    try:
        done = HfApi().create_commit(
            sys.argv[1],
            [
                CommitOperationAdd("weights.bin", "weights.bin"),
                CommitOperationAdd("note.txt", b"with the weights"),
            ],
            commit_message="Add weights and a note",
        )
        print(json.dumps(done.oid))
    except Exception as failed:
        print(json.dumps(None))
"""


@pytest.fixture
def crashing_hub(
    tmp_path: Path,
    request: pytest.FixtureRequest,
    settings_for: SettingsFor,
) -> Iterator[Hub]:
    """Return a hub, not started, whose crash points are armed by `start`."""
    database: Database = request.param
    hub = Hub(tmp_path / "crashing", settings_for(database) | {"STRATA_TESTING": "1"})
    yield hub
    hub.kill()


def owner_with_repo(hub: Hub, repo: Repo) -> tuple[Person, list[str]]:
    """Create the repository with one acknowledged commit; return its owner and history."""
    owner = hub.user("crash-owner")
    with speaking_as(hub.url, owner) as api:
        api.create(repo)
        api.commit(repo, {"before.txt": b"acknowledged"})
        return owner, api.commits(repo)


@pytest.mark.parametrize("crashing_hub", DATABASES, indirect=True)
@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("way", ["xet", "lfs"])
def test_a_crash_inside_a_commit_loses_and_shows_nothing(
    crashing_hub: Hub, client: MakeClient, tmp_path: Path, point: str, way: str
) -> None:
    hub, repo = crashing_hub, Repo("model", "crash-owner/survivor")
    hub.start()
    owner, acknowledged = owner_with_repo(hub, repo)
    hub.kill()

    hub.start({"STRATA_CRASH_AT": point})
    writer = client(
        NEWEST,
        person=owner,
        endpoint=hub.url,
        variables={"HF_HUB_DISABLE_XET": "1"} if way == "lfs" else IMPATIENT,
    )
    content = os.urandom(1_500_000)
    (writer.home / "weights.bin").write_bytes(content)
    assert writer.value(UPLOAD, repo.name) is None, "the crash point was not passed"
    assert hub.wait_for_crash() == CRASHED

    hub.start()
    with speaking_as(hub.url, owner) as api:
        history, paths = api.commits(repo), api.paths(repo)
        assert history[-len(acknowledged) :] == acknowledged
        assert api.content(repo, "before.txt") == b"acknowledged"
        if point in LANDED_AT:
            assert len(history) == len(acknowledged) + 1
            assert {"weights.bin", "note.txt"} <= paths
        else:
            assert history == acknowledged
            assert paths == {".gitattributes", "before.txt"}
    require_sound(hub, repo, owner, tmp_path / "first")

    assert isinstance(writer.value(UPLOAD, repo.name), str)
    with speaking_as(hub.url, owner) as api:
        assert api.content(repo, "weights.bin") == content
        assert api.content(repo, "note.txt") == b"with the weights"
    require_sound(hub, repo, owner, tmp_path / "second")
    hub.stop()
    hub.require_clean_log()


@pytest.mark.parametrize("crashing_hub", DATABASES, indirect=True)
@pytest.mark.parametrize("point", ["after-pack", "before-commit", "after-commit"])
def test_a_crash_inside_a_merge_merges_all_or_nothing(
    crashing_hub: Hub, tmp_path: Path, point: str
) -> None:
    hub, repo = crashing_hub, Repo("model", "crash-owner/merged")
    hub.start()
    owner, acknowledged = owner_with_repo(hub, repo)
    with speaking_as(hub.url, owner) as api:
        body = commit_lines("Propose", {"proposed.txt": b"proposed", "before.txt": b"changed"})
        headers = {"Content-Type": "application/x-ndjson"}
        address_of_commit = f"{repo.api}/commit/main?create_pr=1"
        api.web.post(address_of_commit, content=body, headers=headers).raise_for_status()
        api.commit(repo, {"meanwhile.txt": b"on main"})
    hub.kill()

    here = f"{repo.api}/discussions/1"
    hub.start({"STRATA_CRASH_AT": point})
    with speaking_as(hub.url, owner) as api, pytest.raises(httpx.TransportError):
        api.web.post(f"{here}/merge")
    assert hub.wait_for_crash() == CRASHED

    hub.start()
    with speaking_as(hub.url, owner) as api:
        found, history = api.web.get(here).json(), api.commits(repo)
        merged = point in LANDED_AT
        assert found["status"] == ("merged" if merged else "open")
        assert ("mergeCommitId" in found["changes"]) is merged
        assert len(history) == len(acknowledged) + (3 if merged else 1)
        assert ("proposed.txt" in api.paths(repo)) is merged
        expected = b"changed" if merged else b"acknowledged"
        assert api.content(repo, "before.txt") == expected
    require_sound(hub, repo, owner, tmp_path / "first")
    with speaking_as(hub.url, owner) as api:
        again = api.web.post(f"{here}/merge")
        assert again.status_code == (409 if merged else 200), again.text
        assert api.content(repo, "before.txt") == b"changed"
        assert api.web.get(here).json()["status"] == "merged"
    hub.stop()
    hub.require_clean_log()


@pytest.mark.parametrize("crashing_hub", DATABASES, indirect=True)
def test_a_kill_between_commits_keeps_every_acknowledged_one(
    crashing_hub: Hub, tmp_path: Path
) -> None:
    hub, repo = crashing_hub, Repo("model", "crash-owner/many")
    hub.start()
    owner, acknowledged = owner_with_repo(hub, repo)
    for number in range(20):
        with speaking_as(hub.url, owner) as api:
            acknowledged.insert(0, api.commit(repo, {f"{number}.txt": b"%d" % number}))
        if number % 5 == 4:
            hub.kill()
            hub.start()
    with speaking_as(hub.url, owner) as api:
        assert api.commits(repo) == acknowledged
        assert {f"{number}.txt" for number in range(20)} <= api.paths(repo)
    require_sound(hub, repo, owner, tmp_path / "clone")
    hub.stop()


@pytest.mark.parametrize("crashing_hub", ["sqlite"], indirect=True)
def test_a_crash_point_is_refused_outside_tests(crashing_hub: Hub) -> None:
    armed = {"STRATA_TESTING": "0", "STRATA_CRASH_AT": "after-pack"}
    with pytest.raises(HubDiedError, match="STRATA_TESTING"):
        crashing_hub.start(armed)


def require_sound(hub: Hub, repo: Repo, owner: Person, home: Path) -> None:
    """Clone the repository and have git check every object."""
    git = machine(home, owner, lfs=False)
    clone = git.clone(address(hub, repo, owner))
    git.git("fsck", "--full", "--strict", within=clone)
