"""Buckets by the newest client: its command line, its file system, and a feed that is followed."""

import os
import subprocess
import time
from pathlib import Path
from typing import Final

import pytest

from clients.conftest import DATABASES, Database, MakeClient, StartHub
from clients.environments import NEWEST
from clients.hub import Hub

MEGABYTE: Final = 1_000_000
FILE_SYSTEM: Final = """
    import json, sys
    from huggingface_hub import HfApi, HfFileSystem
    bucket = sys.argv[1]
    root = f"buckets/{bucket}"
    fs = HfFileSystem()
    with fs.open(f"{root}/notes/a.txt", "w") as file:
        file.write("hello")
    fs.cp_file(f"{root}/notes/a.txt", f"{root}/notes/b.txt")
    fs.mv(f"{root}/notes/b.txt", f"{root}/kept.txt")
    with fs.open(f"{root}/notes/a.txt") as file:
        file.seek(1)
        part = file.read(3).decode()
    info = HfApi().bucket_info(bucket)
    print(json.dumps({
        "part": part,
        "level": sorted(fs.ls(root, detail=False)),
        "all": sorted(fs.find(root)),
        "files": info.total_files,
    }))
"""
COPIES: Final = """
    import sys
    from huggingface_hub import HfApi
    api, source, target, model = HfApi(), *sys.argv[1:]
    api.create_bucket(target, private=True)
    api.copy_files(f"hf://buckets/{source}/folder/", f"hf://buckets/{target}/copy/")
    api.copy_files(f"hf://{model}", f"hf://buckets/{target}/model/")
    print("\\n".join(sorted(entry.path for entry in api.list_bucket_tree(target))))
"""
FOLLOW: Final = """
    import sys, time
    from huggingface_hub import HfFileSystem
    from huggingface_hub.hf_file_system import BUCKET_FOLLOWERS
    root = f"buckets/{sys.argv[1]}"
    fs = HfFileSystem(live_follow=True)
    fs.ls(root)
    while not any(follower.subscribed for follower, _ in BUCKET_FOLLOWERS.values()):
        time.sleep(0.05)
    print("following", flush=True)
    while not fs.exists(f"{root}/new.txt"):
        time.sleep(0.1)
    print("seen", flush=True)
    time.sleep(60)
"""
PUT: Final = """
    import sys
    from huggingface_hub import HfApi
    HfApi().batch_bucket_files(sys.argv[1], add=[(b"x", "new.txt")])
"""


BATCHES: Final = """
    import sys
    from huggingface_hub import HfApi
    api = HfApi()
    for number in range(1000):
        files = [(f"content {number}".encode(), f"{number}/{name}") for name in "ab"]
        api.batch_bucket_files(sys.argv[1], add=files)
        print(number, flush=True)
"""
NAMES: Final = """
    import json, sys
    from huggingface_hub import HfApi
    api = HfApi()
    info = api.bucket_info(sys.argv[1])
    names = [entry.path for entry in api.list_bucket_tree(sys.argv[1])]
    print(json.dumps({"names": names, "files": info.total_files}))
"""


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(file.relative_to(folder)): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_folder_goes_into_a_bucket_and_comes_out_the_same(
    hub: Hub, client: MakeClient, tmp_path: Path
) -> None:
    owner, reader = hub.user("bucket-owner"), hub.user("bucket-reader")
    mine, theirs = client(NEWEST, person=owner), client(NEWEST, person=reader)
    files = {
        "large.bin": os.urandom(3 * MEGABYTE + 1), "empty": b"", "deep/er/a b#%&.txt": b"text",
        "deep/zeros.bin": bytes(2 * MEGABYTE),
    }  # fmt: skip
    source, target = written(tmp_path / "source", files), tmp_path / "target"
    place = "hf://buckets/bucket-owner/synced"

    mine.program("hf", "buckets", "create", "synced")
    mine.program("hf", "buckets", "sync", str(source), place)
    theirs.program("hf", "buckets", "sync", place, str(target))
    assert contents(target) == files

    (source / "large.bin").unlink()
    (source / "deep" / "zeros.bin").write_bytes(b"not any more")
    mine.program("hf", "buckets", "sync", str(source), place, "--delete")
    theirs.program("hf", "buckets", "sync", place, str(target), "--delete")
    assert contents(target) == contents(source)

    theirs.program("hf", "buckets", "cp", str(source / "empty"), f"{place}/mine", fails=True)
    theirs.program("hf", "buckets", "rm", f"{place}/empty", "--yes", fails=True)
    mine.program("hf", "buckets", "rm", f"{place}/empty", "--yes")
    mine.program("hf", "buckets", "move", "bucket-owner/synced", "bucket-owner/renamed")
    listed = theirs.program("hf", "buckets", "list", "bucket-owner/synced", "-R", "--quiet")
    assert listed.stdout.split("\n")[:2] == ["deep/er/a b#%&.txt", "deep/zeros.bin"]
    mine.program("hf", "buckets", "delete", "bucket-owner/renamed", "--yes")
    theirs.program("hf", "buckets", "list", "bucket-owner/renamed", "-R", fails=True)


