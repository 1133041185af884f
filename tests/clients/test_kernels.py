"""Kernels by the newest client, and repos duplicated by it."""

import os
from typing import Final

import pytest

from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.hub import Hub

KERNEL: Final = """
    import json, sys
    from pathlib import Path
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download
    api, repo, folder = HfApi(), sys.argv[1], sys.argv[2]
    kind = {"repo_type": "kernel"}
    url = api.create_repo(repo, **kind)
    api.upload_file(path_or_fileobj=b"# relu", path_in_repo="README.md", repo_id=repo, **kind)
    api.create_branch(repo, branch="v1", **kind)
    commit = api.upload_folder(repo_id=repo, folder_path=folder, **kind)
    info = api.kernel_info(repo)
    at_v1 = Path(snapshot_download(repo, revision="v1", **kind))
    binary = Path(hf_hub_download(repo, "build/relu.so", **kind))
    print(json.dumps({
        "url": str(url),
        "commit": commit.commit_url.rpartition("/")[0],
        "info": [info.id, info.author, info.private],
        "branches": sorted(ref.name for ref in api.list_repo_refs(repo, **kind).branches),
        "main": sorted(api.list_repo_files(repo, **kind)),
        "v1": sorted(one.name for one in at_v1.iterdir()),
        "same": binary.read_bytes() == (Path(folder) / "build" / "relu.so").read_bytes(),
    }))
"""
DUPLICATE: Final = """
    import sys
    from pathlib import Path
    from huggingface_hub import HfApi, hf_hub_download
    api = HfApi()
    url = api.duplicate_repo(sys.argv[1], sys.argv[2])
    again = api.duplicate_repo(sys.argv[1], sys.argv[2], exist_ok=True)
    assert str(url) == str(again), (url, again)
    print(Path(hf_hub_download(sys.argv[2], "w.bin")).read_bytes().hex())
"""


def test_a_kernel_is_uploaded_and_loaded_by_its_version(hub: Hub, client: MakeClient) -> None:
    machine = client(NEWEST, person=hub.user("kernel-owner"))
    folder = machine.home / "folder"
    (folder / "build").mkdir(parents=True)
    (folder / "build" / "relu.so").write_bytes(os.urandom(2_000_000))

    seen = machine.value(KERNEL, "kernel-owner/relu", str(folder))

    home = f"{hub.url}/kernels/kernel-owner/relu"
    assert seen == {
        "url": home,
        "commit": f"{home}/commit",
        "info": ["kernel-owner/relu", "kernel-owner", False],
        "branches": ["main", "v1"],
        "main": [".gitattributes", "README.md", "build/relu.so"],
        "v1": [".gitattributes", "README.md"],
        "same": True,
    }


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_repo_is_duplicated_by_whom_its_owner_lets_see_it(hub: Hub, client: MakeClient) -> None:
    mine = client(NEWEST, person=hub.user("copied-owner"))
    his = client(NEWEST, person=hub.user("copier"))
    content = os.urandom(1_000_000)
    (mine.home / "folder").mkdir()
    (mine.home / "folder" / "w.bin").write_bytes(content)
    mine.program("hf", "upload", "copied-owner/open", str(mine.home / "folder"), ".")
    mine.program("hf", "upload", "copied-owner/closed", str(mine.home / "folder"), ".", "--private")

    got = his.run(DUPLICATE, "copied-owner/open", "copier/copy")
    his.run(DUPLICATE, "copied-owner/closed", "copier/loot", fails=True)

    assert got.stdout.split()[-1] == content.hex()
