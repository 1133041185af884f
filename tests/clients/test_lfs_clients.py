"""Large files through Git LFS: what clients without Xet, and clients told not to use it, do."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Repo, shown, speaking_as
from clients.conftest import MakeClient, StartHub
from clients.environments import HUB_RELEASES, NEWEST
from clients.hub import Hub, Person
from clients.proxy import CountingProxy

As = Callable[[Person | None], Api]

NO_XET: Final = {"HF_HUB_DISABLE_XET": "1"}
WEIGHTS_SIZE: Final = 2_000_003
MULTIPART: Final = {
    "STRATA_LFS_MULTIPART_THRESHOLD_BYTES": "1000000",
    "STRATA_LFS_PART_BYTES": "300000",
}
UPLOAD_FOLDER: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    api.create_repo(sys.argv[1], exist_ok=True)
    api.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2])
"""
DOWNLOAD_ALL: Final = """
    import sys
    from huggingface_hub import snapshot_download
    print(snapshot_download(sys.argv[1]))
"""
DOWNLOAD_ONE: Final = """
    import sys
    from huggingface_hub import hf_hub_download
    print(hf_hub_download(sys.argv[1], sys.argv[2]))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder as a small model has it: text, weights in a subfolder, an empty file."""
    made = tmp_path / "folder"
    (made / "deep" / "er").mkdir(parents=True)
    (made / "config.json").write_text(json.dumps({"model_type": "bert"}))
    (made / "weights.bin").write_bytes(os.urandom(WEIGHTS_SIZE))
    (made / "deep" / "er" / "more weights.safetensors").write_bytes(os.urandom(70_001))
    (made / "deep" / "名字.txt").write_text("你好\n")
    (made / "empty.txt").touch()
    return made


def same_files(folder: Path, copy: Path) -> bool:
    """Tell whether every file of a folder is in the copy with the same bytes."""
    return all(
        (copy / path.relative_to(folder)).read_bytes() == path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    )


@pytest.mark.parametrize("release", HUB_RELEASES)
def test_a_folder_goes_up_and_comes_down_in_every_release(
    release: str, hub: Hub, client: MakeClient, api: As, folder: Path
) -> None:
    owner, reader = hub.user("lfs-owner"), hub.user("lfs-reader")
    repo = Repo("model", f"lfs-owner/folder-{release}")
    client(release, person=owner, variables=NO_XET).run(UPLOAD_FOLDER, repo.name, str(folder))

    got = client(release, person=reader, variables=NO_XET).run(DOWNLOAD_ALL, repo.name)
    assert same_files(folder, Path(got.stdout.strip().splitlines()[-1]))

    entries = {one["path"]: one for one in api(None).pages(f"{repo.api}/tree/main?recursive=true")}
    weights = (folder / "weights.bin").read_bytes()
    assert entries["weights.bin"]["lfs"]["oid"] == hashlib.sha256(weights).hexdigest()
    assert "lfs" not in entries["config.json"]


@pytest.mark.parametrize("release", HUB_RELEASES)
def test_a_deleted_file_is_gone_and_says_so(
    release: str, hub: Hub, client: MakeClient, api: As
) -> None:
    owner = hub.user("lfs-owner")
    repo = Repo("model", f"lfs-owner/deleting-{release}")
    api(owner).create(repo)
    api(owner).commit(repo, {"a.txt": b"a", "b.txt": b"b"})
    machine = client(release, person=owner, variables=NO_XET)
    machine.run(
        """
        import sys
        from huggingface_hub import HfApi
        HfApi().delete_file("a.txt", repo_id=sys.argv[1])
        """,
        repo.name,
    )
    assert api(None).paths(repo) == {".gitattributes", "b.txt"}
    refused = machine.run(DOWNLOAD_ONE, repo.name, "a.txt", fails=True)
    assert "EntryNotFoundError" in refused.stderr


