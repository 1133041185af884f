"""The hub's JSON interface spoken by hand, for what a story needs around the real clients."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Literal

import httpx

from clients.hub import Person
from fixtures.plain_http import NO_AUTHORITIES

RepoType = Literal["model", "dataset", "space"]
TYPES: Final[tuple[RepoType, ...]] = ("model", "dataset", "space")
TIMEOUT: Final = 60.0  # seconds
Json = Any  # what a server answers is checked by the assertions of the story


@dataclass(frozen=True, slots=True)
class Repo:
    """A repository's type and id, and the addresses that follow from them."""

    kind: RepoType
    name: str

    @property
    def api(self) -> str:
        return f"/api/{self.kind}s/{self.name}"

    @property
    def page(self) -> str:
        return f"/{self.name}" if self.kind == "model" else f"/{self.kind}s/{self.name}"

    @property
    def git(self) -> str:
        return f"{self.page}.git"


class Api:
    """One caller of the hub: a base address and maybe a token."""

    def __init__(self, web: httpx.Client) -> None:
        self.web = web

    def create(self, repo: Repo, *, private: bool = False) -> None:
        """Create a repository."""
        owner, _, name = repo.name.partition("/")
        answer = self.web.post(
            "/api/repos/create",
            json={
                "name": name,
                "organization": owner,
                "type": repo.kind,
                "private": private,
                **({"sdk": "static"} if repo.kind == "space" else {}),
            },
        )
        assert answer.status_code == 200, shown(answer)

    def commit(
        self,
        repo: Repo,
        files: Mapping[str, bytes],
        *,
        revision: str = "main",
        summary: str = "Add files",
        deleted: Iterable[str] = (),
    ) -> str:
        """Make one commit of small files; return its id."""
        answer = self.web.post(
            f"{repo.api}/commit/{revision}",
            content=commit_lines(summary, files, deleted),
            headers={"Content-Type": "application/x-ndjson"},
        )
        assert answer.status_code == 200, shown(answer)
        commit: str = answer.json()["commitOid"]
        return commit

    def head(self, repo: Repo, revision: str = "main") -> str:
        """Return the commit that a revision stands for."""
        commit: str = self.json(f"{repo.api}/revision/{revision}")["sha"]
        return commit

    def paths(self, repo: Repo, revision: str = "main") -> set[str]:
        """Return every file's path, all pages of the tree read."""
        return {
            entry["path"]
            for entry in self.pages(f"{repo.api}/tree/{revision}?recursive=true")
            if entry["type"] == "file"
        }

    def commits(self, repo: Repo, revision: str = "main") -> list[str]:
        """Return the ids of every commit, newest first, all pages read."""
        return [entry["id"] for entry in self.pages(f"{repo.api}/commits/{revision}")]

    def content(self, repo: Repo, path: str, revision: str = "main") -> bytes:
        """Return a file's bytes over plain HTTP."""
        answer = self.web.get(f"{repo.page}/resolve/{revision}/{path}", follow_redirects=True)
        assert answer.status_code == 200, shown(answer)
        return answer.content

    def json(self, address: str) -> Json:
        """Return what an address answers, which must be 200."""
        answer = self.web.get(address)
        assert answer.status_code == 200, shown(answer)
        return answer.json()

    def pages(self, address: str) -> Iterator[Json]:
        """Yield the entries of a list, following `Link: …; rel="next"`."""
        following: str | None = address
        while following is not None:
            answer = self.web.get(following)
            assert answer.status_code == 200, shown(answer)
            yield from answer.json()
            following = answer.links.get("next", {}).get("url")


def commit_lines(summary: str, files: Mapping[str, bytes], deleted: Iterable[str] = ()) -> bytes:
    """Return the body of a commit: newline-separated JSON, the header first."""
    lines: list[Mapping[str, object]] = [
        {"key": "header", "value": {"summary": summary, "description": ""}},
        *(
            {
                "key": "file",
                "value": {
                    "path": path,
                    "content": base64.b64encode(content).decode(),
                    "encoding": "base64",
                },
            }
            for path, content in files.items()
        ),
        *({"key": "deletedFile", "value": {"path": path}} for path in deleted),
    ]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def shown(answer: httpx.Response) -> str:
    """Return an answer as a failure message shows it."""
    return (
        f"{answer.request.method} {answer.request.url} → {answer.status_code}\n"
        f"{dict(answer.headers)}\n{answer.text[:2_000]}"
    )


@contextmanager
def speaking(url: str, token: str | None = None) -> Iterator[Api]:
    """Open a connection pool to a hub for one caller."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    with httpx.Client(
        base_url=url, verify=NO_AUTHORITIES, headers=headers, timeout=TIMEOUT, trust_env=False
    ) as web:
        yield Api(web)


@contextmanager
def speaking_as(url: str, person: Person) -> Iterator[Api]:
    """Open a connection pool to a hub with a person's write token."""
    with speaking(url, person.token_write) as api:
        yield api
