"""Gated repositories through the unmodified clients: refused, let in, put out again."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Json, Repo, shown
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.git import address, machine
from clients.hub import Hub, Person

As = Callable[[Person | None], Api]

# Those that were the last or first to do something differently: LFS only, Xet, today's.
RELEASES: Final = ("0.25.2", "0.36.2", NEWEST)
SIZE: Final = 300_007
PREPARE: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    api.create_repo(sys.argv[1], exist_ok=True)
    api.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2])
    api.update_repo_settings(sys.argv[1], gated="manual")
"""
REFUSED: Final = """
    import json, sys
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download
    from huggingface_hub.utils import GatedRepoError
    said = []
    for act in (
        lambda: hf_hub_download(sys.argv[1], "config.json"),
        lambda: hf_hub_download(sys.argv[1], "weights.bin"),
        lambda: snapshot_download(sys.argv[1], allow_patterns="*.bin"),
        lambda: HfApi().auth_check(sys.argv[1]),
    ):
        try:
            act()
        except GatedRepoError as error:
            said.append(str(error))
    readable = open(hf_hub_download(sys.argv[1], "README.md")).read()
    print(json.dumps([said, readable, HfApi().list_repo_files(sys.argv[1])]))
"""
DOWNLOAD: Final = """
    import sys
    from huggingface_hub import snapshot_download
    print(snapshot_download(sys.argv[1], force_download=True))
"""
ACCEPT: Final = """
    import sys
    from huggingface_hub import HfApi
    api, (repo, user) = HfApi(), sys.argv[1:]
    (waiting,) = api.list_pending_access_requests(repo)
    assert (waiting.username, waiting.email) == (user, f"{user}@example.org"), waiting
    api.accept_access_request(repo, request_id=waiting.request_id)
"""
REJECT: Final = """
    import sys
    from huggingface_hub import HfApi
    api, (repo, user) = HfApi(), sys.argv[1:]
    assert [one.username for one in api.list_accepted_access_requests(repo)] == [user]
    api.reject_access_request(repo, user, rejection_reason="Not this time")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    (made / "README.md").write_text("---\nlicense: mit\n---\n# Card\n")
    (made / "config.json").write_text('{"model_type": "bert"}')
    (made / "weights.bin").write_bytes(os.urandom(SIZE))
    return made


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
@pytest.mark.parametrize("release", RELEASES)
def test_a_stranger_is_refused_let_in_and_put_out(
    release: str, hub: Hub, client: MakeClient, api: As, folder: Path
) -> None:
    owner, reader = hub.user("gate-owner"), hub.user("gate-reader")
    repo = Repo("model", f"gate-owner/gated-{release}")
    hers, his = client(NEWEST, person=owner), client(release, person=reader)
    hers.run(PREPARE, repo.name, str(folder))

    heard: Json = his.value(REFUSED, repo.name)
    said, readable, listed = heard
    assert len(said) == 4
    assert all("is restricted and you are not in the authorized list" in text for text in said)
    assert f"{hub.url}/{repo.name}" in said[0]
    assert "# Card" in readable
    assert "weights.bin" in listed
    nobody = client(release).run(DOWNLOAD, repo.name, fails=True)
    assert "GatedRepoError" in nobody.stderr
    assert "Please log in." in nobody.stderr

    asked = api(reader).web.post(f"{repo.page}/ask-access", json={}, follow_redirects=False)
    assert asked.status_code == 303, shown(asked)
    assert "awaiting a review" in his.run(DOWNLOAD, repo.name, fails=True).stderr
    hers.run(ACCEPT, repo.name, reader.name)
    got = Path(his.run(DOWNLOAD, repo.name).stdout.strip().splitlines()[-1])
    assert (got / "weights.bin").read_bytes() == (folder / "weights.bin").read_bytes()

    hers.run(REJECT, repo.name, reader.name)
    assert "has been rejected" in his.run(DOWNLOAD, repo.name, fails=True).stderr


def test_git_and_git_lfs_stand_before_the_gate_too(
    hub: Hub, client: MakeClient, api: As, folder: Path, tmp_path: Path
) -> None:
    owner, reader = hub.user("gate-owner"), hub.user("gate-reader")
    repo = Repo("model", "gate-owner/gated-git")
    client(NEWEST, person=owner).run(PREPARE, repo.name, str(folder))
    his = machine(tmp_path / "his", reader)
    refused = his.git("clone", address(hub, repo, reader), str(tmp_path / "no"), fails=True)
    assert "you are not in the authorized list" in refused
    his.git("clone", address(hub, repo), str(tmp_path / "nobody"), fails=True)
    granted = api(owner).web.post(
        f"{repo.api}/user-access-request/grant", json={"user": reader.name}
    )
    assert granted.status_code == 200, shown(granted)
    tokens = (reader.token_read, reader.token_write)
    clones = [his.clone(address(hub, repo, reader, token=token)) for token in tokens]
    for clone in clones:
        assert (clone / "weights.bin").read_bytes() == (folder / "weights.bin").read_bytes()
    hers = machine(tmp_path / "hers", owner)
    own = hers.clone(address(hub, repo, owner))
    (own / "weights.bin").write_bytes(os.urandom(SIZE))
    hers.commit(own, "New weights")
    hers.git("push", within=own)
    rejected = api(owner).web.post(
        f"{repo.api}/user-access-request/handle",
        json={"user": reader.name, "status": "rejected"},
    )
    assert rejected.status_code == 200, shown(rejected)
    assert "has been rejected" in his.git("pull", within=clones[0], fails=True)