@pytest.mark.parametrize("release", ["0.12.1", "0.25.2", "0.36.2", "1.25.1", NEWEST])
def test_a_file_over_the_threshold_goes_up_in_parts(
    release: str, client: MakeClient, start_hub: StartHub, folder: Path
) -> None:
    hub = start_hub(MULTIPART)
    owner = hub.user("lfs-owner")
    repo = Repo("model", "lfs-owner/in-parts")
    uploading = client(release, person=owner, endpoint=hub.url, variables=NO_XET)
    uploading.run(UPLOAD_FOLDER, repo.name, str(folder))
    with speaking_as(hub.url, owner) as api:
        assert api.content(repo, "weights.bin") == (folder / "weights.bin").read_bytes()
        offered = api.web.post(
            f"{repo.git}/info/lfs/objects/batch",
            json={
                "operation": "upload",
                "transfers": ["basic", "multipart"],
                "objects": [{"oid": "ab" * 32, "size": 1_000_001}],
                "hash_algo": "sha256",
            },
        )
    assert offered.status_code == 200, shown(offered)
    assert offered.json()["transfer"] == "multipart"
    parts = offered.json()["objects"][0]["actions"]["upload"]["header"]
    assert parts.pop("chunk_size") == "300000"
    assert [int(number) for number in parts] == [1, 2, 3, 4]


@pytest.mark.parametrize("path", ["weights.bin", "config.json"], ids=["lfs", "regular"])
def test_ranges_are_answered_exactly(
    hub: Hub, client: MakeClient, api: As, folder: Path, path: str
) -> None:
    owner = hub.user("lfs-owner")
    repo = Repo("model", f"lfs-owner/ranges-of-{path}")
    client(NEWEST, person=owner, variables=NO_XET).run(UPLOAD_FOLDER, repo.name, str(folder))
    content = (folder / path).read_bytes()
    size = len(content)
    address = f"{repo.page}/resolve/main/{path}"
    web = api(None).web

    for asked, start, end in (
        ("0-0", 0, 1),
        ("3-9", 3, 10),
        (f"{size - 4}-", size - 4, size),
        ("-5", size - 5, size),
        (f"7-{size + 99}", 7, size),
    ):
        answer = web.get(address, headers={"Range": f"bytes={asked}"}, follow_redirects=True)
        assert answer.status_code == 206, shown(answer)
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert answer.content == content[start:end]
    beyond = web.get(address, headers={"Range": f"bytes={size}-"}, follow_redirects=True)
    assert beyond.status_code == 416
    assert beyond.headers["Content-Range"] == f"bytes */{size}"


def test_a_broken_download_goes_on_where_it_broke(
    hub: Hub, client: MakeClient, api: As, proxy: CountingProxy
) -> None:
    size, broken_at = 40_000_000, 25_000_000
    owner = hub.user("lfs-owner")
    repo = Repo("model", "lfs-owner/broken-download")
    content = os.urandom(size)
    api(owner).create(repo)
    uploading = client(NEWEST, person=owner, variables=NO_XET)
    (uploading.home / "weights.bin").write_bytes(content)
    uploading.program("hf", "upload", repo.name, "weights.bin")

    proxy.cut_once_after(broken_at)
    reading = client(NEWEST, endpoint=proxy.url, variables=NO_XET)
    got = reading.run(DOWNLOAD_ONE, repo.name, "weights.bin")
    assert Path(got.stdout.strip().splitlines()[-1]).read_bytes() == content
    assert "resume" in got.stderr
    # The client writes whole pieces of 10 MB, so at most one piece travels twice.
    assert size < proxy.received_since_last_asked() < size + 11_000_000


def test_an_unfinished_file_of_an_older_release_is_completed(
    hub: Hub, client: MakeClient, api: As, proxy: CountingProxy
) -> None:
    owner = hub.user("lfs-owner")
    repo = Repo("model", "lfs-owner/unfinished")
    content = os.urandom(4_000_000)
    api(owner).create(repo)
    uploading = client(NEWEST, person=owner, variables=NO_XET)
    (uploading.home / "weights.bin").write_bytes(content)
    uploading.program("hf", "upload", repo.name, "weights.bin")

    reading = client("0.36.2", endpoint=proxy.url, variables=NO_XET)
    blobs = reading.home / "huggingface/hub/models--lfs-owner--unfinished/blobs"
    blobs.mkdir(parents=True)
    unfinished = blobs / f"{hashlib.sha256(content).hexdigest()}.incomplete"
    unfinished.write_bytes(content[:3_000_000])
    got = reading.run(DOWNLOAD_ONE, repo.name, "weights.bin")
    assert Path(got.stdout.strip().splitlines()[-1]).read_bytes() == content
    assert proxy.received_since_last_asked() < 1_100_000


