"""`@huggingface/hub` in Node.js and in a browser: repositories, commits, files, Xet."""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Final

import pytest
from typing_extensions import override

from clients.hub import Hub, Person
from clients.node import JavaScript, node_modules
from fixtures.browsers import chromium

On = Callable[[Person | None], JavaScript]
MEGABYTE: Final = 1_000_000


@pytest.fixture
def javascript(hub: Hub, tmp_path: Path) -> On:
    """Set up the client of a person, or of nobody, on a machine of their own."""

    def machine(person: Person | None) -> JavaScript:
        home = tmp_path / (person.name if person else "nobody")
        home.mkdir(exist_ok=True)
        return JavaScript(home, hub.url, person.token_write if person else None)

    return machine


@pytest.mark.parametrize("kind", ["model", "dataset"])
def test_a_repository_is_made_changed_listed_and_deleted(
    kind: str, hub: Hub, javascript: On, repo_name: str
) -> None:
    owner = hub.user("js-owner")
    seen = javascript(owner).value(
        """
        const [repo] = args;
        const made = await hub.createRepo({ repo, license: "mit", ...here,
            files: [{ path: "first.txt", content: new Blob(["first"]) }] });
        const branch = { repo, branch: "next", ...here };
        await hub.createBranch(branch);
        const { commit } = await hub.commit({ repo, branch: "next", title: "Three at once", ...here,
            operations: [
                { operation: "addOrUpdate", path: "a/b.txt", content: new Blob(["b"]) },
                { operation: "addOrUpdate", path: "first.txt", content: new Blob(["second"]) },
                { operation: "delete", path: "README.md" },
            ] });
        const files = (revision) => hub.listFiles({ repo, revision, recursive: true, ...here });
        const paths = async (revision) =>
            (await all(files(revision))).filter((f) => f.type === "file").map((f) => f.path).sort();
        const onMain = await paths("main"), onNext = await paths("next");
        const text = async (path, revision) =>
            (await hub.downloadFile({ repo, path, revision, ...here }))?.text() ?? null;
        await hub.deleteFiles({ repo, branch: "next", paths: ["a/b.txt"], ...here });
        const commits = await all(hub.listCommits({ repo, revision: "next", ...here }));
        print({
            made, onMain, onNext, after: await paths("next"), commit: commit.oid,
            first: await text("first.txt", "main"), second: await text("first.txt", commit.oid),
            missing: await text("nowhere.txt", "main"),
            titles: commits.map((c) => c.title), oids: commits.map((c) => c.oid),
            count: await hub.countCommits({ repo, revision: "next", ...here }),
            info: (await hub.pathsInfo({ repo, paths: ["first.txt"], revision: "next", ...here }))
                .map((f) => [f.path, f.type, f.size]),
            exists: await hub.fileExists({ repo, path: "first.txt", ...here }),
        });
        await hub.deleteBranch(branch);
        """,
        {"type": kind, "name": f"js-owner/{repo_name}"},
    )
    assert isinstance(seen, dict)
    web = "" if kind == "model" else f"{kind}s/"
    assert seen["made"]["repoUrl"] == f"{hub.url}/{web}js-owner/{repo_name}"
    assert seen["onMain"] == [".gitattributes", "README.md", "first.txt"]
    assert seen["onNext"] == [".gitattributes", "a/b.txt", "first.txt"]
    assert seen["after"] == [".gitattributes", "first.txt"]
    assert (seen["first"], seen["second"], seen["missing"]) == ("first", "second", None)
    assert seen["titles"][1:2] == ["Three at once"]
    assert seen["oids"][1] == seen["commit"]
    assert seen["count"] == len(seen["titles"])
    assert seen["info"] == [["first.txt", "file", 6]]
    assert seen["exists"] is True

    gone = javascript(owner).value(
        """
        const [repo] = args;
        const before = await hub.repoExists({ repo, ...here });
        await hub.deleteRepo({ repo, ...here });
        print([before, await hub.repoExists({ repo, ...here })]);
        """,
        {"type": kind, "name": f"js-owner/{repo_name}"},
    )
    assert gone == [True, False]


def test_a_private_repository_is_listed_and_read_by_its_owner_only(
    hub: Hub, javascript: On, repo_name: str
) -> None:
    owner, stranger = hub.user("js-owner"), hub.user("js-stranger")
    repo = f"js-owner/{repo_name}"
    look = """
        const [repo] = args;
        const refused = (error) => error.statusCode;
        const listed = await all(hub.listModels({ search: { owner: "js-owner" }, ...here }));
        print({
            listed: listed.map((model) => model.name),
            exists: await hub.repoExists({ repo, ...here }),
            info: await hub.modelInfo({ name: repo, ...here }).then((m) => m.private, refused),
            files: await all(hub.listFiles({ repo, ...here })).then((f) => f.length, refused),
            access: await hub.checkRepoAccess({ repo, ...here }).then(() => "granted", refused),
        });
    """
    javascript(owner).value(
        "await hub.createRepo({ repo: args[0], private: true, ...here }); print(null);", repo
    )

    mine = javascript(owner).value(look, repo)
    assert isinstance(mine, dict)
    assert repo in mine.pop("listed")
    assert mine == {"exists": True, "info": True, "files": 1, "access": "granted"}

    for other, status in ((stranger, 404), (None, 401)):
        seen = javascript(other).value(look, repo)
        assert isinstance(seen, dict)
        assert repo not in seen.pop("listed")
        assert seen == {"exists": False, "info": status, "files": status, "access": status}
    assert javascript(owner).value("print((await hub.whoAmI({ ...here })).name)") == owner.name


