"""Who may do what as a collaborator: every role, every call, both databases (product §4.3, §4.5).

The calls are those of `test_access`; the callers are the three roles, somebody who was invited and
did not accept, and somebody who was removed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx
import pytest

from clients.access_calls import (
    READS,
    WRITES,
    Call,
    Target,
    made,
    require_nothing_private,
    sent,
    state,
)
from clients.api import Repo, shown
from clients.conftest import DATABASES
from clients.hub import Hub, Person
from clients.stages import PROPOSALS, As, Stage
from clients.visits import browser
from fixtures.plain_http import NO_AUTHORITIES

READERS: Final = frozenset({"read", "write", "admin"})
WRITERS: Final = frozenset({"write", "admin"})
CALLERS: Final = ("invited", "removed", "read", "write", "admin")
OF_THE_NAMESPACE: Final = frozenset({"move", "delete"})
"""What no collaborator does: the name and the existence of a repository are its namespace's."""
SHARING: Final = (
    Call("collaborators", "GET", "{api}/collaborators"),
    Call("leave", "POST", "{api}/collaborators/leave"),
)
DECIDING: Final = (
    Call("invite", "POST", "{api}/collaborators", body={"user": "shares-owner", "role": "read"}),
    Call("change-role", "PUT", "{api}/collaborators/shares-owner", body={"role": "admin"}),
    Call("remove", "DELETE", "{api}/collaborators/shares-owner"),
    Call("withdraw", "DELETE", "{api}/collaborators/invitations/" + "0" * 24),
)
"""What nobody does with a token."""


def expected(stage: Stage, call: Call) -> frozenset[int]:
    """Return the statuses that a call may have."""
    if not stage.reads:
        return frozenset({404})
    if call in DECIDING:
        return frozenset({403})
    if call in SHARING:
        allowed = stage.caller == "admin" if call.name == "collaborators" else True
        here = stage.caller in READERS
        return call.ok if allowed and here else frozenset({403, 404})
    writing = stage.writes and call.name not in OF_THE_NAMESPACE
    allowed = call in READS or writing or stage.proposes(call)
    return call.ok if allowed else frozenset({403})


class Shares:
    """The owner's browser and those of the people whom they invite."""

    def __init__(self, hub: Hub, owner: httpx.Client) -> None:
        self.hub, self.owner = hub, owner

    def share(self, repo: Repo, person: Person, role: str, *, accept: bool = True) -> None:
        """Invite somebody in a browser; they answer with their token."""
        invited = self.owner.post(
            f"{repo.api}/collaborators", json={"user": person.name, "role": role}
        )
        assert invited.status_code == 200, shown(invited)
        if accept:
            key = invited.json()["id"]
            with httpx.Client(
                base_url=self.hub.url, verify=NO_AUTHORITIES, trust_env=False, timeout=60
            ) as theirs:
                answer = theirs.post(
                    f"/api/settings/collaborations/{key}/accept",
                    headers={"Authorization": f"Bearer {person.token_write}"},
                )
            assert answer.json()["repo"]["name"] == repo.name, shown(answer)

    def change(self, repo: Repo, person: Person, role: str) -> None:
        answer = self.owner.put(f"{repo.api}/collaborators/{person.name}", json={"role": role})
        assert answer.status_code == 200, shown(answer)

    def remove(self, repo: Repo, person: Person) -> None:
        answer = self.owner.delete(f"{repo.api}/collaborators/{person.name}")
        assert answer.status_code == 200, shown(answer)


@contextmanager
def sharing(hub: Hub, owner: Person) -> Iterator[Shares]:
    """Log the owner in, in a browser of theirs."""
    with browser(hub.url) as theirs:
        theirs.log_in(owner.name, owner.password)
        yield Shares(hub, theirs.web)


@pytest.fixture(params=CALLERS)
def caller(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def shares(hub: Hub) -> Iterator[Shares]:
    with sharing(hub, hub.user("shares-owner")) as theirs:
        yield theirs


@pytest.fixture
def stage(hub: Hub, api: As, caller: str, any_visibility: str, shares: Shares) -> Stage:
    """Give an owner, and repositories that they share with the caller."""
    owner, person = hub.user("shares-owner"), hub.user(f"shares-{caller}")

    def make(repo: Repo) -> Target:
        target = made(api(owner), repo, any_visibility)
        role = caller if caller in READERS else "admin"
        shares.share(repo, person, role, accept=caller != "invited")
        if caller == "removed":
            shares.remove(repo, person)
        return target

    return Stage(
        hub,
        api,
        owner.name,
        any_visibility,
        decides=owner,
        caller=caller,
        person=person,
        holds=caller in READERS,
        writes=caller in WRITERS,
        make=make,
    )


def in_order() -> Iterator[Call]:
    """All calls, those last that change who may do what."""
    last = [call for call in WRITES if call.name in ("settings", *OF_THE_NAMESPACE)]
    yield from (*READS, *PROPOSALS, *DECIDING, SHARING[0])
    yield from (call for call in WRITES if call not in last)
    yield from (*last, SHARING[1])


@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_a_collaborator_may_what_the_role_says(stage: Stage, repo_name: str) -> None:
    target = stage.repository(repo_name)
    before = state(stage.api(stage.decides), target.repo)
    for call in in_order():
        answer = sent(stage.hub, stage.person.token_write, call, target)
        assert answer.status_code in expected(stage, call), f"{call.name}: {shown(answer)}"
        if not stage.reads:
            require_nothing_private(answer, target)
    after = state(stage.api(stage.decides), target.repo)
    assert (after == before) is not stage.writes
    # The last call was to leave.
    gone = sent(stage.hub, stage.person.token_write, READS[0], target)
    assert gone.status_code == (200 if stage.visibility == "public" and not stage.writes else 404)


@pytest.mark.parametrize("any_visibility", ["private"])
@pytest.mark.parametrize("hub", DATABASES, indirect=True)
def test_lists_show_a_shared_repository_to_its_collaborators_alone(
    stage: Stage, repo_name: str
) -> None:
    target = stage.repository(repo_name)
    stage.repository(f"{repo_name}-other")
    name = target.repo.name.partition("/")[2]
    stranger = stage.hub.user("shares-stranger")
    for person, reads in ((stage.person, stage.reads), (stranger, False), (stage.decides, True)):
        for place in (
            f"/api/models?search={name}",
            f"/api/models?author={stage.decides.name}&search={name}",
            f"/api/models?search={name}&sort=createdAt&direction=-1&limit=1",
            f"/models?search={name}",
            f"/search/full-text?q={name}",
            f"/{stage.decides.name}",
            f"/api/quicksearch?q={name}",
        ):
            call = Call("list", "GET", place, kind="page")
            answer = sent(stage.hub, person.token_write, call, target)
            assert answer.status_code == 200, shown(answer)
            assert (target.repo.name in answer.text) is reads, f"{place}: {shown(answer)}"


@pytest.mark.parametrize("any_visibility", ["private"])
def test_git_and_lfs_obey_the_role(
    stage: Stage, shares: Shares, repo_name: str, tmp_path: Path
) -> None:
    target = stage.repository(repo_name)
    tried = stage.tries_git(target, tmp_path / "machine")
    if tried is None:
        return
    here, clone = tried
    # What was opened closes with the role, for clones that are there as well.
    shares.remove(target.repo, stage.person)
    here.git("fetch", within=clone, fails=True)
