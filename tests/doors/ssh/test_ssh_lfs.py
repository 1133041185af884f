"""Large files of those who clone over SSH, and what their credential does not open."""

import json
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from fixtures.accounts import calling
from fixtures.keys import SshPair
from fixtures.ssh_server import SshMachine, SshOrigin, key_of
from strata.accounts.tables import users
from strata.core.actor import Actor
from strata.core.call import working
from strata.credentials.keys import ssh
from strata.repos.record import Repo

pytestmark = pytest.mark.slow

LARGE = b"large" * 100_000
LFS_TYPE = "application/vnd.git-lfs+json"


@pytest.fixture
def key(origin: SshOrigin, machine: SshMachine, alice: Actor) -> SshPair:
    pair = machine.key()
    key_of(origin.hub, alice, pair)
    return pair


@pytest.fixture
def repo(origin: SshOrigin, alice: Actor) -> Repo:
    return origin.repo(alice, "tiny", private=True)


def asked(machine: SshMachine, key: SshPair, path: str, operation: str) -> dict[str, Any]:
    """Ask for a credential as git-lfs does."""
    done = machine.ssh("git-lfs-authenticate", path, operation, keys=(key,))
    assert done.status == 0, done.said
    answer: dict[str, Any] = json.loads(done.said)
    return answer


def batch(answer: dict[str, Any], operation: str, href: str | None = None) -> httpx.Response:
    return httpx.post(
        f"{href or answer['href']}/objects/batch",
        headers={"Accept": LFS_TYPE, "Content-Type": LFS_TYPE, **answer["header"]},
        json={"operation": operation, "objects": [{"oid": "a" * 64, "size": 5}]},
    )


def test_large_files_go_up_and_come_down(
    origin: SshOrigin, machine: SshMachine, repo: Repo, key: SshPair
) -> None:
    over = machine.over(key)
    machine.ok("lfs", "install", "--skip-repo")
    clone = machine.clone(origin.ssh_address(repo), **over)
    machine.ok("lfs", "track", "*.bin", at=clone)
    machine.commit(clone, {"weights.bin": LARGE})
    machine.ok("push", "origin", "main", at=clone, **over)
    again = machine.clone(origin.ssh_address(repo), **over)
    assert (again / "weights.bin").read_bytes() == LARGE


def test_the_answer_is_what_git_lfs_reads(
    origin: SshOrigin, machine: SshMachine, repo: Repo, key: SshPair
) -> None:
    answer = asked(machine, key, "alice/tiny.git", "download")
    assert answer["href"] == f"{origin.url}{repo.web_path}.git/info/lfs"
    assert answer["header"]["Authorization"].startswith("RemoteAuth ")
    assert answer["expires_in"] == origin.hub.settings.lfs.link_lifetime_s
    assert answer["expires_at"].endswith("Z")
    assert batch(answer, "download").status_code == 200


@pytest.mark.usefixtures("repo")
def test_a_credential_is_for_one_repo_and_one_operation(
    origin: SshOrigin, machine: SshMachine, alice: Actor, key: SshPair
) -> None:
    other = origin.repo(alice, "other", private=True)
    download = asked(machine, key, "alice/tiny", "download")
    upload = asked(machine, key, "alice/tiny", "upload")
    elsewhere = f"{origin.url}{other.web_path}.git/info/lfs"
    assert batch(upload, "upload").status_code == 200
    assert batch(download, "upload").status_code == 403
    assert batch(upload, "download").status_code == 403
    assert batch(download, "download", elsewhere).status_code == 403
    assert batch(upload, "upload", elsewhere).status_code == 403


def test_a_credential_opens_nothing_else(
    origin: SshOrigin, machine: SshMachine, repo: Repo, key: SshPair
) -> None:
    answer = asked(machine, key, "alice/tiny", "download")
    for path in (f"{repo.web_path}.git/info/refs?service=git-upload-pack",):
        refused = httpx.get(origin.url + path, headers=answer["header"])
        assert refused.status_code == 401, path
    value = answer["header"]["Authorization"].removeprefix("RemoteAuth ")
    as_bearer = {**answer, "header": {"Authorization": f"Bearer {value}"}}
    assert batch(as_bearer, "download").status_code == 401
    forged = {**answer, "header": {"Authorization": f"RemoteAuth {value[:-4]}AAAA"}}
    assert batch(forged, "download").status_code == 401


@pytest.mark.usefixtures("repo")
def test_a_credential_ends_with_its_key_and_its_account(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    pair = machine.key()
    added = key_of(origin.hub, alice, pair)
    answer = asked(machine, pair, "alice/tiny", "download")
    with calling(origin.hub) as call, working(call) as work:
        work.db.execute(sa.update(users).values(standing="suspended"))
    assert batch(answer, "download").status_code == 403
    with calling(origin.hub) as call, working(call) as work:
        work.db.execute(sa.update(users).values(standing="active"))
    assert batch(answer, "download").status_code == 200
    with calling(origin.hub, alice) as call, working(call) as work:
        ssh.remove(work, added.id)
    assert batch(answer, "download").status_code == 401


@pytest.mark.usefixtures("repo")
def test_who_may_not_gets_no_credential(
    origin: SshOrigin, machine: SshMachine, alice: Actor, mallory: Actor
) -> None:
    origin.repo(alice, "open")
    pair = machine.key("mallory")
    key_of(origin.hub, mallory, pair)
    unknown = machine.key("unknown")
    for path, operation, keys in (
        ("alice/tiny", "download", (pair,)),
        ("alice/tiny", "upload", (pair,)),
        ("alice/tiny", "download", (unknown,)),
        ("alice/absent", "download", (pair,)),
    ):
        refused = machine.ssh("git-lfs-authenticate", path, operation, keys=keys)
        assert refused.status == 1
        assert "Repository not found" in refused.said
    refused = machine.ssh("git-lfs-authenticate", "alice/open", "upload", keys=(unknown,))
    assert refused.status == 1
    assert batch(asked(machine, unknown, "alice/open", "download"), "download").status_code == 200