@pytest.mark.parametrize("upload", ["xet", "lfs"])
def test_large_files_are_the_same_by_every_way(
    upload: str, hub: Hub, javascript: On, repo_name: str
) -> None:
    owner = hub.user("js-owner")
    machine = javascript(owner)
    content = os.urandom(3 * MEGABYTE) + bytes(2 * MEGABYTE) + os.urandom(MEGABYTE)
    (machine.home / "large.bin").write_bytes(content)

    seen = machine.value(
        """
        import { openAsBlob } from "node:fs";
        import { createHash } from "node:crypto";
        const [repo, useXet] = args;
        const sha = async (blob) =>
            createHash("sha256").update(Buffer.from(await blob.arrayBuffer())).digest("hex");
        await hub.createRepo({ repo, ...here });
        await hub.uploadFiles({ repo, useXet, ...here,
            files: [{ path: "large.bin", content: await openAsBlob("large.bin") }] });
        const info = await hub.fileDownloadInfo({ repo, path: "large.bin", ...here });
        const file = { repo, path: "large.bin", ...here };
        const whole = await hub.downloadFile({ ...file, xet: false });
        const byXet = await hub.downloadFile({ ...file, xet: true });
        const slice = byXet.slice(2999990, 5000010);
        const range = await fetch(info.url, { headers: {
            Authorization: `Bearer ${here.accessToken}`, Range: "bytes=2999990-5000009" } });
        const [entry] = await hub.pathsInfo({ repo, paths: ["large.bin"], ...here });
        print({
            size: info.size, etag: info.etag, xet: info.xet !== undefined, lfs: entry.lfs,
            whole: await sha(whole), byXet: await sha(byXet),
            slice: await sha(slice),
            range: await sha(await range.blob()), status: range.status,
        });
        """,
        f"js-owner/{repo_name}",
        upload == "xet",
    )

    whole, part = (
        hashlib.sha256(piece).hexdigest() for piece in (content, content[2_999_990:5_000_010])
    )
    assert isinstance(seen, dict)
    assert (seen["size"], seen["etag"]) == (len(content), f'"{whole}"')
    assert (seen["lfs"]["oid"], seen["lfs"]["size"]) == (whole, len(content))
    assert (seen["whole"], seen["byXet"]) == (whole, whole)
    assert (seen["slice"], seen["range"], seen["status"]) == (part, part, 206)
    assert seen["xet"] is (upload == "xet")


class _Quiet(SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def another_site(folder: Path) -> Iterator[str]:
    """Serve a folder as a site of its own; yield its origin."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


PAGE: Final = """<!doctype html><title>Another site</title>
<script type="importmap">{"imports": {
    "@huggingface/hub": "/node_modules/@huggingface/hub/dist/browser/index.mjs",
    "@huggingface/xetchunk-wasm": "/node_modules/@huggingface/xetchunk-wasm/dist/esm/index.js",
    "@huggingface/blake3-jit": "/node_modules/@huggingface/blake3-jit/dist/esm/index.js",
    "gearhash-jit": "/node_modules/gearhash-jit/dist/esm/index.js"
}}</script>"""


def test_a_page_of_another_site_uses_the_hub_with_a_token(
    hub: Hub, tmp_path: Path, repo_name: str
) -> None:
    owner = hub.user("js-owner")
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "node_modules").symlink_to(node_modules())

    with another_site(tmp_path) as origin, chromium() as browser:
        page = browser.new_page()
        page.goto(origin)
        seen = page.evaluate(
            """async ([hubUrl, accessToken, repo]) => {
                const hub = await import("@huggingface/hub");
                const here = { hubUrl, accessToken };
                await hub.createRepo({ repo, private: true, ...here });
                const bytes = crypto.getRandomValues(new Uint8Array(60000));
                await hub.uploadFiles({ repo, ...here, files: [
                    { path: "note.txt", content: new Blob(["from a browser"]) },
                    { path: "large.bin", content: new Blob([bytes, bytes, bytes]) } ] });
                const note = await hub.downloadFile({ repo, path: "note.txt", ...here });
                const large = await hub.downloadFile({ repo, path: "large.bin", ...here });
                const back = new Uint8Array(await large.arrayBuffer());
                const answer = await fetch(`${hubUrl}/${repo}/resolve/main/note.txt`,
                    { headers: { Authorization: `Bearer ${accessToken}` } });
                const refused = await fetch(`${hubUrl}/api/models/${repo}`);
                return {
                    note: await note.text(), size: back.length,
                    same: bytes.every((byte, at) => byte === back[at + 60000]),
                    commit: answer.headers.get("X-Repo-Commit"), etag: answer.headers.get("ETag"),
                    refused: [refused.status, refused.headers.get("X-Error-Code")],
                };
            }""",
            [hub.url, owner.token_write, f"js-owner/{repo_name}"],
        )

    assert (seen["note"], seen["size"], seen["same"]) == ("from a browser", 180_000, True)
    assert len(seen["commit"]) == 40
    assert len(seen["etag"]) == 42
    assert seen["refused"] == [401, "RepoNotFound"]
