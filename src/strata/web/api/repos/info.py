"""One repo as JSON (02 §B): `model_info`, `dataset_info`, `space_info`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from strata.access.policy.verbs import Action
from strata.content.reading.tree import Listed as FileEntry, masked
from strata.content.snapshot import Snapshot, snapshot
from strata.core.call import Call
from strata.core.errors import Malformed
from strata.core.names import RepoId
from strata.search.family import with_family
from strata.search.listing import Listed, Standing, standing_of
from strata.search.saying.contents import Contents, contents_of, known_contents
from strata.web import respond
from strata.web.api.repos.shapes import EXPANDABLE, expanded
from strata.web.paths import Route
from strata.web.work import field, glance, read, repo_of

_FROM_COMMIT = frozenset(
    {
        "cardData",
        "config",
        "datasets",
        "library_name",
        "model-index",
        "models",
        "pipeline_tag",
        "siblings",
        "tags",
        "usedStorage",
        *("baseModels", "evalResults", "mainSize", "mask_token", "transformersInfo", "widgetData"),
    }
)


async def info(request: Request) -> Response:
    """GET /api/{type}/{repo}"""
    return await _info(request, "HEAD")


async def info_at(request: Request) -> Response:
    """GET /api/{type}/{repo}/revision/{revision}"""
    return await _info(request, field(request, "revision"))


async def _info(request: Request, revision: str) -> Response:
    repo_id = repo_of(request)
    wanted = respond.many(request, "expand")
    blobs = respond.flag(request, "blobs")
    if wanted and blobs:
        raise Malformed('"expand" cannot be combined with "blobs"')
    fields = EXPANDABLE[repo_id.type].checked(wanted) if wanted else None
    security = respond.flag(request, "securityStatus")
    ask = Ask(repo_id, revision, fields, blobs=blobs)
    answer = await glance(request, lambda call: _known(call, ask))
    if answer is None:
        answer = await read(request, lambda call: _read(call, ask))
    if security:
        answer["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
    return respond.json(answer)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a caller wants to know of a repo."""

    repo_id: RepoId
    revision: str
    fields: Sequence[str] | None  # None: what a plain answer holds
    blobs: bool  # with the size and object of each file

    @property
    def names(self) -> Sequence[str]:
        return EXPANDABLE[self.repo_id.type].full if self.fields is None else self.fields

    @property
    def of_the_commit(self) -> bool:
        """Whether the card or the files are needed."""
        return not _FROM_COMMIT.isdisjoint(self.names)


def _known(call: Call, ask: Ask) -> dict[str, object] | None:
    """The answer, unless the commit must be read first."""
    at = snapshot(call, ask.repo_id, ask.revision, Action.LOOK)
    contents = known_contents(at) if ask.of_the_commit else None
    if contents is None and ask.of_the_commit:
        return None
    return _described(call, ask, at, contents)


def _read(call: Call, ask: Ask) -> dict[str, object]:
    at = snapshot(call, ask.repo_id, ask.revision, Action.LOOK)
    return _described(call, ask, at, contents_of(call, at))


def _described(call: Call, ask: Ask, at: Snapshot, contents: Contents | None) -> dict[str, object]:
    """The facts at this revision: the card and the files of the commit that was asked for."""
    answer = expanded(with_family(call, _facts(call, at, contents), ask.names), ask.names)
    if ask.fields is None:
        answer.setdefault("cardData", None)
    if contents is not None and "siblings" in ask.names:
        # Encoded once for each commit: the bulk of the answer.
        answer["siblings"] = (
            [_sibling(file) for file in masked(call, at.repo, contents.files)]
            if ask.blobs
            else contents.siblings
        )
    return answer


def _facts(call: Call, at: Snapshot, contents: Contents | None) -> Listed:
    standing = standing_of(call, at.repo.id)
    return Listed(
        repo=at.repo,
        head=at.commit,
        trending=standing.trending,
        card_data=contents.card_data if contents else None,
        tags=contents.tags if contents else (),
        pipeline_tag=contents.pipeline_tag if contents else None,
        library_name=contents.library_name if contents else None,
        siblings=(),
        used_storage=contents.used_storage if contents else 0,
        config=contents.config if contents else None,
        description=standing.description,
        details=_details(at, standing, contents),
    )


def _details(at: Snapshot, standing: Standing, contents: Contents | None) -> dict[str, object]:
    """What files and weights say; the weights were read by a job, for the head of main alone."""
    details = dict(contents.details) if contents else {}
    if standing.indexed == at.commit:
        weights = {name: standing.summaries.get(name) for name in ("safetensors", "gguf")}
        details |= {name: summary for name, summary in weights.items() if summary is not None}
    return details


def _sibling(file: FileEntry) -> dict[str, object]:
    entry: dict[str, object] = {"rfilename": file.path, "size": file.size, "blobId": file.oid}
    if file.pointer is not None:
        entry["lfs"] = {
            "size": file.size,
            "sha256": file.pointer.oid,
            "pointerSize": file.pointer_size,
        }
    return entry


ROUTES = (
    Route(("GET",), "/api/{type}/{repo}", info, "all: repo info, repo_exists"),
    Route(
        ("GET",),
        "/api/{type}/{repo}/revision/{revision}",
        info_at,
        "all: repo info, snapshot_download",
    ),
)
