"""Large files that their owner deletes for good: with the client, with git, and through crashes."""

import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final

import httpx
import pytest

from clients.api import Api, Repo, shown, speaking_as
from clients.conftest import DATABASES, Database, MakeClient, SettingsFor
from clients.environments import NEWEST
from clients.git import address, machine
from clients.hub import Hub, Person

As = Callable[[Person | None], Api]

CRASHED: Final = 70  # the exit status of a crash point
FILL: Final = """
    import json, sys
    from huggingface_hub import CommitOperationAdd, HfApi
    api, repo = HfApi(), sys.argv[1]
    api.create_repo(repo)
    for name in ("secret.bin", "kept.bin"):
        api.upload_file(path_or_fileobj=name, path_in_repo=f"weights/{name}", repo_id=repo)
    api.create_branch(repo, branch="side")
    api.create_tag(repo, tag="v1", tag_message="Noted")
    api.create_commit(
        repo, [CommitOperationAdd("note.txt", b"n")], commit_message="A note", create_pr=True
    )
    listed = {file.filename: file.ref for file in api.list_lfs_files(repo)}
    api.delete_file("weights/secret.bin", repo)
    print(json.dumps(listed))
"""
DELETE: Final = """
    import json, sys
    from huggingface_hub import HfApi
    api, repo = HfApi(), sys.argv[1]
    listed = list(api.list_lfs_files(repo))
    wanted = [file for file in listed if file.filename == "weights/secret.bin"]
    api.permanently_delete_lfs_files(repo, wanted)
    print(json.dumps({
        "before": sorted((file.filename, file.size) for file in listed),
        "refs": {file.filename: file.ref for file in listed},
        "after": [file.filename for file in api.list_lfs_files(repo)],
        "main": sorted(api.list_repo_files(repo)),
        "side": sorted(api.list_repo_files(repo, revision="side")),
        "tag": sorted(api.list_repo_files(repo, revision="v1")),
        "pull": sorted(api.list_repo_files(repo, revision="refs/pr/1")),
        "titles": [commit.title for commit in api.list_repo_commits(repo)],
    }))
"""


def test_a_deleted_file_leaves_every_ref_for_clients_and_clones(
    hub: Hub, client: MakeClient, repo_name: str, tmp_path: Path
) -> None:
    owner = hub.user("storage-owner")
    repo = Repo("model", f"storage-owner/{repo_name}")
    writer = client(NEWEST, person=owner)
    for name in ("secret.bin", "kept.bin"):
        (writer.home / name).write_bytes(os.urandom(200_000))
    secret = sha256((writer.home / "secret.bin").read_bytes()).hexdigest()
    on_main = "refs/heads/main"
    first = writer.value(FILL, repo.name)
    assert first == {"weights/kept.bin": on_main, "weights/secret.bin": on_main}
    told = writer.value(DELETE, repo.name)
    kept = [".gitattributes", "weights/kept.bin"]
    assert isinstance(told, dict)
    # What main no longer has stays named there if the job came before the deletion, else by side.
    assert told["refs"].pop("weights/secret.bin") in {on_main, "refs/heads/side"}
    assert told == {
        "refs": {"weights/kept.bin": on_main},
        "before": [["weights/kept.bin", 200_000], ["weights/secret.bin", 200_000]],
        "after": ["weights/kept.bin"],
        "main": kept,
        "side": kept,
        "tag": kept,
        "pull": [".gitattributes", "note.txt", "weights/kept.bin"],
        "titles": [
            "Delete weights/secret.bin with huggingface_hub",
            "Upload weights/kept.bin with huggingface_hub",
            "Upload weights/secret.bin with huggingface_hub",
            "initial commit",
        ],
    }

    git = machine(tmp_path / "machine", owner, lfs=False)
    clone = git.clone(address(hub, repo, owner), "--mirror")
    git.git("fsck", "--full", "--strict", within=clone)
    history = git.git("log", "--all", "--full-history", "--patch", "--format=%H", within=clone)
    assert "secret.bin" not in history
    assert secret not in history
    assert git.git("tag", "--list", "--format=%(contents)", within=clone).strip() == "Noted"


