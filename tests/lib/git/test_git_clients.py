"""The real git clones from and pushes to a store whose refs live in a dict beside it."""

import asyncio
import contextlib
import os
import socket
import threading
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from strata.lib.git import read, wire, write
from strata.lib.git.write import Note, Put

Git = Callable[..., str]
HEAD = "refs/heads/main"


@dataclass
class Hub:
    """A throw-away door: every rule a hub would have is a line here."""

    store: Path
    refs: dict[str, str] = field(default_factory=dict)
    url: str = ""
    versions: list[int] = field(default_factory=list)
    blobs: list[wire.NewBlob] = field(default_factory=list)
    max_bytes: int = 50 << 20

    def shown(self) -> list[wire.Ref]:
        return [wire.Ref(name, oid, read.peel(self.store, oid)) for name, oid in self.refs.items()]

    async def advertise(self, request: Request) -> Response:
        service: wire.Service = (
            "git-upload-pack"
            if request.query_params["service"] == "git-upload-pack"
            else "git-receive-pack"
        )
        version = wire.protocol_version(request.headers.get("git-protocol"))
        self.versions.append(version)
        if version == 2 and service == "git-upload-pack":
            answer = wire.capabilities_v2()
        else:
            answer = wire.advertise_v0(service, self.shown(), HEAD, version=min(version, 1))
        return Response(answer, media_type=f"application/x-{service}-advertisement")

    async def upload(self, request: Request) -> Response:
        version = wire.protocol_version(request.headers.get("git-protocol"))
        body = await wire.collect(body_of(request), 1 << 20)
        if version == 2 and wire.parse_v2(body).command == "ls-refs":
            return Response(wire.ls_refs(wire.parse_v2(body).arguments, self.shown(), HEAD))
        for want in wire.fetch_wants(body, version):
            read.read_blobs(self.store, [want], 0)
        return StreamingResponse(
            wire.upload_pack(self.store, body, version),
            media_type="application/x-git-upload-pack-result",
        )

    async def receive(self, request: Request) -> Response:
        push, pack = await wire.read_push(body_of(request))
        if not push.commands:
            return Response(b"")
        try:
            results = await self.land(push, pack)
        except (wire.PackRefused, wire.TooLarge) as refusal:
            results = [(command.ref, "rejected") for command in push.commands]
            unpack = str(refusal)
        else:
            unpack = "ok"
        said = [f"option {option}" for option in push.options]
        report = wire.report_status(unpack, results, sideband=push.sideband, messages=said)
        return Response(report, media_type="application/x-git-receive-pack-result")

    async def land(
        self, push: wire.PushRequest, pack: AsyncIterator[bytes]
    ) -> list[tuple[str, str | None]]:
        if push.has_pack:
            with await wire.ingest_pack(self.store, pack, self.max_bytes) as quarantine:
                news = [command.new for command in push.commands]
                self.blobs += await quarantine.check(news, list(self.refs.values()))
                quarantine.promote()
        return [(command.ref, self.move(command)) for command in push.commands]

    def move(self, command: wire.PushCommand) -> str | None:
        if command.ref.startswith("refs/heads/locked"):
            return "this branch is locked"
        if self.refs.get(command.ref, wire.ZERO) != command.old:
            return "the branch moved meanwhile"
        if command.deletes:
            del self.refs[command.ref]
        else:
            self.refs[command.ref] = command.new
        return None


async def body_of(request: Request) -> AsyncIterator[bytes]:
    unzip = zlib.decompressobj(31) if request.headers.get("content-encoding") == "gzip" else None
    async for piece in request.stream():
        yield unzip.decompress(piece) if unzip else piece


@pytest.fixture
def hub(store: Path) -> Iterator[Hub]:
    door = Hub(store)
    app = Starlette(
        routes=[
            Route("/x.git/info/refs", door.advertise),
            Route("/x.git/git-upload-pack", door.upload, methods=["POST"]),
            Route("/x.git/git-receive-pack", door.receive, methods=["POST"]),
        ]
    )
    listener = socket.create_server(("127.0.0.1", 0))
    door.url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.git"
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off", loop="uvloop"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    yield door
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def filled(hub: Hub, note: Note) -> Hub:
    head = None
    for number in range(5):
        change = [Put(f"d/{number}", os.urandom(3000)), Put("a", b"%d" % number)]
        head = write.write_commit(hub.store, head, change, [head] if head else [], note)
    assert head is not None
    tag = write.write_tag(hub.store, head, "v1", note)
    hub.refs |= {HEAD: head, "refs/heads/dev": head, "refs/tags/v1": tag, "refs/pr/1": head}
    return hub


