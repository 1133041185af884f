"""Large files through Xet: chunks, deduplication, and the same bytes by every way."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Repo
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.hub import Hub, Person
from clients.proxy import CountingProxy

As = Callable[[Person | None], Api]

WITH_XET: Final = ("0.36.2", "1.25.1", NEWEST)
PLAIN: Final = {"HF_HUB_DISABLE_XET": "1"}
MEGABYTE: Final = 1_000_000
UPLOAD_FOLDER: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    api.create_repo(sys.argv[1], exist_ok=True)
    api.upload_folder(repo_id=sys.argv[1], folder_path=sys.argv[2])
"""
DOWNLOAD: Final = """
    import sys
    from huggingface_hub import hf_hub_download
    print(hf_hub_download(sys.argv[1], sys.argv[2]))
"""


def unlike_anything(size: int, seed: int) -> bytes:
    """Return bytes that do not compress and that no other test sends."""
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("release", WITH_XET)
def test_the_bytes_are_the_same_through_xet_and_plain_http(
    release: str, hub: Hub, client: MakeClient, tmp_path: Path
) -> None:
    owner, reader = hub.user("xet-owner"), hub.user("xet-reader")
    repo = f"xet-owner/both-ways-{release}"
    folder = tmp_path / "folder"
    folder.mkdir()
    contents = {
        "large.bin": os.urandom(9 * MEGABYTE + 1),
        "repeating.bin": os.urandom(64 * 1024) * 50,
        "zeros.bin": bytes(3 * MEGABYTE),
        "one-byte.bin": b"x",
    }
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    client(release, person=owner).run(UPLOAD_FOLDER, repo, str(folder))
    for name, content in contents.items():
        for variables in ({}, PLAIN):
            got = client(release, person=reader, variables=variables).run(DOWNLOAD, repo, name)
            assert Path(got.stdout.strip().splitlines()[-1]).read_bytes() == content, name


@pytest.mark.parametrize("release", [NEWEST, "1.25.1"])
def test_a_file_sent_through_xet_is_announced_as_such(
    release: str, hub: Hub, client: MakeClient, api: As
) -> None:
    owner = hub.user("xet-owner")
    repo = Repo("model", f"xet-owner/announced-{release}")
    machine = client(release, person=owner)
    (machine.home / "folder").mkdir()
    (machine.home / "folder" / "w.bin").write_bytes(os.urandom(2 * MEGABYTE))
    machine.run(UPLOAD_FOLDER, repo.name, "folder")
    head = api(None).web.head(f"{repo.page}/resolve/main/w.bin")
    assert len(head.headers["X-Xet-Hash"]) == 64
    assert 'rel="xet-auth"' in head.headers["Link"]
    (entry,) = [e for e in api(None).pages(f"{repo.api}/tree/main") if e["path"] == "w.bin"]
    assert entry["xetHash"] == head.headers["X-Xet-Hash"]


