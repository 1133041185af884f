"""A fetch that is held open: each time it wants something, its person is asked about anew."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fixtures import parts
from fixtures.accounts import calling, person
from fixtures.collaborators import removes, shared
from fixtures.contents import uploaded
from fixtures.keys import SshPair
from fixtures.ssh_server import SshMachine, SshOrigin, key_of
from strata.core.actor import SYSTEM, Actor
from strata.core.call import Work, working
from strata.credentials.keys import ssh
from strata.membership.closing import suspend
from strata.membership.closing.suspend import Suspension
from strata.repos.change import move
from strata.repos.projection import projected
from strata.repos.queries import repo_by_id
from strata.repos.record import Repo
from strata.ssh.asking import REMOVED

pytestmark = pytest.mark.slow

LS_REFS = b"0014command=ls-refs\n00010000"
FLUSH = b"0000"


class Held:
    """A conversation of version 2, in which a client may ask as often as it likes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def heard(self) -> bytes:
        """All that the server says until it is our turn, or it hangs up."""
        said = b""
        assert self._process.stdout is not None
        while (size := self._process.stdout.read(4)) and size != FLUSH:
            said += self._process.stdout.read(max(0, int(size, 16) - 4))
        return said

    def refs(self) -> bytes:
        """Ask for the refs."""
        assert self._process.stdin is not None
        self._process.stdin.write(LS_REFS)
        self._process.stdin.flush()
        return self.heard()

    def ended(self) -> tuple[int, str]:
        """How the server ended it."""
        assert self._process.stderr is not None
        return self._process.wait(10), self._process.stderr.read().decode()


@contextmanager
def held(machine: SshMachine, repo: Repo, *keys: SshPair) -> Iterator[Held]:
    """Begin to fetch, and say nothing more."""
    command = f"git-upload-pack '{repo.full_name}'"
    process = subprocess.Popen(
        ["ssh", *machine.options(*keys), "-o", "SendEnv=GIT_PROTOCOL", "git@127.0.0.1", command],
        env={"PATH": parts.search_path(), "HOME": str(machine.home), "GIT_PROTOCOL": "version=2"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            talk = Held(process)
            assert b"ls-refs" in talk.heard()
            yield talk
        finally:
            process.kill()


@pytest.mark.parametrize("what", ["the key", "the account", "the repo", "the name"])
def test_whoever_may_read_it_no_more_hears_of_no_new_commit(
    origin: SshOrigin, machine: SshMachine, alice: Actor, mallory: Actor, what: str
) -> None:
    repo, pair = origin.repo(alice, "vault", private=True), machine.key("mallory")
    shared(origin.hub, alice, repo, mallory)
    key = key_of(origin.hub, mallory, pair).id
    with held(machine, repo, pair) as talk:
        assert origin.head(repo).encode() in talk.refs()
        assert origin.head(repo).encode() in talk.refs()  # who may still read it goes on
        taken_away(origin, repo, alice, mallory, key)[what]()
        committed(origin, alice, as_it_is(origin, repo))
        assert origin.head(repo).encode() not in talk.refs()
        assert talk.ended()[0] != 0


def test_whoever_is_turned_away_is_told_why(
    origin: SshOrigin, machine: SshMachine, alice: Actor
) -> None:
    repo, pair = origin.repo(alice, "vault", private=True), machine.key()
    key = key_of(origin.hub, alice, pair).id
    with held(machine, repo, pair) as talk:
        done(origin, alice, lambda work: ssh.remove(work, key))
        assert talk.refs() == b""
        code, said = talk.ended()
        assert (code, REMOVED in said) == (1, True)


def as_it_is(origin: SshOrigin, repo: Repo) -> Repo:
    """The repo, wherever it stands by now."""
    with calling(origin.hub) as call:
        here = repo_by_id(call, repo.id)
    assert here is not None
    return here


def committed(origin: SshOrigin, alice: Actor, repo: Repo) -> None:
    """Alice commits, and somebody who may fetches it."""
    uploaded(origin.hub, alice, repo, {"new.txt": b"new"})
    with calling(origin.hub, alice) as call:
        projected(call, as_it_is(origin, repo))


def done(origin: SshOrigin, who: Actor, act: Callable[[Work], object]) -> None:
    with calling(origin.hub, who) as call, working(call) as work:
        act(work)


def taken_away(
    origin: SshOrigin, repo: Repo, alice: Actor, mallory: Actor, key: int
) -> dict[str, Callable[[], object]]:
    """Ways in which mallory, who may read the repo of alice, ceases to."""

    def close(work: Work) -> None:
        suspend.suspend(work, person(origin.hub, "mallory"), Suspension("spam"))

    def give_the_name_to_another() -> None:
        """Everybody may read what stands there now."""
        removes(origin.hub, alice, repo, "mallory")
        done(origin, alice, lambda work: move(work, repo.repo_id, replace(repo.repo_id, name="v2")))
        origin.repo(alice, "vault")

    return {
        "the key": lambda: done(origin, mallory, lambda work: ssh.remove(work, key)),
        "the account": lambda: done(origin, SYSTEM, close),
        "the repo": lambda: removes(origin.hub, alice, repo, "mallory"),
        "the name": give_the_name_to_another,
    }
