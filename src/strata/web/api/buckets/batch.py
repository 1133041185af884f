"""The batches that change a bucket, as NDJSON (02 §T)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from strata.content.bucket import batch as batches
from strata.content.bucket.batch import Outcome
from strata.content.bucket.exposed import warning_for
from strata.content.bucket.steps import AddFile, CopyFile, DeleteFile, Step
from strata.core.errors import Malformed, StrataError, TooLarge
from strata.core.names import RepoId, RepoType, is_oid
from strata.lib.db.columns import from_millis
from strata.web import respond
from strata.web.paths import Route
from strata.web.work import body_of, read, repo_of, work

MAX_STEPS: Final = 10_000  # of one batch; clients send up to 1,000

MediaType = Annotated[str, msgspec.Meta(max_length=255, pattern="^[ -~]*$")]
# Milliseconds since 1970, from 1900 to 9999: what a date on the wire can say.
Millis = Annotated[int, msgspec.Meta(ge=-2_208_988_800_000, le=253_402_300_799_999)]


class AddLine(msgspec.Struct, tag_field="type", tag="addFile", rename="camel"):
    """A line of a batch: an uploaded file."""

    path: str
    xet_hash: str
    mtime: Millis | None = None
    content_type: MediaType | None = None


class CopyLine(msgspec.Struct, tag_field="type", tag="copyFile", rename="camel"):
    """A line of a batch: a file that a repo or another bucket has."""

    path: str
    xet_hash: str
    source_repo_type: RepoType
    source_repo_id: str
    mtime: Millis | None = None
    content_type: MediaType | None = None


class DeleteLine(msgspec.Struct, tag_field="type", tag="deleteFile"):
    """A line of a batch: a file to delete."""

    path: str


Line = AddLine | CopyLine | DeleteLine
_lines = msgspec.json.Decoder(Line)


async def batch(request: Request) -> Response:
    """POST /api/buckets/{repo}/batch"""
    steps = list(_steps(await body_of(request)))
    outcome = await work(request, lambda within: batches.apply(within, repo_of(request), steps))
    failed = [{"path": one.path, "error": one.error} for one in outcome.refused]
    answer = {
        "success": not failed,
        "processed": outcome.processed,
        "succeeded": outcome.processed - len(failed),
        "failed": failed,
    }
    put = [step.path for step in steps if not isinstance(step, DeleteFile)]
    told = await read(request, lambda call: warning_for(call, repo_of(request), put)) if put else ""
    warning = f"Storage; {outcome.warning}" if outcome.warning else ""
    warning = f"exposed-token; {told}" if told else warning
    headers = {"X-HF-Warning": warning} if warning else {}
    return respond.json(answer, 422 if _nothing_done(outcome) else 200, headers=headers)


def _nothing_done(outcome: Outcome) -> bool:
    return outcome.processed > 0 and len(outcome.refused) == outcome.processed


def _steps(body: bytes) -> Iterator[Step]:
    lines = [line for line in body.split(b"\n") if line.strip()]
    if len(lines) > MAX_STEPS:
        raise TooLarge(f"A batch may have {MAX_STEPS} lines; send several.")
    for number, text in enumerate(lines, 1):
        try:
            yield _step(_lines.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, StrataError) as error:
            raise Malformed(f"Line {number} of the batch: {error}") from error


def _step(line: Line) -> Step:
    if isinstance(line, DeleteLine):
        return DeleteFile(line.path)
    if not is_oid(line.xet_hash):
        raise Malformed('"xetHash" must be 64 lowercase hexadecimal digits.')
    mtime = None if line.mtime is None else from_millis(line.mtime)
    if isinstance(line, AddLine):
        return AddFile(line.path, line.xet_hash, mtime, line.content_type)
    source = RepoId.parse(line.source_repo_type, line.source_repo_id)
    return CopyFile(line.path, line.xet_hash, source, mtime, line.content_type)


ROUTES: tuple[Route, ...] = (
    Route(
        ("POST",),
        "/api/buckets/{repo}/batch",
        batch,
        "huggingface_hub ≥ 1.5: batch_bucket_files",
    ),
)