@pytest.mark.parametrize("version", [0, 1, 2])
def test_a_clone_has_everything(filled: Hub, git: Git, tmp_path: Path, version: int) -> None:
    git("-c", f"protocol.version={version}", "clone", "-q", filled.url, "c", at=tmp_path)
    copy = tmp_path / "c"
    assert filled.versions == [version]
    assert (
        git("rev-parse", "HEAD", "v1^{}", "origin/dev", at=copy).split() == [filled.refs[HEAD]] * 3
    )
    assert git("symbolic-ref", "HEAD", at=copy) == HEAD
    assert (copy / "a").read_bytes() == b"4"
    git("fsck", "--strict", at=copy)


@pytest.mark.parametrize("version", [0, 2])
def test_refs_are_listed_with_their_peels(
    filled: Hub, git: Git, tmp_path: Path, version: int
) -> None:
    listed = git(
        "-c", f"protocol.version={version}", "ls-remote", "--symref", filled.url, at=tmp_path
    )
    lines = listed.splitlines()
    assert f"ref: {HEAD}\tHEAD" in lines
    assert f"{filled.refs[HEAD]}\trefs/tags/v1^{{}}" in lines
    assert f"{filled.refs['refs/tags/v1']}\trefs/tags/v1" in lines
    assert f"{filled.refs[HEAD]}\trefs/pr/1" in lines


@pytest.mark.parametrize("version", [0, 2])
def test_an_empty_repository_is_cloned_and_filled(
    hub: Hub, git: Git, tmp_path: Path, version: int
) -> None:
    protocol = ("-c", f"protocol.version={version}")
    git(*protocol, "clone", "-q", hub.url, "c", at=tmp_path)
    copy = tmp_path / "c"
    (copy / "a").write_text("first")
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "one", at=copy)
    git(*protocol, "push", "-q", "origin", "HEAD:main", at=copy)
    assert hub.refs == {HEAD: git("rev-parse", "HEAD", at=copy)}
    assert [(blob.path, blob.size) for blob in hub.blobs] == [("a", 5)]
    entry = read.entry_at(hub.store, hub.refs[HEAD], "a")
    assert entry is not None
    assert not list((hub.store / "quarantine").iterdir())


@pytest.mark.parametrize("version", [0, 2])
def test_a_fetch_brings_what_is_new(
    filled: Hub, git: Git, note: Note, tmp_path: Path, version: int
) -> None:
    git("clone", "-q", filled.url, "c", at=tmp_path)
    old = filled.refs[HEAD]
    filled.refs[HEAD] = write.write_commit(filled.store, old, [Put("n", b"new")], [old], note)
    git("-c", f"protocol.version={version}", "pull", "-q", at=tmp_path / "c")
    assert (tmp_path / "c" / "n").read_bytes() == b"new"


@pytest.mark.parametrize("version", [0, 2])
def test_a_shallow_clone_deepens(filled: Hub, git: Git, tmp_path: Path, version: int) -> None:
    protocol = ("-c", f"protocol.version={version}")
    git(*protocol, "clone", "-q", "--depth=1", filled.url, "c", at=tmp_path)
    assert git("rev-list", "--count", "HEAD", at=tmp_path / "c") == "1"
    git(*protocol, "fetch", "-q", "--unshallow", at=tmp_path / "c")
    assert git("rev-list", "--count", "HEAD", at=tmp_path / "c") == "5"


def test_a_partial_clone_gets_its_blobs_at_checkout(filled: Hub, git: Git, tmp_path: Path) -> None:
    git("clone", "-q", "--no-checkout", "--filter=blob:none", filled.url, "c", at=tmp_path)
    missing = git("rev-list", "--objects", "--missing=print", "HEAD", at=tmp_path / "c")
    assert missing.count("?") == 10
    git("checkout", "-q", "main", at=tmp_path / "c")
    assert (tmp_path / "c" / "a").read_bytes() == b"4"


def work(hub: Hub, git: Git, tmp_path: Path) -> Path:
    git("clone", "-q", hub.url, "c", at=tmp_path)
    (tmp_path / "c" / "more").write_text("more")
    git("add", ".", at=tmp_path / "c")
    git("commit", "-q", "-m", "more", at=tmp_path / "c")
    return tmp_path / "c"


def test_branches_and_tags_are_pushed_forced_and_deleted(
    filled: Hub, git: Git, tmp_path: Path
) -> None:
    copy = work(filled, git, tmp_path)
    git("tag", "-a", "v2", "-m", "two", at=copy)
    git("push", "-q", "origin", "main", "main:feature/x", "v2", at=copy)
    head = git("rev-parse", "HEAD", at=copy)
    assert filled.refs[HEAD] == filled.refs["refs/heads/feature/x"] == head
    assert read.peel(filled.store, filled.refs["refs/tags/v2"]) == head
    git("commit", "-q", "--amend", "-m", "else", at=copy)
    git("push", "-q", "origin", "main", at=copy, refused=True)
    git("push", "-q", "--force", "origin", "main", at=copy)
    assert filled.refs[HEAD] == git("rev-parse", "HEAD", at=copy) != head
    git("push", "-q", "origin", "--delete", "feature/x", "v2", at=copy)
    assert set(filled.refs) == {HEAD, "refs/heads/dev", "refs/tags/v1", "refs/pr/1"}
    git("fsck", "--strict", "--no-dangling", at=filled.store)


