"""Eight writers, one branch, two hundred commits: every one lands."""

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Repo
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.git import address, machine
from clients.hub import Hub, Person

WRITERS: Final = 8
COMMITS_EACH: Final = 25
WRITE: Final = """
    import sys
    from huggingface_hub import CommitOperationAdd, HfApi

    api = HfApi()
    repo, writer, commits = sys.argv[1], sys.argv[2], int(sys.argv[3])
    for number in range(commits):
        path = f"writer-{writer}/{number}.txt"
        done = api.create_commit(
            repo,
            [CommitOperationAdd(path_in_repo=path, path_or_fileobj=path.encode())],
            commit_message=f"Add {path}",
        )
        print(done.oid)
"""


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_two_hundred_commits_by_eight_writers_all_land(
    hub: Hub,
    client: MakeClient,
    api: Callable[[Person | None], Api],
    tmp_path: Path,
) -> None:
    owner = hub.user("many-writers")
    repo = Repo("model", "many-writers/one-branch")
    api(owner).create(repo)
    (first,) = api(owner).commits(repo)

    running = [
        client(NEWEST, person=owner).start(WRITE, repo.name, str(writer), str(COMMITS_EACH))
        for writer in range(WRITERS)
    ]
    try:
        outputs = [process.communicate(timeout=600)[0] for process in running]
    finally:
        for process in running:
            process.kill()  # harmless to one that has ended
    for process, output in zip(running, outputs, strict=True):
        assert process.returncode == 0, output
    acknowledged = {word for output in outputs for word in output.split() if len(word) == 40}
    assert len(acknowledged) == WRITERS * COMMITS_EACH

    history = api(owner).commits(repo)
    assert set(history) == acknowledged | {first}
    assert len(history) == len(acknowledged) + 1
    assert history[-1] == first

    git = machine(tmp_path / "git", owner, lfs=False)
    clone = git.clone(address(hub, repo, owner))
    # One chain: every commit's only parent is the one before it.
    lines = git.git("rev-list", "--parents", "HEAD", within=clone).splitlines()
    assert [line.split() for line in lines] == [
        *([commit, parent] for commit, parent in pairwise(history)),
        [first],
    ]
    git.git("fsck", "--full", within=clone)

    expected = {
        f"writer-{writer}/{number}.txt"
        for writer in range(WRITERS)
        for number in range(COMMITS_EACH)
    }
    assert api(owner).paths(repo) == expected | {".gitattributes"}
    for path in expected:
        assert (clone / path).read_text() == path