def test_a_file_is_copied_without_its_bytes_travelling(
    hub: Hub, client: MakeClient, api: As, folder: Path, proxy: CountingProxy
) -> None:
    owner = hub.user("lfs-owner")
    repo = Repo("model", "lfs-owner/copying")
    machine = client(NEWEST, person=owner, endpoint=proxy.url, variables=NO_XET)
    machine.run(UPLOAD_FOLDER, repo.name, str(folder))
    proxy.sent_since_last_asked()
    machine.run(
        """
        import sys
        from huggingface_hub import CommitOperationCopy, HfApi
        HfApi().create_commit(
            sys.argv[1],
            [CommitOperationCopy("weights.bin", "copies/weights.bin")],
            commit_message="Copy",
        )
        """,
        repo.name,
    )
    assert proxy.sent_since_last_asked() < 20_000
    copy = api(None).content(repo, "copies/weights.bin")
    assert copy == (folder / "weights.bin").read_bytes()


@pytest.mark.parametrize("variables", [NO_XET, {}], ids=["lfs", "xet"])
def test_a_stranger_proposes_large_files_in_a_pull_request(
    hub: Hub, client: MakeClient, api: As, repo_name: str, variables: dict[str, str]
) -> None:
    owner, stranger = hub.user("lfs-owner"), hub.user("lfs-stranger")
    repo = Repo("model", f"lfs-owner/{repo_name}")
    api(owner).create(repo)
    machine = client(NEWEST, person=stranger, variables=variables)
    (machine.home / "weights.bin").write_bytes(os.urandom(WEIGHTS_SIZE))
    proposing = """
        import sys
        from huggingface_hub import CommitOperationAdd, HfApi
        print(HfApi().create_commit(
            sys.argv[1],
            [CommitOperationAdd("weights.bin", "weights.bin")],
            commit_message="Better weights",
            create_pr=sys.argv[2] == "proposal",
        ).pr_revision)
    """
    proposed = machine.run(proposing, repo.name, "proposal")
    reference = proposed.stdout.split()[-1]
    content = (machine.home / "weights.bin").read_bytes()
    assert api(None).content(repo, "weights.bin", reference.replace("/", "%2F")) == content
    assert "weights.bin" not in api(None).paths(repo)
    refused = machine.run(proposing, repo.name, "main", fails=True)
    assert "403" in refused.stderr


def test_a_commit_on_an_old_parent_conflicts(hub: Hub, client: MakeClient, api: As) -> None:
    owner = hub.user("lfs-owner")
    repo = Repo("model", "lfs-owner/conflict")
    api(owner).create(repo)
    old = api(owner).head(repo)
    new = api(owner).commit(repo, {"first.txt": b"1"})
    said = client(NEWEST, person=owner).value(
        """
        import json, sys
        from huggingface_hub import CommitOperationAdd, HfApi
        from huggingface_hub.errors import HfHubHTTPError
        try:
            HfApi().create_commit(
                sys.argv[1],
                [CommitOperationAdd("second.txt", b"2")],
                commit_message="Late",
                parent_commit=sys.argv[2],
            )
        except HfHubHTTPError as refused:
            print(json.dumps([refused.response.status_code, str(refused)]))
        """,
        repo.name,
        old,
    )
    assert isinstance(said, list)
    status, message = said
    assert status == 412
    assert "The branch was updated since you opened this page" in message
    assert api(owner).head(repo) == new


def test_bytes_never_given_cannot_be_committed(hub: Hub, api: As) -> None:
    owner = hub.user("lfs-owner")
    repo = Repo("model", "lfs-owner/nothing-behind")
    api(owner).create(repo)
    before = api(owner).head(repo)
    lines = [
        {"key": "header", "value": {"summary": "Point at nothing", "description": ""}},
        {
            "key": "lfsFile",
            "value": {"path": "x.bin", "algo": "sha256", "oid": "cd" * 32, "size": 10},
        },
    ]
    refused = api(owner).web.post(
        f"{repo.api}/commit/main",
        content="\n".join(json.dumps(line) for line in lines),
        headers={"Content-Type": "application/x-ndjson"},
    )
    assert 400 <= refused.status_code < 500, shown(refused)
    assert refused.headers["X-Error-Message"]
    assert api(owner).head(repo) == before
