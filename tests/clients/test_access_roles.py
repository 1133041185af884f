"""Who may do what in an organization's repositories: every role, every call, real clients.

A member's role decides (product §4.3, §4.5): who may not read a private repository finds none, who
reads may open pull requests, contributors change what they created themselves.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from clients.api import Api, Repo, commit_lines, shown
from clients.conftest import DATABASES, MakeClient
from clients.environments import NEWEST
from clients.git import GitFailedError, address, machine
from clients.hub import Hub, Organization, Person
from clients.test_access import (
    NDJSON,
    PROPOSING,
    READS,
    SECRET_NAME,
    WRITES,
    Call,
    Target,
    made,
    require_nothing_private,
    sent,
    state,
)

As = Callable[[Person | None], Api]
ROLES: Final = ("no_access", "read", "contributor", "write")
READERS: Final = frozenset({"read", "contributor", "contributor, own", "write", "admin"})
WRITERS: Final = frozenset({"contributor, own", "write", "admin"})
CALLERS: Final = ("outsider", "no_access", *sorted(READERS))
PROPOSALS: Final = (
    Call("discuss", "POST", "{api}/discussions", body={"title": "Why?", "description": "So."}),
    Call(
        "propose",
        "POST",
        "{api}/commit/main?create_pr=1",
        content=commit_lines("Propose", {"proposed.txt": b"proposed"}),
        headers=NDJSON,
    ),
    Call("like", "POST", "{api}/like"),
    Call("likers", "GET", "{api}/likers"),
)
"""What everybody may who may read."""
MEGABYTE: Final = 1_000_000
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


@dataclass(frozen=True, slots=True)
class Stage:
    """An organization, one caller, and repositories that they did or did not create."""

    hub: Hub
    api: As
    organization: Organization
    caller: str
    visibility: str

    @property
    def person(self) -> Person:
        if self.caller == "outsider":
            return self.hub.user("roles-outsider")
        return self.organization.members[self.caller.partition(",")[0]]

    @property
    def reads(self) -> bool:
        return self.visibility == "public" or self.caller in READERS

    @property
    def writes(self) -> bool:
        return self.caller in WRITERS

    def repository(self, name: str) -> Target:
        """Make a repository, by the caller or by the admin."""
        creator = self.person if self.caller.endswith("own") else self.admin
        secret = f"{SECRET_NAME}-{name}" if self.visibility == "private" else name
        repo = Repo("model", f"{self.organization.name}/{secret}")
        return made(self.api(creator), repo, self.visibility)

    @property
    def admin(self) -> Person:
        return self.organization.members["admin"]

    def expected(self, call: Call) -> frozenset[int]:
        """Return the statuses that the call may have."""
        if not self.reads:
            return frozenset({404})
        proposing = call in PROPOSALS or call.name in PROPOSING
        allowed = call in READS or self.writes or proposing
        return call.ok if allowed else frozenset({403})


@pytest.fixture(params=CALLERS)
def caller(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["private", "public"])
def visibility(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(hub: Hub, api: As, caller: str, visibility: str) -> Stage:
    return Stage(hub, api, hub.organization("roles", *ROLES), caller, visibility)


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_role_opens_what_it_says(stage: Stage, repo_name: str) -> None:
    target = stage.repository(repo_name)
    before = state(stage.api(stage.admin), target.repo)
    for number, call in enumerate((*READS, *WRITES, *PROPOSALS)):
        # What succeeds changes the repository; each such call gets one of its own.
        changes = (call in WRITES and stage.writes) or (call in PROPOSALS and stage.reads)
        one = stage.repository(f"{repo_name}-{number}") if changes else target
        answer = sent(stage.hub, stage.person.token_write, call, one)
        assert answer.status_code in stage.expected(call), f"{call.name}: {shown(answer)}"
        if not stage.reads:
            require_nothing_private(answer, one)
    assert state(stage.api(stage.admin), target.repo) == before


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_lists_show_what_the_role_opens(stage: Stage, repo_name: str) -> None:
    target = stage.repository(repo_name)
    name = target.repo.name.partition("/")[2]
    for place in (
        f"/api/models?search={name}",
        f"/api/models?author={stage.organization.name}&search={name}",
        f"/models?search={name}",
        f"/search/full-text?q={name}",
        f"/{stage.organization.name}",
    ):
        call = Call("list", "GET", place, kind="page")
        answer = sent(stage.hub, stage.person.token_write, call, target)
        assert answer.status_code == 200, shown(answer)
        # Pages repeat what was searched for; they link to what was found.
        seen = target.repo.name in answer.text
        assert seen is stage.reads, f"{place}: {shown(answer)}"


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_role_decides_about_new_repositories(stage: Stage, repo_name: str) -> None:
    repo = Repo("dataset", f"{stage.organization.name}/{repo_name}")
    answer = stage.api(stage.person).web.post(
        "/api/repos/create",
        json={
            "name": repo_name,
            "organization": stage.organization.name,
            "type": "dataset",
            "visibility": stage.visibility,
        },
    )
    creates = stage.writes or stage.caller == "contributor"
    assert answer.status_code == (200 if creates else 403), shown(answer)
    found = stage.api(stage.admin).web.get(repo.api)
    assert found.status_code == (200 if creates else 404), shown(found)


@pytest.mark.parametrize("visibility", ["private"])
@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_git_and_lfs_obey_the_role(stage: Stage, repo_name: str, tmp_path: Path) -> None:
    target = stage.repository(repo_name)
    here = machine(tmp_path / "machine", stage.person)
    url = address(stage.hub, target.repo, stage.person)
    if not stage.reads:
        with pytest.raises(GitFailedError, match=r"(?i)not found"):
            here.clone(url)
        return
    clone = here.clone(url)
    (clone / "by-git.bin").write_bytes(os.urandom(MEGABYTE))
    commit = here.commit(clone, "Add a large file")
    here.git("push", within=clone, fails=not stage.writes)
    pushed = stage.api(stage.admin).head(target.repo)
    assert pushed == (commit if stage.writes else target.head)


@pytest.mark.parametrize("visibility", ["private"])
@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_xet_obeys_the_role(
    stage: Stage, repo_name: str, client: MakeClient, tmp_path: Path
) -> None:
    target = stage.repository(repo_name)
    theirs, admins = tmp_path / "theirs", tmp_path / "admins"
    for file in (theirs, admins):
        file.write_bytes(os.urandom(3 * MEGABYTE))
    client(NEWEST, person=stage.admin).run(UPLOAD, target.repo.name, str(admins))

    at_work = client(NEWEST, person=stage.person)
    read = at_work.run(DOWNLOAD, target.repo.name, fails=not stage.reads)
    if stage.reads:
        assert Path(read.stdout.strip()).read_bytes() == admins.read_bytes()
    at_work.run(UPLOAD, target.repo.name, str(theirs), fails=not stage.writes)
    held = stage.api(stage.admin).content(target.repo, "by-xet.bin")
    assert held == (theirs if stage.writes else admins).read_bytes()