STORIES: Final = """
    import json, sys
    from pathlib import Path
    from huggingface_hub import HfApi
    api, repo = HfApi(), sys.argv[1]
    api.create_repo(repo)
    api.upload_file(path_or_fileobj=b"data", path_in_repo="file.txt", repo_id=repo)
    api.upload_file(path_or_fileobj=bytes(5000), path_in_repo="lfs.bin", repo_id=repo)
    ref = api.create_pull_request(repo, title="Squashed").git_reference
    for content in (b"one", b"two"):
        api.upload_file(
            path_or_fileobj=content, path_in_repo="pr.txt", repo_id=repo, revision=ref
        )
    api.super_squash_history(repo, branch=ref)
    squashed = api.list_repo_commits(repo, revision=ref)
    folder = api.snapshot_download(repo)
    sound = api.verify_repo_checksums(repo)
    damaged = Path(folder) / "file.txt"
    damaged.unlink()
    damaged.write_bytes(b"dat4")
    broken = api.verify_repo_checksums(repo)
    print(json.dumps({
        "squashed": [commit.title for commit in squashed],
        "main": len(api.list_repo_commits(repo)),
        "checked": sound.checked_count,
        "sound": len(sound.mismatches),
        "broken": [one["path"] for one in broken.mismatches],
    }))
"""


def test_squashed_pulls_and_checksums_are_what_the_client_expects(
    hub: Hub, client: MakeClient, repo_name: str
) -> None:
    owner = hub.user("storage-owner")
    told = client(NEWEST, person=owner).value(STORIES, f"storage-owner/{repo_name}")
    assert told == {
        "squashed": ["Super-squash branch 'refs/pr/1' using huggingface_hub"],
        "main": 3,
        "checked": 3,
        "sound": 0,
        "broken": ["file.txt"],
    }


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


@pytest.mark.parametrize("crashing_hub", DATABASES, indirect=True)
@pytest.mark.parametrize("point", ["after-pack", "before-commit", "after-commit"])
def test_a_crash_inside_a_rewrite_shows_the_old_history_or_the_new(
    crashing_hub: Hub, tmp_path: Path, point: str
) -> None:
    hub, repo = crashing_hub, Repo("model", "crash-owner/rewritten")
    hub.start()
    owner = hub.user("crash-owner")
    content = os.urandom(11_000_000)  # larger than git itself holds
    with speaking_as(hub.url, owner) as api:
        api.create(repo)
        api.commit(repo, {"big.bin": content, "a.txt": b"a"})
        for branch in ("one", "two"):
            answer = api.web.post(f"{repo.api}/branch/{branch}", json={})
            assert answer.status_code == 200, shown(answer)
        before = {revision: api.commits(repo, revision) for revision in ("main", "one", "two")}
    hub.kill()

    hub.start({"STRATA_CRASH_AT": point})
    oid = sha256(content).hexdigest()
    with speaking_as(hub.url, owner) as api, pytest.raises(httpx.TransportError):
        api.web.delete(f"{repo.api}/lfs-files/{oid}?rewriteHistory=true")
    assert hub.wait_for_crash() == CRASHED

    hub.start()
    gone = point == "after-commit"
    with speaking_as(hub.url, owner) as api:
        for revision, commits in before.items():
            assert (api.commits(repo, revision) == commits) is not gone
            assert ("big.bin" in api.paths(repo, revision)) is not gone
            assert api.content(repo, "a.txt", revision) == b"a"
        if not gone:
            assert api.content(repo, "big.bin") == content
        again = api.web.delete(f"{repo.api}/lfs-files/{oid}?rewriteHistory=true")
        assert again.status_code == (404 if gone else 200), shown(again)
        assert api.paths(repo, "two") == {".gitattributes", "a.txt"}
    git = machine(tmp_path / "machine", owner, lfs=False)
    clone = git.clone(address(hub, repo, owner), "--mirror")
    git.git("fsck", "--full", "--strict", within=clone)
    assert oid not in git.git("log", "--all", "--patch", within=clone)
    hub.stop()
    hub.require_clean_log()
