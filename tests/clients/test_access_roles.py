"""Who may do what in an organization's repositories: every role, every call, real clients.

A member's role decides (product §4.3, §4.5): who may not read a private repository finds none, who
reads may open pull requests, contributors change what they created themselves.
"""

import os
from pathlib import Path
from typing import Final

import pytest

from clients.access_calls import READS, WRITES, Call, made, require_nothing_private, sent, state
from clients.api import Repo, shown
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.hub import Hub
from clients.stages import MEGABYTE, PROPOSALS, As, Stage

ROLES: Final = ("no_access", "read", "contributor", "write")
READERS: Final = frozenset({"read", "contributor", "contributor, own", "write", "admin"})
WRITERS: Final = frozenset({"contributor, own", "write", "admin"})
ENDING: Final = frozenset({"settings", "move", "delete"})
"""After what succeeds of these a repository is no longer the one that the next call is to meet."""
CALLERS: Final = ("outsider", "no_access", *sorted(READERS))
UPLOAD: Final = """
    import sys
    from huggingface_hub import HfApi
    HfApi().upload_file(
        repo_id=sys.argv[1], path_or_fileobj=sys.argv[2], path_in_repo="by-xet.bin"
    )
"""
DOWNLOAD: Final = """
    import sys
    from huggingface_hub import hf_hub_download
    print(hf_hub_download(sys.argv[1], "by-xet.bin"))
"""


def expected(stage: Stage, call: Call) -> frozenset[int]:
    """Return the statuses that a call may have."""
    if not stage.reads:
        return frozenset({404})
    allowed = call in READS or stage.writes or stage.proposes(call)
    return call.ok if allowed else frozenset({403})


@pytest.fixture(params=CALLERS)
def caller(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(hub: Hub, api: As, caller: str, any_visibility: str) -> Stage:
    """Give an organization, and repositories that the caller did or did not create."""
    organization = hub.organization("roles", *ROLES)
    admin = organization.members["admin"]
    known = organization.members.get(caller.partition(",")[0])
    person = known or hub.user("roles-outsider")
    creator = person if caller.endswith("own") else admin
    return Stage(
        hub,
        api,
        organization.name,
        any_visibility,
        decides=admin,
        caller=caller,
        person=person,
        holds=caller in READERS,
        writes=caller in WRITERS,
        make=lambda repo: made(api(creator), repo, any_visibility),
    )


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_role_opens_what_it_says(stage: Stage, repo_name: str) -> None:
    target = stage.repository(repo_name)
    before = state(stage.api(stage.decides), target.repo)
    for call in (*READS, *PROPOSALS, *WRITES):
        ends = call.name in ENDING and stage.writes
        one = stage.repository(f"{repo_name}-{call.name}") if ends else target
        answer = sent(stage.hub, stage.person.token_write, call, one)
        assert answer.status_code in expected(stage, call), f"{call.name}: {shown(answer)}"
        if not stage.reads:
            require_nothing_private(answer, one)
    after = state(stage.api(stage.decides), target.repo)
    assert (after == before) is not stage.writes


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_lists_show_what_the_role_opens(stage: Stage, repo_name: str) -> None:
    target = stage.repository(repo_name)
    name = target.repo.name.partition("/")[2]
    for place in (
        f"/api/models?search={name}",
        f"/api/models?author={stage.namespace}&search={name}",
        f"/models?search={name}",
        f"/search/full-text?q={name}",
        f"/{stage.namespace}",
    ):
        call = Call("list", "GET", place, kind="page")
        answer = sent(stage.hub, stage.person.token_write, call, target)
        assert answer.status_code == 200, shown(answer)
        # Pages repeat what was searched for; they link to what was found.
        seen = target.repo.name in answer.text
        assert seen is stage.reads, f"{place}: {shown(answer)}"


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_role_decides_about_new_repositories(stage: Stage, repo_name: str) -> None:
    repo = Repo("dataset", f"{stage.namespace}/{repo_name}")
    answer = stage.api(stage.person).web.post(
        "/api/repos/create",
        json={
            "name": repo_name,
            "organization": stage.namespace,
            "type": "dataset",
            "visibility": stage.visibility,
        },
    )
    creates = stage.writes or stage.caller == "contributor"
    assert answer.status_code == (200 if creates else 403), shown(answer)
    found = stage.api(stage.decides).web.get(repo.api)
    assert found.status_code == (200 if creates else 404), shown(found)


@pytest.mark.parametrize("any_visibility", ["private"])
@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_git_and_lfs_obey_the_role(stage: Stage, repo_name: str, tmp_path: Path) -> None:
    target = stage.repository(repo_name)
    stage.tries_git(target, tmp_path / "machine")


@pytest.mark.parametrize("any_visibility", ["private"])
@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_xet_obeys_the_role(
    stage: Stage, repo_name: str, client: MakeClient, tmp_path: Path
) -> None:
    target = stage.repository(repo_name)
    theirs, admins = tmp_path / "theirs", tmp_path / "admins"
    for file in (theirs, admins):
        file.write_bytes(os.urandom(3 * MEGABYTE))
    client(NEWEST, person=stage.decides).run(UPLOAD, target.repo.name, str(admins))

    at_work = client(NEWEST, person=stage.person)
    read = at_work.run(DOWNLOAD, target.repo.name, fails=not stage.reads)
    if stage.reads:
        assert Path(read.stdout.strip()).read_bytes() == admins.read_bytes()
    at_work.run(UPLOAD, target.repo.name, str(theirs), fails=not stage.writes)
    held = stage.api(stage.decides).content(target.repo, "by-xet.bin")
    assert held == (theirs if stage.writes else admins).read_bytes()
