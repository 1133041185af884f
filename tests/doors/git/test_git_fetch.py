"""Reading with the real git: clone, fetch, shallow, partial, and who is let in."""

import gzip
import os
import socket
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from fixtures.accounts import PASSWORD, calling, made
from fixtures.git_server import Git, Origin
from strata.content.refs import create_tag
from strata.core.actor import Actor, TokenRole
from strata.core.call import working
from strata.core.names import GIT_TYPES, RepoType
from strata.lib.git import wire
from strata.lib.git.write import Note, Put, Signature, write_commit
from strata.repos.landed import Move, landed
from strata.repos.record import Repo

VERSIONS = ("0", "1", "2")


def grown(origin: Origin, repo: Repo, count: int) -> list[str]:
    """Put commits on main without git; their shas, oldest first."""
    made = []
    for number in range(count):
        with calling(origin.hub) as call:
            head = origin.head(repo)
            note = Note(Signature("Ann", "ann@example.org"), call.now, f"Commit {number}")
            path = origin.hub.git_path(repo.key)
            edits = [Put(f"{number}.txt", b"%d\n" % number), Put("same.txt", b"same\n")]
            sha = write_commit(path, head, edits, [head], note)
            with working(call) as work:
                landed(work, repo, Move("refs/heads/main", head, sha))  # type: ignore[arg-type]  # a sha is text
        made.append(sha)
    return made


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("suffix", ["", ".git"])
def test_a_clone_is_complete_and_sound(
    origin: Origin, git: Git, alice: Actor, version: str, suffix: str
) -> None:
    repo = origin.repo(alice, "tiny")
    (newest,) = grown(origin, repo, 1)
    url = origin.address(repo, suffix=suffix)
    clone = git.clone(url, "--config", f"protocol.version={version}")
    assert git.ok("rev-parse", "HEAD", at=clone) == newest
    assert git.ok("symbolic-ref", "HEAD", at=clone) == "refs/heads/main"
    assert (clone / "README.md").read_bytes() == b"# Hello\n"
    git.ok("fsck", "--full", "--strict", at=clone)


@pytest.mark.parametrize("kind", GIT_TYPES)
def test_every_kind_of_repo_can_be_cloned(
    origin: Origin, git: Git, alice: Actor, kind: RepoType
) -> None:
    repo = origin.repo(alice, "thing", kind=kind)
    assert (git.clone(origin.address(repo)) / "README.md").exists()


@pytest.mark.parametrize("version", VERSIONS)
def test_a_fetch_brings_what_is_new_and_the_tags_on_it(
    origin: Origin, git: Git, alice: Actor, version: str
) -> None:
    repo = origin.repo(alice, "growing")
    clone = git.clone(origin.address(repo), "--config", f"protocol.version={version}")
    *_, newest = grown(origin, repo, 3)
    with calling(origin.hub, alice) as call:
        create_tag(call, repo.repo_id, "main", "v1", "The first")
        create_tag(call, repo.repo_id, "main", "light")
    git.ok("fetch", "origin", at=clone)
    assert git.ok("rev-parse", "origin/main", at=clone) == newest
    assert git.ok("rev-parse", "v1^{commit}", at=clone) == newest
    assert git.ok("cat-file", "-t", "v1", at=clone) == "tag"
    assert git.ok("cat-file", "-t", "light", at=clone) == "commit"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_shallow_clone_can_be_deepened(
    origin: Origin, git: Git, alice: Actor, version: str
) -> None:
    repo = origin.repo(alice, "deep")
    grown(origin, repo, 5)
    url = origin.address(repo)
    clone = git.clone(url, "--depth", "2", "--config", f"protocol.version={version}")
    assert len(git.ok("rev-list", "HEAD", at=clone).split()) == 2
    git.ok("fetch", "--deepen", "2", at=clone)
    assert len(git.ok("rev-list", "HEAD", at=clone).split()) == 4
    git.ok("fetch", "--unshallow", at=clone)
    assert len(git.ok("rev-list", "HEAD", at=clone).split()) == 6
    git.ok("fsck", "--full", at=clone)


def test_a_shallow_fetch_may_exclude_a_tag_that_was_just_made(
    origin: Origin, git: Git, alice: Actor
) -> None:
    repo = origin.repo(alice, "excluded")
    grown(origin, repo, 2)
    with calling(origin.hub, alice) as call:
        create_tag(call, repo.repo_id, "main", "v1")
    newest = grown(origin, repo, 2)
    clone = git.clone(origin.address(repo), "--shallow-exclude", "v1")
    assert git.ok("rev-list", "HEAD", at=clone).split() == newest[::-1]


