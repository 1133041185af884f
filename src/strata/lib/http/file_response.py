"""Answer with a stretch of a file: by `sendfile` where the server can, by large reads elsewhere."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from starlette.types import Receive, Scope, Send

from strata.lib.http.pagecache import read_stretch
from strata.lib.http.ranges import ByteRange, MultipartBody
from strata.lib.http.sendfile import EXTENSION, FileTruncated

READ_BYTES = 1024 * 1024  # smaller reads cost more CPU than they save memory
INLINE_BYTES = 32 * 1024  # so little is cheaper to read than to hand to the kernel


class RangeFile:
    """An ASGI response that sends `length` bytes of a file from `offset`, or a multipart body.

    Args:
        source: the file, or a function that opens it and returns a descriptor this response closes.
        offset: first byte.
        length: bytes to send; becomes `Content-Length`.
        headers: sent as given; no `Content-Length` among them.
        accel: directory → internal URI prefix of the nginx in front; a `source` below one of the
            directories is left to nginx by `X-Accel-Redirect`, on GET of the whole file (200).
            nginx keeps type, disposition and caching headers of ours and drops the others, unless
            its configuration adds them again (`add_header X-Repo-Commit
            $upstream_http_x_repo_commit`).
    """

    def __init__(
        self,
        source: Path | Callable[[], int],
        *,
        offset: int = 0,
        length: int,
        headers: Mapping[str, str],
        status: int = 200,
        accel: Mapping[Path, str] | None = None,
    ) -> None:
        span = (ByteRange(offset, offset + length),) if length else ()
        self._source = source
        self._pieces: tuple[bytes | ByteRange, ...] = span
        self._length = length
        self._headers = dict(headers)
        self._status = status
        self._accel = dict(accel or {})

    @classmethod
    def multipart(
        cls, source: Path | Callable[[], int], body: MultipartBody, headers: Mapping[str, str]
    ) -> "RangeFile":
        """Answer 206 with several ranges; `Content-Type` comes from `body`."""
        kept = {name: value for name, value in headers.items() if name.lower() != "content-type"}
        kept["content-type"] = body.content_type
        response = cls(source, length=body.length, headers=kept, status=206)
        response._pieces = body.pieces
        return response

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 -- ASGI
        """Send the answer; raises before the first byte when the file cannot be opened."""
        head = scope["method"] == "HEAD"
        redirect = None if head else self._redirect()
        if head or redirect is not None or not self._length:
            await self._start(send, redirect)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            return
        file = _opened(self._source)
        try:
            await self._start(send, None)
            offered = EXTENSION in (scope.get("extensions") or {})
            for number, piece in enumerate(self._pieces, 1):
                more = number < len(self._pieces)
                if isinstance(piece, bytes):
                    await send({"type": "http.response.body", "body": piece, "more_body": more})
                else:
                    await _send_span(file, piece, send, offered=offered, more=more)
        finally:
            os.close(file)

    async def _start(self, send: Send, redirect: str | None) -> None:
        headers = self._headers | {"content-length": str(self._length)}
        if redirect is not None:
            headers = self._headers | {"x-accel-redirect": redirect, "content-length": "0"}
        await send(
            {
                "type": "http.response.start",
                "status": self._status,
                "headers": [
                    (name.lower().encode("latin-1"), value.encode("latin-1"))
                    for name, value in headers.items()
                ],
            }
        )

    def _redirect(self) -> str | None:
        """Name the file as nginx knows it; None when we send it."""
        if self._status != 200 or not isinstance(self._source, Path):
            return None
        for directory, prefix in self._accel.items():
            if self._source.is_relative_to(directory):
                inside = self._source.relative_to(directory).as_posix()
                return f"{prefix.rstrip('/')}/{quote(inside)}"
        return None


def _opened(source: Path | Callable[[], int]) -> int:
    if isinstance(source, Path):
        return os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    return source()


async def _send_span(file: int, span: ByteRange, send: Send, *, offered: bool, more: bool) -> None:
    if offered and span.length > INLINE_BYTES:
        await send(
            {
                "type": EXTENSION,
                "file": file,
                "offset": span.start,
                "count": span.length,
                "more_body": more,
            }
        )
        return
    position = span.start
    while position < span.stop:
        piece = await read_stretch(file, position, min(READ_BYTES, span.stop - position))
        if not piece:
            raise FileTruncated(f"the file ends at byte {position}, not {span.stop}")
        position += len(piece)
        last = position == span.stop
        message = {"type": "http.response.body", "body": piece, "more_body": more or not last}
        await send(message)
