"""Discussions and pull requests between two people, each with an unmodified client."""

import io
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from PIL import Image

from clients.api import Api, Repo
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.hub import Hub, Person

As = Callable[[Person | None], Api]

RELEASES: Final = ("0.36.2", "1.0.1", NEWEST)
PICTURE: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63"
    "a838f01f0003eb0238b3bb65fd0000000049454e44ae426082"
)

BEGIN: Final = """
    import sys
    from huggingface_hub import CommitOperationAdd, HfApi
    api = HfApi()
    api.create_repo(sys.argv[1])
    files = {"config.json": b'{"a": 1}', "keep.txt": b"kept"}
    operations = [CommitOperationAdd(path, content) for path, content in files.items()]
    api.create_commit(sys.argv[1], operations, commit_message="Begin")
"""
PROPOSE: Final = """
    import json, sys
    from huggingface_hub import CommitOperationAdd, HfApi
    api, (repo, folder) = HfApi(), sys.argv[1:]
    operations = [
        CommitOperationAdd("config.json", b'{"a": 2}'),
        CommitOperationAdd("by-path.bin", f"{folder}/by-path.bin"),
        CommitOperationAdd("by-stream.bin", open(f"{folder}/by-stream.bin", "rb")),
    ]
    made = api.create_commit(
        repo, operations, commit_message="Better weights", commit_description="Trained *longer*.",
        create_pr=True,
    )
    api.upload_file(
        path_or_fileobj=b"more", path_in_repo="more.txt", repo_id=repo, revision=made.pr_revision
    )
    def later(event):
        events = api.get_discussion_details(repo, made.pr_num).events
        return next(one for one in events if one.id == event.id)
    said = api.comment_discussion(repo, made.pr_num, comment="Please look, @pr-owner.")
    assert said == later(said)
    edited = api.edit_discussion_comment(repo, made.pr_num, said.id, new_content="Please *look*.")
    assert edited == later(said)
    print(json.dumps({"num": made.pr_num, "revision": made.pr_revision, "oid": made.oid}))
"""
REACH_FURTHER: Final = """
    import json, sys
    from huggingface_hub import HfApi
    from huggingface_hub.utils import HfHubHTTPError
    api, repo = HfApi(), sys.argv[1]
    refused = []
    acts = {
        "main": lambda: api.upload_file(path_or_fileobj=b"x", path_in_repo="x", repo_id=repo),
        "other pull request": lambda: api.upload_file(
            path_or_fileobj=b"x", path_in_repo="x", repo_id=repo, revision=sys.argv[2]
        ),
        "branch": lambda: api.create_branch(repo, branch="mine"),
        "tag": lambda: api.create_tag(repo, tag="mine"),
        "merge": lambda: api.merge_pull_request(repo, 1),
        "close another's": lambda: api.change_discussion_status(repo, int(sys.argv[3]), "closed"),
    }
    for name, act in acts.items():
        try:
            act()
        except HfHubHTTPError as error:
            refused.append([name, error.response.status_code])
    print(json.dumps(refused))
"""
REVIEW: Final = """
    import json, sys
    from huggingface_hub import HfApi
    api, repo = HfApi(), sys.argv[1]
    (listed,) = api.get_repo_discussions(repo, author="pr-reader", discussion_status="open")
    pull = api.get_discussion_details(repo, listed.num)
    assert pull.conflicting_files == [], pull.conflicting_files
    assert '+{"a": 2}' in pull.diff, pull.diff
    api.merge_pull_request(repo, listed.num, comment="Thank you")
    merged = api.get_discussion_details(repo, listed.num)
    assert merged.status == "merged"
    assert merged.merge_commit_oid == api.repo_info(repo).sha
    print(json.dumps([event.type for event in merged.events]))
"""
DOWNLOAD: Final = """
    import sys
    from huggingface_hub import snapshot_download
    print(snapshot_download(sys.argv[1]))
"""


def newest(api: Api, repo: str, status: str) -> tuple[str, bool, bool]:
    """Somebody's newest notification: title, whether read, whether they take part.

    Args:
        repo: what it must be about. status: of its discussion, once the hub has told of it.
    """
    over = time.monotonic() + 60
    while True:
        told = api.web.get("/api/notifications").json()["notifications"]
        here = [one["discussion"] for one in told if one["repo"]["name"] == repo]
        if (here and here[0]["status"] == status) or time.monotonic() > over:
            return here[0]["title"], told[0]["read"], here[0]["participating"]
        time.sleep(0.1)