def test_a_folder_of_hundreds_of_files_goes_up(
    hub: Hub, client: MakeClient, api: As, tmp_path: Path
) -> None:
    owner = hub.user("xet-owner")
    repo = Repo("dataset", "xet-owner/hundreds")
    folder = tmp_path / "folder"
    contents = {f"texts/{n % 10}/{n}.txt": f"number {n}\n".encode() for n in range(400)}
    contents |= {f"small/{n}.bin": unlike_anything(1000 + n, n) for n in range(100)}
    contents |= {f"large/{n}.bin": unlike_anything(6 * MEGABYTE, 1000 + n) for n in range(3)}
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    machine = client(NEWEST, person=owner)
    machine.program("hf", "upload", "--repo-type", "dataset", repo.name, str(folder), ".")
    assert api(None).paths(repo) == set(contents) | {".gitattributes"}

    reading = client(NEWEST)
    copy = reading.home / "copy"
    reading.program("hf", "download", "--repo-type", "dataset", repo.name, "--local-dir", str(copy))
    for name, content in contents.items():
        assert (copy / name).read_bytes() == content, name


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_an_edited_file_sends_only_its_new_chunks(
    hub: Hub, client: MakeClient, proxy: CountingProxy
) -> None:
    size = 60 * MEGABYTE
    owner = hub.user("xet-owner")
    repo = "xet-owner/edited"
    machine = client(NEWEST, person=owner, endpoint=proxy.url)
    file = machine.home / "data.bin"
    content = unlike_anything(size, 60)
    file.write_bytes(content)
    machine.run(
        "import sys; from huggingface_hub import create_repo; create_repo(sys.argv[1])", repo
    )
    machine.program("hf", "upload", repo, "data.bin")
    assert proxy.sent_since_last_asked() > size, "the upload did not pass the proxy"

    # An insertion moves every later byte: only content-defined chunks survive it.
    edited = content[: size // 2] + b"a few new bytes" + content[size // 2 :]
    file.write_bytes(edited)
    machine.program("hf", "upload", repo, "data.bin")
    assert proxy.sent_since_last_asked() < size // 20

    got = client(NEWEST).run(DOWNLOAD, repo, "data.bin")
    assert Path(got.stdout.strip().splitlines()[-1]).read_bytes() == edited


def test_a_file_the_repo_already_has_is_not_sent_again_by_another_machine(
    hub: Hub, client: MakeClient, proxy: CountingProxy
) -> None:
    owner = hub.user("xet-owner")
    repo = "xet-owner/same-again"
    content = unlike_anything(8 * MEGABYTE, 61)
    for number, most in enumerate((9 * MEGABYTE, MEGABYTE)):
        machine = client(NEWEST, person=owner, endpoint=proxy.url)
        (machine.home / "folder").mkdir()
        (machine.home / "folder" / f"{number}.bin").write_bytes(content)
        machine.run(UPLOAD_FOLDER, repo, "folder")
        assert proxy.sent_since_last_asked() < most


def test_a_large_file_is_copied_to_another_repo_without_travelling(
    hub: Hub, client: MakeClient, api: As, proxy: CountingProxy
) -> None:
    owner = hub.user("xet-owner")
    source, target = Repo("model", "xet-owner/source"), Repo("dataset", "xet-owner/target")
    content = unlike_anything(5 * MEGABYTE, 62)
    machine = client(NEWEST, person=owner, endpoint=proxy.url)
    (machine.home / "folder").mkdir()
    (machine.home / "folder" / "w.bin").write_bytes(content)
    machine.run(UPLOAD_FOLDER, source.name, "folder")
    api(owner).create(target)
    proxy.sent_since_last_asked()
    machine.run(
        """
        import sys
        from huggingface_hub import CommitOperationCopy, HfApi
        copy = CommitOperationCopy(
            "w.bin", "copied.bin", src_repo_id=sys.argv[1], src_repo_type="model"
        )
        HfApi().create_commit(sys.argv[2], [copy], commit_message="Copy", repo_type="dataset")
        """,
        source.name,
        target.name,
    )
    assert proxy.sent_since_last_asked() < 50_000
    assert api(None).content(target, "copied.bin") == content


def test_a_private_file_is_nobody_elses(hub: Hub, client: MakeClient, api: As) -> None:
    owner, stranger = hub.user("xet-owner"), hub.user("xet-stranger")
    repo = Repo("model", "xet-owner/private-weights")
    api(owner).create(repo, private=True)
    machine = client(NEWEST, person=owner)
    (machine.home / "w.bin").write_bytes(os.urandom(2 * MEGABYTE))
    machine.program("hf", "upload", repo.name, "w.bin")
    xet_hash = api(owner).web.head(f"{repo.page}/resolve/main/w.bin").headers["X-Xet-Hash"]

    refused = client(NEWEST, person=stranger).run(DOWNLOAD, repo.name, "w.bin", fails=True)
    assert "RepositoryNotFoundError" in refused.stderr

    # A stranger's own token for the chunk store does not open a file by its hash.
    own = Repo("model", "xet-stranger/own")
    api(stranger).create(own)
    granted = api(stranger).json(f"{own.api}/xet-read-token/main")
    asked = api(None).web.get(
        f"{granted['casUrl']}/v1/reconstructions/{xet_hash}",
        headers={"Authorization": f"Bearer {granted['accessToken']}"},
    )
    assert asked.status_code in {403, 404}
