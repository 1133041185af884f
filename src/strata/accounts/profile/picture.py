"""The picture of an account (product §3.16): decoded apart, kept as small squares."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Final

import sqlalchemy as sa

from strata.accounts import people, standing
from strata.accounts.profile.tables import profiles
from strata.accounts.tables import users
from strata.core.call import Call, Work, working
from strata.core.errors import InvalidFields
from strata.core.hub import Hub
from strata.events.audit.changes import changes
from strata.events.facts import record
from strata.lib.db.statements import upsert
from strata.lib.objects.store import ObjectMissing
from strata.lib.pictures.squares import PictureRefused, squares_of
from strata.lib.pictures.worker import NAMES, Part

# "<public id>-<16 hex of this upload>.<size>.<kind>": what stands under a name never changes, and
# no two uploads share one, so the squares of a picture that was replaced can be dropped.
FILE: Final = re.compile(r"([0-9a-f]{24})-([0-9a-f]{16})\.(?:512|256|64)\.(?:webp|png)")
SHOWN: Final = "256.webp"
FOLDER: Final = "avatars"  # of the object store


def change_picture(call: Call, user_id: int, content: bytes, part: Part | None = None) -> None:
    """Give an account a picture; the door made sure that it is the caller's own.

    Args:
        part: the square of it that is kept; None: the middle one.

    Raises:
        InvalidFields: the picture cannot be used, with the reason.
    """
    squares = squares_in(content, part)
    stem = keep(call.hub, _public_id(call, user_id), squares)
    _point_to(call, user_id, stem)


def squares_in(content: bytes, part: Part | None = None) -> Mapping[str, bytes]:
    """The squares of an uploaded picture by name; takes some hundred milliseconds.

    Raises:
        InvalidFields: the picture cannot be used, with the reason.
    """
    try:
        return squares_of(content, part)
    except PictureRefused as refused:
        raise InvalidFields({"picture": (f"picture.{refused.problem}",)}) from refused


def keep(hub: Hub, public_id: str, squares: Mapping[str, bytes]) -> str:
    """Put squares where nothing points to them yet; what `point` then takes."""
    stem = f"{public_id}-{secrets.token_hex(8)}"
    for name, square in squares.items():
        hub.objects.put(_key(f"{stem}.{name}"), square)
    return stem


def drop(hub: Hub, stem: str) -> None:
    """Take away what `keep` put there."""
    for name in NAMES:
        hub.objects.delete(_key(f"{stem}.{name}"))


def point(work: Work, user_id: int, stem: str | None) -> None:
    """Let an account be seen with a picture that was kept, or with none."""
    fresh = upsert(work.db, profiles).values(namespace_id=user_id, picture=stem)
    pointing = fresh.on_conflict_do_update(index_elements=["namespace_id"], set_={"picture": stem})
    work.db.execute(pointing)


def remove_picture(call: Call, user_id: int) -> None:
    """Go back to the picture that is drawn from the public id."""
    _point_to(call, user_id, None)


def shown_file(call: Call, public_id: str) -> str | None:
    """The file of the square that pages show; None for an account that has no picture."""
    stem = call.db.scalar(
        sa.select(profiles.c.picture)
        .join(users, users.c.id == profiles.c.namespace_id)
        .where(users.c.public_id == public_id, standing.is_seen(call))
    )
    return f"{stem}.{SHOWN}" if stem else None


def square(hub: Hub, file: str) -> bytes | None:
    """The bytes of a file that `shown_file` named."""
    try:
        return hub.objects.read(_key(file)) if FILE.fullmatch(file) else None
    except ObjectMissing:
        return None


def _point_to(call: Call, user_id: int, stem: str | None) -> None:
    with working(call) as work:
        people.locked(work, user_id)  # of two at once the second one drops what the first one kept
        before = work.db.scalar(
            sa.select(profiles.c.picture).where(profiles.c.namespace_id == user_id)
        )
        point(work, user_id, stem)
        record(work, "account.avatar_update", detail=_changed(before, stem))
    if before:
        drop(call.hub, before)


def _changed(before: str | None, now: str | None) -> dict[str, object]:
    """Which picture it was and is: the part of its name that is of the upload."""
    was, is_ = ((stem or "").rpartition("-")[2] for stem in (before, now))
    return {"removed": now is None, **changes({"picture": was}, {"picture": is_})}


def _public_id(call: Call, user_id: int) -> str:
    found = call.db.scalar(sa.select(users.c.public_id).where(users.c.id == user_id))
    return str(found)


def _key(file: str) -> str:
    return f"{FOLDER}/{file[:2]}/{file}"
