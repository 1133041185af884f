"""Signed commits, made by git with OpenSSH and GnuPG, and what pages say of them."""

import dataclasses
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from doors.pages.visitors import Visitor
from fixtures.accounts import calling
from fixtures.git_server import Git, Origin
from fixtures.hubs import FrozenClock
from fixtures.keys import GpgHome, SshPair, gpg_home, ssh_pair
from fixtures.races import interrupted
from strata.accounts import confirmed
from strata.accounts.tables import emails
from strata.app.hub import JOBS, LISTENERS, REACTIONS
from strata.content.verdicts.badges import Badge, Since, kept_badges
from strata.content.verdicts.jobs import JudgeAgain, JudgeCommits
from strata.content.verdicts.judging import Verdict
from strata.content.verdicts.tables import judged_tips
from strata.core.actor import Actor
from strata.core.call import working
from strata.core.hub import Hub
from strata.credentials.keys import gpg, ssh
from strata.events.facts import record
from strata.events.jobs import run_due
from strata.repos.record import Repo

pytestmark = pytest.mark.slow

ALICE = "alice@example.org"


@pytest.fixture
def hub(hub: Hub) -> Hub:
    """A hub that reacts as a real one does."""
    return dataclasses.replace(hub, reactions=REACTIONS, listeners=LISTENERS)


@pytest.fixture(scope="module")
def home() -> Iterator[GpgHome]:
    with tempfile.TemporaryDirectory() as folder:
        kept = gpg_home(Path(folder) / "g")
        kept.make(f"Alice <{ALICE}>", "ed25519", "sign", "never")
        kept.make("Eve <eve@example.org>", "ed25519", "sign", "never")
        yield kept
        kept.end()


@pytest.fixture
def pair(tmp_path: Path) -> SshPair:
    return ssh_pair(tmp_path / "signing")


@pytest.fixture
def repo(origin: Origin, alice: Actor) -> Repo:
    return origin.repo(alice, "tiny")


def with_ssh(pair: SshPair) -> list[str]:
    return ["-c", "gpg.format=ssh", "-c", f"user.signingkey={pair.private}"]


def with_gpg(home: GpgHome, user: str, folder: Path) -> list[str]:
    """The options for git; its gpg runs in the home of the test."""
    script = folder / "gpg"
    script.write_text(
        f"#!/bin/sh\nexec gpg --homedir {home.folder} --batch --pinentry-mode loopback "
        '--passphrase "" "$@"\n'
    )
    script.chmod(0o755)
    key = home.fingerprints(user)[0]
    return ["-c", f"gpg.program={script}", "-c", f"user.signingkey={key}"]


@dataclasses.dataclass
class Signer:
    """Somebody at a clone."""

    origin: Origin
    git: Git
    clone: Path

    def commit(self, options: list[str], email: str = ALICE, *, signed: bool = True) -> str:
        flag = ["-S"] if signed else []
        who = {"GIT_COMMITTER_EMAIL": email, "GIT_AUTHOR_EMAIL": email}
        words = (*options, "commit", *flag, "--allow-empty", "--quiet", "-m", "x")
        self.git.ok(*words, at=self.clone, **who)
        return self.git.ok("rev-parse", "HEAD", at=self.clone)

    def push(self) -> None:
        self.land()
        settled(self.origin.hub)

    def land(self) -> None:
        """Push, and leave all that follows to be done."""
        self.git.ok("push", "--quiet", "origin", "HEAD:main", at=self.clone)


@pytest.fixture
def signer(origin: Origin, git: Git, repo: Repo, alice: Actor) -> Signer:
    clone = git.clone(origin.address(repo, origin.token(alice)))
    return Signer(origin, git, clone)


def settled(hub: Hub) -> None:
    while run_due(hub, JOBS):
        pass


def badge(hub: Hub, sha: str) -> Badge | None:
    with calling(hub) as call:
        return kept_badges(call, [sha]).get(sha)


def adds_ssh(hub: Hub, person: Actor, pair: SshPair) -> ssh.SshKey:
    with calling(hub, person) as call, working(call) as work:
        return ssh.add(work, "", pair.public)


def adds_gpg(hub: Hub, person: Actor, home: GpgHome, user: str) -> gpg.GpgKey:
    with calling(hub, person) as call, working(call) as work:
        return gpg.add(work, home.public(user))


def test_commits_signed_with_a_known_ssh_key_are_verified(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair
) -> None:
    adds_ssh(hub, alice, pair)
    plain = signer.commit([], signed=False)
    sha = signer.commit(with_ssh(pair))
    signer.push()
    assert badge(hub, sha) == Badge(Verdict.VERIFIED, pair.fingerprint, "alice")
    assert badge(hub, plain) is None


