"""Every call of the Hub API with what it is sent, and what callers of each kind may learn."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import quote

import httpx

from clients.api import Api, Repo, commit_lines, shown
from clients.hub import Hub
from fixtures.plain_http import NO_AUTHORITIES

SECRET_NAME: Final = "zanzibar-secret"
"""Part of the private repository's name; no stranger may ever see it, except in an echo."""


SECRET_CONTENT: Final = b"the treasure lies under the palm tree"
NEW_OID: Final = "ab" * 32


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request; `{…}` in the address and the body is filled in from the repository."""

    name: str
    method: str
    address: str
    body: Mapping[str, object] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ok: frozenset[int] = frozenset({200})
    kind: Literal["api", "page", "git"] = "api"


NDJSON: Final = {"Content-Type": "application/x-ndjson"}
LFS: Final = {
    "Content-Type": "application/vnd.git-lfs+json",
    "Accept": "application/vnd.git-lfs+json",
}


def _lfs_batch(operation: str, oid: str, size: int) -> Mapping[str, object]:
    return {
        "operation": operation,
        "transfers": ["basic"],
        "objects": [{"oid": oid, "size": size}],
        "hash_algo": "sha256",
        "ref": {"name": "refs/heads/main"},
    }


READS: Final = (
    Call("info", "GET", "{api}"),
    Call("info-revision", "GET", "{api}/revision/main"),
    Call("info-commit", "GET", "{api}/revision/{head}"),
    Call("tree", "GET", "{api}/tree/main"),
    Call("tree-folder", "GET", "{api}/tree/main/folder?recursive=true"),
    Call("paths-info", "POST", "{api}/paths-info/main", body={"paths": ["secret.txt"]}),
    Call("refs", "GET", "{api}/refs"),
    Call("commits", "GET", "{api}/commits/main"),
    Call("compare", "GET", "{api}/compare/{first}..{head}"),
    Call("auth-check", "GET", "{api}/auth-check"),
    Call("xet-read-token", "GET", "{api}/xet-read-token/main"),
    Call("resolve", "GET", "{page}/resolve/main/secret.txt"),
    Call("resolve-head", "HEAD", "{page}/resolve/main/secret.txt"),
    Call("resolve-commit", "GET", "{page}/resolve/{head}/folder/deep.txt"),
    Call("raw", "GET", "{page}/raw/main/secret.txt"),
    Call("resolve-cache", "GET", "/api/resolve-cache/{kind}s/{id}/{head}/secret.txt"),
    Call("page", "GET", "{page}", kind="page"),
    Call("page-files", "GET", "{page}/tree/main", kind="page"),
    Call("page-file", "GET", "{page}/blob/main/secret.txt", kind="page"),
    Call("page-commits", "GET", "{page}/commits/main", kind="page"),
    Call("git-fetch", "GET", "{git}/info/refs?service=git-upload-pack", kind="git"),
    Call("git-fetch-short", "GET", "{page}/info/refs?service=git-upload-pack", kind="git"),
    Call(
        "lfs-download",
        "POST",
        "{git}/info/lfs/objects/batch",
        body=_lfs_batch("download", NEW_OID, 3),
        headers=LFS,
        kind="git",
    ),
)
WRITES: Final = (
    Call(
        "preupload",
        "POST",
        "{api}/preupload/main",
        body={"files": [{"path": "new.txt", "sample": "bmV3", "size": 3}]},
    ),
    Call(
        "commit",
        "POST",
        "{api}/commit/main",
        content=commit_lines("Change", {"new.txt": b"new"}),
        headers=NDJSON,
    ),
    Call(
        "commit-deletion",
        "POST",
        "{api}/commit/main",
        content=commit_lines("Delete", {}, ["secret.txt"]),
        headers=NDJSON,
    ),
    Call("branch", "POST", "{api}/branch/made"),
    Call("delete-branch", "DELETE", "{api}/branch/spare"),
    Call("tag", "POST", "{api}/tag/main", body={"tag": "made"}),
    Call("delete-tag", "DELETE", "{api}/tag/spare"),
    Call("squash", "POST", "{api}/super-squash/main", body={"message": "One"}),
    Call("settings", "PUT", "{api}/settings", body={"visibility": "private"}),
    Call("xet-write-token", "GET", "{api}/xet-write-token/main"),
    Call("auth-check-write", "GET", "{api}/auth-check/write"),
    Call("git-push", "GET", "{git}/info/refs?service=git-receive-pack", kind="git"),
    Call(
        "lfs-upload",
        "POST",
        "{git}/info/lfs/objects/batch",
        body=_lfs_batch("upload", NEW_OID, 3),
        headers=LFS,
        kind="git",
    ),
    Call(
        "move",
        "POST",
        "/api/repos/move",
        body={"fromRepo": "{id}", "toRepo": "{id}-moved", "type": "{kind}"},
    ),
    Call(
        "delete",
        "DELETE",
        "/api/repos/delete",
        body={"organization": "{owner}", "name": "{name}", "type": "{kind}"},
        ok=frozenset({200, 204}),
    ),
)
PROPOSING: Final = frozenset({"git-push", "lfs-upload"})
"""What also opens a pull request: whoever reads the repository may knock, and send their own bytes.