@pytest.mark.parametrize("wanted", ["blob:none", "tree:0", "blob:limit=5"])
def test_a_partial_clone_fetches_the_rest_when_it_is_needed(
    origin: Origin, git: Git, alice: Actor, wanted: str
) -> None:
    repo = origin.repo(alice, "partial", files={"big.txt": b"0123456789" * 100})
    grown(origin, repo, 2)
    clone = git.clone(origin.address(repo), "--filter", wanted, "--no-checkout")
    assert "?" in git.ok("rev-list", "--objects", "--all", "--missing=print", at=clone)
    git.ok("checkout", "main", at=clone)
    assert (clone / "big.txt").read_bytes() == b"0123456789" * 100


def test_a_pull_request_and_a_bare_sha_can_be_fetched(
    origin: Origin, git: Git, alice: Actor
) -> None:
    repo = origin.repo(alice, "proposed")
    first = origin.head(repo)
    with calling(origin.hub, alice) as call, working(call) as work:
        landed(work, repo, Move("refs/pr/1", None, first))  # type: ignore[arg-type]  # a sha is text
    clone = git.clone(origin.address(repo))
    git.ok("fetch", "origin", "refs/pr/1:pr/1", at=clone)
    assert git.ok("rev-parse", "pr/1", at=clone) == first
    git.ok("fetch", "origin", first, at=clone)
    said = git.refused("fetch", "origin", "1" * 40, at=clone)
    assert "not our ref" in said


def test_many_haves_are_compressed_and_understood(origin: Origin, git: Git, alice: Actor) -> None:
    repo = origin.repo(alice, "haves")
    grown(origin, repo, 60)
    clone = git.clone(origin.address(repo))
    for number in range(60):
        git.commit(clone, {f"mine-{number}": b"x"})
    (newest,) = grown(origin, repo, 1)
    said = git.ok("fetch", "origin", at=clone, GIT_CURL_VERBOSE="1", GIT_TRACE_CURL_NO_DATA="1")
    assert "Content-Encoding: gzip" in said
    assert git.ok("rev-parse", "origin/main", at=clone) == newest


def test_a_repo_that_moved_and_a_legacy_name_lead_on(origin: Origin, git: Git) -> None:
    repo = origin.repo(made(origin.hub, "openai-community"), "gpt2")
    clone = git.clone(f"{origin.url}/gpt2")
    assert git.ok("rev-parse", "HEAD", at=clone) == origin.head(repo)
    git.ok("fetch", at=clone)


def test_a_private_repo_looks_missing_to_strangers_in_every_call(
    origin: Origin, git: Git, alice: Actor, mallory: Actor
) -> None:
    secret = origin.repo(alice, "secret", private=True)
    theirs = origin.token(mallory)
    calls = [
        ("GET", "info/refs?service=git-upload-pack"),
        ("GET", "info/refs?service=git-receive-pack"),
        ("POST", "git-upload-pack"),
        ("POST", "git-receive-pack"),
    ]
    for method, call in calls:
        for token, status in ((None, 401), (theirs, 404)):
            answers = [
                httpx.request(
                    method,
                    f"{origin.url}/alice/{name}.git/{call}",
                    auth=("any", token) if token else None,
                    content=b"0000" if method == "POST" else None,
                )
                for name in ("secret", "nothing")
            ]
            assert [answer.status_code for answer in answers] == [status, status], call
            assert answers[0].text == answers[1].text
            for answer in answers:
                answer.headers.pop("x-request-id")
                answer.headers.pop("date")
                answer.headers.pop("ratelimit")
            assert answers[0].headers == answers[1].headers
    assert "not found" in git.refused("clone", origin.address(secret, theirs))
    mine = origin.token(alice, TokenRole.READ)
    assert (git.clone(origin.address(secret, mine)) / "README.md").exists()


def test_an_anonymous_caller_is_asked_to_log_in_with_a_token(origin: Origin, alice: Actor) -> None:
    secret = origin.repo(alice, "secret", private=True)
    answer = httpx.get(f"{origin.address(secret)}/info/refs?service=git-upload-pack")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.startswith("Invalid username or password.\n")
    assert "x-error-code" not in answer.headers


