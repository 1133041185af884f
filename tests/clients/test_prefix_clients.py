"""A hub below a path of its host: the newest client needs nothing but the longer address."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from clients.conftest import MakeClient
from clients.environments import NEWEST
from clients.hub import Hub

PREFIX: Final = "/hub"
LARGE: Final = 11_000_000  # bytes: above the size that goes into git
STORY: Final = """
    import json, sys
    from pathlib import Path
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download

    api, repo, folder = HfApi(), sys.argv[1], Path(sys.argv[2])
    created = api.create_repo(repo)
    commit = api.upload_folder(repo_id=repo, folder_path=folder)
    pull = api.upload_file(
        path_or_fileobj=b"more", path_in_repo="more.txt", repo_id=repo, create_pr=True
    )
    got = Path(snapshot_download(repo))
    info = api.model_info(repo, files_metadata=True)
    print(json.dumps({
        "created": str(created),
        "commit": commit.commit_url,
        "pull": pull.pr_url,
        "same": all((got / one.name).read_bytes() == one.read_bytes() for one in folder.iterdir()),
        "listed": [one.id for one in api.list_models(author=repo.split("/")[0])],
        "commits": len(api.list_repo_commits(repo)),
        "large": [one.rfilename for one in info.siblings if one.lfs],
        "avatar": api.whoami()["avatarUrl"],
    }))
"""
MOVE: Final = """
    import sys
    from huggingface_hub import HfApi, hf_hub_download
    HfApi().move_repo(sys.argv[1], sys.argv[2])
    print(hf_hub_download(sys.argv[1], "large.bin", force_download=True))
"""


@pytest.fixture
def prefixed(tmp_path: Path) -> Iterator[Hub]:
    """Run a hub whose public address has a path."""
    hub = Hub(tmp_path / "prefixed", {})
    try:
        hub.start({"STRATA_PUBLIC_URL": f"{hub.url}{PREFIX}"})
        yield hub
        hub.stop()
    finally:
        hub.kill()
    hub.require_clean_log()


def test_the_newest_client_creates_uploads_and_downloads_below_a_prefix(
    prefixed: Hub, client: MakeClient, tmp_path: Path
) -> None:
    endpoint = f"{prefixed.url}{PREFIX}"
    person = prefixed.user("li-wei")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "large.bin").write_bytes(os.urandom(LARGE))
    (folder / "README.md").write_text("# Below a prefix\n")
    here = client(NEWEST, person=person, endpoint=endpoint)
    repo = "li-wei/first"

    told = here.value(STORY, repo, str(folder))
    assert isinstance(told, dict)
    assert told["created"] == f"{endpoint}/{repo}"
    assert told["commit"].startswith(f"{endpoint}/{repo}/commit/")
    assert told["pull"] == f"{endpoint}/{repo}/discussions/1"
    assert told["same"] is True
    assert told["listed"] == [repo]
    assert told["commits"] == 2
    assert told["large"] == ["large.bin"]
    assert told["avatar"].startswith(f"{PREFIX}/avatars/")
    asked = re.findall(r'"path": ?"([^"]*)"', prefixed.log.read_text())
    assert any("/xet/" in path and "/shards" in path for path in asked), asked
    stray = {path for path in asked if not path.startswith(f"{PREFIX}/")}
    # hf_xet sends its statistics to the root of the host, wherever the store is.
    assert stray - {"/v1/telemetry"} == {"/readyz"}

    elsewhere = client(NEWEST, person=person, endpoint=endpoint)
    path = elsewhere.run(MOVE, repo, "li-wei/second").stdout.strip().splitlines()[-1]
    assert Path(path).read_bytes() == (folder / "large.bin").read_bytes()
