"""Pictures, films and sounds that people put into their texts (02 §F4).

Their addresses cannot be guessed; of those in private repos, that is not enough (see `placing`).
Only types that a browser shows without running them are taken, and only bytes that begin as that
type does.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final

import sqlalchemy as sa

from strata.access.policy.persons import require_writer
from strata.accounts import people
from strata.blobs.links import Local, Piped
from strata.community.attachments.placing import is_shown
from strata.community.attachments.tables import attachments
from strata.core.call import Call, Work, working
from strata.core.errors import Malformed, NotFound, TooLarge, TooMany
from strata.core.permissions import Permission
from strata.core.settings.groups.limits import LimitsSettings
from strata.lib.objects.receive import Received
from strata.lib.pictures.squares import PictureRefused, clean

FOLDER: Final = "attachments"  # of the object store
WINDOW: Final = timedelta(hours=1)
ENDINGS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "image/png": "png",
        "image/jpeg": "jpg",
        "image/gif": "gif",
        "image/webp": "webp",
        "image/avif": "avif",
        "video/mp4": "mp4",
        "video/quicktime": "mov",
        "video/webm": "webm",
        "audio/mpeg": "mp3",
        "audio/wav": "wav",
    }
)
REFUSALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "unreadable": "This picture cannot be read. Save it again as a PNG or JPEG and send that.",
        "too_many_pixels": "A picture may have 25 megapixels, and one that moves 50 in all frames.",
    }
)
_SNIFFED: Final = 16  # bytes
_BOXES: Final = re.compile(rb".{4}(?:ftyp|moov|mdat|wide|free|skip)", re.DOTALL)
_STARTS: Final[Mapping[str, re.Pattern[bytes]]] = MappingProxyType(
    {
        "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
        "image/jpeg": re.compile(rb"\xff\xd8\xff"),
        "image/gif": re.compile(rb"GIF8[79]a"),
        "image/webp": re.compile(rb"RIFF.{4}WEBP", re.DOTALL),
        "image/avif": re.compile(rb".{4}ftyp(?:avi[fs]|m[is]f1)", re.DOTALL),
        "video/mp4": _BOXES,
        "video/quicktime": _BOXES,
        "video/webm": re.compile(rb"\x1a\x45\xdf\xa3"),
        "audio/mpeg": re.compile(rb"ID3|\xff[\xe0-\xff]"),
        "audio/wav": re.compile(rb"RIFF.{4}WAVE", re.DOTALL),
    }
)


@dataclass(frozen=True, slots=True)
class Attachment:
    """One file that somebody attached."""

    key: str  # 32 hex
    media_type: str
    size: int  # bytes

    @property
    def file_name(self) -> str:
        return f"{self.key}.{ENDINGS[self.media_type]}"

    @property
    def object_key(self) -> str:
        return f"{FOLDER}/{self.key[:2]}/{self.key}"


def require_attach(call: Call, media_type: str, declared: int) -> None:
    """Let the caller send a file, before its bytes are received.

    Raises:
        Unauthenticated, EmailNotVerified, Forbidden: as `access.policy.persons.require_writer`.
        Malformed: a type that cannot be attached. TooLarge: more bytes than this type may have.
        TooMany: the caller attached too many lately.
    """
    require_writer(call.actor, "attach files", Permission.DISCUSSION_WRITE)
    if media_type not in ENDINGS:
        raise Malformed(f"Only these types can be attached: {', '.join(ENDINGS)}.")
    _require_size(call.hub.settings.limits, media_type, declared)
    _require_room(call)


def attach(call: Call, media_type: str, body: Received) -> Attachment:
    """Keep a file that has arrived; the body is consumed.

    Raises:
        As `require_attach`. Malformed: the bytes are of another type, or a picture that cannot be
            decoded or has too many pixels.
    """
    require_attach(call, media_type, body.size)
    with body.path.open("rb") as opened:
        if not _begins_as(media_type, opened.read(_SNIFFED)):
            raise Malformed(f"These bytes are not of the type {media_type}.")
    if media_type.startswith("image/"):
        _clean(body)
    made = Attachment(secrets.token_hex(16), media_type, body.path.stat().st_size)
    call.hub.objects.put(made.object_key, body.path)
    call.hub.crash_point("after-objects")
    try:
        with working(call) as work:
            people.locked(work, work.actor.user_id or 0)  # who attaches many at once waits
            _require_room(work)
            _insert(work, made)
    except TooMany:
        call.hub.objects.delete(made.object_key)
        raise
    return made


def _clean(body: Received) -> None:
    """Put a picture without its metadata in the place of the one that came."""
    try:
        body.path.write_bytes(clean(body.path.read_bytes()))
    except PictureRefused as refused:
        raise Malformed(REFUSALS[refused.problem]) from refused


def attachment(call: Call, file_name: str) -> tuple[Attachment, Local | Piped]:
    """An attachment and where its bytes are.

    Raises:
        NotFound: nothing was attached under this name, or the caller may not see it.
    """
    key = file_name.partition(".")[0]
    row = None
    if "\0" not in key:
        row = call.db.execute(sa.select(attachments).where(attachments.c.key == key)).first()
    held = Attachment(row.key, row.media_type, row.size) if row else None
    if held is None or held.file_name != file_name or not is_shown(call, key):
        raise NotFound("There is no such file.")
    path = call.hub.objects.local_path(held.object_key)
    return held, Local(path, held.size) if path else Piped(held.object_key, held.size)


def largest(limits: LimitsSettings, media_type: str) -> int:
    """How many bytes a file of a type may have."""
    is_film = media_type.startswith("video/")
    return limits.film_bytes if is_film else limits.attachment_bytes


def _require_size(limits: LimitsSettings, media_type: str, size: int) -> None:
    most = largest(limits, media_type)
    if size > most:
        raise TooLarge(f"A file of the type {media_type} may have {most} bytes.")


def _require_room(call: Call) -> None:
    since = call.now - WINDOW
    own = sa.and_(attachments.c.user_id == call.actor.user_id, attachments.c.created_at > since)
    most = call.hub.settings.limits.attachments_per_hour
    if (call.db.scalar(sa.select(sa.func.count()).where(own)) or 0) >= most:
        raise TooMany(
            f"You attached {most} files within an hour, which is all this hub takes. Try later.",
            retry_after_s=int(WINDOW.total_seconds()),
        )


def _insert(work: Work, made: Attachment) -> None:
    work.db.execute(
        sa.insert(attachments).values(
            key=made.key,
            user_id=work.actor.user_id or 0,
            media_type=made.media_type,
            size=made.size,
            created_at=work.now,
        )
    )


def _begins_as(media_type: str, start: bytes) -> bool:
    """Whether bytes begin as files of a type do."""
    return _STARTS[media_type].match(start) is not None