def test_commits_signed_with_a_known_gpg_key_are_verified(
    hub: Hub, alice: Actor, signer: Signer, home: GpgHome, tmp_path: Path
) -> None:
    adds_gpg(hub, alice, home, "alice")
    sha = signer.commit(with_gpg(home, "alice", tmp_path))
    signer.push()
    found = badge(hub, sha)
    assert found is not None
    assert (found.verdict, found.name) == (Verdict.VERIFIED, "alice")
    assert found.signer == home.fingerprints("alice")[0][-16:]


def test_the_address_must_be_a_confirmed_one_of_the_keys_account(
    hub: Hub, mallory: Actor, signer: Signer, pair: SshPair, home: GpgHome, tmp_path: Path
) -> None:
    adds_ssh(hub, mallory, pair)
    adds_gpg(hub, mallory, home, "alice")  # a public key is anybody's to add
    by_ssh = signer.commit(with_ssh(pair), ALICE)
    by_gpg = signer.commit(with_gpg(home, "alice", tmp_path), ALICE)
    signer.push()
    for sha in (by_ssh, by_gpg):
        found = badge(hub, sha)
        assert found is not None
        assert (found.verdict, found.name) == (Verdict.OTHER_ADDRESS, None)


def test_a_gpg_key_must_bear_the_address_too(
    hub: Hub, alice: Actor, signer: Signer, home: GpgHome, tmp_path: Path
) -> None:
    adds_gpg(hub, alice, home, "eve")
    sha = signer.commit(with_gpg(home, "eve", tmp_path), ALICE)
    signer.push()
    found = badge(hub, sha)
    assert found is not None
    assert found.verdict is Verdict.OTHER_ADDRESS


def test_a_signature_taken_from_another_commit_is_broken(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair
) -> None:
    adds_ssh(hub, alice, pair)
    signer.commit(with_ssh(pair))
    git, at = signer.git, signer.clone
    raw = git.ok("cat-file", "commit", "HEAD", at=at).replace("\n\nx", "\n\nsomething else")
    forged = at / "forged"
    forged.write_text(raw + "\n")
    sha = git.ok("hash-object", "-t", "commit", "-w", str(forged), at=at)
    git.ok("reset", "--quiet", "--hard", sha, at=at)
    signer.push()
    found = badge(hub, sha)
    assert found is not None
    assert found.verdict is Verdict.BROKEN


def test_what_was_unknown_is_looked_at_again_when_its_key_or_address_comes(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair
) -> None:
    first = signer.commit(with_ssh(pair))
    other = signer.commit(with_ssh(pair), "alice@work.example")
    signer.push()
    before = badge(hub, first)
    assert before is not None
    assert before.verdict is Verdict.UNKNOWN_KEY
    adds_ssh(hub, alice, pair)
    settled(hub)
    assert badge(hub, first) == Badge(Verdict.VERIFIED, pair.fingerprint, "alice")
    second = badge(hub, other)
    assert second is not None
    assert second.verdict is Verdict.OTHER_ADDRESS
    with calling(hub, alice) as call, working(call) as work:
        confirmed.claim(
            work, alice.user_id or 0, email="alice@work.example", key="alice@work.example"
        )
        record(work, "account.email_add", target="alice", actor_id=alice.user_id)
    settled(hub)
    assert badge(hub, other) == Badge(Verdict.VERIFIED, pair.fingerprint, "alice")


def test_a_key_that_comes_while_its_commits_are_looked_at_is_not_missed(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair, repo: Repo
) -> None:
    sha = signer.commit(with_ssh(pair))
    signer.land()

    def key_comes() -> None:
        adds_ssh(hub, alice, pair)
        with calling(hub) as call:
            JudgeAgain(alice.user_id or 0).run(call)

    with calling(interrupted(hub, key_comes)) as call:
        JudgeCommits(repo.id).run(call)
    assert badge(hub, sha) == Badge(Verdict.VERIFIED, pair.fingerprint, "alice")


def test_a_removed_key_keeps_what_it_verified_and_verifies_no_more(
    hub: Hub, alice: Actor, mallory: Actor, signer: Signer, pair: SshPair
) -> None:
    key = adds_ssh(hub, alice, pair)
    first = signer.commit(with_ssh(pair))
    signer.push()
    with calling(hub, alice) as call, working(call) as work:
        ssh.remove(work, key.id)
    second = signer.commit(with_ssh(pair))
    signer.push()
    removed = Badge(Verdict.VERIFIED, pair.fingerprint, "alice", Since.REMOVED)
    assert badge(hub, first) == removed
    found = badge(hub, second)
    assert found is not None
    assert found.verdict is Verdict.UNKNOWN_KEY
    adds_ssh(hub, mallory, pair)  # whoever has it now changes nothing of then
    settled(hub)
    assert badge(hub, first) == removed