def test_a_push_of_a_known_commit_needs_no_objects(filled: Hub, git: Git, tmp_path: Path) -> None:
    git("clone", "-q", filled.url, "c", at=tmp_path)
    before = list((filled.store / "objects" / "pack").iterdir())
    git("push", "-q", "origin", "main:again", at=tmp_path / "c")
    assert filled.refs["refs/heads/again"] == filled.refs[HEAD]
    assert list((filled.store / "objects" / "pack").iterdir()) == before


def test_a_push_from_a_shallow_clone_lands(filled: Hub, git: Git, tmp_path: Path) -> None:
    git("clone", "-q", "--depth=1", filled.url, "c", at=tmp_path)
    git("commit", "-q", "--allow-empty", "-m", "more", at=tmp_path / "c")
    git("push", "-q", "origin", "main", at=tmp_path / "c")
    assert read.count_commits(filled.store, filled.refs[HEAD]) == 6


def test_a_refused_ref_is_told_with_its_reason(filled: Hub, git: Git, tmp_path: Path) -> None:
    copy = work(filled, git, tmp_path)
    said = git("push", "-o", "ci.skip", "origin", "main", "main:locked", at=copy, refused=True)
    assert "this branch is locked" in said
    assert "remote: option ci.skip" in said
    assert "refs/heads/locked" not in filled.refs
    assert filled.refs[HEAD] == git("rev-parse", "HEAD", at=copy)


def test_a_push_that_is_too_large_is_refused(filled: Hub, git: Git, tmp_path: Path) -> None:
    copy = work(filled, git, tmp_path)
    filled.max_bytes = 100
    said = git("push", "origin", "main", at=copy, refused=True)
    assert "larger than 100 bytes" in said
    assert not list((filled.store / "quarantine").iterdir())


def test_a_push_with_a_git_folder_in_it_is_refused(filled: Hub, git: Git, tmp_path: Path) -> None:
    copy = work(filled, git, tmp_path)
    blob = git("hash-object", "-w", "--stdin", at=copy, stdin="x")
    inner = git("mktree", at=copy, stdin=f"100644 blob {blob}\tconfig\n")
    tree = git("mktree", at=copy, stdin=f"040000 tree {inner}\t.GIT\n")
    made = git("commit-tree", tree, "-p", "HEAD", "-m", "evil", at=copy)
    said = git("push", "origin", f"{made}:refs/heads/main", at=copy, refused=True)
    assert "unpack" in said
    assert read.expand_sha(filled.store, made) is None
    assert not list((filled.store / "quarantine").iterdir())


def test_a_push_of_a_thousand_files_is_streamed(filled: Hub, git: Git, tmp_path: Path) -> None:
    git("clone", "-q", filled.url, "c", at=tmp_path)
    copy = tmp_path / "c"
    for number in range(1000):
        (copy / f"{number}.bin").write_bytes(os.urandom(2000))
    git("add", ".", at=copy)
    git("commit", "-q", "-m", "many", at=copy)
    git("push", "-q", "origin", "main", at=copy)
    assert len(filled.blobs) == 1000
    assert read.tree_size(filled.store, filled.refs[HEAD]) > 2_000_000


def test_closing_a_download_ends_git(filled: Hub, note: Note) -> None:
    big = write.write_commit(filled.store, None, [Put("big", os.urandom(20 << 20))], [], note)
    body = wire_fetch(big)
    before = children()

    async def taste() -> bytes:
        stream = wire.upload_pack(filled.store, body, 2)
        async with contextlib.aclosing(stream):
            return await anext(stream)

    assert asyncio.run(taste()).startswith(b"00")
    assert children() <= before


def children() -> set[int]:
    """Return the ids of our child processes, running or ended but not waited for."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            _state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(parent) == os.getpid():
                found.add(int(process.name))
    return found


def wire_fetch(want: str) -> bytes:
    lines = [f"want {want}\n", "done\n"]
    framed = "".join(f"{len(line) + 4:04x}{line}" for line in lines)
    return f"0012command=fetch\n0001{framed}0000".encode()


def test_a_fetch_of_what_is_not_there_fails_loudly(filled: Hub) -> None:
    async def fetch() -> bytes:
        stream = wire.upload_pack(filled.store, wire_fetch("1" * 40), 2)
        return b"".join([piece async for piece in stream])

    with pytest.raises(wire.GitFailed, match="not our ref"):
        asyncio.run(fetch())