The protocols do not say what for. `test_git` has the pushes to branches, which are refused.
"""


@dataclass(frozen=True, slots=True)
class Target:
    """A repository with content, refs to spare, and what the calls need to know of it."""

    repo: Repo
    first: str
    head: str

    def fill(self, text: str) -> str:
        """Fill in the places of an address or a body."""
        owner, _, name = self.repo.name.partition("/")
        places = {
            "api": self.repo.api,
            "page": self.repo.page,
            "git": self.repo.git,
            "kind": self.repo.kind,
            "id": self.repo.name,
            "owner": owner,
            "name": name,
            "first": self.first,
            "head": self.head,
        }
        for place, filling in places.items():
            text = text.replace(f"{{{place}}}", filling)
        return text


def made(api: Api, repo: Repo, visibility: str) -> Target:
    """Create a repository with two commits, a branch and a tag to spare."""
    api.create(repo, private=visibility == "private")
    first = api.head(repo)
    head = api.commit(repo, {"secret.txt": SECRET_CONTENT, "folder/deep.txt": SECRET_CONTENT})
    for address, body in (("branch/spare", {}), ("tag/main", {"tag": "spare"})):
        answer = api.web.post(f"{repo.api}/{address}", json=body)
        assert answer.status_code == 200, shown(answer)
    return Target(repo, first, head)


def sent(hub: Hub, token: str | None, call: Call, target: Target) -> httpx.Response:
    """Send a call with a token, or without one; git's calls carry Basic credentials as git does."""
    headers = dict(call.headers)
    if token is not None and call.kind == "git":
        pair = base64.b64encode(f"anyone:{token}".encode()).decode()
        headers["Authorization"] = f"Basic {pair}"
    elif token is not None:
        headers["Authorization"] = f"Bearer {token}"
    body = None if call.body is None else target.fill(json.dumps(call.body))
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    with httpx.Client(base_url=hub.url, verify=NO_AUTHORITIES, trust_env=False, timeout=60) as web:
        return web.request(
            call.method, target.fill(call.address), content=body or call.content, headers=headers
        )


def require_nothing_private(answer: httpx.Response, target: Target) -> None:
    """Check that neither content nor history is in an answer, and the name only as an echo."""
    seen = answer.text + "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
    assert SECRET_CONTENT.decode() not in seen, shown(answer)
    assert base64.b64encode(SECRET_CONTENT).decode() not in seen, shown(answer)
    if target.head not in str(answer.request.url):
        assert target.head not in seen, shown(answer)
    assert "secret.txt" not in seen or "secret.txt" in str(answer.request.url), shown(answer)
    # A page may lead back to the address that was asked for; that tells nobody anything.
    asked = answer.request.url.raw_path.decode()
    for echo in (asked, quote(asked, safe=""), quote(asked)):
        seen = seen.replace(echo, "")
    assert SECRET_NAME not in seen, shown(answer)


def state(api: Api, repo: Repo) -> tuple[object, ...]:
    """Return what no refused call may change."""
    record = api.json(repo.api)
    return (
        record["id"],
        record["private"],
        api.json(f"{repo.api}/refs"),
        sorted(api.paths(repo)),
        api.commits(repo),
    )