def test_an_expired_key_keeps_what_it_verified(
    hub: Hub, alice: Actor, signer: Signer, clock: FrozenClock, tmp_path: Path
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = gpg_home(Path(folder) / "g")
        home.make(f"Alice <{ALICE}>", "ed25519", "sign", "1d")
        adds_gpg(hub, alice, home, "alice")
        sha = signer.commit(with_gpg(home, "alice", tmp_path))
        signer.push()
        home.end()
    clock.advance(datetime.fromtimestamp(time.time(), UTC) - clock() + timedelta(days=2))
    found = badge(hub, sha)
    assert found is not None
    assert (found.verdict, found.since) == (Verdict.VERIFIED, Since.EXPIRED)


def test_history_is_looked_at_once(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair, repo: Repo
) -> None:
    adds_ssh(hub, alice, pair)
    shas = [signer.commit(with_ssh(pair)) for _ in range(3)]
    signer.push()
    with calling(hub) as call:
        tips = call.db.scalar(sa.select(judged_tips.c.tips).where(judged_tips.c.repo_id == repo.id))
    assert tips == [shas[-1]]
    assert all(badge(hub, sha) for sha in shas)


def test_an_address_that_was_given_up_verifies_no_more(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair
) -> None:
    adds_ssh(hub, alice, pair)
    with calling(hub) as call, working(call) as work:
        work.db.execute(sa.delete(emails).where(emails.c.user_id == alice.user_id))
    sha = signer.commit(with_ssh(pair))
    signer.push()
    found = badge(hub, sha)
    assert found is not None
    assert found.verdict is Verdict.OTHER_ADDRESS


def test_who_looks_right_after_the_push_sees_the_badge_and_writes_nothing(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair
) -> None:
    adds_ssh(hub, alice, pair)
    plain = signer.commit([], signed=False)
    stolen = signer.commit(with_ssh(pair), "mallory@example.org")
    sha = signer.commit(with_ssh(pair))
    signer.land()
    visitor = Visitor(hub)

    def seen() -> list[list[str]]:
        pages = (f"commit/{one}" for one in (sha, stolen, plain))
        found = [visitor.open(f"/alice/tiny/{page}").text for page in (*pages, "commits/main")]
        return [re.findall(r"badge (badge-ok|badge-warn)", text) for text in found]

    at_once = seen()
    assert [len(found) for found in at_once] == [1, 1, 0, 2]
    assert badge(hub, sha) is None
    settled(hub)
    assert badge(hub, sha) == Badge(Verdict.VERIFIED, pair.fingerprint, "alice")
    assert seen() == at_once


@pytest.mark.parametrize(
    "words",
    [
        ("en", "Verified", "Unverified", "Signed with a key of alice", "key was removed since"),
        ("zh-CN", "已验证签名", "未验证签名", "已用 alice 的密钥签名", "此后该密钥已被移除"),
    ],
)
def test_pages_show_a_badge_with_its_reason(
    hub: Hub, alice: Actor, signer: Signer, pair: SshPair, words: tuple[str, ...]
) -> None:
    language, verified, unverified, why, removed = words
    adds_ssh(hub, alice, pair)
    stranger = ssh_pair(signer.git.home / "stranger")
    plain = signer.commit([], signed=False)
    unknown = signer.commit(with_ssh(stranger))
    sha = signer.commit(with_ssh(pair))
    signer.push()
    visitor = Visitor(hub, language=language)
    listed = visitor.open("/alice/tiny/commits/main").text
    assert listed.count("badge badge-ok") == 1
    assert why in listed
    shown = visitor.open(f"/alice/tiny/commit/{sha}").text
    assert verified in shown
    assert pair.fingerprint in shown
    assert unverified in visitor.open(f"/alice/tiny/commit/{unknown}").text
    bare = visitor.open(f"/alice/tiny/commit/{plain}").text
    assert verified not in bare
    assert unverified not in bare
    with calling(hub, alice) as call, working(call) as work:
        ssh.remove(work, ssh.of(work, alice.user_id or 0)[0].id)
    later = visitor.open(f"/alice/tiny/commit/{sha}").text
    assert verified in later
    assert removed in later