def test_a_bucket_is_a_place_of_the_file_system(hub: Hub, client: MakeClient) -> None:
    machine = client(NEWEST, person=hub.user("bucket-owner"))
    machine.program("hf", "buckets", "create", "drive", "--private")

    seen = machine.value(FILE_SYSTEM, "bucket-owner/drive")

    root = "buckets/bucket-owner/drive"
    assert seen == {
        "part": "ell",
        "level": [f"{root}/kept.txt", f"{root}/notes"],
        "all": [f"{root}/kept.txt", f"{root}/notes/a.txt"],
        "files": 2,
    }


def test_files_are_copied_from_buckets_and_repos_that_one_may_read(
    hub: Hub, client: MakeClient, tmp_path: Path
) -> None:
    owner, thief = hub.user("bucket-owner"), hub.user("bucket-thief")
    mine, his = client(NEWEST, person=owner), client(NEWEST, person=thief)
    folder = written(tmp_path / "folder", {"w.bin": os.urandom(2 * MEGABYTE), "c.json": b"{}"})
    for name, options in (("open", []), ("closed", ["--private"])):
        mine.program("hf", "buckets", "create", f"copied-{name}", *options)
        place = f"hf://buckets/bucket-owner/copied-{name}/folder"
        mine.program("hf", "buckets", "sync", str(folder), place)
        mine.program("hf", "upload", f"bucket-owner/model-{name}", str(folder), ".", *options)

    got = his.run(
        COPIES, "bucket-owner/copied-open", "bucket-thief/loot", "bucket-owner/model-open"
    )
    assert got.stdout.split() == [
        "copy/c.json", "copy/w.bin", "model/c.json", "model/w.bin",
    ]  # fmt: skip
    for source, model in (("copied-closed", "model-open"), ("copied-open", "model-closed")):
        his.run(
            COPIES, f"bucket-owner/{source}", f"bucket-thief/{source}-{model}",
            f"bucket-owner/{model}", fails=True,
        )  # fmt: skip


def test_a_feed_tells_of_changes_and_ends_with_the_server(
    start_hub: StartHub, client: MakeClient
) -> None:
    hub = start_hub()
    owner = hub.user("bucket-owner")
    machine = client(NEWEST, person=owner, endpoint=hub.url)
    machine.program("hf", "buckets", "create", "followed")
    following = machine.start(FOLLOW, "bucket-owner/followed")
    try:
        assert following.stdout is not None
        assert following.stdout.readline() == "following\n"
        client(NEWEST, person=owner, endpoint=hub.url).run(PUT, "bucket-owner/followed")
        assert following.stdout.readline() == "seen\n"

        begun = time.monotonic()
        hub.stop()
        assert time.monotonic() - begun < 10  # the feed does not hold it up
        hub.start()
    finally:
        _end(following)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


@pytest.mark.parametrize("database", DATABASES)
@pytest.mark.parametrize("end", ["a kill", "a crash before the commit"])
def test_no_acknowledged_batch_is_lost_and_none_is_half_there(
    start_hub: StartHub, client: MakeClient, database: Database, end: str
) -> None:
    hub = start_hub({"STRATA_TESTING": "1"}, database)
    owner = hub.user("bucket-owner")
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    machine = client(NEWEST, person=owner, endpoint=hub.url, variables=quiet)
    machine.program("hf", "buckets", "create", "survivor")
    if end != "a kill":
        hub.stop()
        hub.start({"STRATA_CRASH_AT": "before-commit"})
    writing = machine.start(BATCHES, "bucket-owner/survivor")
    try:
        assert writing.stdout is not None
        acknowledged = 0
        if end == "a kill":
            while acknowledged < 5:
                acknowledged = int(writing.stdout.readline()) + 1
            hub.kill()
        else:
            hub.wait_for_crash()
    finally:
        _end(writing)

    hub.start()
    seen = client(NEWEST, person=owner, endpoint=hub.url).value(NAMES, "bucket-owner/survivor")

    assert isinstance(seen, dict)
    whole = len(seen["names"]) // 2
    assert sorted(seen["names"]) == sorted(f"{n}/{name}" for n in range(whole) for name in "ab")
    assert seen["files"] == 2 * whole
    assert whole >= acknowledged
    assert hub.cli("doctor", "--json", "--data", str(hub.data)) == "[]"