@pytest.mark.parametrize("release", RELEASES)
def test_a_reader_proposes_large_files_and_the_owner_merges_them(
    release: str, hub: Hub, client: MakeClient, api: As, tmp_path: Path
) -> None:
    owner, reader = hub.user("pr-owner"), hub.user("pr-reader")
    repo = f"pr-owner/proposed-to-{release}"
    contents = {name: os.urandom(700_000) for name in ("by-path.bin", "by-stream.bin")}
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    client(release, person=owner).run(BEGIN, repo)
    made = client(release, person=reader).value(PROPOSE, repo, str(tmp_path))
    assert isinstance(made, dict)
    assert (made["num"], made["revision"]) == (1, "refs/pr/1")
    kinds = client(release, person=owner).value(REVIEW, repo)
    assert isinstance(kinds, list)
    assert sorted(kinds) == sorted(["comment"] * 3 + ["commit"] * 2 + ["status-change"])
    # Who was mentioned and who takes part hear of it, nobody else.
    for person in (owner, reader):
        assert newest(api(person), repo, "merged") == ("Better weights", False, True)
    assert api(hub.user("pr-stranger")).json("/api/notifications")["notifications"] == []
    folder = Path(client(release).run(DOWNLOAD, repo).stdout.strip().splitlines()[-1])
    assert {name: (folder / name).read_bytes() for name in contents} == contents
    assert (folder / "config.json").read_bytes() == b'{"a": 2}'
    assert (folder / "more.txt").read_bytes() == b"more"
    assert (folder / "keep.txt").read_bytes() == b"kept"


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_proposer_reaches_no_further_than_the_own_proposal(
    hub: Hub, client: MakeClient, api: As
) -> None:
    owner, reader = hub.user("pr-owner"), hub.user("pr-reader")
    repo = Repo("model", "pr-owner/out-of-reach")
    api(owner).create(repo)
    for person in (reader, owner):
        opening = {"title": "A proposal", "pullRequest": True}
        api(person).web.post(f"{repo.api}/discussions", json=opening).raise_for_status()
    before = api(None).web.get(f"{repo.api}/refs?include_prs=1").json()
    refused = client(NEWEST, person=reader).value(REACH_FURTHER, repo.name, "refs/pr/2", "2")
    assert refused == [
        [name, 403]
        for name in ("main", "other pull request", "branch", "tag", "merge", "close another's")
    ]
    assert api(None).web.get(f"{repo.api}/refs?include_prs=1").json() == before


def test_the_command_line_opens_answers_and_shows_a_picture(
    hub: Hub, client: MakeClient, api: As
) -> None:
    owner, reader = hub.user("pr-owner"), hub.user("pr-reader")
    repo = Repo("dataset", "pr-owner/talked-about")
    api(owner).create(repo)
    machine = client(NEWEST, person=reader)
    picture = machine.home / "shot.png"
    picture.write_bytes(PICTURE)
    which = ("--type", "dataset")
    asked = machine.program(
        "hf", "discussions", "create", repo.name, *which, "--title", "A question",
        "--body", "Look: ![shot](shot.png)", "--attach", str(picture),
    )  # fmt: skip
    assert "Created discussion #1" in asked.stdout
    answering = client(NEWEST, person=owner)
    answering.program("hf", "discussions", "comment", repo.name, "1", *which, "--body", "Seen.")
    answering.program("hf", "discussions", "close", repo.name, "1", *which, "--yes")
    found = api(None).web.get(f"{repo.api}/discussions/1").json()
    assert [event["type"] for event in found["events"]] == ["comment", "comment", "status-change"]
    first = found["events"][0]["data"]["latest"]
    place = first["raw"].partition("](")[2].rstrip(")")
    assert place.startswith(f"{hub.url}/uploads/")
    assert f'<img src="{place.removeprefix(hub.url)}" alt="shot"' in first["html"]
    shown = api(None).web.get(place.removeprefix(hub.url))
    assert shown.headers["content-type"] == "image/png"
    with Image.open(io.BytesIO(shown.content)) as pixel, Image.open(io.BytesIO(PICTURE)) as sent:
        assert pixel.convert("RGB").getpixel((0, 0)) == sent.convert("RGB").getpixel(
            (0, 0)
        )  # written anew, without what it carried
