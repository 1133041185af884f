"""How each file of an upload shall come (02 §F1)."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.content.writing.preupload import Planned, Verdict, preupload as judge
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import field, json_of, read, repo_of


class PlannedFile(msgspec.Struct):
    """One file; its sample is not needed to decide."""

    path: str
    size: int = 0


class PreuploadBody(msgspec.Struct, rename="camel"):
    """POST …/preupload/{revision}."""

    files: list[PlannedFile]
    git_ignore: str | None = None
    git_attributes: str | None = None


async def preupload(request: Request) -> Response:
    """POST /api/{type}/{repo}/preupload/{revision}"""
    body = await json_of(request, PreuploadBody)
    revision = field(request, "revision")
    verdicts = await read(
        request,
        lambda call: judge(
            call,
            repo_of(request),
            revision,
            [Planned(file.path, file.size) for file in body.files],
            create_pr=respond.flag(request, "create_pr"),
            attributes=body.git_attributes,
            ignore=body.git_ignore,
        ),
    )
    files = [_file(verdict) for verdict in verdicts.files]
    # huggingface_hub/utils/_http.py:_warn_on_warning_headers shows it once.
    headers = {"X-HF-Warning": f"Storage; {verdicts.warning}"} if verdicts.warning else {}
    return respond.json({"files": files, "commitOid": verdicts.head}, headers=headers)


def _file(verdict: Verdict) -> dict[str, object]:
    answer: dict[str, object] = {
        "path": verdict.path,
        "uploadMode": "lfs" if verdict.large else "regular",
        "shouldIgnore": verdict.ignored,
    }
    if verdict.oid is not None:
        answer["oid"] = verdict.oid
    return answer


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/{type}/{repo}/preupload/{revision}",
        preupload,
        "huggingface_hub ≥ 0.8, @huggingface/hub, hf-hub: every upload",
    ),
)