def test_an_account_password_is_refused_with_advice(origin: Origin, git: Git, alice: Actor) -> None:
    repo = origin.repo(alice, "mine", private=True)
    said = git.refused("clone", origin.address(repo, PASSWORD))
    assert "remote: Passwords are not accepted here. Create an access token" in said
    assert "/settings/tokens" in said
    assert "Authentication failed" in said


def test_a_dumb_client_is_told_to_update(origin: Origin, alice: Actor) -> None:
    repo = origin.repo(alice, "public")
    answer = httpx.get(f"{origin.address(repo)}/info/refs")
    assert answer.status_code == 403
    assert "update your git" in answer.text


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"zzzz", {}),
        (b"0032want 000", {}),
        (b"0014command=fetch", {"git-protocol": "version=2"}),
        (b"\x1f\x8b broken", {"content-encoding": "gzip"}),
        (gzip.compress(b"0000")[:-4], {"content-encoding": "gzip"}),
        (gzip.compress(b"0000") + b"more", {"content-encoding": "gzip"}),
        (b"0000", {"content-encoding": "br"}),
    ],
    ids=["length", "short", "endless", "broken-gzip", "cut-gzip", "trailing", "brotli"],
)
def test_nonsense_is_answered_in_words(
    origin: Origin, alice: Actor, body: bytes, headers: dict[str, str]
) -> None:
    repo = origin.repo(alice, "public")
    answer = httpx.post(
        f"{origin.address(repo)}/git-upload-pack", content=body, headers=headers, timeout=30
    )
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_zip_bomb_is_refused(origin: Origin, alice: Actor) -> None:
    repo = origin.repo(alice, "public")
    bomb = gzip.compress(b"0" * (64 * 1024 * 1024))
    answer = httpx.post(
        f"{origin.address(repo)}/git-upload-pack",
        content=bomb,
        headers={"content-encoding": "gzip"},
        timeout=30,
    )
    assert answer.status_code == 413


def test_an_empty_request_is_gits_probe(origin: Origin, alice: Actor) -> None:
    repo = origin.repo(alice, "public")
    for version in VERSIONS:
        answer = httpx.post(
            f"{origin.address(repo)}/git-upload-pack",
            content=wire.FLUSH,
            headers={"git-protocol": f"version={version}"},
        )
        assert (answer.status_code, answer.content) == (200, b"")


def test_git_ends_when_the_client_leaves(origin: Origin, alice: Actor, git: Git) -> None:
    repo = origin.repo(alice, "large")
    clone = git.clone(origin.address(repo, origin.token(alice)))
    git.commit(clone, {f"{number}.bin": os.urandom(5_000_000) for number in range(8)})
    git.ok("push", "origin", "main", at=clone)
    head = origin.head(repo)
    body = b"".join(
        [wire_line(f"want {head} side-band-64k ofs-delta\n"), wire.FLUSH, wire_line("done\n")]
    )
    place = urlsplit(origin.url)
    with socket.create_connection((place.hostname or "", place.port or 0)) as connection:
        connection.sendall(
            f"POST {repo.web_path}.git/git-upload-pack HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        assert serving(origin.hub.git_path(repo.key)), "git ended before anyone left"
    wait_until_none(origin.hub.git_path(repo.key))


def wire_line(text: str) -> bytes:
    return b"%04x" % (len(text) + 4) + text.encode()


def serving(store: Path) -> list[int]:
    """The git processes at work in a store, by their current folder."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and (process / "cwd").readlink() == store.absolute():
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until_none(store: Path) -> None:
    deadline = time.monotonic() + 10
    while serving(store):
        assert time.monotonic() < deadline, "git is still at work"
        time.sleep(0.05)


def test_an_empty_repo_can_be_cloned(origin: Origin, git: Git, alice: Actor) -> None:
    repo = origin.repo(alice, "emptied")
    with calling(origin.hub) as call, working(call) as work:
        landed(work, repo, Move("refs/heads/main", origin.head(repo), None))  # type: ignore[arg-type]  # a sha is text
    for version in VERSIONS:
        clone = git.clone(origin.address(repo), "--config", f"protocol.version={version}")
        assert git.ok("symbolic-ref", "HEAD", at=clone) == "refs/heads/main"
        assert git.ok("ls-remote", "origin", at=clone) == ""
